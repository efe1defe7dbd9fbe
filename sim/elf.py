"""A program for the machine: a statically linked ELF64 file for RISC-V, read and checked.

Everything that can be wrong with the file is found here, before anything slow begins.
"""

import struct
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from .trace.symbols import Symbols

HEADER, HEADER_BYTES = "<4s5B7xHHIQQQIHHHHHH", 64
SEGMENT, SEGMENT_BYTES = "<IIQQQQQQ", 56
PT_LOAD, ET_EXEC, ET_DYN, EM_RISCV = 1, 2, 3, 243
MACHINES = {3: "x86", 40: "Arm", 62: "x86-64", 183: "AArch64", 8: "MIPS", 21: "PowerPC", 258: "LoongArch"}
LARGEST = 4 << 30
"""Bytes of a file that is read: it is in memory as a whole."""
HOW = "build it with `python -m hyacinth.sw.build FILE.c`"


class BadProgram(ValueError):
    """A program that cannot be run. Its text is one line for the user, with the mend."""


@dataclass(frozen=True)
class Segment:
    """Bytes of the file to be placed at `address`, followed by zeros up to `size` bytes."""
    address: int   # physical, bytes
    data: bytes
    size: int

    @property
    def end(self) -> int:
        """The first address after the segment."""
        return self.address + self.size


@dataclass(frozen=True)
class Program:
    """What an ELF file says.

    Parameters
    ----------
    path : Path
        Where it was read from.
    entry : int
        Address of the first instruction.
    segments : tuple of Segment
        By rising address.
    """
    path: Path
    entry: int
    segments: tuple[Segment, ...]

    @cached_property
    def symbols(self) -> Symbols:
        """Functions, lines and addresses by name, read when first asked for."""
        return Symbols(self.path)

    def symbol(self, name: str) -> int | None:
        """The address of the symbol `name`, or None."""
        return self.symbols.address(name)

    @property
    def tohost(self) -> int | None:
        """Where HTIF requests are written, if the program has it."""
        return self.symbol("tohost")

    @property
    def fromhost(self) -> int | None:
        """Where HTIF answers are written, if the program has it."""
        return self.symbol("fromhost")

    @property
    def signature(self) -> tuple[int, int] | None:
        """The addresses of begin_signature and end_signature, if the program has both."""
        begin, end = self.symbol("begin_signature"), self.symbol("end_signature")
        return None if begin is None or end is None else (begin, end)

    def check_fits(self, base: int, size: int) -> None:
        """Raise BadProgram unless every segment lies within `size` bytes from `base` on."""
        for segment in self.segments:
            if segment.address < base or segment.end > base + size:
                need = segment.end - base
                mend = (f"give the machine more with --memory {megabytes(need)}M" if segment.address >= base
                        else f"link it at {base:#x}")
                raise BadProgram(f"{self.path}: needs memory from {segment.address:#x} to {segment.end:#x}, "
                                 f"the machine has {base:#x} to {base + size:#x}; {mend}")


def megabytes(size: int) -> int:
    """The least power of two, in MiB and at least 16, that holds `size` bytes."""
    return max(16, 1 << (-(-size >> 20) - 1).bit_length())


def load(path) -> Program:
    """The program at `path`. Raises BadProgram with one line that names the fault and the mend."""
    path = Path(path)
    data = read(path)
    if not data:
        raise BadProgram(f"{path}: the file is empty; {HOW}")
    if data[:4] != b"\x7fELF":
        raise BadProgram(f"{path}: not an ELF file (it begins with {data[:4].hex(' ')}); {HOW}")
    if len(data) < 20:
        raise BadProgram(f"{path}: truncated within the ELF header; build or copy it again")
    if data[4] != 2:
        raise BadProgram(f"{path}: a 32-bit ELF file, this machine is RV64; {HOW}")
    if data[5] != 1:
        raise BadProgram(f"{path}: a big-endian ELF file, this machine is little-endian; {HOW}")
    kind, machine = struct.unpack_from("<HH", data, 16)
    if machine != EM_RISCV:
        raise BadProgram(f"{path}: a program for {MACHINES.get(machine, f'ELF machine {machine}')}, not for RISC-V; "
                         f"{HOW}")
    if len(data) < HEADER_BYTES:
        raise BadProgram(f"{path}: truncated within the ELF header; build or copy it again")
    if kind not in (ET_EXEC, ET_DYN):
        raise BadProgram(f"{path}: an object file or core dump, not a program; link it first")
    return _parse(path, data)


def read(path, what="program") -> bytes:
    """The bytes of the file at `path`; BadProgram where it cannot be read."""
    path = Path(path)
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise BadProgram(f"{path}: a device or a pipe, not a {what}; name a file")
        if path.is_file() and (size := path.stat().st_size) > LARGEST:
            raise BadProgram(f"{path}: {size / 2**30:.0f} GiB, more than a machine has memory for; name another file")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadProgram(f"{path}: no such {what}; check the path") from None
    except IsADirectoryError:
        raise BadProgram(f"{path}: a directory, not a {what}; name a file in it") from None
    except OSError as error:
        raise BadProgram(f"{path}: cannot be read ({error.strerror}); check its permissions") from None


def _parse(path: Path, data: bytes) -> Program:
    *_, entry, offset, _, _, _, size, count, _, _, _ = struct.unpack_from(HEADER, data)
    if count == 0:
        raise BadProgram(f"{path}: holds no program headers, so nothing to load; link it first")
    if size != SEGMENT_BYTES or offset + count * size > len(data):
        raise BadProgram(f"{path}: truncated, its program headers end after the file; build or copy it again")
    segments = []
    for index in range(count):
        kind, _, start, _, address, in_file, in_memory, _ = struct.unpack_from(SEGMENT, data, offset + index * size)
        if kind != PT_LOAD or in_memory == 0:
            continue
        if start + in_file > len(data) or in_file > in_memory:
            raise BadProgram(f"{path}: truncated, segment {index} ends after the file; build or copy it again")
        if address + in_memory > 1 << 64:
            raise BadProgram(f"{path}: segment {index} wraps around the end of the address space; link it again")
        segments.append(Segment(address, data[start:start + in_file], in_memory))
    if not segments:
        raise BadProgram(f"{path}: nothing to load, no segment has bytes; link it again")
    if not any(segment.address <= entry < segment.end for segment in segments):
        raise BadProgram(f"{path}: the entry {entry:#x} is in no segment; link it with ENTRY(_start)")
    return Program(path, entry, tuple(sorted(segments, key=lambda segment: segment.address)))

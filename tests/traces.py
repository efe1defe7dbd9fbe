"""Trace records and programs made by hand, for tests of what reads them."""

import struct
from types import SimpleNamespace

from amaranth.lib import data

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import Reach, Retire, WalkStep

RETIRE_FIELDS = tuple(name for name, _ in data.Layout.cast(Retire))
STEP_FIELDS = tuple(name for name, _ in data.Layout.cast(WalkStep))


def retire(**fields):
    """A Retire record: `addi x0, x0, 0` in M, but for `fields`."""
    assert not fields.keys() - {"cycle", *RETIRE_FIELDS}
    record = dict.fromkeys(RETIRE_FIELDS, 0) | {"cycle": 1, "pc": 0x8000_0000, "bits": 0x13, "mode": Mode.M} | fields
    if "mode_after" not in fields:
        record["mode_after"] = record["mode"]
    return SimpleNamespace(**record)


def walk_step(mode=Mode.VS, reach=Reach.LOAD, hlvx=0, sum=0, mxr=0, vs_mxr=0, **fields):
    """A WalkStep for an access by `mode`."""
    assert not fields.keys() - set(STEP_FIELDS)
    context = SimpleNamespace(mode=mode, reach=reach, hlvx=hlvx, sum=sum, mxr=mxr, vs_mxr=vs_mxr)
    return SimpleNamespace(**dict.fromkeys(STEP_FIELDS, 0) | {"context": context} | fields)


def elf(code=b"\x13\x00\x00\x00", *, address=0x8000_0000, entry=None, size=None, machine=243, kind=2, bits=2, order=1,
        segments=1):
    """The bytes of an ELF file with one segment and no sections."""
    head = 64 + 56 * segments
    header = struct.pack("<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", bits, order, 1, 0, 0, kind, machine, 1,
                         address if entry is None else entry, 64, 0, 0, 64, 56, segments, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 7, head, address, address, len(code), size or len(code), 4096)
    return header + segment * segments + code

"""Trace records as Python sees them: one 64-bit word for the cycle and for each field, little-endian."""

import struct
from collections import namedtuple

from ..rtl.payloads import Context, Retire, WalkStep
from .engines.flat import fields


def names(shape) -> tuple[str, ...]:
    """The words of a record of `shape`, in order; a field within a field is called `outer_inner`."""
    return ("cycle", *(name[1:] for name, _, _ in fields(shape, "")))


RETIRE_FIELDS, WALK_FIELDS = names(Retire), names(WalkStep)
RetireRecord = namedtuple("RetireRecord", RETIRE_FIELDS)
RetireRecord.__doc__ = """A payloads.Retire, and the cycle in which it left the core."""
ContextRecord = namedtuple("ContextRecord", [name[1:] for name, _, _ in fields(Context, "")])
ContextRecord.__doc__ = """A payloads.Context."""

CONTEXT = WALK_FIELDS.index("context_mode")


class WalkRecord(namedtuple("WalkRecord", WALK_FIELDS)):
    """A payloads.WalkStep, and the cycle in which it left the core."""
    __slots__ = ()

    @property
    def context(self) -> ContextRecord:
        """The access for which the walk is made."""
        return ContextRecord._make(self[CONTEXT:CONTEXT + len(ContextRecord._fields)])


RETIRE, WALK = (struct.Struct(f"<{len(words)}Q") for words in (RETIRE_FIELDS, WALK_FIELDS))


def retired(batch: bytes) -> list[RetireRecord]:
    """The records in a batch."""
    return list(map(RetireRecord._make, RETIRE.iter_unpack(batch)))


def walked(batch: bytes) -> list[WalkRecord]:
    """The steps in a batch."""
    return list(map(WalkRecord._make, WALK.iter_unpack(batch)))


def c_struct(name: str, words: tuple[str, ...]) -> str:
    """The declaration of such a record in C."""
    return f"struct {name} {{\n" + "".join(f"    uint64_t {word};\n" for word in words) + "};\n"


class Kept:
    """A watcher of a machine that keeps Retire records."""
    def __init__(self):
        self.records: list[RetireRecord] = []

    def take(self, retired: list[RetireRecord], walked: list[WalkRecord]) -> None:
        """Keep a batch."""
        self.records += retired

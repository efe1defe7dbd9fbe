"""Finds bins in the core's records. It sees each record, so what most of them need is done on whole columns."""

from collections.abc import Iterator
from functools import lru_cache
from itertools import compress

from ...rtl.config import CoreConfig
from ...rtl.isa.causes import Cause, Interrupt
from ...rtl.isa.csrs import table
from ...rtl.isa.instructions import INSTRUCTIONS, Unit, identify
from ...rtl.isa.modes import Mode
from ..records import RETIRE_FIELDS
from . import crosses, words
from .fences import Fences
from .refusals import Refusals

WORD, SIZE = len(RETIRE_FIELDS), 8 * len(RETIRE_FIELDS)
AT = {name: n for n, name in enumerate(RETIRE_FIELDS)}
MODE, BITS, TRAPPED, CODE = AT["mode"], AT["bits"], AT["trapped"], AT["code"]
NAMES = {int(mode): mode.name for mode in Mode}
CAUSES, INTERRUPTS = ({int(each): each.name for each in kind} for kind in (Cause, Interrupt))
OUTCOMES = {Cause.ILLEGAL_INSTRUCTION: words.ILLEGAL, Cause.VIRTUAL_INSTRUCTION: words.VIRTUAL}

RARE = tuple(each for each in INSTRUCTIONS if each.name in words.FENCES or words.group(each))
"""Instructions with a cross of their own, CSR instructions aside."""
LOOK_AT = bytes(byte & 0x7f in (0x73, 0x0f) for byte in range(256))
"""Of the low byte of an instruction: whether it can be one of those."""


@lru_cache(1 << 14)
def rare(bits: int):
    """The one of RARE that `bits` are, or None."""
    return identify(bits, RARE)


class Collector:
    """What a run meets of each cross.

    `walked` and `retired` take the batches of a machine, as its `raw_walk_watchers` and `raw_watchers` get them.

    Parameters
    ----------
    config : CoreConfig
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        self._csrs = {csr.address: csr.name for csr in table(config).values()}
        self._met: set[tuple] = set()   # the cross, and numbers in place of most words
        self._refusals, self._fences = Refusals(), Fences(config)

    def walked(self, batch: bytes) -> None:
        """Steps of the walker. They come before the records of the instructions that waited for them."""
        self._refusals.walked(batch)
        self._fences.walks += self._refusals.found

    def retired(self, batch: bytes) -> None:
        """Records of instructions."""
        record, count = memoryview(batch).cast("Q"), len(batch) // SIZE
        traps = batch[8 * TRAPPED::SIZE]
        marks = int.from_bytes(batch[8 * BITS::SIZE].translate(LOOK_AT), "little") | int.from_bytes(traps, "little")
        for n in compress(range(count), marks.to_bytes(count, "little")):
            if traps[n]:
                self._trap(record, n * WORD)
            bits = record[n * WORD + BITS]
            if LOOK_AT[bits & 0xff] and bits & 3 == 3:
                self._instruction(record, n, count, bits)
        self._fences.end_of_batch()

    def _trap(self, record, at: int) -> None:
        mode, interrupt, code = record[at + MODE], record[at + AT["interrupt"]], record[at + CODE]
        target, double = record[at + AT["mode_after"]], record[at + AT["double"]]
        self._met.add((crosses.INTERRUPT if interrupt else crosses.TRAP, mode, code, target, double))
        if not interrupt and (about := self._refusals.of_trap(
                record[at], code, record[at + AT["tval"]], bool(mode & 4 or record[at + AT["gva_valid"]]))):
            bits = record[at + BITS] if code not in (1, 12, 20) else 0
            self._met.add((crosses.REFUSAL, mode, bits and _kind(bits), code, *about, target))

    def _instruction(self, record, n: int, count: int, bits: int) -> None:
        at, outcome = n * WORD, words.DONE
        mode = record[at + MODE]
        if record[at + TRAPPED]:
            if record[at + AT["interrupt"]] or (outcome := OUTCOMES.get(record[at + CODE], "")) == "":
                return
        if bits & 0x7f == 0x73 and bits >> 12 & 3:
            if outcome == words.DONE:
                outcome = words.WRITE if record[at + AT["writes_csr"]] else words.READ
                self._fences.csr(record, at)
            self._met.add((crosses.CSR, bits >> 20, mode, outcome))
        elif row := rare(bits):
            if row.name in words.FENCES:
                rs1, rs2 = bits >> 15 & 31, bits >> 20 & 31
                self._met.add((crosses.FENCE, row.name, bool(rs1), bool(rs2), mode, outcome))
                if outcome == words.DONE:
                    self._fences.fence(record, n, count, row.name, rs1, rs2)
            else:
                self._met.add((crosses.INSTRUCTION, words.group(row), mode, outcome))

    def bins(self) -> Iterator[tuple[str, crosses.Bin]]:
        """Each bin met: the name of its cross, and its words."""
        for name, *rest in self._met:
            match name:
                case crosses.TRAP | crosses.INTERRUPT:
                    mode, code, target, double = rest
                    names = CAUSES if name == crosses.TRAP else INTERRUPTS
                    yield name, (NAMES[mode], names.get(code, str(code)), words.DOUBLE if double else NAMES[target])
                case crosses.REFUSAL:
                    mode, kind, code, stage, place, reason, target = rest
                    access = kind or ("fetch" if code in (1, 12, 20) else "load" if code in (5, 13, 21) else "store")
                    yield name, (NAMES[mode], access, stage, place, reason, NAMES[target])
                case crosses.CSR:
                    number, mode, outcome = rest
                    if number in self._csrs:
                        yield name, (self._csrs[number], NAMES[mode], outcome)
                case crosses.FENCE:
                    fence, rs1, rs2, mode, outcome = rest
                    yield name, (fence, *("register" if each else "x0" for each in (rs1, rs2)), NAMES[mode], outcome)
                case _:
                    instruction, mode, outcome = rest
                    yield name, (instruction, NAMES[mode], outcome)
        for each in self._fences.met:
            yield crosses.AFTER, each


@lru_cache(1 << 12)
def _kind(bits: int) -> str:
    """What words.ACCESSES has for an instruction, if it is no ordinary load or store."""
    row = rare(bits)
    if row is None:
        return ""
    if row.unit == Unit.CBO:
        return "store" if row.name == "cbo.zero" else "block"
    return words.group(row)

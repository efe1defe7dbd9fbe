"""Turns the shortest program that shows a difference into a test of its own: it asserts what the referee says.

Right after the instruction that differs the test ends. x25 says how: RIGHT where everything was as the referee has it,
ELSEWHERE where the instruction went another way (trapped or did not, or jumped elsewhere), WRONG where a value is
another one, and 0 where it was never reached. The program exits with 0 where it is RIGHT, else with x25 + 1. Before
that x25 is below 0 where the instruction is executed, or traps, some times that do not differ: it counts them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from ...rtl.config import CoreConfig
from ...rtl.isa.csrs import CSRS as EVERY_CSR
from .assembler import Label, Piece, To, Words, csr, in_bytes, lay_out, li, op
from .differences import rules
from .form import Form, physical, words
from .random_code import END, MARKER
from .random_layout import TOHOST
from .referee import Difference
from .shrink import Seen

VERDICT, LEFT, RIGHT_SIDE, ADDRESS = 25, 29, 30, 31
"""Registers that no body uses: the verdict, and the two that are compared."""


class Verdict(IntEnum):
    """What x25 says."""
    UNREACHED = 0
    RIGHT = 1
    ELSEWHERE = 2
    WRONG = 3


@dataclass(frozen=True)
class Level:
    """Who takes a trap: the names of its CSRs, and the address at which Spike has them."""
    name: str          # as the handlers' labels have it
    mode: int          # as Retire has it
    prefix: str        # of xepc, xcause and xtval, as the handler itself names them
    base: int          # the CSRs' number, less that of the handler's own

    def csr(self, name: str) -> int:
        """The address of a CSR such as "epc" for this handler."""
        return CSRS[self.prefix + name]

    def spike(self, difference: Difference, name: str) -> int:
        """What Spike has in it."""
        return difference.spike_csrs.get(self.csr(name) + self.base, 0)


CSRS = {name: each.address for name, each in EVERY_CSR.items()}
LEVELS = (Level("m", 3, "m", 0), Level("s", 1, "s", 0), Level("vs", 5, "s", 0x100))
FIELDS = {
    "xcause": ("cause", 0, 64), "xtval": ("tval", 0, 64), "MPP": ("mstatus", 11, 2), "SPP": ("sstatus", 8, 1),
    "MPV": ("mstatus", 39, 1), "SPV": ("hstatus", 7, 1), "SPVP": ("hstatus", 8, 1), "mtval2": ("mtval2", 0, 64),
}
"""What of a trap is compared: the CSR, without a prefix where each level has its own, the lowest bit and the width."""
BY_LEVEL = {
    "m": FIELDS | {"GVA": ("mstatus", 38, 1), "xtval2": ("mtval2", 0, 64), "tinst": ("mtinst", 0, 64)},
    "s": FIELDS | {"GVA": ("hstatus", 6, 1), "xtval2": ("htval", 0, 64), "tinst": ("htinst", 0, 64)},
    "vs": FIELDS,
}
ALL = (1 << 64) - 1
LOADS = {0: "lbu", 1: "lhu", 2: "lwu", 3: "ld"}


class Unspeakable(Exception):
    """No program can see this difference; says why."""


def trapped_to(difference: Difference) -> Level | None:
    """Who takes the trap that the instruction raises according to Spike, or None where it raises none."""
    level = next((level for level in LEVELS if level.mode == difference.spike_mode), None)
    if level is None or level.spike(difference, "epc") != difference.record["pc"]:
        return None
    vector = level.spike(difference, "tvec")
    offset = difference.spike_pc - (vector & -4)
    return level if offset == 0 or offset == 4 * (level.spike(difference, "cause") & 63) else None


class SelfCheck:
    """Makes the test of a form and its difference. Raises Unspeakable."""
    def __init__(self, form: Form, seen: Seen, config: CoreConfig):
        self.form, self.difference, self.record = form, seen.difference, seen.difference.record
        self.level, self.earlier = trapped_to(seen.difference), seen.earlier
        if self.earlier > 2048:
            raise Unspeakable("it comes only after the instruction has been executed thousands of times")
        self.labels = 0
        self.rules = {address: rule for address, *rule in rules(config)}

    def make(self) -> Form:
        """The form that checks itself."""
        codes = {name: self.form.pieces(name) for name in self.form.codes}
        self.values = [] if self.level else self._values()
        self.end = 0
        while True:  # until it is known where the others go to, which moves with what is put into the driver
            before, made = self.end, {name: list(pieces) for name, pieces in codes.items()}
            made["driver"] = [*words_of(op("addi", d=VERDICT, i=-self.earlier)), *self._before_the_end(made["driver"])]
            self._put_checks(made)
            made["driver"], self.end = self._with_end(made["driver"])
            if self.end == before:
                break
        made["handlers"] = self._with_vectors(made["handlers"])
        return replace(self.form, codes={name: tuple(pieces) for name, pieces in made.items()})

    # What is compared.

    def _values(self) -> list[Piece]:
        """Comparisons right after the instruction, where it does not trap."""
        what, number, spike = self.difference.what, self.difference.number, self.difference.spike
        if what == "register":
            left = LEFT if number == RIGHT_SIDE else RIGHT_SIDE
            bits = self.record["bits"]
            read = bits >> 20 if bits & 0x7f == 0x73 and bits >> 12 & 3 else -1
            return self._masked(number, left, ALL & ~self.rules.get(read, (0, 0))[0], spike)
        if what == "CSR":
            return [*words_of(csr("csrrs", number, d=LEFT)),
                    *self._masked(LEFT, RIGHT_SIDE, ALL & ~self.rules.get(number, (0, 0))[1], spike)]
        if what in ("next pc", "mode afterwards", "stored bytes", "loaded bytes"):
            return []
        raise Unspeakable(f"no instruction of a program can tell this ({what})")

    def _masked(self, register: int, other: int, mask: int, value: int) -> list[Piece]:
        """Compares those bits of a register in which core and Spike must agree."""
        masks = [*load(other, mask), *words_of(op("and", d=register, s=register, t=other))] if mask != ALL else []
        return [*masks, *load(other, value & mask), *self._unless_equal(register, other)]

    def _memory(self) -> list[Piece]:
        """The comparison of memory, which M-mode makes at the end, where it needs no translation."""
        if self.level or self.difference.what not in ("stored bytes", "loaded bytes"):
            return []
        size = min(self.record["size"], 3)
        if self.difference.number % (1 << size) and self.difference.number % 4096 + (1 << size) > 4096:
            raise Unspeakable("the bytes lie in two pages")
        return [*load(ADDRESS, self.difference.number), *words_of(op(LOADS[size], d=LEFT, s=ADDRESS)),
                *load(RIGHT_SIDE, self.difference.spike), *self._unless_equal(LEFT, RIGHT_SIDE)]

    def _of_trap(self) -> list[Piece]:
        """Comparisons of what the handler finds, where the instruction traps."""
        level, what = self.level, self.difference.what
        rows = [("cause", 0, 64, level.spike(self.difference, "cause"))]
        if what in BY_LEVEL[level.name]:
            rows.append((*BY_LEVEL[level.name][what], self.difference.spike))
        made: list[Piece] = []
        for name, low, width, value in rows:
            address = level.csr(name) if name in ("cause", "tval") else CSRS[name]
            made += words_of(csr("csrrs", address, d=LEFT))
            if width < 64:
                made += words_of(op("slli", d=LEFT, s=LEFT, i=64 - low - width, h=64 - low - width),
                                 op("srli", d=LEFT, s=LEFT, i=64 - width, h=64 - width))
            made += [*load(RIGHT_SIDE, value), *self._unless_equal(LEFT, RIGHT_SIDE)]
        return made

    # What is put where.

    def _unless_equal(self, left: int, right: int) -> list[Piece]:
        """x25 becomes WRONG unless the two registers are equal."""
        self.labels += 1
        label = ("equal", self.labels)
        return [branch("beq", left, right, label),
                *words_of(op("addi", d=VERDICT, i=Verdict.WRONG)), Label(label)]

    def _finish(self, mode: int) -> list[Piece]:
        """To the end of the driver, from this mode."""
        if mode == 3:
            return [*load(RIGHT_SIDE, self.end), *words_of(op("jalr", s=RIGHT_SIDE))]
        return [*load(MARKER, END), *words_of(op("ecall"))]

    def _right(self, mode: int, values: Sequence[Piece]) -> list[Piece]:
        return [*verdict(Verdict.RIGHT), *values, *self._finish(mode)]

    def _elsewhere(self, mode: int) -> list[Piece]:
        return [*verdict(Verdict.ELSEWHERE), *self._finish(mode)]

    def _counted(self, ending: list[Piece], by: int = 1) -> list[Piece]:
        """An ending for the last time alone that the instruction is executed; else x25 grows."""
        if not self.earlier:
            return ending
        self.labels += 1
        now, over = ("now", self.labels), ("over", self.labels)
        return [branch("bge", VERDICT, 0, now), *words_of(op("addi", d=VERDICT, s=VERDICT, i=by)), jump(over),
                Label(now), *ending, Label(over)]

    def _put_checks(self, codes: dict[str, list[Piece]]):
        """After the instruction, and where Spike goes on if that is not the same."""
        after = self.record["pc"] + (4 if self.record["bits"] & 3 == 3 else 2)
        if self.level:
            self._insert(codes, physical(self.record["pc"]), self._counted(self._elsewhere(self.record["mode"])),
                         behind=True)
            return
        mode, wanted = self.difference.spike_mode, self._right(self.difference.spike_mode, self.values)
        if self.difference.what == "mode afterwards" and not self.record["trapped"]:
            raise Unspeakable("the mode shows only later")
        if self.difference.spike_pc == after:
            found = self._insert(codes, physical(self.record["pc"]), self._counted(wanted), behind=True)
        else:
            found = self._insert(codes, physical(self.difference.spike_pc), self._counted(wanted, by=0))
            self._insert(codes, physical(self.record["pc"]), self._counted(self._elsewhere(mode)), behind=True)
        if not found:
            raise Unspeakable("Spike goes where no code of the program is")

    def _insert(self, codes: dict[str, list[Piece]], address: int, more: list[Piece], behind: bool = False) -> bool:
        """Puts pieces before, or behind, the instruction that was at `address` in the form; whether it is there."""
        for name in codes:
            pieces = self.form.pieces(name)
            _, places = lay_out(pieces, self.form.starts[name])
            for index in range(len(pieces) - 1, -1, -1):
                piece, place = pieces[index], places[index]
                if isinstance(piece, Label) or not place <= address < place + piece.size(place):
                    continue
                at = next((at for at, each in enumerate(codes[name]) if each is piece), None)
                if at is None:
                    raise Unspeakable("it is at the end of the program")
                before, after = cut(piece, address - place, behind)
                codes[name][at:at + 1] = [*before, *more, *after]
                return True
        return False

    def _before_the_end(self, driver: list[Piece]) -> list[Piece]:
        last = max(index for index, piece in enumerate(driver)
                   if isinstance(piece, Label) and isinstance(piece.name, tuple) and piece.name[0] == "iteration")
        return driver[:last + 1]

    def _with_end(self, driver: list[Piece]) -> tuple[list[Piece], int]:
        """The driver and the end of the test, which exits by x25; and where that end begins."""
        wrong, out, reached = Label(("wrong",)), Label(("out",)), Label(("reached",))
        tail = [
            *load(RIGHT_SIDE, 1 << 17),  # MPRV
            *words_of(csr("csrrc", CSRS["mstatus"], s=RIGHT_SIDE), csr("csrrw", CSRS["mie"])),
            branch("bge", VERDICT, 0, reached.name), *words_of(op("addi", d=VERDICT)), reached,
            *load(RIGHT_SIDE, Verdict.RIGHT),
            branch("bne", VERDICT, RIGHT_SIDE, wrong.name),
            *self._memory(), *load(RIGHT_SIDE, Verdict.RIGHT),
            branch("bne", VERDICT, RIGHT_SIDE, wrong.name),
            *load(LEFT, 1), jump(out.name),
            wrong, *words_of(op("slli", d=LEFT, s=VERDICT, i=1, h=1), op("addi", d=LEFT, s=LEFT, i=3)),
            out, *load(RIGHT_SIDE, TOHOST), *words_of(op("sd", s=RIGHT_SIDE, t=LEFT), op("jal"))]
        _, places = lay_out([*driver, Label("end")], self.form.starts["driver"])
        return [*driver, *tail], places[-1]

    def _with_vectors(self, handlers: list[Piece]) -> list[Piece]:
        """Each vector leads to a check first: whether it is the instruction's trap, and one that it should raise."""
        made, tail = [], []
        mains = [(level.name, "main") for level in LEVELS]
        for piece in handlers:
            if isinstance(piece, To) and piece.label in mains:  # an entry of the vectors
                continue
            made.append(piece)
            for level in LEVELS:
                if piece == Label(level.name):
                    tail += self._vectors(level, made)
        return made + tail

    def _vectors(self, level: Level, made: list[Piece]) -> list[Piece]:
        """Adds the vectors of a level to `made`; what they lead to."""
        entered = (self.difference.spike_pc - (level.spike(self.difference, "tvec") & -4)) // 4
        for slot in range(16):
            kind = "check" if level == self.level and slot == entered else "other"
            made.append(jump((kind, level.name)))
        checks = self._check(level, "other", self._elsewhere(level.mode))
        if level == self.level:
            checks += self._check(level, "check", self._right(level.mode, self._of_trap()))
        return checks

    def _check(self, level: Level, kind: str, ending: list[Piece]) -> list[Piece]:
        return [Label((kind, level.name)), *words_of(csr("csrrs", level.csr("epc"), d=LEFT)),
                *load(RIGHT_SIDE, self.record["pc"]),
                branch("bne", LEFT, RIGHT_SIDE, (kind, "not", level.name)),
                *self._counted(ending), Label((kind, "not", level.name)), jump((level.name, "main"))]


def cut(piece: Piece, offset: int, behind: bool) -> tuple[list[Piece], list[Piece]]:
    """A piece in two, before the instruction at `offset`, or behind it."""
    if not isinstance(piece, Words):
        return ([piece], []) if behind else ([], [piece])
    at, found = 0, words(piece)
    for number, word in enumerate(found):
        if at == offset:
            number += behind
            return ([Words(b"".join(found[:number]))] if number else [],
                    [Words(b"".join(found[number:]))] if number < len(found) else [])
        at += len(word)
    raise Unspeakable("it begins within another instruction")


def words_of(*instructions: int) -> list[Piece]:
    """Pieces of one instruction each."""
    return [Words(in_bytes(each)) for each in instructions]


def jump(label: object) -> Piece:
    """A JAL that keeps no return address."""
    return To(label, lambda distance: op("jal", i=distance))


def branch(name: str, left: int, right: int, label: object) -> Piece:
    """A branch on two registers."""
    return To(label, lambda distance: op(name, s=left, t=right, i=distance))


def load(register: int, value: int) -> list[Piece]:
    """One piece that loads a constant."""
    return [Words(b"".join(map(in_bytes, li(register, value))))]


def verdict(value: Verdict) -> list[Piece]:
    """x25 becomes this."""
    return words_of(op("addi", d=VERDICT, i=value))

"""The C extension as data: each 16-bit pattern, and the 32-bit instruction that it stands for.

A row names the instruction of rtl/isa/instructions.py and where each operand comes from. An operand is a register
number (an int, or two bit positions of a field) or an immediate (a list that gives, from bit 0 up, the position in the
16-bit word of each bit, or "1", or None for 0; the last one is repeated upwards where the row is `signed`).
"""

from dataclasses import dataclass, field
from functools import cache

from ..config import CoreConfig
from . import instructions
from .cover import cube, without
from .instructions import BY_NAME, SCATTER

FULL_RD, FULL_RS2 = (7, 5), (2, 5)           # lsb and width of a register number
SHORT_HIGH, SHORT_LOW = (7, 3), (2, 3)       # three bits that name x8 to x15


@dataclass(frozen=True)
class Compressed:
    """One 16-bit instruction (unprivileged manual, "Compressed Instructions"). Earlier rows win over later ones.

    Letters of `bits` are operands, as those of an Instruction; n is the number of a MOP.
    """
    name: str
    bits: str
    expands_to: str
    registers: dict = field(default_factory=dict)
    immediate: tuple = ()
    signed: bool = False
    extension: str = ""          # that brings it, where that is not C

    @property
    def pattern(self) -> str:
        """For `m.Case`: 0, 1 and - for every operand bit."""
        return "".join(c if c in "01" else "-" for c in self.bits if c != " ")

    @property
    def sources(self) -> list:
        """For each bit of the 32-bit instruction, from bit 0 up: "0", "1", or the position in the 16-bit word."""
        instruction = BY_NAME[self.expands_to]
        drawn = instruction.bits.replace(" ", "")
        immediate = ["0" if at is None else at for at in self.immediate]
        wide = immediate + [immediate[-1] if self.signed else "0"] * (32 - len(immediate)) if immediate else ["0"] * 32
        found: list = [drawn[31 - at] for at in range(32)]
        for letter in instruction.operands:
            places = [31 - at for at, c in enumerate(drawn) if c == letter]
            if letter in ("i", "h"):
                bits = SCATTER[instruction.format] if letter == "i" else range(len(places) - 1, -1, -1)
                operand = wide
            else:
                source, bits = self.registers[letter], range(4, -1, -1)
                if isinstance(source, int):
                    operand = list(f"{source:05b}"[::-1])
                else:
                    lsb, width = source
                    operand = list(range(lsb, lsb + width)) + ["1", "0"][:5 - width]
            for place, bit in zip(places, bits, strict=True):
                found[place] = operand[bit]
        return found


def _imm(text: str) -> tuple:
    """Positions of the bits of an immediate: `_imm("5:12 4-0:6-2")` puts word bits 6 to 2 at 4 to 0, bit 12 at 5."""
    bits: dict[int, int] = {}
    for part in text.split():
        target, source = ([int(n) for n in side.split("-")] for side in part.split(":"))
        for step in range(target[0] - target[-1] + 1):
            bits[target[-1] + step] = source[-1] + step
    return tuple(bits.get(at) for at in range(max(bits) + 1))


_I4SPN = _imm("5-4:12-11 9-6:10-7 2:6 3:5")
_I6 = _imm("5:12 4-0:6-2")
_LW, _LD = _imm("2:6 5-3:12-10 6:5"), _imm("5-3:12-10 7-6:6-5")
_LWSP, _LDSP = _imm("5:12 4-2:6-4 7-6:3-2"), _imm("5:12 4-3:6-5 8-6:4-2")
_SWSP, _SDSP = _imm("5-2:12-9 7-6:8-7"), _imm("5-3:12-10 8-6:9-7")
_J = _imm("11:12 4:11 9-8:10-9 10:8 6:7 7:6 3-1:5-3 5:2")
_B = _imm("8:12 4-3:11-10 7-6:6-5 2-1:4-3 5:2")
_RR = {"d": SHORT_HIGH, "s": SHORT_HIGH, "t": SHORT_LOW}
_ONE = {"d": SHORT_HIGH, "s": SHORT_HIGH}
_LOAD, _STORE = {"d": SHORT_LOW, "s": SHORT_HIGH}, {"t": SHORT_LOW, "s": SHORT_HIGH}
_B1, _H1 = _imm("1:5 0:6"), _imm("1:5")

COMPRESSED: tuple[Compressed, ...] = (
    Compressed("c.illegal",  "000 00000000 ddd 00", "", {}),  # an addi4spn of 0, reserved
    Compressed("c.addi4spn", "000 iiiiiiii ddd 00", "addi", {"d": SHORT_LOW, "s": 2}, _I4SPN),
    Compressed("c.lw",       "010 iii sss ii ddd 00", "lw", _LOAD, _LW),
    Compressed("c.ld",       "011 iii sss ii ddd 00", "ld", _LOAD, _LD),
    Compressed("c.sw",       "110 iii sss ii ttt 00", "sw", _STORE, _LW),
    Compressed("c.sd",       "111 iii sss ii ttt 00", "sd", _STORE, _LD),
    Compressed("c.lbu",      "100 000 sss ii ddd 00", "lbu", _LOAD, _B1, extension="zcb"),
    Compressed("c.lhu",      "100 001 sss 0i ddd 00", "lhu", _LOAD, _H1, extension="zcb"),
    Compressed("c.lh",       "100 001 sss 1i ddd 00", "lh", _LOAD, _H1, extension="zcb"),
    Compressed("c.sb",       "100 010 sss ii ttt 00", "sb", _STORE, _B1, extension="zcb"),
    Compressed("c.sh",       "100 011 sss 0i ttt 00", "sh", _STORE, _H1, extension="zcb"),
    Compressed("c.addi",     "000 i ddddd iiiii 01", "addi", {"d": FULL_RD, "s": FULL_RD}, _I6, True),
    Compressed("c.illegal",  "001 i 00000 iiiii 01", "", {}),
    Compressed("c.addiw",    "001 i ddddd iiiii 01", "addiw", {"d": FULL_RD, "s": FULL_RD}, _I6, True),
    Compressed("c.li",       "010 i ddddd iiiii 01", "addi", {"d": FULL_RD, "s": 0}, _I6, True),
    # These are what would be C.LUI of 0; they read and write nothing, so any instruction that does nothing will do.
    Compressed("c.mop",      "011 0 0nnn1 00000 01", "addi", {"d": 0, "s": 0}, extension="zcmop"),
    Compressed("c.illegal",  "011 0 ddddd 00000 01", "", {}),
    Compressed("c.addi16sp", "011 i 00010 iiiii 01", "addi", {"d": 2, "s": 2}, _imm("9:12 4:6 6:5 8-7:4-3 5:2"), True),
    Compressed("c.lui",      "011 i ddddd iiiii 01", "lui", {"d": FULL_RD}, _imm("17:12 16-12:6-2"), True),
    Compressed("c.srli",     "100 h 00 ddd hhhhh 01", "srli", {"d": SHORT_HIGH, "s": SHORT_HIGH}, _I6),
    Compressed("c.srai",     "100 h 01 ddd hhhhh 01", "srai", {"d": SHORT_HIGH, "s": SHORT_HIGH}, _I6),
    Compressed("c.andi",     "100 i 10 ddd iiiii 01", "andi", {"d": SHORT_HIGH, "s": SHORT_HIGH}, _I6, True),
    Compressed("c.sub",      "100 0 11 ddd 00 ttt 01", "sub", _RR),
    Compressed("c.xor",      "100 0 11 ddd 01 ttt 01", "xor", _RR),
    Compressed("c.or",       "100 0 11 ddd 10 ttt 01", "or", _RR),
    Compressed("c.and",      "100 0 11 ddd 11 ttt 01", "and", _RR),
    Compressed("c.subw",     "100 1 11 ddd 00 ttt 01", "subw", _RR),
    Compressed("c.addw",     "100 1 11 ddd 01 ttt 01", "addw", _RR),
    Compressed("c.mul",      "100 1 11 ddd 10 ttt 01", "mul", _RR, extension="zcb"),
    Compressed("c.zext.b",   "100 1 11 ddd 11 000 01", "andi", _ONE, ("1",) * 8, extension="zcb"),
    Compressed("c.sext.b",   "100 1 11 ddd 11 001 01", "sext.b", _ONE, extension="zcb"),
    Compressed("c.zext.h",   "100 1 11 ddd 11 010 01", "zext.h", _ONE, extension="zcb"),
    Compressed("c.sext.h",   "100 1 11 ddd 11 011 01", "sext.h", _ONE, extension="zcb"),
    Compressed("c.zext.w",   "100 1 11 ddd 11 100 01", "add.uw", _ONE | {"t": 0}, extension="zcb"),
    Compressed("c.not",      "100 1 11 ddd 11 101 01", "xori", _ONE, ("1",), True, extension="zcb"),
    Compressed("c.j",        "101 iiiiiiiiiii 01", "jal", {"d": 0}, _J, True),
    Compressed("c.beqz",     "110 iii sss iiiii 01", "beq", {"s": SHORT_HIGH, "t": 0}, _B, True),
    Compressed("c.bnez",     "111 iii sss iiiii 01", "bne", {"s": SHORT_HIGH, "t": 0}, _B, True),
    Compressed("c.slli",     "000 h ddddd hhhhh 10", "slli", {"d": FULL_RD, "s": FULL_RD}, _I6),
    Compressed("c.illegal",  "010 i 00000 iiiii 10", "", {}),
    Compressed("c.lwsp",     "010 i ddddd iiiii 10", "lw", {"d": FULL_RD, "s": 2}, _LWSP),
    Compressed("c.illegal",  "011 i 00000 iiiii 10", "", {}),
    Compressed("c.ldsp",     "011 i ddddd iiiii 10", "ld", {"d": FULL_RD, "s": 2}, _LDSP),
    Compressed("c.illegal",  "100 0 00000 00000 10", "", {}),
    Compressed("c.jr",       "100 0 sssss 00000 10", "jalr", {"d": 0, "s": FULL_RD}),
    Compressed("c.mv",       "100 0 ddddd ttttt 10", "add", {"d": FULL_RD, "s": 0, "t": FULL_RS2}),
    Compressed("c.ebreak",   "100 1 00000 00000 10", "ebreak", {}),
    Compressed("c.jalr",     "100 1 sssss 00000 10", "jalr", {"d": 1, "s": FULL_RD}),
    Compressed("c.add",      "100 1 ddddd ttttt 10", "add", {"d": FULL_RD, "s": FULL_RD, "t": FULL_RS2}),
    Compressed("c.swsp",     "110 iiiiii ttttt 10", "sw", {"t": FULL_RS2, "s": 2}, _SWSP),
    Compressed("c.sdsp",     "111 iiiiii ttttt 10", "sd", {"t": FULL_RS2, "s": 2}, _SDSP),
)
"""Every row that some core has: RV64C without the floating-point loads and stores, whose patterns are illegal, as is
whatever matches no row."""


def table(config: CoreConfig) -> tuple[Compressed, ...]:
    """The rows of a core with `config`. One that stands for an instruction of another extension needs that, too."""
    there = {"", *(each.name for each in instructions.table(config))}
    return tuple(row for row in COMPRESSED if row.expands_to in there and all(map(config.has, row.extension.split())))


def find(word: int, rows: tuple[Compressed, ...] = COMPRESSED) -> Compressed | None:
    """The row, one of `rows`, that the 16-bit `word` belongs to, or None; one that expands to nothing is illegal."""
    return next((row for row in rows if not (of := cube(row.pattern))[0] & (word ^ of[1])), None)


@cache
def cubes(config: CoreConfig) -> tuple[tuple[Compressed, tuple[int, int]], ...]:
    """Every legal row of the core with a cube of the words that are it (rtl/isa/cover.py), once for each cube.

    What an earlier row wins is taken away.
    """
    found, earlier = [], []
    for row in table(config):
        own = [cube(row.pattern)]
        for taken in earlier:
            own = [part for each in own for part in without(each, taken)]
        earlier.append(cube(row.pattern))
        found += [(row, each) for each in own]
    return tuple((row, each) for row, each in found if row.expands_to)

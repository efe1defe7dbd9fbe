"""Instructions as data: one line each, drawn as the manual draws it.

Decoder, assembler of the tests and pages of the docs are loops over it.
"""

from dataclasses import dataclass
from functools import cached_property

from amaranth.lib import enum

from ..config import CoreConfig


class Unit(enum.IntEnum, shape=4):
    """The part of the pipeline that gives an instruction its meaning."""
    ALU = 0
    BRANCH = 1
    JUMP = 2       # JAL, JALR
    LOAD = 3       # also LR, HLV, HLVX
    STORE = 4      # also SC, HSV
    AMO = 5
    MUL = 6
    DIV = 7
    CSR = 8
    SYSTEM = 9
    CBO = 10       # on a cache block: CBO.ZERO, and the management of a block


class Alu(enum.IntEnum, shape=6):
    """What Unit.ALU computes; a branch names the comparison it takes, and `invert` is in its funct3."""
    ADD = 0
    SUB = 1
    SLL = 2
    SLT = 3
    SLTU = 4
    XOR = 5
    SRL = 6
    SRA = 7
    OR = 8
    AND = 9
    ZERO = 10      # whatever the operands
    ADD_UW = 11    # Zba
    SH1ADD = 12
    SH1ADD_UW = 13
    SH2ADD = 14
    SH2ADD_UW = 15
    SH3ADD = 16
    SH3ADD_UW = 17
    SLL_UW = 18
    ANDN = 19      # Zbb
    ORN = 20
    XNOR = 21
    ROL = 22
    ROR = 23
    CLZ = 24
    CTZ = 25
    CPOP = 26
    MIN = 27
    MINU = 28
    MAX = 29
    MAXU = 30
    SEXT_B = 31
    SEXT_H = 32
    ZEXT_H = 33
    ORC_B = 34
    REV8 = 35
    BCLR = 36      # Zbs
    BEXT = 37
    BINV = 38
    BSET = 39
    CZERO_EQZ = 40  # Zicond
    CZERO_NEZ = 41


class Amo(enum.IntEnum, shape=4):
    """Operations of the A extension, as funct5[4:2] and two flags distinguish them."""
    NONE = 0       # an ordinary load or store
    LR = 1
    SC = 2
    SWAP = 3
    ADD = 4
    XOR = 5
    AND = 6
    OR = 7
    MIN = 8
    MAX = 9
    MINU = 10
    MAXU = 11
    CAS = 12


class Cbo(enum.IntEnum, shape=4):
    """Operations on a cache block, as their bits 31:20 have them."""
    INVAL = 0
    CLEAN = 1
    FLUSH = 2
    ZERO = 4


class System(enum.IntEnum, shape=4):
    """Instructions that commit does by itself."""
    ECALL = 0
    EBREAK = 1
    MRET = 2
    SRET = 3
    WFI = 4
    FENCE = 5
    FENCE_I = 6
    SFENCE_VMA = 7
    HFENCE_VVMA = 8
    HFENCE_GVMA = 9
    SFENCE_INVAL = 10  # SFENCE.W.INVAL, SFENCE.INVAL.IR
    WRS_NTO = 11
    WRS_STO = 12


class Format(enum.IntEnum, shape=3):
    """Where the immediate stands (unprivileged manual, "Immediate Encoding Variants"); NONE where there is none."""
    NONE = 0
    I = 1
    S = 2
    B = 3
    U = 4
    J = 5
    Z = 6          # five bits in place of rs1, zero-extended: CSRRWI and its like


SCATTER = {  # for each format, the bits of the immediate from instruction bit 31 down, where letter i stands
    Format.I: [*range(11, -1, -1)],
    Format.S: [*range(11, -1, -1)],
    Format.B: [12, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 11],
    Format.U: [*range(31, 11, -1)],
    Format.J: [20, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 11, 19, 18, 17, 16, 15, 14, 13, 12],
    Format.Z: [*range(4, -1, -1)],
}


REGISTER_FIELDS = {"d": 7, "s": 15, "t": 20}
"""The place of bit 0 of a register's number; where a row has a 0 there, the number is even."""


@dataclass(frozen=True)
class Instruction:
    """One instruction. `bits` is drawn most significant first; letters are operands.

    d rd, s rs1, t rs2, i immediate, c CSR number, h shift amount, q aq and rl, n number of a MOP, f the fields of FENCE
    and FENCE.I, which are ignored.
    """
    name: str
    bits: str
    unit: Unit
    op: enum.IntEnum | None = None
    format: Format = Format.NONE
    word: bool = False           # works on 32 bits and sign-extends
    hypervisor: bool = False     # part of the H extension
    hlvx: bool = False
    extension: str = ""          # that brings it, of rtl/isa/extensions.py; several words where it takes all of them

    @property
    def pattern(self) -> str:
        """For `m.Case` and `Value.matches`: 0, 1 and - for every operand bit."""
        return "".join(c if c in "01" else "-" for c in self.bits if c != " ")

    @property
    def operands(self) -> str:
        """The operand letters that occur, in order."""
        return "".join(c for c in "dsticqhnf" if c in self.bits)

    def encode(self, **operands: int) -> int:
        """The instruction word. Each operand letter is given by name: `encode(d=10, s=11, i=-4)`.

        Raises KeyError where an operand is missing.
        """
        word = self._fixed
        for letter, bits in self._scattered:
            value = operands[letter]
            for bit, place in bits:
                word |= (value >> bit & 1) << place
        return word

    @cached_property
    def _fixed(self) -> int:
        return int(self.pattern.replace("-", "0"), 2)

    @cached_property
    def _scattered(self) -> list[tuple[str, list[tuple[int, int]]]]:
        """For each operand letter, its bits and where they stand in the word."""
        drawn = self.bits.replace(" ", "")
        places = {letter: [31 - at for at, c in enumerate(drawn) if c == letter] for letter in self.operands}
        return [(letter, [*zip(self.scatter(letter, at), at, strict=True)]) for letter, at in places.items()]

    def scatter(self, letter: str, places: list[int]) -> list[int]:
        """Which bits of the operand `letter` stand at `places`, its bits of the word from the highest on."""
        if letter == "i":
            return SCATTER[self.format]
        lowest = REGISTER_FIELDS.get(letter)
        return [*range(len(places) - 1, -1, -1)] if lowest is None else [place - lowest for place in places]


def _alu(name, bits, op, format=Format.NONE, word=False, extension=""):
    return Instruction(name, bits, Unit.ALU, op, format, word, extension=extension)


def _branches():
    ops = {"beq": ("000", Alu.SUB), "bne": ("001", Alu.SUB), "blt": ("100", Alu.SLT), "bge": ("101", Alu.SLT),
           "bltu": ("110", Alu.SLTU), "bgeu": ("111", Alu.SLTU)}
    return [Instruction(name, f"iiiiiii ttttt sssss {f3} iiiii 1100011", Unit.BRANCH, op, Format.B)
            for name, (f3, op) in ops.items()]


def _loads_and_stores():
    loads = {"lb": "000", "lh": "001", "lw": "010", "ld": "011", "lbu": "100", "lhu": "101", "lwu": "110"}
    stores = {"sb": "000", "sh": "001", "sw": "010", "sd": "011"}
    return [*(Instruction(name, f"iiiiiiiiiiii sssss {f3} ddddd 0000011", Unit.LOAD, Amo.NONE, Format.I)
              for name, f3 in loads.items()),
            *(Instruction(name, f"iiiiiii ttttt sssss {f3} iiiii 0100011", Unit.STORE, Amo.NONE, Format.S)
              for name, f3 in stores.items())]


def _integer():
    immediate = {"addi": ("000", Alu.ADD), "slti": ("010", Alu.SLT), "sltiu": ("011", Alu.SLTU),
                 "xori": ("100", Alu.XOR), "ori": ("110", Alu.OR), "andi": ("111", Alu.AND)}
    register = {"add": ("0000000", "000", Alu.ADD), "sub": ("0100000", "000", Alu.SUB),
                "sll": ("0000000", "001", Alu.SLL), "slt": ("0000000", "010", Alu.SLT),
                "sltu": ("0000000", "011", Alu.SLTU), "xor": ("0000000", "100", Alu.XOR),
                "srl": ("0000000", "101", Alu.SRL), "sra": ("0100000", "101", Alu.SRA),
                "or": ("0000000", "110", Alu.OR), "and": ("0000000", "111", Alu.AND)}
    yield from (_alu(name, f"iiiiiiiiiiii sssss {f3} ddddd 0010011", op, Format.I)
                for name, (f3, op) in immediate.items())
    for name, (f7, f3, op) in register.items():
        yield _alu(name, f"{f7} ttttt sssss {f3} ddddd 0110011", op)
        if name in ("add", "sub", "sll", "srl", "sra"):
            yield _alu(name + "w", f"{f7} ttttt sssss {f3} ddddd 0111011", op, word=True)
        if name in ("sll", "srl", "sra"):
            # The shift amount stands where an I immediate has its low bits, and the shifter looks at no others.
            yield _alu(name + "i", f"{f7[:6]} hhhhhh sssss {f3} ddddd 0010011", op, Format.I)
            yield _alu(name + "iw", f"{f7} hhhhh sssss {f3} ddddd 0011011", op, Format.I, word=True)
    yield _alu("addiw", "iiiiiiiiiiii sssss 000 ddddd 0011011", Alu.ADD, Format.I, word=True)


def _multiply_and_divide():
    for f3, name in enumerate(("mul", "mulh", "mulhsu", "mulhu", "div", "divu", "rem", "remu")):
        unit = Unit.MUL if f3 < 4 else Unit.DIV
        yield Instruction(name, f"0000001 ttttt sssss {f3:03b} ddddd 0110011", unit)
        if f3 == 0 or f3 >= 4:
            yield Instruction(name + "w", f"0000001 ttttt sssss {f3:03b} ddddd 0111011", unit, word=True)


def _atomics():
    ops = {"amoswap": ("00001", Amo.SWAP), "amoadd": ("00000", Amo.ADD), "amoxor": ("00100", Amo.XOR),
           "amoand": ("01100", Amo.AND), "amoor": ("01000", Amo.OR), "amomin": ("10000", Amo.MIN),
           "amomax": ("10100", Amo.MAX), "amominu": ("11000", Amo.MINU), "amomaxu": ("11100", Amo.MAXU)}
    for suffix, f3 in (("w", "010"), ("d", "011")):
        yield Instruction(f"lr.{suffix}", f"00010qq 00000 sssss {f3} ddddd 0101111", Unit.LOAD, Amo.LR)
        yield Instruction(f"sc.{suffix}", f"00011qq ttttt sssss {f3} ddddd 0101111", Unit.STORE, Amo.SC)
    for suffix, f3, narrow in (("w", "010", ""), ("d", "011", ""), ("b", "000", "zabha"), ("h", "001", "zabha")):
        for name, (f5, op) in ops.items():
            yield Instruction(f"{name}.{suffix}", f"{f5}qq ttttt sssss {f3} ddddd 0101111", Unit.AMO, op,
                              extension=narrow)
        yield Instruction(f"amocas.{suffix}", f"00101qq ttttt sssss {f3} ddddd 0101111", Unit.AMO, Amo.CAS,
                          extension=f"{narrow} zacas".strip())
    # Rule Zacas_rv64_amocas-q_frst_pair_entry_reg_even: odd numbers are reserved.
    yield Instruction("amocas.q", "00101qq tttt0 sssss 100 dddd0 0101111", Unit.AMO, Amo.CAS, extension="zacas")


def _csrs():
    for f3, name in ((1, "csrrw"), (2, "csrrs"), (3, "csrrc")):
        yield Instruction(name, f"cccccccccccc sssss {f3:03b} ddddd 1110011", Unit.CSR)
        yield Instruction(name + "i", f"cccccccccccc iiiii 1{f3 & 3:02b} ddddd 1110011", Unit.CSR, format=Format.Z)


def _system(name, bits, op, hypervisor=False, extension=""):
    return Instruction(name, bits, Unit.SYSTEM, op, hypervisor=hypervisor, extension=extension)


def _cache_blocks():
    for name, op, extension in (("inval", Cbo.INVAL, "zicbom"), ("clean", Cbo.CLEAN, "zicbom"),
                                ("flush", Cbo.FLUSH, "zicbom"), ("zero", Cbo.ZERO, "zicboz")):
        yield Instruction(f"cbo.{name}", f"{op:012b} sssss 010 00000 0001111", Unit.CBO, op, extension=extension)


def _hypervisor():
    loads = (("hlv.b", 0b0110000, 0), ("hlv.bu", 0b0110000, 1), ("hlv.h", 0b0110010, 0), ("hlv.hu", 0b0110010, 1),
             ("hlvx.hu", 0b0110010, 3), ("hlv.w", 0b0110100, 0), ("hlv.wu", 0b0110100, 1), ("hlvx.wu", 0b0110100, 3),
             ("hlv.d", 0b0110110, 0))
    for name, f7, rs2 in loads:
        yield Instruction(name, f"{f7:07b} {rs2:05b} sssss 100 ddddd 1110011", Unit.LOAD, Amo.NONE,
                          hypervisor=True, hlvx="hlvx" in name)
    for name, f7 in (("hsv.b", 0b0110001), ("hsv.h", 0b0110011), ("hsv.w", 0b0110101), ("hsv.d", 0b0110111)):
        yield Instruction(name, f"{f7:07b} ttttt sssss 100 00000 1110011", Unit.STORE, Amo.NONE, hypervisor=True)
    yield _system("hfence.vvma", "0010001 ttttt sssss 000 00000 1110011", System.HFENCE_VVMA, hypervisor=True)
    yield _system("hfence.gvma", "0110001 ttttt sssss 000 00000 1110011", System.HFENCE_GVMA, hypervisor=True)


def _invalidations():
    """Svinval. Each SINVAL and HINVAL is the fence of the same operands, done at once, so those around them have
    nothing left to order (rules Svinval_sinval_vma_invalidates_same_as_sfence_vma, Svinval_hinval_vvma_gvma)."""
    def row(name, bits, op, hypervisor=False):
        return _system(name, bits, op, hypervisor, "svinval")

    yield row("sinval.vma",     "0001011 ttttt sssss 000 00000 1110011", System.SFENCE_VMA)
    yield row("sfence.w.inval", "0001100 00000 00000 000 00000 1110011", System.SFENCE_INVAL)
    yield row("sfence.inval.ir", "0001100 00001 00000 000 00000 1110011", System.SFENCE_INVAL)
    yield row("hinval.vvma",    "0010011 ttttt sssss 000 00000 1110011", System.HFENCE_VVMA, True)
    yield row("hinval.gvma",    "0110011 ttttt sssss 000 00000 1110011", System.HFENCE_GVMA, True)


def _address_generation():
    for n, f3, op, op_uw in ((1, "010", Alu.SH1ADD, Alu.SH1ADD_UW), (2, "100", Alu.SH2ADD, Alu.SH2ADD_UW),
                             (3, "110", Alu.SH3ADD, Alu.SH3ADD_UW)):
        yield _alu(f"sh{n}add", f"0010000 ttttt sssss {f3} ddddd 0110011", op, extension="zba")
        yield _alu(f"sh{n}add.uw", f"0010000 ttttt sssss {f3} ddddd 0111011", op_uw, extension="zba")
    yield _alu("add.uw", "0000100 ttttt sssss 000 ddddd 0111011", Alu.ADD_UW, extension="zba")
    yield _alu("slli.uw", "000010 hhhhhh sssss 001 ddddd 0011011", Alu.SLL_UW, Format.I, extension="zba")


def _basic_bit_manipulation():
    of_two = {"andn": ("0100000", "111", Alu.ANDN), "orn": ("0100000", "110", Alu.ORN),
              "xnor": ("0100000", "100", Alu.XNOR), "min": ("0000101", "100", Alu.MIN),
              "minu": ("0000101", "101", Alu.MINU), "max": ("0000101", "110", Alu.MAX),
              "maxu": ("0000101", "111", Alu.MAXU), "rol": ("0110000", "001", Alu.ROL),
              "ror": ("0110000", "101", Alu.ROR)}
    of_one = {"clz": ("00000", Alu.CLZ), "ctz": ("00001", Alu.CTZ), "cpop": ("00010", Alu.CPOP),
              "sext.b": ("00100", Alu.SEXT_B), "sext.h": ("00101", Alu.SEXT_H)}
    for name, (f7, f3, op) in of_two.items():
        yield _alu(name, f"{f7} ttttt sssss {f3} ddddd 0110011", op, extension="zbb")
    for name, (f5, op) in of_one.items():
        yield _alu(name, f"0110000 {f5} sssss 001 ddddd 0010011", op, extension="zbb")
    for name, op in (("clzw", Alu.CLZ), ("ctzw", Alu.CTZ), ("cpopw", Alu.CPOP)):
        yield _alu(name, f"0110000 {of_one[name[:-1]][0]} sssss 001 ddddd 0011011", op, word=True, extension="zbb")
    for name, f3, op in (("rolw", "001", Alu.ROL), ("rorw", "101", Alu.ROR)):
        yield _alu(name, f"0110000 ttttt sssss {f3} ddddd 0111011", op, word=True, extension="zbb")
    yield _alu("rori", "011000 hhhhhh sssss 101 ddddd 0010011", Alu.ROR, Format.I, extension="zbb")
    yield _alu("roriw", "0110000 hhhhh sssss 101 ddddd 0011011", Alu.ROR, Format.I, word=True, extension="zbb")
    yield _alu("zext.h", "0000100 00000 sssss 100 ddddd 0111011", Alu.ZEXT_H, extension="zbb")
    yield _alu("orc.b", "001010000111 sssss 101 ddddd 0010011", Alu.ORC_B, extension="zbb")
    yield _alu("rev8", "011010111000 sssss 101 ddddd 0010011", Alu.REV8, extension="zbb")


def _single_bits():
    for name, f6, f3, op in (("bclr", "010010", "001", Alu.BCLR), ("bext", "010010", "101", Alu.BEXT),
                             ("binv", "011010", "001", Alu.BINV), ("bset", "001010", "001", Alu.BSET)):
        yield _alu(name, f"{f6}0 ttttt sssss {f3} ddddd 0110011", op, extension="zbs")
        yield _alu(name + "i", f"{f6} hhhhhh sssss {f3} ddddd 0010011", op, Format.I, extension="zbs")


INSTRUCTIONS: tuple[Instruction, ...] = (
    _alu("lui",   "iiiiiiiiiiiiiiiiiiii ddddd 0110111", Alu.ADD, Format.U),
    _alu("auipc", "iiiiiiiiiiiiiiiiiiii ddddd 0010111", Alu.ADD, Format.U),
    Instruction("jal",  "iiiiiiiiiiiiiiiiiiii ddddd 1101111", Unit.JUMP, format=Format.J),
    Instruction("jalr", "iiiiiiiiiiii sssss 000 ddddd 1100111", Unit.JUMP, format=Format.I),
    *_branches(),
    *_loads_and_stores(),
    *_integer(),
    *_multiply_and_divide(),
    *_atomics(),
    *_csrs(),
    _system("fence",      "ffffffffffff sssss 000 ddddd 0001111", System.FENCE),
    _system("fence.i",    "ffffffffffff sssss 001 ddddd 0001111", System.FENCE_I),
    _system("ecall",      "0000000 00000 00000 000 00000 1110011", System.ECALL),
    _system("ebreak",     "0000000 00001 00000 000 00000 1110011", System.EBREAK),
    _system("sret",       "0001000 00010 00000 000 00000 1110011", System.SRET),
    _system("mret",       "0011000 00010 00000 000 00000 1110011", System.MRET),
    _system("wfi",        "0001000 00101 00000 000 00000 1110011", System.WFI),
    _system("sfence.vma", "0001001 ttttt sssss 000 00000 1110011", System.SFENCE_VMA),
    _system("wrs.nto",    "0000000 01101 00000 000 00000 1110011", System.WRS_NTO, extension="zawrs"),
    _system("wrs.sto",    "0000000 11101 00000 000 00000 1110011", System.WRS_STO, extension="zawrs"),
    *_cache_blocks(),
    *_hypervisor(),
    *_invalidations(),
    *_address_generation(),
    *_basic_bit_manipulation(),
    *_single_bits(),
    _alu("czero.eqz", "0000111 ttttt sssss 101 ddddd 0110011", Alu.CZERO_EQZ, extension="zicond"),
    _alu("czero.nez", "0000111 ttttt sssss 111 ddddd 0110011", Alu.CZERO_NEZ, extension="zicond"),
    # Rules Zimop_mop-r_op and Zimop_mop-rr_op: of 32 and of 8 numbers; what rs1 and rs2 hold does not matter.
    _alu("mop.r",  "1n00nn0111nn sssss 100 ddddd 1110011", Alu.ZERO, extension="zimop"),
    _alu("mop.rr", "1n00nn1 ttttt sssss 100 ddddd 1110011", Alu.ZERO, extension="zimop"),
)
"""Every instruction of 32 bits that some core has. C is in rtl/isa/compressed.py."""

BY_NAME: dict[str, Instruction] = {instruction.name: instruction for instruction in INSTRUCTIONS}


def table(config: CoreConfig) -> tuple[Instruction, ...]:
    """The instructions of a core with `config`."""
    return tuple(each for each in INSTRUCTIONS if all(map(config.has, each.extension.split()))
                 and (config.hypervisor or not each.hypervisor))


def identify(word: int, instructions: tuple[Instruction, ...] = INSTRUCTIONS) -> Instruction | None:
    """The instruction, one of `instructions`, that the 32-bit `word` encodes, or None."""
    for instruction in instructions:
        pattern = instruction.pattern
        if (word ^ int(pattern.replace("-", "0"), 2)) & int("".join("0" if c == "-" else "1" for c in pattern), 2) == 0:
            return instruction
    return None

"""Integer arithmetic of execute, and that of the A extension: one carry chain and one shifter for all of it."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from ..isa.instructions import Alu, Amo
from .bits import BIT_OPERATIONS


def extend_word(value) -> Value:
    """Bits 31:0 of `value`, sign-extended to 64."""
    return Cat(value[:32], value[31].replicate(32))


def add_and_compare(a, b, invert, unsigned) -> tuple[Value, Value]:
    """One carry chain, as a pair: the sum, 64 bits, and a bit.

    a, b      64 bits, b complemented by the caller where `invert` is 1: then the sum is a difference
    invert    also the carry in
    unsigned  where `invert` is 1, the bit says whether a is less than what b is the complement of
    """
    # The lowest bit makes the carry in, the highest is the sign of the difference.
    total = Cat(1, a, a[63] & ~unsigned) + Cat(invert, b, b[63] | unsigned)
    return total[1:65], total[65]


class AluControls(data.Struct):
    """An operation as the ALU obeys it, one bit for each thing that it switches. All 0: the result is 0."""
    word: 1             # operands of 32 bits, result sign-extended
    invert: 1           # the second operand is complemented
    unsigned: 1         # of a comparison
    sums: 1             # what the result is made of
    whole_sums: 1
    compares: 1
    conjunction: 1
    difference: 1
    word_sums: 1
    left: 1
    right: 1
    half: 1             # of a shift, bits 31:0 count, and are sign-extended; those to the right are extended anyway
    arithmetic: 1       # of a shift to the right
    rotates: 1          # what a shift moves out comes in again
    single: 1           # Zbs: the second operand is the number of the one bit that is 1
    scales: 1           # Zba: the result is the sum of the second operand and a multiple of the first
    twice: 1
    four_times: 1
    unsigned_word: 1    # of the first operand bits 31:0 count, zero-extended


TIMES = {Alu.ADD_UW: 1, Alu.SH1ADD: 2, Alu.SH1ADD_UW: 2, Alu.SH2ADD: 4, Alu.SH2ADD_UW: 4, Alu.SH3ADD: 8,
         Alu.SH3ADD_UW: 8}
"""The multiple of the first operand that Zba's additions take."""
UNSIGNED_WORD = (Alu.ADD_UW, Alu.SH1ADD_UW, Alu.SH2ADD_UW, Alu.SH3ADD_UW, Alu.SLL_UW)


def alu_controls(op, word) -> dict:
    """The AluControls of an Alu, as numbers; None where one does not matter.

    Of what is not the ALU's (rtl/units/bits.py) they are those of its part in it: MIN and its kin compare, BEXT shifts.
    """
    sums, scales, rotates = op in (Alu.ADD, Alu.SUB), op in TIMES, op in (Alu.ROL, Alu.ROR)
    left, right = op in (Alu.SLL, Alu.SLL_UW, Alu.ROL), op in (Alu.SRL, Alu.SRA, Alu.ROR, Alu.BEXT)
    conjunction = op in (Alu.AND, Alu.ANDN, Alu.BCLR, Alu.OR, Alu.ORN, Alu.BSET)
    difference = op in (Alu.XOR, Alu.XNOR, Alu.BINV, Alu.OR, Alu.ORN, Alu.BSET)
    compares, picks = op in (Alu.SLT, Alu.SLTU), op in (Alu.MIN, Alu.MINU, Alu.MAX, Alu.MAXU)
    negates = op in (Alu.SUB, Alu.ANDN, Alu.ORN, Alu.XNOR, Alu.BCLR)
    shifts, logic, looked_at = left or right, conjunction or difference, op not in BIT_OPERATIONS or op == Alu.BEXT

    def where(matters, value):
        return value if matters else None

    makes_result = {"sums": sums, "whole_sums": sums and not word, "word_sums": sums and word, "compares": compares,
                    "conjunction": conjunction, "difference": difference, "left": left, "right": right,
                    "rotates": rotates, "scales": scales}
    return {name: where(looked_at, value) for name, value in makes_result.items()} | {
        "word": where(shifts, word), "half": where(shifts, (left or rotates) and word),
        "arithmetic": where(op in (Alu.SRL, Alu.SRA), op == Alu.SRA),
        "invert": where(sums or logic or shifts or compares or picks, negates or left or compares or picks),
        "unsigned": where(compares or picks, op in (Alu.SLTU, Alu.MINU, Alu.MAXU)),
        "single": where(logic, op in (Alu.BCLR, Alu.BINV, Alu.BSET)),
        "twice": where(scales, TIMES.get(op) in (2, 8)), "four_times": where(scales, TIMES.get(op) in (4, 8)),
        "unsigned_word": where(scales or left or rotates, op in UNSIGNED_WORD)}


class AluUnit(wiring.Component):
    """Combinational.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    controls : In(AluControls)
        The operation.
    a, b : In(64)
        Operands. Shifts look at the low 6 (word: 5) bits of b.
    result : Out(64)
    less : Out(1)
        Of SLT and SLTU: the result.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({"controls": In(AluControls), "a": In(64), "b": In(64), "result": Out(64), "less": Out(1)})

    def elaborate(self, platform):
        m = Module()
        does, a = self.controls, self.a
        b, total, logic, sign, scaled = Signal(64), Signal(64), Signal(64), Signal(), Const(0, 64)
        mask, shifted = b, self.shift(m, b)
        if self.config.has("zbs"):
            mask = Signal(64)
            m.d.comb += mask.eq(Mux(does.single, 1 << self.b[:6], self.b) ^ does.invert.replicate(64))
        if self.config.has("zba"):
            # An adder of its own: before that of branches nothing may stand.
            word, scaled = Signal(64), Signal(64)
            m.d.comb += word.eq(Cat(a[:32], Mux(does.unsigned_word, 0, a[32:])))
            twice = Mux(does.twice, word << 1, word)[:64]
            m.d.comb += scaled.eq((Mux(does.four_times, twice << 2, twice) + self.b)[:64] & does.scales.replicate(64))
        m.d.comb += [
            b.eq(self.b ^ does.invert.replicate(64)),
            Cat(total, self.less).eq(Cat(*add_and_compare(a, b, does.invert, does.unsigned))),
            # The four cases of each bit are one lookup table of a and the mask.
            logic.eq(a & mask & does.conjunction.replicate(64) | (a ^ mask) & does.difference.replicate(64)),
            sign.eq(total[31] & does.word_sums | shifted[31] & does.half),
            self.result[:32].eq(logic[:32] | shifted[:32] | scaled[:32] | total[:32] & does.sums.replicate(32)
                                | self.less & does.compares),
            self.result[32:].eq(logic[32:] | Mux(does.half, 0, shifted[32:]) | scaled[32:]
                                | total[32:] & does.whole_sums.replicate(32) | sign.replicate(32)),
        ]
        return m

    def shift(self, m, b) -> Value:
        """The result of shifts and rotations, 0 for other operations; where `half`, bits 63:32 are left to the caller.

        b   the operand, complemented to the left

        A funnel: 64 of 127 bits, which are the operand below copies of `fill`, or to the left the operand above zeros;
        of a rotation, the operand and once more the operand. To shift left by n is to take those from bit 63 - n on,
        and 63 - n is the complement of n; to rotate left is to rotate right by 1 and then by 63 - n. The step by 32 is
        one table for each bit with the choice of the 127, most bits being a constant or one of two of the operand.
        """
        does, a = self.controls, self.a
        word, left, right = does.word, does.left, does.right
        rotates, unsigned_word = (control if self.config.has(extension) else Const(0) for control, extension in (
            (does.rotates, "zbb"), (does.unsigned_word, "zba")))
        far, fill = Signal(), Signal()
        m.d.comb += [far.eq(Mux(word, left, b[5])),
                     # SRLW by 0 is the one logical shift to the right that leaves a sign to extend.
                     fill.eq(right & Mux(word, a[31] & (does.arithmetic | ~b[:5].any()), a[63] & does.arithmetic))]

        # Without rotations each part of the funnel has something to take in one direction alone.
        to_right, to_left = a, Cat(a[1:32], a[32] & ~unsigned_word, a[33:], a[0])
        if self.config.has("zbb"):
            both = Signal(64)
            m.d.comb += both.eq(Mux(left, Cat(to_left[:31], Mux(rotates & word, a[0], to_left[31]), to_left[32:]), a))
            to_right = to_left = both

        def pick(name, takes_near, near, takes_far, beyond):
            code = Signal(2, name=name)  # 0 and 1 for a constant, 2 for near, 3 for beyond
            m.d.comb += code.eq(Cat(Mux(takes_near, 0, takes_far | fill), takes_near | takes_far))
            return Mux(code[1], Mux(code[0], beyond, near), code[0].replicate(len(near)))

        low, high = Signal(64), Signal(31)
        at_31, at_63 = left & far & a[0], left & ~far & a[0]
        rotates_word = rotates & word
        m.d.comb += [
            low.eq(Cat(pick("lowest", (right | rotates) & ~far | rotates_word, to_right[:32],
                            (right | rotates & ~word) & far, to_right[32:]),
                       pick("middle", (right | rotates) & ~far & ~word, to_right[32:],
                            (left | rotates) & far | rotates_word, to_left[:32]))
                   | Cat(Const(0, 31), at_31, Const(0, 31), at_63)),
            high.eq(pick("highest", (left | rotates) & ~far, to_left[:31],
                         (left | rotates) & far & ~unsigned_word, to_left[32:63])),
        ]
        for bit in (4, 3, 2, 1, 0):
            step = 1 << bit
            moved, rest = Signal(64, name=f"low_{step}"), Signal(step - 1, name=f"high_{step}")
            m.d.comb += [moved.eq(Mux(b[bit], Cat(low, high)[step:step + 64], low)),
                         rest.eq(Mux(b[bit], high[step:], high[:step - 1]))]
            low, high = moved, rest
        return low


class AmoUnit(wiring.Component):
    """What an AMO writes. Combinational.

    Members
    -------
    op : In(Amo), word : In(1)
        The operation, of 64 or 32 bits.
    old : In(64), operand : In(64)
        What memory held, from the lowest byte on, sign-extended where `word`; rs2.
    result : Out(64)
    """
    op: In(Amo)
    word: In(1)
    old: In(64)
    operand: In(64)
    result: Out(64)

    def elaborate(self, platform):
        m = Module()
        op, old = self.op, self.old
        sign, operand, inverted = Signal(), Signal(64), Signal(64)
        greatest, picks = Signal(), Signal()
        m.d.comb += [
            sign.eq(self.operand[31]),
            operand.eq(Cat(self.operand[:32], Mux(self.word, sign.replicate(32), self.operand[32:]))),
            greatest.eq(op.matches(Amo.MAX, Amo.MAXU)), picks.eq(greatest | op.matches(Amo.MIN, Amo.MINU)),
            inverted.eq(operand ^ picks.replicate(64))]
        # Sign-extended words compare as the words do, also unsigned: both halves of the order are kept.
        total, less = Signal(64), Signal()
        m.d.comb += Cat(total, less).eq(Cat(*add_and_compare(old, inverted, picks, op.matches(Amo.MINU, Amo.MAXU))))

        adds, keeps, swaps, differs, joins = (Signal(name=n) for n in ("adds", "keeps", "swaps", "differs", "joins"))
        m.d.comb += [
            adds.eq(op == Amo.ADD), keeps.eq(picks & (less ^ greatest)),
            swaps.eq(picks & ~(less ^ greatest) | (op == Amo.SWAP)), differs.eq(op.matches(Amo.XOR, Amo.OR)),
            joins.eq(op.matches(Amo.AND, Amo.OR)),
            self.result.eq(total & adds.replicate(64) | old & keeps.replicate(64) | operand & swaps.replicate(64)
                           | (old ^ operand) & differs.replicate(64) | old & operand & joins.replicate(64))]
        return m

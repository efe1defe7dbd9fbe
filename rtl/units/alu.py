"""Integer arithmetic of execute, and that of the A extension: one carry chain and one shifter for all of it."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..isa.instructions import Alu, Amo


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
    word_left: 1
    right: 1
    arithmetic: 1       # of a shift to the right


def alu_controls(op, word) -> dict:
    """The AluControls of an Alu, as numbers."""
    sums, left = op in (Alu.ADD, Alu.SUB), op == Alu.SLL
    return {"word": word, "invert": op in (Alu.SUB, Alu.SLT, Alu.SLTU, Alu.SLL), "unsigned": op == Alu.SLTU,
            "sums": sums, "whole_sums": sums and not word, "compares": op in (Alu.SLT, Alu.SLTU),
            "conjunction": op in (Alu.AND, Alu.OR), "difference": op in (Alu.XOR, Alu.OR),
            "word_sums": sums and word, "left": left, "word_left": left and word,
            "right": op in (Alu.SRL, Alu.SRA), "arithmetic": op == Alu.SRA}


class AluUnit(wiring.Component):
    """Combinational.

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
    controls: In(AluControls)
    a: In(64)
    b: In(64)
    result: Out(64)
    less: Out(1)

    def elaborate(self, platform):
        m = Module()
        does, a = self.controls, self.a
        b, total, logic, sign = Signal(64), Signal(64), Signal(64), Signal()
        shifted = self.shift(m, b)
        m.d.comb += [
            b.eq(self.b ^ does.invert.replicate(64)),
            Cat(total, self.less).eq(Cat(*add_and_compare(a, b, does.invert, does.unsigned))),
            # The four cases of each bit are one lookup table of a and b.
            logic.eq(a & b & does.conjunction.replicate(64) | (a ^ b) & does.difference.replicate(64)),
            sign.eq(total[31] & does.word_sums | shifted[31] & does.word_left),
            self.result[:32].eq(logic[:32] | shifted[:32] | total[:32] & does.sums.replicate(32)
                                | self.less & does.compares),
            self.result[32:].eq(logic[32:] | Mux(does.word_left, 0, shifted[32:])
                                | total[32:] & does.whole_sums.replicate(32) | sign.replicate(32)),
        ]
        return m

    def shift(self, m, b) -> Value:
        """The result of shifts, 0 for other operations; bits 63:32 of SLLW are left to the caller.

        b   the operand, complemented for SLL

        A funnel: 64 of 127 bits, which are the operand below copies of `fill`, or for SLL the operand above zeros.
        To shift left by n is to take those from bit 63 - n on, and 63 - n is the complement of n. The step by 32 is
        one table for each bit with the choice of the 127, most bits being a constant or one of two of the operand.
        """
        does, a = self.controls, self.a
        word, left, right = does.word, does.left, does.right
        far, fill = Signal(), Signal()
        m.d.comb += [far.eq(Mux(word, left, b[5])),
                     # SRLW by 0 is the one logical shift to the right that leaves a sign to extend.
                     fill.eq(right & Mux(word, a[31] & (does.arithmetic | ~b[:5].any()), a[63] & does.arithmetic))]

        def pick(name, takes_near, near, takes_far, beyond):
            code = Signal(2, name=name)  # 0 and 1 for a constant, 2 for near, 3 for beyond
            m.d.comb += code.eq(Cat(Mux(takes_near, 0, takes_far | fill), takes_near | takes_far))
            return Mux(code[1], Mux(code[0], beyond, near), code[0].replicate(len(near)))

        low, high = Signal(64), Signal(31)
        at_31, at_63 = left & far & a[0], left & ~far & a[0]
        m.d.comb += [
            low.eq(Cat(pick("lowest", right & ~far, a[:32], right & far, a[32:]),
                       pick("middle", right & ~far & ~word, a[32:], left & far, a[1:33]))
                   | Cat(Const(0, 31), at_31, Const(0, 31), at_63)),
            high.eq(pick("highest", left & ~far, a[1:32], left & far, a[33:])),
        ]
        for bit in (4, 3, 2, 1, 0):
            step = 1 << bit
            moved, rest = Signal(64, name=f"low_{step}"), Signal(step - 1, name=f"high_{step}")
            m.d.comb += [moved.eq(Mux(b[bit], Cat(low, high)[step:step + 64], low)),
                         rest.eq(Mux(b[bit], high[step:], high[:step - 1]))]
            low, high = moved, rest
        return low


def sign_extended(value, size, narrow) -> Value:
    """`value`, 64 bits, extended from the 2**size bytes that are its lowest.

    narrow   whether bytes and halfwords occur, a bool
    """
    wide = Mux(size[0], value, extend_word(value))
    if not narrow:
        return wide
    return Mux(size[1], wide, Cat(value[:8], Mux(size[0], Cat(value[8:16], value[15].replicate(48)),
                                                 value[7].replicate(56))))


class AmoUnit(wiring.Component):
    """What an AMO writes. Combinational.

    Members
    -------
    op : In(Amo)
    old : In(64), operand : In(64)
        What memory held, and rs2, both sign-extended from the size of the access.
    matches : In(1)
        Of CAS: memory held what rd expected.
    result : Out(64)
    """
    op: In(Amo)
    old: In(64)
    operand: In(64)
    matches: In(1)
    result: Out(64)

    def elaborate(self, platform):
        m = Module()
        op, old = self.op, self.old
        operand, inverted = self.operand, Signal(64)
        greatest, picks = Signal(), Signal()
        m.d.comb += [
            greatest.eq(op.matches(Amo.MAX, Amo.MAXU)), picks.eq(greatest | op.matches(Amo.MIN, Amo.MINU)),
            inverted.eq(operand ^ picks.replicate(64))]
        # What is sign-extended compares as what is not, also unsigned: both halves of the order are kept.
        total, less = Signal(64), Signal()
        m.d.comb += Cat(total, less).eq(Cat(*add_and_compare(old, inverted, picks, op.matches(Amo.MINU, Amo.MAXU))))

        adds, keeps, swaps, differs, joins = (Signal(name=n) for n in ("adds", "keeps", "swaps", "differs", "joins"))
        compares = op == Amo.CAS
        m.d.comb += [
            adds.eq(op == Amo.ADD), keeps.eq(picks & (less ^ greatest) | compares & ~self.matches),
            swaps.eq(picks & ~(less ^ greatest) | (op == Amo.SWAP) | compares & self.matches),
            differs.eq(op.matches(Amo.XOR, Amo.OR)),
            joins.eq(op.matches(Amo.AND, Amo.OR)),
            self.result.eq(total & adds.replicate(64) | old & keeps.replicate(64) | operand & swaps.replicate(64)
                           | (old ^ operand) & differs.replicate(64) | old & operand & joins.replicate(64))]
        return m

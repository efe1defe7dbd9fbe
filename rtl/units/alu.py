"""Integer arithmetic of execute, and that of the A extension: pure functions, expressions in, expression out."""

from amaranth.hdl import Cat, Module, Mux, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa.instructions import Alu, Amo


def extend_word(value) -> Value:
    """Bits 31:0 of `value`, sign-extended to 64."""
    return Cat(value[:32], value[31].replicate(32))


def less(a, b, unsigned) -> Value:
    """Whether a < b, both 64 bits."""
    return Mux(a[63] == b[63], a < b, Mux(unsigned, b[63], a[63]))


class AluUnit(wiring.Component):
    """Combinational.

    Members
    -------
    op : In(Alu), word : In(1)
        The operation; with `word` on bits 31:0, the result sign-extended.
    a, b : In(64)
        Operands. Shifts look at the low 6 (word: 5) bits of b.
    result : Out(64)
    """
    op: In(Alu)
    word: In(1)
    a: In(64)
    b: In(64)
    result: Out(64)

    def elaborate(self, platform):
        m = Module()
        a, b = self.a, self.b
        amount = Cat(b[:5], b[5] & ~self.word)
        arithmetic = (self.op == Alu.SRA)
        upper = Mux(arithmetic, a[31].replicate(32), 0)
        shifted = Mux(self.word, Cat(a[:32], upper), a)
        sign = arithmetic & shifted[63]
        result = self.result.like(self.result, name="full")
        with m.Switch(self.op):
            with m.Case(Alu.ADD):
                m.d.comb += result.eq(a + b)
            with m.Case(Alu.SUB):
                m.d.comb += result.eq(a - b)
            with m.Case(Alu.SLL):
                m.d.comb += result.eq((a << amount)[:64])
            with m.Case(Alu.SLT):
                m.d.comb += result.eq(less(a, b, 0))
            with m.Case(Alu.SLTU):
                m.d.comb += result.eq(a < b)
            with m.Case(Alu.XOR):
                m.d.comb += result.eq(a ^ b)
            with m.Case(Alu.SRL, Alu.SRA):
                m.d.comb += result.eq((Cat(shifted, sign).as_signed() >> amount)[:64])
            with m.Case(Alu.OR):
                m.d.comb += result.eq(a | b)
            with m.Case(Alu.AND):
                m.d.comb += result.eq(a & b)
        m.d.comb += self.result.eq(Mux(self.word, extend_word(result), result))
        return m


def amo_result(op, old, operand, word) -> Value:
    """What an AMO writes.

    op       an Amo
    old      what memory held, 64 bits, from the lowest byte on, sign-extended where `word`
    operand  rs2, 64 bits
    word     whether 32 bits are meant
    """
    operand = Mux(word, extend_word(operand), operand)
    unsigned = (op == Amo.MINU) | (op == Amo.MAXU)
    # Sign-extended words compare as the words do, also unsigned: both halves of the order are kept.
    keep_old = less(old, operand, unsigned) ^ ((op == Amo.MAX) | (op == Amo.MAXU))
    result = operand
    for kind, value in ((Amo.ADD, (old + operand)[:64]), (Amo.XOR, old ^ operand), (Amo.AND, old & operand),
                        (Amo.OR, old | operand)):
        result = Mux(op == kind, value, result)
    picks = (op == Amo.MIN) | (op == Amo.MAX) | unsigned
    return Mux(picks & keep_old, old, result)

"""MUL, MULH, MULHSU, MULHU, MULW in two cycles: four products of halves, then their sum."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .alu import extend_word


class Multiplier(wiring.Component):
    """The products are registered where `load` is 1, the sum is combinational after them.

    The high halves have a bit more, their sign, so that the sum needs no mending; 33 bits still are two for DSP blocks.

    Members
    -------
    load : In(1), a, b : In(64), function : In(2)
        funct3[:2] of the instruction: MUL, MULH, MULHSU, MULHU.
    word : In(1)
    result : Out(64)
        From the cycle after `load` until the next.
    """
    load: In(1)
    a: In(64)
    b: In(64)
    function: In(2)
    word: In(1)
    result: Out(64)

    def elaborate(self, platform):
        m = Module()
        a_low, b_low = self.a[:32], self.b[:32]
        a_high = Cat(self.a[32:], self.a[63] & (self.function != 3)).as_signed()
        b_high = Cat(self.b[32:], self.b[63] & ~self.function[1]).as_signed()
        low, high = Signal(64), Signal(64)
        low_high, high_low = Signal(signed(65)), Signal(signed(65))
        is_high, word = Signal(), Signal()
        with m.If(self.load):
            m.d.sync += [low.eq(a_low * b_low), high.eq(a_high * b_high), low_high.eq(a_low * b_high),
                         high_low.eq(a_high * b_low), is_high.eq(self.function != 0), word.eq(self.word)]
        # The outer products stand side by side; to them the inner ones are added, 32 bits higher.
        inner, upper = Signal(signed(66)), Signal(96)
        m.d.comb += [inner.eq(low_high + high_low), upper.eq(Cat(low[32:], high) + inner)]
        product = Cat(low[:32], upper)
        m.d.comb += self.result.eq(Mux(is_high, product[64:], Mux(word, extend_word(product), product[:64])))
        return m

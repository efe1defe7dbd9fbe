"""MUL, MULH, MULHSU, MULHU, MULW in two cycles: four products of halves, then their sum."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .alu import extend_word


class Multiplier(wiring.Component):
    """The products are registered where `load` is 1, the sum is combinational after them.

    Unsigned products of 32 bits fit DSP blocks and a simulator's machine words; the sign is mended in the sum:
    the high half of a signed product is that of the unsigned one, less each operand where the other is negative.

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
        halves = {"ll": (0, 0), "lh": (0, 1), "hl": (1, 0), "hh": (1, 1)}
        product = {name: Signal(64, name=name) for name in halves}
        less_a, less_b, high, word = Signal(64), Signal(64), Signal(), Signal()
        with m.If(self.load):
            m.d.sync += [product[name].eq(self.a.word_select(i, 32) * self.b.word_select(j, 32))
                         for name, (i, j) in halves.items()]
            m.d.sync += [
                less_a.eq(Mux(self.b[63] & (self.function == 1), self.a, 0)),
                less_b.eq(Mux(self.a[63] & ((self.function == 1) | (self.function == 2)), self.b, 0)),
                high.eq(self.function != 0),
                word.eq(self.word),
            ]
        middle = (product["ll"][32:] + product["lh"][:32] + product["hl"][:32])[:34]
        low = Cat(product["ll"][:32], middle[:32])
        upper = product["hh"] + product["lh"][32:] + product["hl"][32:] + middle[32:] - less_a - less_b
        m.d.comb += self.result.eq(Mux(high, upper[:64], Mux(word, extend_word(low), low)))
        return m

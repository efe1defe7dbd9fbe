"""DIV, DIVU, REM, REMU and their W forms: one quotient bit a cycle, leading zeros of the dividend skipped by bytes."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .alu import extend_word


class Divider(wiring.Component):
    """Takes 3 to 68 cycles.

    Members
    -------
    start : In(1)
        Held until `done`; whoever lowers it earlier gives up.
    a, b : In(64), function : In(2), word : In(1)
        Dividend, divisor, funct3[:2] of the instruction (DIV, DIVU, REM, REMU); unchanged while `start` is 1.
    done : Out(1), result : Out(64)
        For one cycle.
    """
    start: In(1)
    a: In(64)
    b: In(64)
    function: In(2)
    word: In(1)
    done: Out(1)
    result: Out(64)

    def elaborate(self, platform):
        m = Module()
        signed, wants_remainder = ~self.function[0], self.function[1]
        negative_a, negative_b = Signal(), Signal()
        m.d.comb += [negative_a.eq(signed & Mux(self.word, self.a[31], self.a[63])),
                     negative_b.eq(signed & Mux(self.word, self.b[31], self.b[63]))]
        # `complement` is that of the divisor's absolute value, less the `carry` in: it is subtracted in each step, and
        # a negative divisor is its own. Of a word all its upper bits are ones.
        remainder, quotient, complement, steps = Signal(64), Signal(64), Signal(64), Signal(7)
        carry, by_zero, idle = Signal(), Signal(), Signal()
        m.d.comb += by_zero.eq(carry & complement.all())

        # One negator: of the dividend before the first step, of the result after the last. The upper half of a word is
        # 0, and stays so where the word is negated, unless the word is 0, as no negative dividend is.
        # By zero: the quotient is all ones, whatever the signs, and the remainder the dividend.
        whole_a, negate, negate_upper = Signal(), Signal(), Signal()
        value, chosen, absolute = Signal(64), Signal(64), Signal(64)
        m.d.comb += [
            whole_a.eq(idle & ~self.word),
            negate.eq(Mux(idle | wants_remainder, negative_a, (negative_a ^ negative_b) & ~by_zero)),
            negate_upper.eq(negate & ~(idle & self.word)),
            chosen.eq(Mux(wants_remainder, remainder, quotient)),
            value[:32].eq(Mux(idle, self.a[:32], chosen[:32]) ^ negate.replicate(32)),
            value[32:].eq(Mux(idle, self.a[32:] & whole_a.replicate(32), chosen[32:]) ^ negate_upper.replicate(32)),
            absolute.eq(value + negate),
            self.result.eq(Mux(self.word, extend_word(absolute), absolute)),
        ]
        given_up = ~self.start
        skips = Signal()
        fewer = Signal(7)
        m.d.comb += fewer.eq(steps - Mux(skips, 8, 1))
        with m.FSM():
            with m.State("IDLE"):
                m.d.comb += idle.eq(1)
                m.d.sync += [remainder.eq(0), quotient.eq(absolute), steps.eq(64), carry.eq(~negative_b),
                             complement.eq(Cat(self.b[:32] ^ (~negative_b).replicate(32),
                                               self.b[32:] ^ (~negative_b).replicate(32) | self.word.replicate(32)))]
                with m.If(self.start):
                    m.next = "SKIP"
            with m.State("SKIP"):
                m.d.comb += skips.eq(1)
                with m.If(given_up):
                    m.next = "IDLE"
                with m.Elif(quotient[56:].any() | (steps == 8)):
                    m.next = "STEP"
                with m.Else():
                    # Of the quotient, those bits are zeros; by zero, ones.
                    m.d.sync += [quotient.eq(Cat(by_zero.replicate(8), quotient)), steps.eq(fewer)]
            with m.State("STEP"):
                # quotient shifts out dividend bits at its top while the quotient's own bits come in at its bottom.
                # The remainder is less than the divisor, but the shifted one may have 65 bits; where it has, it fits.
                shifted, difference = Signal(65), Signal(65)
                fits = Signal()
                m.d.comb += [shifted.eq(Cat(quotient[63], remainder)),
                             difference.eq((Cat(carry, shifted[:64]) + Cat(carry, complement))[1:]),
                             fits.eq(difference[64] | shifted[64])]
                m.d.sync += [remainder.eq(Mux(fits, difference, shifted)), quotient.eq(Cat(fits, quotient)),
                             steps.eq(fewer)]
                with m.If(given_up):
                    m.next = "IDLE"
                with m.Elif(steps == 1):
                    m.next = "DONE"
            with m.State("DONE"):
                m.d.comb += self.done.eq(1)
                m.next = "IDLE"
        return m

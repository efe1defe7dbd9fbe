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

        def operand(value, name):
            # Named: an expression that is replicated is built once for each copy.
            sign, whole = Signal(name=f"sign_{name}"), Signal(64, name=f"operand_{name}")
            m.d.comb += [sign.eq(value[31] & signed),
                         whole.eq(Mux(self.word, Cat(value[:32], sign.replicate(32)), value))]
            return whole

        a, b = operand(self.a, "a"), operand(self.b, "b")
        negative_a, negative_b = signed & a[63], signed & b[63]
        remainder, quotient, divisor, steps = Signal(64), Signal(64), Signal(64), Signal(7)
        by_zero = Signal()
        m.d.comb += by_zero.eq(~divisor.any())
        given_up = ~self.start
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [remainder.eq(0), quotient.eq(Mux(negative_a, -a, a)), steps.eq(64),
                             divisor.eq(Mux(negative_b, -b, b))]
                with m.If(self.start):
                    m.next = "SKIP"
            with m.State("SKIP"):
                with m.If(given_up):
                    m.next = "IDLE"
                with m.Elif(quotient[56:].any() | (steps == 8)):
                    m.next = "STEP"
                with m.Else():
                    # Of the quotient, those bits are zeros; by zero, ones.
                    m.d.sync += [quotient.eq(Cat(by_zero.replicate(8), quotient)), steps.eq(steps - 8)]
            with m.State("STEP"):
                # quotient shifts out dividend bits at its top while the quotient's own bits come in at its bottom.
                shifted = Cat(quotient[63], remainder)
                difference = Signal(66)
                m.d.comb += difference.eq(shifted - divisor)
                fits = ~difference[65]
                m.d.sync += [remainder.eq(Mux(fits, difference, shifted)), quotient.eq(Cat(fits, quotient)),
                             steps.eq(steps - 1)]
                with m.If(given_up):
                    m.next = "IDLE"
                with m.Elif(steps == 1):
                    m.next = "DONE"
            with m.State("DONE"):
                # By zero: the quotient is all ones, whatever the signs, and the remainder the dividend.
                chosen = Mux(wants_remainder, Mux(negative_a, -remainder, remainder),
                             Mux((negative_a ^ negative_b) & b.any(), -quotient, quotient))[:64]
                m.d.comb += [self.done.eq(1), self.result.eq(Mux(self.word, extend_word(chosen), chosen))]
                m.next = "IDLE"
        return m

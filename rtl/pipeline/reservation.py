"""The reservation that LR makes, for SC and for who waits for a store (unprivileged manual, "Zalrsc", "Zawrs")."""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import PHYSICAL_BITS

LINE = 6
"""Bits of an address within what a snooper writes at once."""


class Reservation(wiring.Component):
    """It is of a physical address. It ends with an SC, whatever became of that, when somebody else writes its
    line, and when the walker writes any.

    Members
    -------
    address : In(PHYSICAL_BITS)
        Of the LR or SC at hand.
    lr, sc : In(1)
        It takes effect at the end of this cycle.
    snooped : In(1), snooped_line : In(PHYSICAL_BITS - 6)
        Somebody else writes this line now.
    table_written : In(1)
        The walker writes a table entry now, wherever.
    valid : Out(1), holds : Out(1)
        There is one; it is of `address`.
    """
    address: In(PHYSICAL_BITS)
    lr: In(1)
    sc: In(1)
    snooped: In(1)
    snooped_line: In(PHYSICAL_BITS - LINE)
    table_written: In(1)
    valid: Out(1)
    holds: Out(1)

    def elaborate(self, platform):
        m = Module()
        reserved = Signal(PHYSICAL_BITS)
        m.d.comb += self.holds.eq(self.valid & (reserved == self.address))
        with m.If(self.lr):
            m.d.sync += [self.valid.eq(1), reserved.eq(self.address)]
        with m.If(self.sc | self.table_written | self.snooped & (reserved[LINE:] == self.snooped_line)):
            m.d.sync += self.valid.eq(0)
        return m

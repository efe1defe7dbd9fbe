"""Expands a compressed instruction to the 32-bit one that it stands for (unprivileged manual, "C" chapter)."""

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa.compressed import COMPRESSED


class Expander(wiring.Component):
    """Combinational.

    Members
    -------
    word : In(16)
        Bits 1:0 are not both 1.
    expanded : Out(32)
        0, which is illegal, where `word` is.
    """
    word: In(16)
    expanded: Out(32)

    def elaborate(self, platform):
        m = Module()
        with m.Switch(self.word):
            for row in COMPRESSED:
                with m.Case(row.pattern):
                    m.d.comb += self.expanded.eq(row.expand(self.word) if row.expands_to else 0)
        return m

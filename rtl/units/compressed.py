"""Expands a compressed instruction to the 32-bit one that it stands for (unprivileged manual, "C" chapter)."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from ..isa.compressed import cubes
from ..isa.cover import recogniser


class Expander(wiring.Component):
    """Combinational. Each bit is chosen by itself among the few places from which it may come.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    word : In(16)
        Bits 1:0 are not both 1.
    expanded : Out(32)
        Anything where `word` is illegal.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({"word": In(16), "expanded": Out(32)})

    def elaborate(self, platform):
        m = Module()
        recognise = recogniser(m, self.word)
        rows = [(row.sources, cube) for row, cube in cubes(self.config)]
        bits = []
        for bit in range(32):
            places = dict.fromkeys(sources[bit] for sources, _ in rows if sources[bit] != "0")
            parts = [recognise([cube for sources, cube in rows if sources[bit] == place],
                               [cube for sources, cube in rows if sources[bit] != place])
                     & (Const(1) if place == "1" else self.word[place]) for place in places]
            bits.append(reduce(or_, parts))
        m.d.comb += self.expanded.eq(Cat(bits))
        return m

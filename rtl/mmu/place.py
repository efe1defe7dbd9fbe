"""Where the tables of a stage have the entry for an address."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa.paging import G_STAGE, VS_STAGE

MODE_OF_LEVEL_0 = 6
"""satp.MODE of a scheme is this and the number of its root's level: Sv39, whose root is at level 2, has 8."""


class Place(wiring.Component):
    """The index of an address at each level of each scheme. Combinational.

    Parameters
    ----------
    levels : int
        Of the widest scheme: 3, 4 or 5.

    Members
    -------
    guest : In(1), mode : In(4), target : In(64)
        The stage, its MODE, and the address.
    level : In(3), table : In(44)
        A table on the way, by its page number.
    root : Out(3)
        The level of the root.
    in_range : Out(1)
        The address is one of the scheme.
    entry : Out(56)
        Where in `table` the entry lies.
    """
    def __init__(self, levels):
        self.levels = levels
        super().__init__({"guest": In(1), "mode": In(4), "target": In(64), "level": In(3), "table": In(44),
                          "root": Out(3), "in_range": Out(1), "entry": Out(56)})

    def elaborate(self, platform):
        m = Module()
        target, index = self.target, Signal(11)
        m.d.comb += self.root.eq((self.mode - MODE_OF_LEVEL_0)[:3])
        schemes = {is_guest: [scheme for scheme in stage if scheme.levels <= self.levels]
                   for is_guest, stage in ((False, VS_STAGE), (True, G_STAGE))}
        for is_guest, stage in schemes.items():
            with m.If(self.guest == is_guest), m.Switch(self.mode):
                for scheme in stage:
                    with m.Case(scheme.mode):
                        m.d.comb += self.in_range.eq(scheme.in_range(target))
        with m.Switch(self.level):
            for n in range(self.levels):
                with m.Case(n):
                    # Only a root has the two more bits of an x4 scheme, and only of the G stage.
                    wide = Cat(target[12 + 9 * n:21 + 9 * n],
                               target[21 + 9 * n:23 + 9 * n] & (self.guest & (self.root == n)).replicate(2))
                    m.d.comb += index.eq(wide)
        # The root of a G stage has four pages, aligned to their size.
        m.d.comb += self.entry.eq(Cat(
            Const(0, 3), index[:9], Mux(self.guest, self.table[:2] | index[9:], self.table[:2]), self.table[2:]))
        return m

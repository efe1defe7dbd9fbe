"""Upper levels of page tables: where the last tables of a walk lie, so that a miss need not start at the root."""

from amaranth.hdl import Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import PHYSICAL_BITS


class Space(data.Struct):
    """Whose table it is."""
    v: 1
    asid: 16     # 0 of a G-stage table
    vmid: 14     # 0 where V=0


class Table(data.Struct):
    """A table of level 0 or 1, reached by entries that were all valid."""
    level: 1
    is_global: 1                 # an entry on the way had G set
    ppn: PHYSICAL_BITS - 12      # where the table lies
    guest_ppn: 44                # the same as the entries have it: a GPA where a G stage is on


class Key(data.Struct):
    """A table's place in its tree."""
    space: Space
    number: 38                   # bits 58:21 of the address translated; the low 9 count at level 0 only
    table: Table


class WalkCache(wiring.Component):
    """Fully associative, replaced in turn. It holds no fault and no leaf, and any fence empties it.

    Members
    -------
    space : In(Space), address : In(64)
        Looked up combinationally.
    hit : Out(1), table : Out(Table)
        The table closest to the leaf.
    install : In(1), new : In(Table)
        For `space` and `address`, at the end of the cycle.
    flush : In(1)
        Stronger than `install`.
    """
    def __init__(self, entries):
        self.entries = entries
        super().__init__({"space": In(Space), "address": In(64), "hit": Out(1), "table": Out(Table),
                          "install": In(1), "new": In(Table), "flush": In(1)})

    def elaborate(self, platform):
        m = Module()
        number, turn = self.address[21:59], Signal(range(self.entries))
        near, far = Const(0, 1), Const(0, 1)
        near_table, far_table = Signal(Table), Signal(Table)
        for n in range(self.entries):
            key, valid = Signal(Key, name=f"key_{n}"), Signal(name=f"valid_{n}")
            match = Signal(name=f"match_{n}")
            m.d.comb += match.eq(valid & (key.space.as_value() == self.space.as_value())
                                 & (key.number[9:] == number[9:]) & ((key.number[:9] == number[:9]) | key.table.level))
            with m.If(match & ~key.table.level):
                m.d.comb += near_table.eq(key.table)
            with m.If(match & key.table.level):
                m.d.comb += far_table.eq(key.table)
            near, far = near | (match & ~key.table.level), far | (match & key.table.level)
            with m.If(self.install & (turn == n)):
                m.d.sync += [key.space.eq(self.space), key.number.eq(number), key.table.eq(self.new), valid.eq(1)]
            with m.If(self.flush):
                m.d.sync += valid.eq(0)
        with m.If(self.install):
            m.d.sync += turn.eq(Mux(turn == self.entries - 1, 0, turn + 1))
        m.d.comb += [self.hit.eq(near | far), self.table.eq(Mux(near, near_table.as_value(), far_table.as_value()))]
        return m

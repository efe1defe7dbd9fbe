"""Upper levels of page tables: where the last tables of a walk lie, so that a miss need not start at the root."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..config import PHYSICAL_BITS


class Table(data.Struct):
    """A table of level 0 or 1, reached by entries that were all valid."""
    level: 1
    is_global: 1                 # an entry on the way had G set
    ppn: PHYSICAL_BITS - 12      # where the table lies
    guest_ppn: 44                # the same as the entries have it: a GPA where a G stage is on


class Key(data.Struct):
    """A table's place in its tree."""
    v: 1
    level: 1
    number: 38                   # bits 58:21 of the address translated; the low 9 count at level 0 only


class WalkCache(wiring.Component):
    """Fully associative, replaced in turn. It holds no fault and no leaf.

    Any fence and any write of satp, vsatp or hgatp empties it, so it belongs to one ASID and one VMID at a time.
    Keys are compared all at once; what they lead to lies in a small memory.

    Members
    -------
    v : In(1), address : In(64)
        Looked up combinationally. Bits 63:59 do not count: ask with addresses that are in range of their scheme.
    hit : Out(1)
        Whether a table is known.
    table : Out(Table)
        In the cycle after `hit`: the one closest to the leaf.
    install : In(1), new : In(Table)
        For `space` and `address`, at the end of the cycle.
    flush : In(1)
        Stronger than `install`.
    """
    def __init__(self, entries):
        self.entries = entries
        super().__init__({"v": In(1), "address": In(64), "hit": Out(1), "table": Out(Table),
                          "install": In(1), "new": In(Table), "flush": In(1)})

    def elaborate(self, platform):
        m = Module()
        rows = max(self.entries, 2)                  # a memory of one row would have no address
        m.submodules.tables = tables = Memory(shape=Table, depth=rows, init=[], attrs={"ram_style": "distributed"})
        write, read = tables.write_port(), tables.read_port(domain="comb")
        number, turn = self.address[21:59], Signal(range(rows))
        near, far = Signal(self.entries), Signal(self.entries)
        row = Signal(range(rows))
        for n in range(self.entries):
            key, valid = Signal(Key, name=f"key_{n}", reset_less=True), Signal(name=f"valid_{n}")
            match, is_last = Signal(name=f"match_{n}"), Signal(name=f"is_last_{n}")
            m.d.comb += [
                match.eq(valid & (key.v == self.v) & (key.number[9:] == number[9:])),
                is_last.eq(key.number[:9] == number[:9]),
                near[n].eq(match & is_last & ~key.level), far[n].eq(match & key.level)]
            with m.If(self.install & (turn == n)):
                m.d.sync += [key.v.eq(self.v), key.level.eq(self.new.level), key.number.eq(number), valid.eq(1)]
            with m.If(self.flush):
                m.d.sync += valid.eq(0)
        with m.If(self.install):
            m.d.sync += turn.eq(Mux(turn == self.entries - 1, 0, turn + 1))
        # No place is known twice, so of `near` one at most is set, and of `far`. The memory is read in the next cycle:
        # this one is full.
        chosen = Mux(near.any(), near, far)
        m.d.sync += row.eq(Cat(Cat(chosen[n] for n in range(self.entries) if n >> bit & 1).any()
                               for bit in range(len(row))))
        m.d.comb += [
            self.hit.eq(Cat(near, far).any()), read.addr.eq(row), self.table.eq(read.data),
            write.addr.eq(turn), write.en.eq(self.install), write.data.eq(self.new)]
        return m

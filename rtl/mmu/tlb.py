"""A first-level TLB: a few entries in registers, compared all at once."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In

from ..config import PHYSICAL_BITS
from ..isa.modes import Mode, v
from ..payloads import Page
from ..ports import LookupSignature
from .permissions import Rights, allowed

LEVELS = 3  # sizes of an entry: 4 KiB, 2 MiB, 1 GiB; a larger page is kept in pieces of 1 GiB


class Entry(data.Struct):
    """A translation of both stages together.

    ASID, VMID and the stages that were on are no part of it: a write of satp, vsatp or hgatp empties a first-level
    TLB. All 52 bits of the page number are, so an address that is no legal one of its scheme never hits.
    """
    vpn: 52
    level: 2           # the page has 2**(12 + 9*level) bytes: the smallest of both stages' and of what PMP allows
    v: 1               # of the mode for which it was made
    machine: 1         # that mode was M
    page: Page
    rights: Rights


def same_page(a, b, level):
    """Whether page numbers `a` and `b` name the same page of size `level`, 0 to 4."""
    equal = a[36:] == b[36:]
    for n in range(4):
        equal &= (a[9 * n:9 * n + 9] == b[9 * n:9 * n + 9]) | (level > n)
    return equal


def ppn_within(ppn, number, level):
    """The PPN of the 4 KiB page `number` within the page of size `level` (0 to 2) that begins at `ppn`."""
    return Cat(Mux(level > 0, number[:9], ppn[:9]), Mux(level > 1, number[9:18], ppn[9:18]), ppn[18:])


class Tlb(wiring.Component):
    """Fully associative, replaced in turn.

    Parameters
    ----------
    entries : int

    Members
    -------
    lookup : In(LookupSignature())
    install : In(1), entry : In(Entry)
        Takes effect at the end of the cycle; what overlaps the new page goes, so that no address is known twice.
    flush : In(1)
        Empties it; stronger than `install`.
    """
    def __init__(self, entries):
        self.entries = entries
        super().__init__({"lookup": In(LookupSignature()), "install": In(1), "entry": In(Entry), "flush": In(1)})

    def elaborate(self, platform):
        m = Module()
        lookup, new = self.lookup, self.entry
        number = lookup.va[12:]
        turn = Signal(range(self.entries))
        hits, found = [], []
        for n in range(self.entries):
            entry, valid = Signal(Entry, name=f"entry_{n}"), Signal(name=f"valid_{n}")
            hit = Signal(name=f"hit_{n}")
            suits = (valid & (entry.v == v(lookup.context.mode))
                     & (entry.machine == (lookup.context.mode == Mode.M)) & allowed(lookup.context, entry.rights))
            m.d.comb += hit.eq(suits & same_page(entry.vpn, number, entry.level))
            bits = Cat(ppn_within(entry.page.ppn, number, entry.level), entry.page.cacheable, entry.page.memory)
            found.append(Mux(hit, bits, 0))
            hits.append(hit)
            with m.If(self.install):
                overlaps = same_page(entry.vpn, new.vpn, Mux(entry.level > new.level, entry.level, new.level))
                with m.If(turn == n):
                    m.d.sync += [entry.eq(new), valid.eq(1)]
                with m.Elif(overlaps & (entry.v == new.v) & (entry.machine == new.machine)):
                    m.d.sync += valid.eq(0)
            with m.If(self.flush):
                m.d.sync += valid.eq(0)
        with m.If(self.install):
            m.d.sync += turn.eq(Mux(turn == self.entries - 1, 0, turn + 1))
        merged = Const(0, PHYSICAL_BITS - 10)
        for bits in found:
            merged = merged | bits
        m.d.comb += [lookup.hit.eq(Cat(hits).any()), lookup.page.as_value().eq(merged)]
        return m

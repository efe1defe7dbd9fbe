"""A first-level TLB: a few entries, compared all at once."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In

from ..isa.modes import Mode, v
from ..payloads import Page
from ..ports import LookupSignature
from .permissions import Asked, Grants, Rights, asked, granted, grants_allow

LEVELS = 3  # sizes of an entry: 4 KiB, 2 MiB, 1 GiB; a larger page is kept in pieces of 1 GiB
NEAR = (*range(22), 26)
"""The bits of a page number by which entries are told apart: those below 1 GiB, a few above, and the sign of Sv39."""


class Entry(data.Struct):
    """A translation of both stages together.

    ASID, VMID and the stages that were on are no part of it: a write of satp, vsatp or hgatp empties a first-level
    TLB. The whole page number is, so an address that is no legal one of its scheme never hits.
    """
    vpn: 52
    level: 2           # the page has 2**(12 + 9*level) bytes: the smallest of both stages' and of what PMP allows
    v: 1               # of the mode for which it was made
    machine: 1         # that mode was M
    page: Page
    rights: Rights


class Target(data.Struct):
    """Where an Entry leads."""
    page: Page
    inside: LEVELS - 1 # bit n: the nine bits of level n are those of the address


def kept(vpn, va_bits):
    """Of a page number, 52 bits, what needs to be kept; and whether that is all it says.

    The widest addresses are those of a G stage, with two bits more than `va_bits`. What lies above is zero there, and
    copies of the sign in an address of the first stage: alike in any legal address, so one of those bits is enough.
    """
    width = va_bits + 3 - 12
    high = vpn[width - 1:]
    return vpn[:width], ~high.any() | high.all()


def split(number):
    """A kept number in two: the bits of NEAR, and the rest."""
    return Cat(number[n] for n in NEAR), Cat(number[n] for n in range(len(number)) if n not in NEAR)


def same_page(a, b, inside):
    """Whether page numbers `a` and `b` are alike but for the groups of nine bits that lie within the page.

    inside  one bit for each group, from the lowest; the bits above them always count
    """
    equal = a[9 * len(inside):] == b[9 * len(inside):]
    for n in range(len(inside)):
        equal &= (a[9 * n:9 * n + 9] == b[9 * n:9 * n + 9]) | inside[n]
    return equal


def ppn_within(ppn, number, level):
    """The PPN of the 4 KiB page `number` within the page of size `level` (0 to 2) that begins at `ppn`."""
    return Cat(Mux(level > 0, number[:9], ppn[:9]), Mux(level > 1, number[9:18], ppn[9:18]), ppn[18:])


class Tlb(wiring.Component):
    """Fully associative, replaced in turn.

    The address comes late in a cycle: what the context says of an entry is known by then. A few bits of the address
    tell all entries apart, and so find the page in a small memory, while the others decide whether it is a hit.

    Parameters
    ----------
    entries : int
    va_bits : int
        As the CoreConfig has it.

    Members
    -------
    lookup : In(LookupSignature())
    install : In(1), entry : In(Entry)
        Takes effect at the end of the cycle. What overlaps the new page goes, and so does what the bits that tell
        entries apart cannot tell from it: no address is known twice.
    flush : In(1)
        Empties it; stronger than `install`.
    """
    def __init__(self, entries, va_bits=57):
        self.entries, self.va_bits = entries, va_bits
        super().__init__({"lookup": In(LookupSignature()), "install": In(1), "entry": In(Entry), "flush": In(1)})

    def elaborate(self, platform):
        m = Module()
        lookup, entry = self.lookup, self.entry
        rows = max(self.entries, 2)                  # a memory of one row would have no address
        m.submodules.targets = targets = Memory(shape=Target, depth=rows, init=[], attrs={"ram_style": "distributed"})
        write, read = targets.write_port(), targets.read_port(domain="comb")
        asks, virtual, machine, legal = Signal(Asked), Signal(), Signal(), Signal()
        number, is_legal = kept(lookup.va[12:], self.va_bits)
        new_number, new_is_legal = kept(entry.vpn, self.va_bits)
        (near, far), (new_near, new_far) = split(number), split(new_number)
        Key = data.StructLayout({
            "near": len(near), "far": len(far), "v": 1, "machine": 1, "grants": Grants,
            "inside": LEVELS - 1})               # bit n: the nine bits of level n lie within the page
        new, turn = Signal(Key), Signal(range(rows))
        m.d.comb += [
            asks.as_value().eq(asked(lookup.context)), virtual.eq(v(lookup.context.mode)),
            machine.eq(lookup.context.mode == Mode.M), legal.eq(is_legal),
            new.near.eq(new_near), new.far.eq(new_far), new.v.eq(entry.v), new.machine.eq(entry.machine),
            new.grants.as_value().eq(granted(entry.rights)),
            new.inside.eq(Cat(entry.level > n for n in range(LEVELS - 1))),
        ]
        matches, hits = Signal(self.entries), Signal(self.entries)
        for n in range(self.entries):
            key, valid = Signal(Key, name=f"key_{n}", reset_less=True), Signal(name=f"valid_{n}")
            current, suits = Signal(name=f"current_{n}"), Signal(name=f"suits_{n}")
            chosen, overlaps = Signal(name=f"chosen_{n}"), Signal(name=f"overlaps_{n}")
            m.d.comb += [
                current.eq(valid & (key.v == virtual) & (key.machine == machine)),
                suits.eq(current & grants_allow(asks, key.grants)),
                matches[n].eq(current & same_page(key.near, near, key.inside)),
                hits[n].eq(matches[n] & suits & (key.far == far)),
                chosen.eq(self.install & (turn == n)),
                overlaps.eq((key.v == new.v) & (key.machine == new.machine)
                            & same_page(key.near, new.near, key.inside | new.inside)),
            ]
            with m.If(chosen):
                m.d.sync += [key.eq(new), valid.eq(new_is_legal)]
            with m.Elif(self.install & overlaps):
                m.d.sync += valid.eq(0)
            with m.If(self.flush):
                m.d.sync += valid.eq(0)
        with m.If(self.install):
            m.d.sync += turn.eq(Mux(turn == self.entries - 1, 0, turn + 1))
        m.d.comb += [
            write.addr.eq(turn), write.en.eq(self.install), write.data.page.eq(entry.page),
            write.data.inside.eq(new.inside),
            # One at most matches, so the bits of its number are found without an order.
            read.addr.eq(Cat(Cat(matches[n] for n in range(self.entries) if n >> bit & 1).any()
                             for bit in range(len(turn)))),
            lookup.hit.eq(hits.any() & legal), lookup.page.eq(read.data.page),
            lookup.page.ppn.eq(Cat(*(Mux(read.data.inside[n], lookup.va[12 + 9 * n:21 + 9 * n],
                                         read.data.page.ppn[9 * n:9 * n + 9]) for n in range(LEVELS - 1)),
                                   read.data.page.ppn[9 * (LEVELS - 1):])),
        ]
        return m

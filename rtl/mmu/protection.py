"""PMP and PMA: what physical memory itself allows (machine chapter, "Physical Memory Protection", "... Attributes")."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import PHYSICAL_BITS
from ..isa.pmp import LOCKDOWN
from ..payloads import record
from ..ports import PmpSignature


class Verdict(data.Struct):
    """What holds for a range of addresses."""
    uniform: 1       # the rest holds for every byte of it
    r: 1
    w: 1
    x: 1
    memory: 1        # main memory
    cacheable: 1     # main memory, reached through the caches


class Compared(data.Struct):
    """What comparing a range with a PMP entry tells: less than the answer, for a long comparison has to end here."""
    on: 1                 # its A is not OFF
    is_tor: 1
    first_under: 1        # of TOR: the range's first unit is below the entry's top, and so on
    last_under: 1
    first_under_below: 1
    last_under_below: 1
    rises: 1              # the entry's bottom is below its top
    napot_apart: 1        # of NAPOT and NA4: some bit of the address keeps the two apart
    napot_beyond: 1       # the range is larger

    def relation(self) -> tuple[Value, Value]:
        """How the range lies to the entry: (overlaps, covers), one bit each."""
        tor_overlaps = self.first_under & ~self.last_under_below & self.rises
        tor_covers = self.last_under & ~self.first_under_below
        overlaps = self.on & Mux(self.is_tor, tor_overlaps, ~self.napot_apart)
        return overlaps, Mux(self.is_tor, tor_covers, ~self.napot_apart & ~self.napot_beyond)


def compared(entry, below, first, last, mask) -> Value:
    """The Compared of a range, naturally aligned and in units of 4 bytes, and a PMP entry.

    entry  a PmpEntry
    below  pmpaddr of the entry before, 54 bits, 0 for the first
    first, last  32 bits: the first and last unit of the range
    mask   32 bits: those that differ within the range
    """
    address = entry.address
    # NAPOT: the trailing ones of pmpaddr and the bit above them lie within the region; NA4 has none.
    within = Mux(entry.a[0], address ^ (address + 1)[:54], 0)
    differs = (Cat(first, Const(0, 22)) ^ address) & ~within

    def under(unit, bound):
        return bound[32:].any() | (unit < bound[:32])

    return record(
        Compared, on=entry.a != 0, is_tor=entry.a == 1, first_under=under(first, address),
        last_under=under(last, address), first_under_below=under(first, below), last_under_below=under(last, below),
        rises=below < address, napot_apart=(differs & ~Cat(mask, Const(0, 22))).any(),
        napot_beyond=(mask & ~within[:32]).any())


def granted(entry, machine, mml) -> Value:
    """What a PMP entry that matches grants: r, w and x, 3 bits from the lowest on.

    entry    something with r, w, x and l
    machine  whether the effective privilege mode is M
    mml      mseccfg.MML

    Rules pmp_rwx_check, pmp_l_bit_m_mode_enforcement, mml_truth_table.
    """
    kind = Cat(entry.x, entry.w, entry.r, entry.l)

    def table(letter, to):
        return Const(sum((letter in getattr(grants, to)) << n for n, grants in enumerate(LOCKDOWN)), len(LOCKDOWN))

    lockdown = Cat(Mux(machine, table(letter, "machine"), table(letter, "others")).bit_select(kind, 1)
                   for letter in "rwx")
    return Mux(mml, lockdown, Cat(entry.r, entry.w, entry.x) | (machine & ~entry.l).replicate(3))


def granted_by_default(machine, mml, mmwp) -> Value:
    """What is granted where no entry matches, as `granted` has it: M-mode alone reaches anything, and not even that
    where MMWP is set; with MML it executes nothing (rules pmp_no_entry_match, mseccfg_mmwp_op,
    mseccfg_mml_exec_code)."""
    open_to_machine = machine & ~mmwp
    return Cat(open_to_machine, open_to_machine, open_to_machine & ~mml)


class Protection(wiring.Component):
    """The lowest-numbered PMP entry that matches any byte decides, and must match all of them.

    One entry a cycle, of those that matter, and a cycle to conclude; an answer in the first cycle if none does.

    Parameters
    ----------
    regions : tuple of Region
        The memory map.
    pmp_entries : int
        0 or 16.

    Members
    -------
    ask : In(1), address : In(56), mask : In(PHYSICAL_BITS)
        Held until `done`, or given up; then lowered for a cycle at least. The range: naturally aligned, at least 4
        bytes; `mask` has the bits that differ within it.
    machine : In(1)
        Asked on behalf of M-mode: entries that are not locked do not bind it.
    pmp : Out(PmpSignature())
    uncached_page : In(PHYSICAL_BITS - 12), uncached_enable : In(1)
        A page of main memory that is not cacheable.
    done : Out(1), verdict : Out(Verdict)
        The answer, in the cycle of `done`.
    """
    def __init__(self, regions, pmp_entries):
        self.regions, self.pmp_entries = regions, pmp_entries
        super().__init__({"ask": In(1), "address": In(56), "mask": In(PHYSICAL_BITS), "machine": In(1),
                          "pmp": Out(PmpSignature()), "uncached_page": In(PHYSICAL_BITS - 12),
                          "uncached_enable": In(1), "done": Out(1), "verdict": Out(Verdict)})

    def elaborate(self, platform):
        m = Module()
        first, last, mask = Signal(32), Signal(32), Signal(32)
        m.d.comb += [mask.eq(self.mask[2:]), first.eq(self.address[2:PHYSICAL_BITS] & ~mask), last.eq(first | mask)]

        grants, partial = Signal(3), Signal()        # r, w, x
        if not self.pmp_entries:
            m.d.comb += [grants.eq(0b111), self.done.eq(self.ask)]
        else:
            m.d.comb += grants.eq(granted_by_default(self.machine, self.pmp.mml, self.pmp.mmwp))
            entry, below = self.pmp.entry, Signal(54)
            number, behind = Signal(4), Signal(16)   # the entry that is looked at; those that matter after it
            none, ended = Signal(), Signal()         # nothing matters; the last entry has been looked at
            # What the entry says waits for the next cycle: the comparison is as much as fits into one.
            seen, has_seen, bound = Signal(Compared), Signal(), Signal(3)
            overlaps, covers = seen.relation()
            m.d.sync += [seen.eq(compared(entry, below, first, last, mask)), has_seen.eq(self.ask),
                         ended.eq(self.ask & ~behind.any()),
                         bound.eq(granted(entry, self.machine, self.pmp.mml))]
            m.d.comb += [self.pmp.number.eq(number),
                         self.done.eq(self.ask & ((has_seen & overlaps) | ended | none))]
            with m.If(has_seen & overlaps):
                m.d.comb += [partial.eq(~covers), grants.eq(bound & covers.replicate(3))]
            # Whether this entry decides is known too late to choose the next one: it is chosen anyway.
            to_look_at = Signal(16)
            m.d.comb += to_look_at.eq(Mux(self.ask, behind, self.pmp.matter))
            m.d.sync += [behind.eq(to_look_at & (to_look_at - 1)), below.eq(Mux(self.ask, entry.address, 0))]
            with m.If(~self.ask):
                m.d.sync += none.eq(~self.pmp.matter.any())
            # Where nothing matters, entry 0 is looked at, which is off.
            m.d.sync += number.eq(0)
            for n in reversed(range(16)):
                with m.If(to_look_at[n]):
                    m.d.sync += number.eq(n)

        exists, writable, memory, parts = self.attributes()
        absent = self.address[PHYSICAL_BITS:].any()
        on_page = self.uncached_enable & ((self.address[12:PHYSICAL_BITS] | self.mask[12:])
                                          == (self.uncached_page | self.mask[12:]))
        m.d.comb += [
            self.verdict.uniform.eq(~partial & ~parts & ~(on_page & self.mask[12])),
            self.verdict.r.eq(grants[0] & exists & ~absent),
            self.verdict.w.eq(grants[1] & exists & ~absent & writable),
            self.verdict.x.eq(grants[2] & exists & ~absent & memory),
            self.verdict.memory.eq(memory),
            self.verdict.cacheable.eq(memory & ~on_page),
        ]
        return m

    def attributes(self) -> tuple[Value, Value, Value, Value]:
        """PMA of the range: it exists, is writable, is main memory; and whether a region fills only part of it."""
        exists, writable, memory, parts = (Const(0, 1) for _ in range(4))
        for region in self.regions:
            low = region.size.bit_length() - 1
            here = self.address[low:PHYSICAL_BITS] == region.base >> low
            fits = here & ~self.mask[low:].any()
            exists, memory = exists | fits, memory | (fits & region.memory)
            writable = writable | (fits & region.writable)
            around = (self.address[low:PHYSICAL_BITS] | self.mask[low:]) == (
                Const(region.base >> low, PHYSICAL_BITS - low) | self.mask[low:])
            parts = parts | (around & self.mask[low:].any())
        return exists, writable, memory, parts

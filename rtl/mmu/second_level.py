"""The second-level TLB: a memory of translations, of both sides and of many address spaces."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa.modes import Mode, v
from ..payloads import AtpFields, Context, Fence, FenceKind, Page
from .permissions import Asked, Grants, Rights, asked, granted, grants_allow
from .pte import NAPOT_BITS
from .tlb import kept

WAYS = 2


class Stored(data.Struct):
    """What is known about a page, but for the bits of its number that select the row."""
    valid: 1
    v: 1
    machine: 1       # of M-mode, which nothing translates but PMP binds otherwise than the rest
    asid: 16         # of the first stage, if that was on
    vmid: 14         # where V=1
    is_global: 1     # G of the first stage; that of a G-stage entry means nothing
    s_level: 3       # size of the first stage's page: what a fence by address names
    level: 2         # size of the combined page
    page: Page
    rights: Rights


def parts_alike(a, b, inside, napot):
    """What `same_page` is the AND of, for that to wait: a bit for each group of nine, and one for those above.

    napot   the lowest bits, by which pieces of a page of 64 KiB differ, do not count either
    """
    groups = range(len(inside))
    first = (a[NAPOT_BITS:9] == b[NAPOT_BITS:9]) & ((a[:NAPOT_BITS] == b[:NAPOT_BITS]) | napot)
    return Cat(first | inside[0], *((a[9 * n:9 * n + 9] == b[9 * n:9 * n + 9]) | inside[n] for n in groups[1:]),
               a[9 * len(groups):] == b[9 * len(groups):])


class SecondLevel(wiring.Component):
    """Two ways, read in one cycle, compared in the next, judged in a third. A page above 4 KiB may be in many rows.

    Which stages were on is not kept: a change of satp.MODE, vsatp.MODE or hgatp.MODE empties it.

    Parameters
    ----------
    entries : int
        A power of two, in total.
    va_bits : int
        As the CoreConfig has it.
    napot : bool
        There are pages of 64 KiB. They are kept in pieces of 4 KiB, but a fence that names one piece names all.

    Members
    -------
    va : In(64), read : In(1)
        Looked up at the end of the cycle.
    context : In(Context), s : In(AtpFields), vmid : In(14)
        In the cycle after, and held until the request is done: for whom, and the address spaces that are current for
        that mode.
    hit : Out(1), found : Out(Stored)
        In the second cycle after a read: whether it is known and allowed; what is.
    install : In(1), new : In(Stored), new_napot : In(1)
        Under the number last read, at the end of the cycle; not before `hit` has been seen. `new_napot`: the first
        stage's page is one of 64 KiB.
    fence : In(stream of Fence), current_vmid : In(14)
        What the fence names is gone when `ready` has come back. Not while a lookup is under way. The VMID counts
        in the cycle in which the fence is taken.
    """
    def __init__(self, entries, va_bits=57, napot=True):
        self.napot = napot
        self.rows, self.va_bits = entries // WAYS, va_bits
        self.index_bits = exact_log2(self.rows)
        super().__init__({"va": In(64), "read": In(1), "context": In(Context), "s": In(AtpFields), "vmid": In(14),
                          "hit": Out(1), "found": Out(Stored), "install": In(1), "new": In(Stored), "new_napot": In(1),
                          "fence": In(stream.Signature(Fence)), "current_vmid": In(14)})

    def elaborate(self, platform):
        m = Module()
        (read_number, read_is_legal), (fence_number, fence_is_legal) = (
            kept(address[12:], self.va_bits) for address in (self.va, self.fence.payload.address))
        # Block RAM has room, and is late in the cycle: what can be known about an entry beforehand is kept with it.
        Row = data.StructLayout({
            "tag": len(read_number) - self.index_bits, "stored": Stored, "grants": Grants,
            "any_asid": 1,                           # its first stage is off or global
            "inside": 2, "s_inside": 4,              # bit n: the nine bits of level n lie within the page
            "napot": int(self.napot)})
        memories = [Memory(shape=Row, depth=self.rows, init=[]) for _ in range(WAYS)]
        sweeping, at = Signal(init=1), Signal(self.index_bits)
        fence = Signal(Fence, init={"kind": FenceKind.ALL})  # a reset does not empty a memory, so it begins a fence
        looking = Signal()                           # the sweep has read row `at - 1`
        voiding = Signal()                           # it has compared row `at - 2`
        m.d.comb += self.fence.ready.eq(~sweeping & ~looking & ~voiding)

        # A lookup and a fence have the comparators in turn; the page number of either is in `number`.
        number, legal = Signal(len(read_number), reset_less=True), Signal(reset_less=True)
        with m.If(self.read):
            m.d.sync += [number.eq(read_number), legal.eq(read_is_legal)]
        # HFENCE.VVMA names the VMID of its own time (rule hfence-vvma_limits); hgatp may be written during the sweep.
        fenced_vmid = Signal(14, reset_less=True)
        index, asid, vmid, asks = Signal(self.index_bits), Signal(16), Signal(14), Signal(Asked)
        m.d.comb += [
            index.eq(Mux(looking, (at - 1)[:self.index_bits], number[:self.index_bits])),
            asid.eq(Mux(looking, fence.id, self.s.id)), vmid.eq(Mux(looking, fenced_vmid, self.vmid)),
            asks.as_value().eq(asked(self.context)),
        ]

        # Block RAM has such a register behind it as each way has here. Yosys uses that, and adds no logic of its own,
        # only because these conditions prove that no row is ever read while it is written.
        reads = Signal()
        m.d.comb += reads.eq(sweeping | (self.read & ~looking & ~voiding & ~self.install))

        hits, matches, victim = Signal(WAYS), Signal(WAYS), Signal()
        for way, memory in enumerate(memories):
            m.submodules[f"way_{way}"] = memory
            write, port = memory.write_port(), memory.read_port(domain="comb")
            row = Signal(Row, name=f"row_{way}", reset_less=True)
            held = Stored(row.stored)
            with m.If(reads):
                m.d.sync += row.eq(port.data)
            # Block RAM answers late in the cycle: only comparisons fit behind it. Their results are put together later.
            same_asid, same_vmid, suits, may, valid, of_guest, is_global, any_asid = (
                Signal(name=f"{name}_{way}", reset_less=True) for name in
                ("same_asid", "same_vmid", "suits", "may", "valid", "of_guest", "is_global", "any_asid"))
            alike = Signal(5, name=f"alike_{way}", reset_less=True)     # the bits of each level, and those above
            inside, same, swept = (Signal(4, name=f"inside_{way}"), Signal(name=f"same_{way}"),
                                   Signal(name=f"swept_{way}"))
            m.d.sync += [
                alike.eq(parts_alike(Cat(index, row.tag), number, inside, looking & row.napot.any())),
                same_asid.eq(held.asid == asid), same_vmid.eq(held.vmid == vmid),
                suits.eq((held.v == v(self.context.mode)) & (held.machine == (self.context.mode == Mode.M))),
                may.eq(grants_allow(asks, row.grants)),
                valid.eq(held.valid), of_guest.eq(held.v), is_global.eq(held.is_global), any_asid.eq(row.any_asid)]
            m.d.comb += [
                port.addr.eq(Mux(sweeping, at, self.va[12:12 + self.index_bits])),
                inside.eq(Mux(looking, row.s_inside, row.inside)),
                same.eq(legal & alike.all()),
                matches[way].eq(valid & suits & same & (any_asid | same_asid) & (~of_guest | same_vmid)),
                hits[way].eq(matches[way] & may),
                swept.eq(self.named(fence, of_guest, is_global, same, same_asid, same_vmid)),
            ]
            if way == 0:
                m.d.comb += self.found.eq(held)
            else:
                with m.If(~hits[0]):
                    m.d.comb += self.found.eq(held)
            new = self.new
            m.d.comb += [
                write.addr.eq(Mux(voiding, (at - 2)[:self.index_bits], number[:self.index_bits])),
                write.en.eq(Mux(voiding, swept, self.install & ~sweeping & ~looking & (victim == way))),
                write.data.tag.eq(number[self.index_bits:]), write.data.stored.eq(new),
                write.data.stored.valid.eq(new.valid & legal & ~voiding),
                write.data.grants.as_value().eq(granted(new.rights)),
                write.data.any_asid.eq(new.is_global | new.rights.s_off),
                write.data.inside.eq(Cat(new.level > n for n in range(2))),
                write.data.s_inside.eq(Cat(new.s_level > n for n in range(4))), write.data.napot.eq(self.new_napot),
            ]
        m.d.comb += self.hit.eq(hits.any())

        # An entry that matched but did not allow is replaced; else the ways take turns.
        turn = Signal()
        m.d.comb += victim.eq(Mux(matches.any(), ~matches[0], turn))
        with m.If(self.install):
            m.d.sync += turn.eq(~turn)

        # A fence goes through the rows, one a cycle: read, in the next cycle compare, then void what it names.
        m.d.sync += [looking.eq(sweeping), voiding.eq(looking)]
        with m.If(sweeping | looking):
            m.d.sync += at.eq(at + 1)
        with m.If(sweeping & (at == self.rows - 1)):
            m.d.sync += sweeping.eq(0)
        with m.If(self.fence.valid & self.fence.ready):
            taken = self.fence.payload
            m.d.sync += [
                fence.eq(taken), number.eq(fence_number), legal.eq(fence_is_legal), sweeping.eq(1), at.eq(0),
                fenced_vmid.eq(Mux(taken.kind == FenceKind.HFENCE_GVMA, taken.id[:14], self.current_vmid))]
        return m

    def named(self, fence, of_guest, is_global, in_page, same_asid, same_vmid):
        """Whether `fence` names an entry.

        of_guest   its v
        is_global  its is_global
        in_page    the fence's address lies in its first stage's page
        same_asid  its ASID is the entry's
        same_vmid  the VMID it names is: of HFENCE.GVMA its own, else that which was current

        Supervisor chapter, SFENCE.VMA; hypervisor chapter, HFENCE.VVMA and HFENCE.GVMA.
        """
        by_asid = ~fence.by_id | (~is_global & same_asid)
        first_stage = (~fence.by_address | in_page) & by_asid
        guest = of_guest & same_vmid
        return ((fence.kind == FenceKind.ALL)
                | ((fence.kind == FenceKind.SFENCE_VMA) & ~of_guest & first_stage)
                | ((fence.kind == FenceKind.HFENCE_VVMA) & guest & first_stage)
                # The GPA of an entry is not kept, so a fence by guest physical address empties the whole VMID.
                | ((fence.kind == FenceKind.HFENCE_GVMA) & (guest | (of_guest & ~fence.by_id))))

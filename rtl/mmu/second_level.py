"""The second-level TLB: a memory of translations, of both sides and of many address spaces."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa.modes import Mode, v
from ..payloads import AtpFields, Context, Fence, FenceKind, Page
from .permissions import Asked, Grants, Rights, asked, granted, grants_allow
from .tlb import kept, same_page

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


class SecondLevel(wiring.Component):
    """Two ways, read at the end of one cycle and compared in the next. A page larger than 4 KiB may be in many rows.

    Which stages were on is not kept: a change of satp.MODE, vsatp.MODE or hgatp.MODE empties it.

    Parameters
    ----------
    entries : int
        A power of two, in total.
    va_bits : int
        As the CoreConfig has it.

    Members
    -------
    va : In(64), read : In(1)
        Looked up at the end of the cycle.
    context : In(Context), s : In(AtpFields), vmid : In(14)
        In the cycle after: for whom, and the address spaces that are current for that mode.
    hit : Out(1)
        In the cycle after a read: whether it is known and allowed.
    found : Out(Stored)
        In the cycle after that: what is. Block RAM answers late, and the choice of the way waits for a cycle.
    install : In(1), new : In(Stored)
        Under the number last read, at the end of the cycle.
    fence : In(stream of Fence), current_vmid : In(14)
        What the fence names is gone when `ready` has come back. Not while a lookup is under way. The VMID counts
        in the cycle in which the fence is taken.
    """
    def __init__(self, entries, va_bits=57):
        self.rows, self.va_bits = entries // WAYS, va_bits
        self.index_bits = exact_log2(self.rows)
        super().__init__({"va": In(64), "read": In(1), "context": In(Context), "s": In(AtpFields), "vmid": In(14),
                          "hit": Out(1), "found": Out(Stored), "install": In(1), "new": In(Stored),
                          "fence": In(stream.Signature(Fence)), "current_vmid": In(14)})

    def elaborate(self, platform):
        m = Module()
        (read_number, read_is_legal), (fence_number, fence_is_legal) = (
            kept(address[12:], self.va_bits) for address in (self.va, self.fence.payload.address))
        # Block RAM has room, and is late in the cycle: what can be known about an entry beforehand is kept with it.
        Row = data.StructLayout({
            "tag": len(read_number) - self.index_bits, "stored": Stored, "grants": Grants,
            "any_asid": 1,                           # its first stage is off or global
            "inside": 2, "s_inside": 4})             # bit n: the nine bits of level n lie within the page
        memories = [Memory(shape=Row, depth=self.rows, init=[]) for _ in range(WAYS)]
        sweeping, at = Signal(init=1), Signal(self.index_bits)
        fence = Signal(Fence, init={"kind": FenceKind.ALL})  # a reset does not empty a memory, so it begins a fence
        looking = Signal()                           # the sweep has read row `at - 1`
        m.d.comb += self.fence.ready.eq(~sweeping & ~looking)

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
        m.d.comb += reads.eq(sweeping | (self.read & ~looking & ~self.install))

        hits, matches, victim = Signal(WAYS), Signal(WAYS), Signal()
        use_second = Signal()
        for way, memory in enumerate(memories):
            m.submodules[f"way_{way}"] = memory
            write, port = memory.write_port(), memory.read_port(domain="comb")
            row = Signal(Row, name=f"row_{way}", reset_less=True)
            held = Stored(row.stored)
            with m.If(reads):
                m.d.sync += row.eq(port.data)
            same, same_asid, same_vmid = (Signal(name=f"{name}_{way}") for name in ("same", "same_asid", "same_vmid"))
            inside, swept, may = Signal(4, name=f"inside_{way}"), Signal(name=f"swept_{way}"), Signal(name=f"may_{way}")
            m.d.comb += [
                port.addr.eq(Mux(sweeping, at, self.va[12:12 + self.index_bits])),
                inside.eq(Mux(looking, row.s_inside, row.inside)),
                same.eq(legal & same_page(Cat(index, row.tag), number, inside)),
                same_asid.eq(held.asid == asid), same_vmid.eq(held.vmid == vmid),
                may.eq(grants_allow(asks, row.grants)),
                matches[way].eq(held.valid & (held.v == v(self.context.mode))
                                & (held.machine == (self.context.mode == Mode.M)) & same
                                & (row.any_asid | same_asid) & (~held.v | same_vmid)),
                hits[way].eq(matches[way] & may),
                swept.eq(self.named(fence, held, same, same_asid, same_vmid)),
            ]
            if way == 0:
                m.d.comb += self.found.eq(held)
            else:
                with m.If(use_second):
                    m.d.comb += self.found.eq(held)
            new = self.new
            m.d.comb += [
                write.addr.eq(index), write.en.eq(Mux(looking, swept, self.install & ~sweeping & (victim == way))),
                write.data.tag.eq(number[self.index_bits:]), write.data.stored.eq(new),
                write.data.stored.valid.eq(new.valid & legal & ~looking),
                write.data.grants.as_value().eq(granted(new.rights)),
                write.data.any_asid.eq(new.is_global | new.rights.s_off),
                write.data.inside.eq(Cat(new.level > n for n in range(2))),
                write.data.s_inside.eq(Cat(new.s_level > n for n in range(4))),
            ]
        m.d.comb += self.hit.eq(hits.any())
        m.d.sync += use_second.eq(~hits[0])

        # An entry that matched but did not allow is replaced; else the ways take turns.
        turn, matched = Signal(), Signal(WAYS)
        just_read = Signal()
        m.d.sync += just_read.eq(self.read)
        with m.If(just_read):
            m.d.sync += matched.eq(matches)
        m.d.comb += victim.eq(Mux(matched.any(), ~matched[0], turn))
        with m.If(self.install):
            m.d.sync += turn.eq(~turn)

        # A fence goes through the rows, one a cycle: read, and in the next cycle void what it names.
        m.d.sync += looking.eq(sweeping)
        with m.If(sweeping):
            m.d.sync += at.eq(at + 1)
            with m.If(at == self.rows - 1):
                m.d.sync += sweeping.eq(0)
        with m.If(self.fence.valid & self.fence.ready):
            taken = self.fence.payload
            m.d.sync += [
                fence.eq(taken), number.eq(fence_number), legal.eq(fence_is_legal), sweeping.eq(1), at.eq(0),
                fenced_vmid.eq(Mux(taken.kind == FenceKind.HFENCE_GVMA, taken.id[:14], self.current_vmid))]
        return m

    def named(self, fence, held, in_page, same_asid, same_vmid):
        """Whether `fence` names the entry `held`.

        in_page    its address lies in the first stage's page
        same_asid  its ASID is the entry's
        same_vmid  the VMID it names is: of HFENCE.GVMA its own, else that which was current

        Supervisor chapter, SFENCE.VMA; hypervisor chapter, HFENCE.VVMA and HFENCE.GVMA.
        """
        by_asid = ~fence.by_id | (~held.is_global & same_asid)
        first_stage = (~fence.by_address | in_page) & by_asid
        guest = held.v & same_vmid
        return ((fence.kind == FenceKind.ALL)
                | ((fence.kind == FenceKind.SFENCE_VMA) & ~held.v & first_stage)
                | ((fence.kind == FenceKind.HFENCE_VVMA) & guest & first_stage)
                # The GPA of an entry is not kept, so a fence by guest physical address empties the whole VMID.
                | ((fence.kind == FenceKind.HFENCE_GVMA) & (guest | (held.v & ~fence.by_id))))

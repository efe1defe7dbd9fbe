"""The second-level TLB: a memory of translations, of both sides and of many address spaces."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from ..isa.modes import Mode, v
from ..payloads import AtpFields, Context, Fence, FenceKind, Page
from .permissions import Rights, allowed
from .tlb import same_page

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
    def __init__(self, entries):
        self.rows = entries // WAYS
        bits = exact_log2(self.rows)
        self.index_bits, self.tag_bits = bits, 52 - bits
        super().__init__({"va": In(64), "read": In(1), "context": In(Context), "s": In(AtpFields), "vmid": In(14),
                          "hit": Out(1), "found": Out(Stored), "install": In(1), "new": In(Stored),
                          "fence": In(stream.Signature(Fence)), "current_vmid": In(14)})

    def elaborate(self, platform):
        m = Module()
        row = data.StructLayout({"tag": self.tag_bits, "stored": Stored})
        memories = [Memory(shape=row, depth=self.rows, init=[]) for _ in range(WAYS)]
        number, sweeping, at = Signal(52), Signal(init=1), Signal(self.index_bits)
        fence = Signal(Fence, init={"kind": FenceKind.ALL})  # a reset does not empty a memory, so it begins a fence
        # HFENCE.VVMA names the VMID of its own time (rule hfence-vvma_limits); hgatp may be written during the sweep.
        fenced_vmid = Signal(14)
        looking = Signal()                           # the sweep has read row `at - 1`
        m.d.comb += self.fence.ready.eq(~sweeping & ~looking)
        with m.If(self.read):
            m.d.sync += number.eq(self.va[12:])

        hits, matches, victim = Signal(WAYS), Signal(WAYS), Signal()
        use_second = Signal()
        for way, memory in enumerate(memories):
            m.submodules[f"way_{way}"] = memory
            write = memory.write_port()
            port = memory.read_port(transparent_for=(write,))
            held = Stored(port.data.stored)
            whole = Cat(number[:self.index_bits], port.data.tag)
            m.d.comb += [
                port.en.eq(self.read | sweeping), port.addr.eq(Mux(sweeping, at, self.va[12:12 + self.index_bits])),
                matches[way].eq(held.valid & (held.v == v(self.context.mode))
                                & (held.machine == (self.context.mode == Mode.M)) & same_page(whole, number, held.level)
                                & (held.is_global | held.rights.s_off | (held.asid == self.s.id))
                                & (~held.v | (held.vmid == self.vmid))),
                hits[way].eq(matches[way] & allowed(self.context, held.rights)),
            ]
            if way == 0:
                m.d.comb += self.found.eq(held)
            else:
                with m.If(use_second):
                    m.d.comb += self.found.eq(held)

            swept = self.named(fence, fenced_vmid, Cat((at - 1)[:self.index_bits], port.data.tag), held)
            m.d.comb += [
                write.addr.eq(Mux(looking, (at - 1)[:self.index_bits], number[:self.index_bits])),
                write.en.eq(Mux(looking, swept, self.install & (victim == way))),
                write.data.tag.eq(number[self.index_bits:]),
                write.data.stored.eq(Mux(looking, 0, self.new.as_value())),
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
            m.d.sync += [fence.eq(self.fence.payload), fenced_vmid.eq(self.current_vmid), sweeping.eq(1), at.eq(0)]
        return m

    def named(self, fence, vmid, number, held):
        """Whether `fence`, taken while `vmid` was current, names the entry `held` of page `number`.

        Supervisor chapter, SFENCE.VMA; hypervisor chapter, HFENCE.VVMA and HFENCE.GVMA.
        """
        in_page = same_page(fence.address[12:], number, held.s_level)
        by_asid = ~fence.by_id | (~held.is_global & (held.asid == fence.id))
        first_stage = (~fence.by_address | in_page) & by_asid
        result = Const(1, 1)
        for kind, names in (
            (FenceKind.SFENCE_VMA, ~held.v & first_stage),
            (FenceKind.HFENCE_VVMA, held.v & (held.vmid == vmid) & first_stage),
            # The GPA of an entry is not kept, so a fence by guest physical address empties the whole VMID.
            (FenceKind.HFENCE_GVMA, held.v & (~fence.by_id | (held.vmid == fence.id[:14]))),
        ):
            result = Mux(fence.kind == kind, names, result)
        return result

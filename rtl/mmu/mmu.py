"""The Mmu: first-level TLBs for fetch and data, and behind them one second-level TLB and one walker for both."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import PHYSICAL_BITS, CoreConfig
from ..events import EVENT_BITS, EVENTS, MMU_EVENTS
from ..isa.modes import Mode, v
from ..payloads import AtpFields, Fence, FenceKind, Translation, TranslationRequest, WalkStep, record
from ..ports import LookupSignature, PmpSignature, TableSignature, TranslateSignature, TranslationCsrs
from .permissions import Rights
from .second_level import SecondLevel, Stored
from .tlb import Entry, Tlb, ppn_within
from .walker import Walker


class Mmu(wiring.Component):
    """Answers two askers, data first, one request at a time.

    A request goes to the second level, then to the walker. Whatever the walker finds goes to the asker, and into the
    TLBs unless it is a fault or the page is cut. Any flush, and an asker that gives up, ends what is under way
    without a trace.

    Memory types (Svpbmt): NC and IO alike make loads, stores and AMOs of main memory go past the data cache. That gives
    up the line first, so pages of different types agree at all times, though the manual does not ask for it. Accesses
    are made in order, once and never speculatively anyway, so there is nothing that IO would add, and devices stay what
    they are. Fetches still go through the instruction cache, and reads and writes of page tables through the data
    cache: no program can tell. An AMO past the cache is two accesses on the bus; the data cache lets nobody else write
    memory between them.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    fetch_lookup, data_lookup : In(LookupSignature())
        First level.
    fetch, data : In(TranslateSignature())
        The rest.
    tables : Out(TableSignature())
        Page tables.
    translation : In(TranslationCsrs), pmp : Out(PmpSignature())
        The CSRs.
    flush_first, flush_all : In(1)
        From the CSRs: satp, vsatp or hgatp has been written; everything kept is void.
    fence : In(stream of Fence)
        Once taken, nothing that it names is used any more. Not ready while another is being done.
    uncached_page : In(PHYSICAL_BITS - 12), uncached_enable : In(1)
    walk : Out(stream of WalkStep)
    events : Out(EVENT_BITS - MMU_EVENTS)
        Those of rtl/events.py from MMU_EVENTS on that are counted here, the others 0.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({
            "fetch_lookup": In(LookupSignature()), "data_lookup": In(LookupSignature()),
            "fetch": In(TranslateSignature()), "data": In(TranslateSignature()), "tables": Out(TableSignature()),
            "translation": In(TranslationCsrs), "pmp": Out(PmpSignature()), "flush_first": In(1), "flush_all": In(1),
            "fence": In(stream.Signature(Fence)), "uncached_page": In(PHYSICAL_BITS - 12), "uncached_enable": In(1),
            "walk": Out(stream.Signature(WalkStep, always_ready=True)), "events": Out(EVENT_BITS - MMU_EVENTS)})

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.itlb = itlb = Tlb(config.itlb_entries, config.va_bits)
        m.submodules.dtlb = dtlb = Tlb(config.dtlb_entries, config.va_bits)
        m.submodules.second = second = SecondLevel(config.tlb_entries, config.va_bits, config.has("svnapot"))
        m.submodules.walker = walker = Walker(config)
        connect(m, flipped(self.fetch_lookup), itlb.lookup)
        connect(m, flipped(self.data_lookup), dtlb.lookup)
        connect(m, walker.tables, flipped(self.tables))
        connect(m, walker.pmp, flipped(self.pmp))
        csrs = self.translation

        # Flushes. That of the CSRs is remembered until the second level can take it.
        emptied, pending = Signal(), Signal()
        m.d.comb += [
            emptied.eq(self.flush_first | self.flush_all | pending | self.fence.valid & self.fence.ready),
            itlb.flush.eq(emptied), dtlb.flush.eq(emptied), walker.flush.eq(emptied),
            second.fence.valid.eq(pending | self.fence.valid), self.fence.ready.eq(second.fence.ready & ~pending),
            second.fence.payload.eq(self.fence.payload), second.current_vmid.eq(csrs.hgatp.id[:14]),
        ]
        # Bits of an ASID or VMID that are not implemented are ignored in rs2 too.
        m.d.comb += second.fence.payload.id.eq(
            self.fence.payload.id & Mux(self.fence.payload.kind == FenceKind.HFENCE_GVMA,
                                        (1 << config.vmid_bits) - 1, (1 << config.asid_bits) - 1))
        with m.If(pending):
            m.d.comb += second.fence.payload.kind.eq(FenceKind.ALL)
            with m.If(second.fence.ready):
                m.d.sync += pending.eq(0)
        with m.If(self.flush_all):
            m.d.sync += pending.eq(1)

        # One request at a time.
        fetching, asker_waits, request = Signal(), Signal(), Signal(TranslationRequest)
        m.d.comb += asker_waits.eq(Mux(fetching, self.fetch.valid, self.data.valid))
        virtual = v(request.context.mode)
        s = Signal(AtpFields)
        m.d.comb += s.eq(Mux(virtual, csrs.vsatp.as_value(), csrs.satp.as_value()))
        stops = emptied | ~asker_waits
        answer, done = Signal(Translation), Signal()

        m.d.comb += [
            second.va.eq(Mux(self.data.valid, self.data.request.va, self.fetch.request.va)),
            second.context.eq(request.context), second.s.eq(s), second.vmid.eq(csrs.hgatp.id[:14]),
            walker.request.eq(request), walker.fetch.eq(fetching), walker.translation.eq(csrs),
            walker.uncached_page.eq(self.uncached_page), walker.uncached_enable.eq(self.uncached_enable),
            self.fetch.answer.eq(answer), self.data.answer.eq(answer),
            self.fetch.done.eq(done & fetching), self.data.done.eq(done & ~fetching),
            self.walk.valid.eq(walker.walk.valid), self.walk.payload.eq(walker.walk.payload),
        ]
        entry, rights = Signal(Entry), Signal(Rights)
        level, kept = Signal(2), second.found
        m.d.comb += [
            rights.eq(walker.rights), level.eq(walker.level), answer.eq(walker.answer),
            entry.eq(record(Entry, vpn=request.va[12:], level=level, v=virtual, machine=request.context.mode == Mode.M,
                            page=answer.page, rights=rights)),
            itlb.entry.eq(entry), dtlb.entry.eq(entry),
            second.new_napot.eq(walker.napot),
            second.new.eq(record(
                Stored, valid=1, v=virtual, machine=request.context.mode == Mode.M, asid=s.id,
                vmid=csrs.hgatp.id[:14], is_global=walker.is_global, s_level=walker.s_level, level=walker.level,
                page=answer.page, rights=walker.rights)),
        ]
        with m.FSM() as fsm:
            with m.State("IDLE"):
                # A fence that is being done may still have something to void.
                with m.If((self.data.valid | self.fetch.valid) & second.fence.ready & ~emptied):
                    m.d.comb += second.read.eq(1)
                    m.d.sync += [fetching.eq(~self.data.valid),
                                 request.eq(Mux(self.data.valid, self.data.request.as_value(),
                                                self.fetch.request.as_value()))]
                    m.next = "SECOND"
            with m.State("SECOND"):
                m.next = "KNOWN"
                with m.If(stops):
                    m.next = "IDLE"
            with m.State("KNOWN"):
                m.next = "IDLE"
                m.d.comb += [
                    rights.eq(kept.rights), level.eq(kept.level), answer.eq(0), answer.page.eq(kept.page),
                    answer.page.ppn.eq(ppn_within(kept.page.ppn, request.va[12:], kept.level))]
                with m.If(~stops):
                    m.d.comb += [done.eq(second.hit), walker.start.eq(~second.hit)]
                    with m.If(~second.hit):
                        m.next = "WALK"
            with m.State("WALK"):
                with m.If(stops):
                    m.d.comb += walker.abort.eq(1)
                    m.next = "IDLE"
                with m.Elif(walker.done):
                    m.d.comb += [done.eq(1), second.install.eq(~answer.faulted & ~answer.cut)]
                    m.next = "IDLE"
        installs = done & ~answer.faulted & ~answer.cut
        m.d.comb += [itlb.install.eq(installs & fetching), dtlb.install.eq(installs & ~fetching)]
        for name, happens in {
            "itlb_miss": second.read & ~self.data.valid, "dtlb_miss": second.read & self.data.valid,
            "second_level_hit": fsm.ongoing("KNOWN") & done, "walk": walker.start,
            "walk_s": walker.stage & ~walker.guest & ~virtual, "walk_vs": walker.stage & ~walker.guest & virtual,
            "walk_g": walker.stage & walker.guest, "table_read": walker.read,
            "table_read_vs": walker.read & ~walker.guest & virtual, "table_read_g": walker.read & walker.guest,
            "walk_cache_hit": walker.hit,
        }.items():
            m.d.comb += self.events[EVENTS[name] - MMU_EVENTS].eq(happens)
        return m

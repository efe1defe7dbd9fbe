"""The page-table walker: both stages of translation, and the birthplace of every fault."""

from contextlib import contextmanager

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import PHYSICAL_BITS, CoreConfig
from ..isa.causes import ACCESS_FAULT, GUEST_PAGE_FAULT, PAGE_FAULT
from ..isa.modes import Mode, v
from ..isa.paging import VS_STAGE
from ..payloads import AtpFields, Context, Fault, Reach, Translation, TranslationRequest, WalkStep, change, record
from ..ports import PmpSignature, TableSignature, TranslationCsrs
from .permissions import Rights, allowed, by_reach
from .place import Place
from .protection import Protection, Verdict
from .pte import Demand, Judge, Pte, demanded
from .refusal import Refusal
from .walk_cache import Table, WalkCache


class Walker(wiring.Component):
    """One walk at a time, one step a cycle: address of an entry, its protection, its read, what it says.

    A walk of the first stage that needs a G stage translates the address of each entry by the same steps, then goes
    on: `guest` says that a G-stage walk is under way, `implicit` that it is for an entry. Every check is made on what
    was read in this walk, so a fault depends on nothing that a TLB holds. (A walk cache holds only entries that were
    valid; a fence empties it. So an entry that becomes valid is found by the next access that needs it: Svvptc.)

    Where hardware sets A and D, a leaf that lacks them is written in memory if it is still what was judged, else judged
    anew (supervisor chapter, step 9 of the translation). `writing` says that the page of a VS-stage entry has been
    translated for such a write: it needs W, and D=1, of the G stage. Loads and stores ask only when they are sure to be
    performed or to trap, so D is never set early; for a fetch that turns out to be wrong, A may be.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    start : In(1), request : In(TranslationRequest), fetch : In(1)
        Begin; only when idle. `request` is held until `done`.
    abort : In(1)
        Leave the walk without an answer.
    flush : In(1)
        Empty the walk caches.
    translation, pmp, uncached_page, uncached_enable
        As the Mmu has them.
    tables : Out(TableSignature())
    done : Out(1), answer : Out(Translation)
        The answer, in the cycle of `done`.
    rights : Out(Rights), level : Out(2), s_level : Out(3), napot : Out(1), is_global : Out(1)
        With `done`: what TLBs keep of it. A page of 64 KiB is one of 4 KiB to them; `napot` says it of the first stage.
    s_on : Out(1), g_on : Out(1)
        While `request` is held: whether the first stage and the G stage are on.
    walk : Out(stream of WalkStep)
    hit : Out(1), read : Out(1), stage : Out(1), guest : Out(1)
        Events: a walk cache hit, a table entry is read, a walk through a stage begins; of the last two and always:
        that stage is the G stage.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({
            "start": In(1), "request": In(TranslationRequest), "fetch": In(1), "abort": In(1), "flush": In(1),
            "translation": In(TranslationCsrs), "pmp": Out(PmpSignature()),
            "uncached_page": In(PHYSICAL_BITS - 12), "uncached_enable": In(1),
            "tables": Out(TableSignature()), "done": Out(1), "answer": Out(Translation),
            "rights": Out(Rights), "level": Out(2), "s_level": Out(3), "napot": Out(1), "is_global": Out(1),
            "s_on": Out(1), "g_on": Out(1), "walk": Out(stream.Signature(WalkStep, always_ready=True)), "hit": Out(1),
            "read": Out(1), "stage": Out(1), "guest": Out(1)})

    def elaborate(self, platform):
        m = Module()
        config = self.config
        m.submodules.s_cache = s_cache = WalkCache(config.walk_cache_entries)
        m.submodules.g_cache = g_cache = WalkCache(config.walk_cache_entries)
        m.submodules.protection = protection = Protection(config.memory_map, config.pmp_entries)
        m.submodules.place = place = Place(max(each.levels for each in VS_STAGE if each.va_bits <= config.va_bits))
        m.submodules.judge = judge = Judge(config)
        connect(m, protection.pmp, flipped(self.pmp))
        request, csrs = self.request, self.translation
        va, context = request.va, request.context
        virtual, machine = v(context.mode), context.mode == Mode.M
        s_atp = Signal(AtpFields)
        m.d.comb += s_atp.eq(Mux(virtual, csrs.vsatp.as_value(), csrs.satp.as_value()))
        m.d.comb += [self.s_on.eq(~machine & (s_atp.mode != 0)), self.g_on.eq(virtual & (csrs.hgatp.mode != 0))]

        guest, implicit, is_global, s_level = Signal(), Signal(), Signal(), Signal(3)
        level, base = Signal(3), Signal(44)          # of the table that comes next
        gpa, hpa = Signal(64), Signal(56)            # translated by the G stage; reached
        pte, verdict = Signal(Pte), Signal(Verdict)
        writing, uncached = Signal(), Signal()       # the page asked for is not to be cached, by PBMT
        first, ending = Signal(), Signal()
        rights, size_level = Signal(Rights), Signal(2)
        known = Signal(Table)                        # of a walk cache
        # Which bits differ within what protection is asked for: 2, 3, 5:4, 11:6, 20:12, 29:21.
        span = Signal(6)

        # Which address the walk translates, and in which context its leaf is judged.
        target = Signal(64)
        m.d.comb += target.eq(Mux(guest, gpa, va))
        # It is known before the entry has been read, so that judging that has little to do.
        judged = Signal(Context)
        m.d.comb += judged.eq(context)
        with m.If(guest & implicit):
            # The read of an entry is a load, and no MXR or HLVX of the access it is made for widens it.
            m.d.comb += judged.eq(change(context, reach=Mux(writing, Reach.STORE, Reach.LOAD), hlvx=0, mxr=0, vs_mxr=0))
        demand = Signal(Demand)
        m.d.sync += demand.eq(demanded(judged, guest))

        m.d.comb += [
            place.guest.eq(guest), place.mode.eq(Mux(guest, csrs.hgatp.mode, s_atp.mode)), place.target.eq(target),
            place.level.eq(level), place.table.eq(base),
            judge.pte.eq(pte), judge.level.eq(level), judge.demand.eq(demand), judge.target.eq(target),
            judge.pbmte.eq(Mux(virtual & ~guest, csrs.vs_pbmte, csrs.pbmte)),
            judge.adue.eq(Mux(virtual & ~guest, csrs.vs_adue, csrs.adue)),
            s_cache.v.eq(virtual), s_cache.address.eq(va), g_cache.v.eq(1),
            g_cache.address.eq(gpa),
            s_cache.flush.eq(self.flush), g_cache.flush.eq(self.flush),
            protection.uncached_page.eq(self.uncached_page),
            protection.uncached_enable.eq(self.uncached_enable),
        ]

        # Faults. `refuse` is called where one is found; the next state hands it out.
        fault, refusal, faulted, cut = Signal(Fault), Signal(Refusal), Signal(), Signal()

        def refuse(causes, reason):
            # Rules cbm_unperm_fault, cbz_unperm_fault: what a store would have raised.
            reported = Mux(context.as_store, Reach.STORE, context.reach)
            cause = by_reach(reported, causes[Reach.LOAD], causes[Reach.STORE], causes[Reach.FETCH])
            is_guest_fault = causes is GUEST_PAGE_FAULT
            m.d.sync += [faulted.eq(1), refusal.eq(reason), fault.eq(record(
                Fault, cause=cause[:6], gpa=gpa if is_guest_fault else 0, implicit=implicit if is_guest_fault else 0,
                implicit_write=implicit & writing if is_guest_fault else 0))]
            m.next = "DONE"

        def refuse_walk(reason):
            """A fault of the stage that is under way."""
            with m.If(guest):
                refuse(GUEST_PAGE_FAULT, reason)
            with m.Else():
                refuse(PAGE_FAULT, reason)

        def begin_guest(address, is_implicit):
            m.d.sync += [guest.eq(1), implicit.eq(is_implicit), gpa.eq(address)]
            m.next = "ROOT"

        def shrink():
            """A leaf at `level`: the combined page is no larger."""
            with m.If(level < size_level):
                m.d.sync += size_level.eq(level)

        step = self.walk.payload
        m.d.comb += [
            step.first.eq(first), step.fetch.eq(self.fetch), step.va.eq(va), step.context.eq(context),
            step.g_stage.eq(guest), step.level.eq(level), step.gpa.eq(gpa), step.hpa.eq(hpa), step.pte.eq(pte),
            step.implicit.eq(guest & implicit), step.writes.eq(guest & implicit & writing),
            step.last.eq(ending), step.reason.eq(refusal), step.cause.eq(Mux(faulted & ending, fault.cause, 0)),
        ]

        leaf, page = judge.leaf, judge.page

        @contextmanager
        def state(name):
            with m.State(name):
                yield
                with m.If(self.abort):
                    m.next = "IDLE"

        below = ~level[0]                            # level - 1, where that is 0 or 1
        near = ~page[PHYSICAL_BITS:].any()           # a table beyond physical memory is no shortcut
        with m.FSM() as fsm:
            with state("IDLE"):
                m.d.sync += [guest.eq(0), implicit.eq(0), is_global.eq(0), s_level.eq(4), span.eq(1), faulted.eq(0),
                             fault.eq(0), cut.eq(0), refusal.eq(Refusal.NONE), first.eq(1), gpa.eq(0), ending.eq(0),
                             hpa.eq(va[:56]), pte.eq(0), level.eq(0),
                             writing.eq(0), uncached.eq(0), self.napot.eq(0),
                             rights.eq(record(Rights, s_r=1, s_w=1, s_x=1, s_u=1, s_off=1, g_r=1, g_w=1, g_x=1,
                                              p_r=0, p_w=0, p_x=0)), size_level.eq(2)]
                with m.If(self.start):
                    with m.If(self.s_on):
                        m.next = "ROOT"
                    with m.Elif(self.g_on):
                        begin_guest(va, 0)
                    with m.Else():
                        # Physical already; whatever lies above the physical address space is absent.
                        m.d.sync += hpa.eq(Cat(va[:55], va[55:].any()))
                        m.next = "PAGE"
            with state("ROOT"):
                m.d.comb += self.stage.eq(1)
                m.d.sync += [level.eq(place.root), base.eq(Mux(guest, csrs.hgatp.ppn, s_atp.ppn))]
                with m.If(~place.in_range):
                    refuse_walk(Refusal.RANGE)
                with m.Else():
                    m.next = "ENTRY"
                    m.d.comb += self.hit.eq(Mux(guest, g_cache.hit, s_cache.hit))
                    with m.If(self.hit):
                        m.next = "KNOWN"
            with state("KNOWN"):
                table = Mux(guest, g_cache.table.as_value(), s_cache.table.as_value())
                m.d.comb += known.as_value().eq(table)
                lower = Cat(Const(0, 3), Mux(known.level, target[21:30], target[12:21]))
                m.d.sync += [level.eq(known.level), hpa.eq(Cat(lower, known.ppn))]
                # The G stage of this table is done; its address as a guest has it is kept for the trace alone.
                with m.If(~guest):
                    m.d.sync += [gpa.eq(Cat(lower, known.guest_ppn)), is_global.eq(known.is_global)]
                m.next = "PROTECTION"
            with state("ENTRY"):
                m.d.sync += hpa.eq(place.entry)
                m.next = "PROTECTION"
                with m.If(~guest):
                    m.d.sync += [gpa.eq(place.entry), writing.eq(0)]
                    with m.If(self.g_on):
                        m.d.sync += s_level.eq(level)  # kept while the G stage counts its own levels
                        begin_guest(place.entry, 1)
            with state("PROTECTION"):
                m.d.comb += protection.ask.eq(1)
                with m.If(protection.done):
                    m.d.sync += verdict.eq(protection.verdict)
                    m.next = "ASK"
            with state("ASK"):
                # Never from a device: a walk may be that of a fetch on a wrong path (rule pma_idp_implicit_ok).
                with m.If(verdict.r & verdict.memory):
                    m.next = "READ"
                with m.Else():
                    refuse(ACCESS_FAULT, Refusal.PROTECTION)
            with state("READ"):
                m.d.comb += self.tables.valid.eq(1)
                with m.If(self.tables.done):
                    m.d.sync += pte.eq(self.tables.data)
                    m.d.comb += self.read.eq(1)
                    with m.If(self.tables.error):
                        refuse(ACCESS_FAULT, Refusal.ABSENT)
                    with m.Else():
                        m.next = "JUDGE"
            with state("JUDGE"):
                m.d.comb += [self.walk.valid.eq(1), step.reason.eq(judge.reason),
                             step.updates.eq(judge.lacks & ~judge.refused)]
                m.d.sync += first.eq(0)
                with m.If(~guest):
                    m.d.sync += is_global.eq(is_global | pte.g)
                with m.If(judge.refused):
                    refuse_walk(judge.reason)
                if config.has("svadu"):
                    with m.Elif(judge.lacks):
                        with m.If(~guest & self.g_on & ~writing):
                            # The entry's page is translated again, now for a write; then the entry is read again, too.
                            m.d.sync += [writing.eq(1), s_level.eq(level)]
                            begin_guest(gpa, 1)
                        with m.Elif(verdict.w & verdict.cacheable):
                            m.next = "UPDATE"
                        with m.Else():
                            refuse(ACCESS_FAULT, Refusal.PROTECTION)
                with m.Elif(~leaf):
                    m.d.sync += [level.eq(level - 1), base.eq(pte.ppn)]
                    m.next = "ENTRY"
                    inner = ((level == 1) | (level == 2)) & ~pte.ppn[PHYSICAL_BITS - 12:].any()
                    m.d.comb += [g_cache.install.eq(guest & inner), s_cache.install.eq(~guest & ~self.g_on & inner)]
                with m.Elif(~guest):
                    shrink()
                    m.d.sync += [s_level.eq(level), Cat(rights.s_r, rights.s_w, rights.s_x, rights.s_u).eq(
                        Cat(pte.r, pte.w & pte.d, pte.x, pte.u)), rights.s_off.eq(0), hpa.eq(page),
                        self.napot.eq(judge.napot), uncached.eq(judge.uncached)]
                    m.next = "PAGE"
                    with m.If(self.g_on):
                        begin_guest(page, 0)
                with m.Elif(implicit):
                    # The entry of the first stage lies at `page`; that stage goes on where it was.
                    m.d.sync += [guest.eq(0), implicit.eq(0), hpa.eq(page), level.eq(s_level)]
                    m.d.comb += s_cache.install.eq(((s_level == 0) | (s_level == 1)) & near & ~writing)
                    m.next = "PROTECTION"
                with m.Else():
                    shrink()
                    m.d.sync += [hpa.eq(page), Cat(rights.g_r, rights.g_w, rights.g_x).eq(
                        Cat(pte.r, pte.w & pte.d, pte.x)), uncached.eq(uncached | judge.uncached)]
                    m.next = "PAGE"
            if config.has("svadu"):
                with state("UPDATE"):
                    m.d.comb += [self.tables.valid.eq(1), self.tables.write.eq(1)]
                    with m.If(self.tables.done):
                        # What lies there now: written, or changed by somebody else since it was read.
                        m.d.sync += pte.eq(self.tables.data)
                        m.next = "JUDGE"
                        with m.If(self.tables.error):
                            refuse(ACCESS_FAULT, Refusal.ABSENT)
            # The page itself: the largest size for which protection is the same throughout, then the bytes alone.
            with state("PAGE"):
                m.d.sync += span.eq(Cat(Const(15, 4), size_level > 0, size_level > 1))
                m.next = "SIZE"
            with state("SIZE"):
                m.d.comb += protection.ask.eq(1)
                with m.If(protection.done):
                    m.d.sync += verdict.eq(protection.verdict)
                    m.next = "LAST"
            with state("LAST"):
                granted = change(rights, p_r=verdict.r, p_w=verdict.w, p_x=verdict.x)
                with m.If(verdict.uniform | cut):
                    m.d.sync += rights.eq(granted)
                    m.next = "DONE"
                    with m.If(~allowed(context, granted)):
                        refuse(ACCESS_FAULT, Refusal.PROTECTION)
                with m.Else():
                    with m.If(size_level == 0):
                        m.d.sync += [cut.eq(1), span.eq(Cat(request.size >= size for size in (3, 4, 6)))]
                    with m.Else():
                        m.d.sync += [size_level.eq(size_level - 1), span.eq(Cat(Const(15, 4), size_level > 1))]
                    m.next = "SIZE"
            with state("DONE"):
                m.d.sync += ending.eq(1)
                m.next = "HAND OUT"
            with state("HAND OUT"):
                m.d.comb += [self.done.eq(1), self.walk.valid.eq(1)]
                m.next = "IDLE"
        m.d.comb += [
            self.tables.address.eq(hpa[:PHYSICAL_BITS]), self.tables.cacheable.eq(verdict.cacheable),
            self.tables.expected.eq(pte), self.tables.updated.eq(judge.updated),
            protection.address.eq(hpa), protection.mask.eq(Cat(
                Const(3, 2), span[0], span[1], span[2].replicate(2), span[3].replicate(6), span[4].replicate(9),
                span[5].replicate(9))),
            protection.machine.eq(machine & fsm.ongoing("SIZE")),
            self.answer.page.ppn.eq(hpa[12:PHYSICAL_BITS]),
            self.answer.page.cacheable.eq(verdict.cacheable & ~uncached),
            self.answer.page.memory.eq(verdict.memory), self.answer.cut.eq(cut), self.answer.faulted.eq(faulted),
            self.answer.fault.eq(fault), self.rights.eq(rights), self.level.eq(size_level), self.s_level.eq(s_level),
            self.is_global.eq(is_global), self.guest.eq(guest),
            # The entry that was read names the next table; that of a guest is known once its G stage is done.
            g_cache.new.eq(record(Table, level=below, is_global=0, ppn=pte.ppn[:PHYSICAL_BITS - 12], guest_ppn=0)),
            s_cache.new.eq(Mux(
                guest, record(Table, level=s_level[0], is_global=is_global, ppn=page[12:PHYSICAL_BITS],
                              guest_ppn=gpa[12:56]).as_value(),
                record(Table, level=below, is_global=is_global | pte.g, ppn=pte.ppn[:PHYSICAL_BITS - 12],
                       guest_ppn=pte.ppn).as_value())),
        ]
        return m

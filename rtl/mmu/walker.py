"""The page-table walker: both stages of translation, and the birthplace of every fault."""

from contextlib import contextmanager

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..config import PHYSICAL_BITS
from ..isa.causes import ACCESS_FAULT, GUEST_PAGE_FAULT, PAGE_FAULT
from ..isa.modes import Mode, v
from ..isa.paging import G_STAGE, VS_STAGE
from ..payloads import AtpFields, Context, Fault, Reach, Translation, TranslationRequest, WalkStep, change, record
from ..ports import PmpSignature, TableReadSignature, TranslationCsrs
from .permissions import Rights, allowed, by_reach, first_stage_allows, g_stage_allows, user_allows
from .protection import Protection, Verdict
from .refusal import Refusal
from .walk_cache import Table, WalkCache

MODE_OF_LEVEL_0 = 6
"""satp.MODE of a scheme is this and the number of its root's level: Sv39, whose root is at level 2, has 8."""


class Pte(data.Struct):
    """A page-table entry of any scheme (supervisor chapter, "Sv39")."""
    valid: 1
    r: 1
    w: 1
    x: 1
    u: 1
    g: 1
    a: 1
    d: 1
    software: 2
    ppn: 44
    reserved: 10  # N, PBMT and others, of extensions that are not here


class Demand(data.Struct):
    """What the access asks of a leaf: any of R, W and X that is set here is enough."""
    r: 1
    w: 1
    x: 1
    user: 1         # the page must be a user's
    supervisor: 1   # it must not


def pieces(entry_ppn, number, level):
    """A page number: that of a leaf at `level`, with the low 9 bits per level from the translated `number`."""
    parts = [Mux(level > n, number[9 * n:9 * n + 9], entry_ppn[9 * n:9 * n + 9]) for n in range(4)]
    return Cat(*parts, entry_ppn[36:44])


class Walker(wiring.Component):
    """One walk at a time, one step a cycle: address of an entry, its protection, its read, what it says.

    A walk of the first stage that needs a G stage translates the address of each entry by the same steps, then goes
    on: `guest` says that a G-stage walk is under way, `implicit` that it is for an entry. Every check is made on what
    was read in this walk, so a fault depends on nothing that a TLB holds. (A walk cache holds only entries that were
    valid; a fence empties it.)

    Parameters
    ----------
    regions, pmp_entries, entries
        Memory map, number of PMP entries, size of each walk cache.
    levels : int
        Of the widest scheme: 3, 4 or 5.

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
    tables : Out(TableReadSignature())
    idle : Out(1), done : Out(1), answer : Out(Translation)
        The answer, in the cycle of `done`.
    rights : Out(Rights), level : Out(2), s_level : Out(3), is_global : Out(1), s_on : Out(1), g_on : Out(1)
        With `done`: what TLBs keep of it.
    walk : Out(stream of WalkStep)
    hit : Out(1), read : Out(1), stage : Out(1), guest : Out(1)
        Events: a walk cache hit, a table entry is read, a walk through a stage begins; of the last two and always:
        that stage is the G stage.
    """
    def __init__(self, regions, pmp_entries, entries, levels):
        self.regions, self.pmp_entries, self.entries, self.levels = regions, pmp_entries, entries, levels
        super().__init__({
            "start": In(1), "request": In(TranslationRequest), "fetch": In(1), "abort": In(1), "flush": In(1),
            "translation": In(TranslationCsrs), "pmp": Out(PmpSignature()),
            "uncached_page": In(PHYSICAL_BITS - 12), "uncached_enable": In(1),
            "tables": Out(TableReadSignature()), "idle": Out(1), "done": Out(1), "answer": Out(Translation),
            "rights": Out(Rights), "level": Out(2), "s_level": Out(3), "is_global": Out(1), "s_on": Out(1),
            "g_on": Out(1), "walk": Out(stream.Signature(WalkStep, always_ready=True)), "hit": Out(1),
            "read": Out(1), "stage": Out(1), "guest": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.s_cache = s_cache = WalkCache(self.entries)
        m.submodules.g_cache = g_cache = WalkCache(self.entries)
        m.submodules.protection = protection = Protection(self.regions, self.pmp_entries)
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
            m.d.comb += judged.eq(change(context, reach=Reach.LOAD, hlvx=0, mxr=0, vs_mxr=0))
        demand, yes, no = Signal(Demand), Const(1, 1), Const(0, 1)
        m.d.sync += demand.eq(record(
            Demand, r=Mux(guest, g_stage_allows(judged, yes, no, no), first_stage_allows(judged, yes, no, no)),
            w=judged.reach == Reach.STORE,
            x=Mux(guest, g_stage_allows(judged, no, no, yes), first_stage_allows(judged, no, no, yes)),
            user=guest | ~user_allows(judged, no), supervisor=~guest & ~user_allows(judged, yes)))

        # Of each scheme: whether the address is in range, and its index at each level.
        mode = Mux(guest, csrs.hgatp.mode, s_atp.mode)
        root = (mode - MODE_OF_LEVEL_0)[:3]
        in_range, index = Signal(), Signal(11)
        schemes = {is_guest: [scheme for scheme in stage if scheme.levels <= self.levels]
                   for is_guest, stage in ((False, VS_STAGE), (True, G_STAGE))}
        for is_guest, stage in schemes.items():
            with m.If(guest == is_guest), m.Switch(mode):
                for scheme in stage:
                    with m.Case(scheme.mode):
                        m.d.comb += in_range.eq(scheme.in_range(target))
        with m.Switch(level):
            for n in range(self.levels):
                with m.Case(n):
                    # Only a root has the two more bits of an x4 scheme, and only of the G stage.
                    wide = Cat(target[12 + 9 * n:21 + 9 * n],
                               target[21 + 9 * n:23 + 9 * n] & (guest & (root == n)).replicate(2))
                    m.d.comb += index.eq(wide)

        m.d.comb += [
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
                Fault, cause=cause[:6], gpa=gpa if is_guest_fault else 0, implicit=implicit if is_guest_fault else 0))]
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
            step.last.eq(ending), step.reason.eq(refusal), step.cause.eq(Mux(faulted & ending, fault.cause, 0)),
        ]

        # What an entry says.
        leaf = pte.r | pte.x
        reserved = pte.reserved.any() | (~pte.r & pte.w) | ~leaf & (pte.a | pte.d | pte.u)
        misaligned = Const(0, 1)
        for n in range(4):
            misaligned = misaligned | (level > n) & pte.ppn[9 * n:9 * n + 9].any()
        wrong, is_wrong = Signal(Refusal), Const(0, 1)
        for bad, reason in reversed((
            (~pte.valid, Refusal.INVALID), (reserved, Refusal.RESERVED), (~leaf & (level == 0), Refusal.NO_LEAF),
            (leaf & misaligned, Refusal.MISALIGNED),
            (leaf & Mux(pte.u, demand.supervisor, demand.user), Refusal.USER),
            (leaf & ~(pte.r & demand.r | pte.w & demand.w | pte.x & demand.x), Refusal.PERMISSION),
            (leaf & ~pte.a, Refusal.ACCESSED), (leaf & ~pte.d & demand.w, Refusal.DIRTY),
        )):
            is_wrong = is_wrong | bad
            with m.If(bad):
                m.d.comb += wrong.eq(reason)
        page = Signal(56)
        m.d.comb += page.eq(Cat(target[:12], pieces(pte.ppn, target[12:56], level)))

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
                             rights.eq(record(Rights, s_r=1, s_w=1, s_x=1, s_u=1, s_off=1, g_r=1, g_w=1, g_x=1,
                                              p_r=0, p_w=0, p_x=0)), size_level.eq(2)]
                m.d.comb += self.idle.eq(1)
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
                m.d.sync += [level.eq(root), base.eq(Mux(guest, csrs.hgatp.ppn, s_atp.ppn))]
                with m.If(~in_range):
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
                entry = Cat(Const(0, 3), index[:9], Mux(guest, base[:2] | index[9:], base[:2]), base[2:])
                m.d.sync += hpa.eq(entry)
                m.next = "PROTECTION"
                with m.If(~guest):
                    m.d.sync += gpa.eq(entry)
                    with m.If(self.g_on):
                        m.d.sync += s_level.eq(level)  # kept while the G stage counts its own levels
                        begin_guest(entry, 1)
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
                m.d.comb += [self.walk.valid.eq(1), step.reason.eq(wrong)]
                m.d.sync += first.eq(0)
                with m.If(~guest):
                    m.d.sync += is_global.eq(is_global | pte.g)
                with m.If(is_wrong):
                    refuse_walk(wrong)
                with m.Elif(~leaf):
                    m.d.sync += [level.eq(level - 1), base.eq(pte.ppn)]
                    m.next = "ENTRY"
                    inner = ((level == 1) | (level == 2)) & ~pte.ppn[PHYSICAL_BITS - 12:].any()
                    m.d.comb += [g_cache.install.eq(guest & inner), s_cache.install.eq(~guest & ~self.g_on & inner)]
                with m.Elif(~guest):
                    shrink()
                    m.d.sync += [s_level.eq(level), Cat(rights.s_r, rights.s_w, rights.s_x, rights.s_u).eq(
                        Cat(pte.r, pte.w & pte.d, pte.x, pte.u)), rights.s_off.eq(0), hpa.eq(page)]
                    m.next = "PAGE"
                    with m.If(self.g_on):
                        begin_guest(page, 0)
                with m.Elif(implicit):
                    # The entry of the first stage lies at `page`; that stage goes on where it was.
                    m.d.sync += [guest.eq(0), implicit.eq(0), hpa.eq(page), level.eq(s_level)]
                    m.d.comb += s_cache.install.eq(((s_level == 0) | (s_level == 1)) & near)
                    m.next = "PROTECTION"
                with m.Else():
                    shrink()
                    m.d.sync += [hpa.eq(page), Cat(rights.g_r, rights.g_w, rights.g_x).eq(
                        Cat(pte.r, pte.w & pte.d, pte.x))]
                    m.next = "PAGE"
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
            protection.address.eq(hpa), protection.mask.eq(Cat(
                Const(3, 2), span[0], span[1], span[2].replicate(2), span[3].replicate(6), span[4].replicate(9),
                span[5].replicate(9))),
            protection.machine.eq(machine & fsm.ongoing("SIZE")),
            self.answer.page.ppn.eq(hpa[12:PHYSICAL_BITS]), self.answer.page.cacheable.eq(verdict.cacheable),
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

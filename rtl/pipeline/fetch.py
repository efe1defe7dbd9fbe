"""Fetch: the pc, and the eight bytes of code around it. Two stages: ask the cache, then look at its answer."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..isa.causes import Cause
from ..payloads import Context, Fault, Page
from ..ports import FetchCacheSignature, LookupSignature, TranslateSignature
from .payloads import Packet, Prediction
from .predictor import Outcome, Predictor


class Fetch(wiring.Component):
    """Emits packets along the predicted path, until it meets a fault; then it waits for a redirect.

    It never reaches a device or absent memory speculatively: the Mmu refuses them before the cache is asked to refill.

    Parameters
    ----------
    reset_pc : int
        Where the hart starts, bytes.
    btb_entries, return_stack : int
        Sizes of the predictor.

    Members
    -------
    redirect : In(1), redirect_pc : In(64)
        Go on there; what was fetched is void. The last word over `realign`.
    realign : In(1), realign_pc : In(64)
        The same, from the aligner.
    context : In(Context)
        Of the fetches; it changes only together with a redirect.
    lookup, translate, cache
        First-level TLB, the rest of the Mmu, instruction cache.
    outcome : In(Outcome), update : In(1)
        To the predictor.
    invalidate : In(1), invalidated : Out(1)
        FENCE.I: of the cache, from commit.
    o : Out(stream of Packet)
    fault : Out(Fault)
        Of the packet that is `faulted`, until the next redirect.
    miss : Out(1)
        For one cycle: a line is asked for.
    """
    def __init__(self, reset_pc, btb_entries, return_stack):
        self.reset_pc, self.btb_entries, self.return_stack = reset_pc, btb_entries, return_stack
        super().__init__({
            "redirect": In(1), "redirect_pc": In(64), "realign": In(1), "realign_pc": In(64), "context": In(Context),
            "lookup": Out(LookupSignature()), "translate": Out(TranslateSignature()),
            "cache": Out(FetchCacheSignature()), "outcome": In(Outcome), "update": In(1),
            "invalidate": In(1), "invalidated": Out(1),
            "o": Out(stream.Signature(Packet)), "fault": Out(Fault), "miss": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.predictor = predictor = Predictor(self.btb_entries, self.return_stack)
        pc = Signal(64, init=self.reset_pc)          # to be asked for
        asked = Signal()                             # the second stage holds a packet
        asked_pc = Signal(64)
        prediction = Signal(Prediction)
        page, page_known, cut = Signal(Page), Signal(), Signal()
        stale = Signal()                             # the cache has been refilled since it was read
        stopped = Signal()                           # a fault has been met
        moves = Signal()                             # the second stage is free, or becomes so
        emits = Signal()
        outcome, update = Signal(Outcome), Signal()

        m.d.comb += [
            predictor.pc.eq(pc), predictor.outcome.eq(outcome), predictor.update.eq(update | self.realign),
            self.lookup.va.eq(pc), self.lookup.context.eq(self.context),
            self.cache.read.eq(moves | stale),
            self.cache.offset.eq(Mux(stale, asked_pc, pc)[:12]),
            self.cache.ppn.eq(page.ppn),
            self.cache.invalidate.eq(self.invalidate), self.invalidated.eq(self.cache.invalidated),
            self.translate.request.va.eq(asked_pc),
            # One halfword: where a page is cut, code is fetched by halfwords, else the size does not matter.
            self.translate.request.size.eq(1),
            self.translate.request.context.eq(self.context),
        ]
        # A cycle late: execute knows it only at the end of its own.
        m.d.sync += [outcome.eq(self.outcome), update.eq(self.update)]
        with m.If(~update):
            # Only for `realign`. Where execute speaks at the same time, the same wrong guess comes back, and this too.
            m.d.comb += [predictor.outcome.end.eq(self.realign_pc), predictor.outcome.forget.eq(1)]
        o = self.o.payload
        m.d.comb += [
            o.pc.eq(asked_pc), o.data.eq(self.cache.data), o.prediction.eq(prediction),
            o.last.eq(Mux(cut, asked_pc[1:3], Mux(prediction.taken, prediction.where, 3))),
            # A cut packet ends before the remembered branch may.
            o.prediction.known.eq(prediction.known & (~cut | (prediction.where == asked_pc[1:3]))),
            o.prediction.taken.eq(prediction.taken & (~cut | (prediction.where == asked_pc[1:3]))),
            moves.eq(~stopped & ~stale & (~asked | emits)),
            predictor.follow.eq(moves & ~(emits & cut)),
        ]

        arrived = Signal()
        m.d.comb += arrived.eq(asked & page_known & ~stale & self.cache.hit)
        m.d.comb += [self.o.valid.eq(arrived | stopped & asked), o.faulted.eq(stopped),
                     emits.eq(self.o.valid & self.o.ready)]

        with m.If(moves):
            m.d.sync += [
                asked.eq(1), asked_pc.eq(pc), prediction.eq(predictor.prediction),
                page.eq(self.lookup.page), page_known.eq(self.lookup.hit), cut.eq(0),
                pc.eq(Mux(predictor.prediction.taken, predictor.prediction.target,
                          Cat(Const(0, 3), (pc[3:] + 1)[:61]))),
            ]
            with m.If(emits & cut):
                # What follows a halfword of a cut page is the next halfword, whatever was guessed for its eight bytes.
                m.d.sync += [asked.eq(0), pc.eq(Mux(o.prediction.taken, o.prediction.target, (asked_pc + 2)[:64]))]
        with m.Elif(emits):
            m.d.sync += asked.eq(0)
        with m.If(stale):
            m.d.sync += stale.eq(0)

        waiting = asked & ~stopped
        m.d.comb += self.translate.valid.eq(waiting & ~page_known)
        with m.If(self.translate.valid & self.translate.done):
            answer = self.translate.answer
            m.d.sync += [page.eq(answer.page), page_known.eq(~answer.faulted), cut.eq(answer.cut),
                         stopped.eq(answer.faulted), self.fault.eq(answer.fault)]
        m.d.comb += self.cache.refill.eq(waiting & page_known & ~stale & ~self.cache.hit)
        with m.If(self.cache.refill & self.cache.refilled):
            m.d.sync += stale.eq(~self.cache.error)
            with m.If(self.cache.error):
                m.d.sync += [stopped.eq(1), self.fault.eq(0), self.fault.cause.eq(Cause.INSTRUCTION_ACCESS_FAULT)]
        refilling = Signal()
        m.d.sync += refilling.eq(self.cache.refill & ~self.cache.refilled)
        m.d.comb += self.miss.eq(self.cache.refill & ~refilling)

        with m.If(self.redirect | self.realign):
            m.d.sync += [pc.eq(Mux(self.redirect, self.redirect_pc, self.realign_pc)),
                         asked.eq(0), stopped.eq(0), stale.eq(0)]
        return m

"""The platform-level interrupt controller, laid out as SiFive's (RISC-V PLIC specification 1.0)."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..bus import BusSignature
from .registers import Registers, replaced

SOURCES = 31
CONTEXTS = ("machine", "supervisor")
PRIORITY_BITS = 3
PRIORITY, PENDING, ENABLE, CONTEXT = 0x0, 0x1000, 0x2000, 0x20_0000
ENABLE_STRIDE, CONTEXT_STRIDE = 0x80, 0x1000


class Plic(wiring.Component):
    """31 level-triggered sources, 7 priorities, for the machine (context 0) and the supervisor (context 1) of one hart.

    ==================  ===============  =================================================================
    offset              register         contents (32 bits each)
    ==================  ===============  =================================================================
    4*source            priority         0 (never) to 7
    0x1000              pending          a bit for each source; read-only
    0x2000 + 0x80*c     enable           a bit for each source
    0x200000 + 4096*c   threshold        only what has a greater priority interrupts
    0x200004 + 4096*c   claim, complete  read: the source to be served, 0 if none; write: it has been served
    ==================  ===============  =================================================================

    Whatever else lies in its region reads as zero. Accesses of 4 bytes; one of 8 reaches two registers.
    A source whose line rises becomes pending and stays so, though the line falls, until it is claimed; then it does
    not become pending again before it is completed. The threshold does not matter to a claim. Completing a source
    that the context has not enabled does nothing.

    What is to be served next is searched for two sources a cycle, anew whenever that may have changed. An access waits
    until the search has ended, and is answered when its own consequences are known: software sees neither a claim nor
    an interrupt that is out of date.

    Members
    -------
    bus : In(BusSignature())
    sources : In(32)
        The lines; bit 0 means nothing.
    interrupts : Out(2)
        Registered; bit c: context c has something to serve.
    """
    def __init__(self):
        super().__init__({"bus": In(BusSignature()), "sources": In(SOURCES + 1), "interrupts": Out(len(CONTEXTS))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(26)

        # The search. A source becomes pending once until it is claimed, so however often lines rise, accesses get
        # their turn. No access reaches the registers during a search, but for one that was accepted just before it:
        # that one still sees what the last search found, which is pending and enabled as before.
        searching, at, changes, owed = Signal(init=1), Signal(4), Signal(), Signal()
        m.d.comb += [
            registers.bus.request.payload.eq(self.bus.request.payload),
            registers.bus.request.valid.eq(self.bus.request.valid & ~searching),
            self.bus.request.ready.eq(registers.bus.request.ready & ~searching),
            self.bus.response.payload.eq(registers.bus.response.payload),
            self.bus.response.valid.eq((registers.bus.response.valid | owed) & ~searching)]
        m.d.sync += owed.eq((registers.bus.response.valid | owed) & searching)
        with m.If(searching):
            m.d.sync += at.eq(at + 1)
        with m.If(at.all()):
            m.d.sync += searching.eq(0)
        with m.If(changes):
            m.d.sync += [searching.eq(1), at.eq(0)]

        # Priorities: of an even source and of the odd one after it in a memory each, as an access reaches them.
        # A reset does not empty a memory, so the first search does.
        clearing, pair = Signal(init=1), registers.address[3:7]
        with m.If(~searching):
            m.d.sync += clearing.eq(0)
        is_priority = registers.address[7:] == PRIORITY >> 7
        priorities = []                              # of the pair that the search is at
        for odd in (0, 1):
            m.submodules[f"priority_{odd}"] = memory = Memory(
                shape=PRIORITY_BITS, depth=16, init=[], attrs={"ram_style": "distributed"})
            write, shown, searched = memory.write_port(), *(memory.read_port(domain="comb") for _ in range(2))
            written = Signal(name=f"written_{odd}")
            there = pair.any() if odd == 0 else 1    # there is no source 0
            m.d.comb += [
                shown.addr.eq(pair), searched.addr.eq(at), write.addr.eq(Mux(clearing, at, pair)),
                written.eq(is_priority & registers.write & registers.mask[4 * odd] & there),
                write.data.eq(Mux(clearing, 0, registers.write_data[32 * odd:])), write.en.eq(written | clearing)]
            with m.If(written):
                m.d.comb += changes.eq(1)
            with m.If(is_priority):
                m.d.comb += registers.read_data.word_select(odd, 32).eq(shown.data)
            priorities.append(searched.data)

        pending = Signal(SOURCES + 1)
        served = Signal(SOURCES + 1)                 # claimed and not completed
        rises, named = Signal(SOURCES + 1), Signal(SOURCES + 1)
        claimed, completed = Signal(SOURCES + 1), Signal(SOURCES + 1)
        # A gateway lets a level through while its source is not being served.
        m.d.comb += rises.eq(self.sources[1:] << 1 & ~served & ~pending)
        m.d.sync += [pending.eq((pending | rises) & ~claimed), served.eq((served | claimed) & ~completed)]
        with m.If(rises.any()):
            m.d.comb += changes.eq(1)
        with m.If(registers.address == PENDING):
            m.d.comb += registers.read_data.eq(pending)

        number = Signal(5)                           # of the source that is claimed or completed
        m.d.comb += [number.eq(registers.write_data[32:]), named.eq((1 << number)[1:SOURCES + 1] << 1)]
        for context, name in enumerate(CONTEXTS):
            enable = Signal(SOURCES + 1, name=f"{name}_enable")
            threshold = Signal(PRIORITY_BITS, name=f"{name}_threshold")
            best, greatest = Signal(5, name=f"{name}_best"), Signal(PRIORITY_BITS, name=f"{name}_greatest")

            candidates = (pending & enable).word_select(at, 2)
            even, odd = (Signal(PRIORITY_BITS, name=f"{name}_{each}") for each in ("even", "odd"))
            is_odd, better = Signal(name=f"{name}_is_odd"), Signal(PRIORITY_BITS, name=f"{name}_better")
            m.d.comb += [even.eq(Mux(candidates[0], priorities[0], 0)), odd.eq(Mux(candidates[1], priorities[1], 0)),
                         is_odd.eq(odd > even), better.eq(Mux(is_odd, odd, even))]
            with m.If(searching):
                with m.If((at == 0) | (better > greatest)):     # of equals the lowest source stays
                    m.d.sync += [best.eq(Cat(is_odd, at)), greatest.eq(better)]
            with m.Else():
                m.d.sync += self.interrupts[context].eq(greatest > threshold)

            with m.If(registers.address == ENABLE + ENABLE_STRIDE * context):
                m.d.comb += registers.read_data.eq(enable)
                with m.If(registers.write):
                    m.d.sync += [enable.eq(replaced(enable, registers)), enable[0].eq(0)]
                    m.d.comb += changes.eq(1)
            with m.If(registers.address == CONTEXT + CONTEXT_STRIDE * context):
                m.d.comb += registers.read_data.eq(Cat(threshold, Const(0, 32 - PRIORITY_BITS), best))
                with m.If(registers.write & registers.mask[0]):
                    m.d.sync += threshold.eq(registers.write_data)
                with m.If(registers.read & registers.mask[4]):
                    m.d.comb += [number.eq(best), claimed.eq(named), changes.eq(1)]
                with m.If(registers.write & registers.mask[4] & (registers.write_data[32:] <= SOURCES)):
                    m.d.comb += completed.eq(named & enable)
        return m

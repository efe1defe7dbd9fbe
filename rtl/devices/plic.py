"""The platform-level interrupt controller, laid out as SiFive's (RISC-V PLIC specification 1.0)."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

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
        connect(m, flipped(self.bus), registers.bus)

        # Bit b of every priority stands in one word. So the greatest among the candidates is found in three steps
        # over whole words, and not by comparing them two by two.
        priority = [Signal(SOURCES + 1, name=f"priority{bit}") for bit in range(PRIORITY_BITS)]
        pending = Signal(SOURCES + 1)
        served = Signal(SOURCES + 1)         # claimed and not completed
        claimed, completed = Signal(SOURCES + 1), Signal(SOURCES + 1)
        # A gateway lets a level through while its source is not being served.
        m.d.sync += [pending.eq((pending | self.sources[1:] << 1 & ~served) & ~claimed),
                     served.eq((served | claimed) & ~completed)]

        with m.If(registers.address[7:] == PRIORITY >> 7):
            for bit, word in enumerate(priority):
                pair = word.word_select(registers.address[3:7], 2)
                for lane in (0, 1):
                    m.d.comb += registers.read_data[32 * lane + bit].eq(pair[lane])
                    with m.If(registers.write & registers.mask[4 * lane]):
                        m.d.sync += pair[lane].eq(registers.write_data[32 * lane + bit])
                m.d.sync += word[0].eq(0)   # there is no source 0
        with m.If(registers.address == PENDING):
            m.d.comb += registers.read_data.eq(pending)

        for context, name in enumerate(CONTEXTS):
            enable = Signal(SOURCES + 1, name=f"{name}_enable")
            threshold = Signal(PRIORITY_BITS, name=f"{name}_threshold")
            candidates = pending & enable & reduce(or_, priority)
            greatest = []
            for bit in reversed(priority):
                better = Signal(SOURCES + 1, name=f"{name}_better{len(greatest)}")
                m.d.comb += better.eq(candidates & bit)
                greatest.insert(0, better.any())
                candidates = Mux(better.any(), better, candidates)
            # In two steps, each short enough for a cycle. An access takes longer than these registers lag behind.
            chosen = Signal(SOURCES + 1, name=f"{name}_chosen")      # of the greatest priority
            best = Signal(SOURCES + 1, name=f"{name}_best")          # one bit: the lowest source among them
            m.d.sync += [chosen.eq(candidates), best.eq(chosen & -chosen),
                         self.interrupts[context].eq(Cat(greatest) > threshold)]
            number = Cat(Cat(best[n] for n in range(SOURCES + 1) if n >> bit & 1).any() for bit in range(5))

            with m.If(registers.address == ENABLE + ENABLE_STRIDE * context):
                m.d.comb += registers.read_data.eq(enable)
                with m.If(registers.write):
                    m.d.sync += [enable.eq(replaced(enable, registers)), enable[0].eq(0)]
            with m.If(registers.address == CONTEXT + CONTEXT_STRIDE * context):
                m.d.comb += registers.read_data.eq(Cat(threshold, Const(0, 32 - PRIORITY_BITS), number))
                with m.If(registers.write & registers.mask[0]):
                    m.d.sync += threshold.eq(registers.write_data)
                with m.If(registers.read & registers.mask[4]):
                    m.d.comb += claimed.eq(best)
                with m.If(registers.write & registers.mask[4]):
                    with m.If(registers.write_data[32:] <= SOURCES):
                        m.d.comb += completed.eq(1 << registers.write_data[32:37] & enable)
        return m

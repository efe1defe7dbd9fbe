"""The instruction cache."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus import BusSignature
from ..ports import FetchCacheSignature
from .fill import Fill
from .ways import ROW_BITS, SET_BITS, TAG_BITS, WAY_KIB, WORD_BITS, Ways, selected


class InstructionCache(wiring.Component):
    """Lines of 64 bytes, virtually indexed, physically tagged; pseudo-random replacement.

    It goes on answering reads while it brings a line, so a fetch that gave a refill up is not held back by it.

    Parameters
    ----------
    size_kib : int
        4, 8, 16 or 32: 1, 2, 4 or 8 ways.

    Members
    -------
    cpu : In(FetchCacheSignature())
        The fetch unit.
    bus : Out(BusSignature())
        Reads bursts only.
    events : Out(4)
        One cycle for each: bit 0 the read of the cycle before hits, bit 1 a refill begins; bits 2 and 3 are 0.
    """
    def __init__(self, size_kib):
        self.size_kib = size_kib
        super().__init__({"cpu": In(FetchCacheSignature()), "bus": Out(BusSignature()), "events": Out(4)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.ways = ways = Ways(self.size_kib // WAY_KIB, askers=1)
        m.submodules.fill = fill = Fill()
        connect(m, fill.bus, flipped(self.bus))
        cpu = self.cpu

        row = Signal(ROW_BITS)       # of the last read
        just_read = Signal()
        current = Signal()           # no line has come since the last read: what misses now is not in the cache
        line_ppn, line_set = Signal(TAG_BITS), Signal(SET_BITS)
        victim = Signal(ways.ways)
        wanted = Signal()            # whoever asked for the line under way still waits for it

        m.d.comb += [ways.read.eq(cpu.read), ways.row.eq(cpu.offset[3:]), ways.ppn[0].eq(cpu.ppn),
                     cpu.hit.eq(ways.matches[0].any()), cpu.data.eq(selected(ways.rows, ways.matches[0])),
                     self.events[0].eq(just_read & cpu.hit)]
        m.d.sync += [just_read.eq(cpu.read), cpu.refilled.eq(0), cpu.invalidated.eq(0)]
        with m.If(cpu.read):
            m.d.sync += [row.eq(cpu.offset[3:]), current.eq(~fill.done)]
        with m.Elif(fill.done):
            m.d.sync += current.eq(0)

        m.d.comb += [fill.line.eq(Cat(line_set, line_ppn)), ways.tag.ppn.eq(line_ppn), ways.tag.valid.eq(0),
                     ways.tag_set.eq(line_set), ways.write_row.eq(Cat(fill.beat, line_set)),
                     ways.write_mask.eq(0xff), ways.write_data.eq(self.bus.response.p.data)]
        still_wanted = wanted & cpu.refill & ~cpu.read

        with m.FSM(init="CLEAR"):
            with m.State("CLEAR"):
                with m.If(~ways.clearing):
                    m.d.sync += cpu.invalidated.eq(cpu.invalidate)
                    m.next = "IDLE"

            with m.State("IDLE"):
                with m.If(cpu.invalidate & ~cpu.invalidated):
                    m.d.comb += ways.clear.eq(1)
                    m.next = "CLEAR"
                with m.Elif(cpu.refill & ~cpu.refilled):
                    # Two ways with the same line would be read mixed together. So the line is brought only if the
                    # miss is certain; else the asker is sent to look again.
                    with m.If(cpu.hit | ~current):
                        m.d.sync += [cpu.refilled.eq(1), cpu.error.eq(0)]
                    with m.Else():
                        m.d.comb += [self.events[1].eq(1), fill.start.eq(1),
                                     ways.tag_set.eq(row[WORD_BITS:]), ways.tag_write.eq(ways.victim)]
                        m.d.sync += [line_ppn.eq(cpu.ppn), line_set.eq(row[WORD_BITS:]), victim.eq(ways.victim),
                                     wanted.eq(1)]
                        m.next = "FILL"

            with m.State("FILL"):
                m.d.sync += wanted.eq(still_wanted)
                with m.If(fill.write):
                    m.d.comb += ways.write.eq(victim)
                with m.If(fill.done):
                    m.d.comb += [ways.tag_write.eq(victim), ways.tag.valid.eq(~fill.error)]
                    m.d.sync += [cpu.refilled.eq(still_wanted), cpu.error.eq(fill.error)]
                    m.next = "IDLE"
        return m

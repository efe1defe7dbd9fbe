"""Cuts packets into instructions."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .payloads import Fetched, Packet
from .stage import Buffer


class Align(wiring.Component):
    """One instruction a cycle; one that lies across two packets waits for the second.

    A packet that is not used up in the cycle in which it comes is kept, so `i.ready` follows from a register alone:
    whether fetch goes on never waits for the bytes that the cache has just given, nor for the stages after.

    Members
    -------
    i : stream of Packet
    o : stream of Fetched
    kill : In(1)
        Voids what is held and what arrives in this cycle.
    realign : Out(1), realign_pc : Out(64)
        The prediction cut an instruction in half: fetch it again, from there, and forget the prediction. Both follow
        from registers: it is said a cycle after it was seen.
    """
    i: In(stream.Signature(Packet))
    o: Out(stream.Signature(Fetched))
    kill: In(1)
    realign: Out(1)
    realign_pc: Out(64)

    def elaborate(self, platform):
        m = Module()
        m.submodules.buffer = buffer = Buffer(Fetched)
        connect(m, buffer.o, flipped(self.o))
        packet = Signal(Packet)
        held, holding = Signal(Packet), Signal()     # what is left of a packet that came before
        present = Signal()
        m.d.comb += [packet.eq(Mux(holding, held.as_value(), self.i.payload.as_value())), self.i.ready.eq(~holding),
                     present.eq((holding | self.i.valid) & ~self.realign)]
        begun, position = Signal(), Signal(2)        # within the packet: halfwords before `position` are used up
        carried, carry, carry_pc = Signal(), Signal(16), Signal(64)

        at = Signal(2)
        m.d.comb += at.eq(Mux(begun, position, packet.pc[1:3]))
        here = packet.data.word_select(at, 16)
        after = packet.data.word_select((at + 1)[:2], 16)
        left = packet.last - at                      # halfwords after `here` that may be used

        # The bytes come late in the cycle. What they decide is therefore made for every halfword, and chosen by what
        # is known early.
        begins_wide = Signal(4)
        m.d.comb += begins_wide.eq(Cat(packet.data.word_select(n, 16)[:2] == 3 for n in range(4)))
        first = Mux(carried, carry, here)
        longer = Signal()                            # two halfwords of this packet
        m.d.comb += longer.eq(~carried & begins_wide.bit_select(at, 1))
        wide = carried | longer
        ends = Mux(longer, at + 1, at)[:2]           # the last halfword of the instruction
        half = longer & (left == 0)                  # its second half is in another packet
        whole = Signal()
        m.d.comb += whole.eq(present & (packet.faulted | ~half))
        drained = Signal()                           # nothing is left in the packet after this instruction
        m.d.comb += drained.eq(packet.faulted | Mux(longer, left == 1, left == 0))

        # What remains may be the first half of the next instruction: taken along now, it costs no cycle later.
        rest = Mux(longer, at + 2, at + 1)[:2]
        rest_bits = packet.data.word_select(packet.last, 16)
        stash_rest = (begins_wide.bit_select(packet.last, 1) & Mux(longer, left == 2, left == 1)
                      & ~packet.faulted & ~packet.prediction.taken)
        stash_here = present & half & ~packet.faulted & ~packet.prediction.taken

        o, known = Signal(Fetched), packet.prediction.known & (packet.prediction.where == ends) & ~packet.faulted
        raw = Cat(first, Mux(carried, here, after) & wide.replicate(16))
        m.d.comb += [
            o.pc.eq(Mux(carried, carry_pc, Cat(packet.pc[0], at, packet.pc[3:]))),
            o.raw.eq(Mux(packet.faulted, 0, raw)),
            o.compressed.eq(~wide & ~packet.faulted),
            o.faulted.eq(packet.faulted),
            o.fault_second.eq(packet.faulted & carried),
            o.known.eq(known),
            o.taken.eq(known & packet.prediction.taken),
            o.target.eq(packet.prediction.target),
            o.counter.eq(packet.prediction.counter),
        ]
        fires = Signal()
        m.d.comb += [
            buffer.i.valid.eq(whole), buffer.i.payload.eq(o), buffer.kill.eq(self.kill),
            fires.eq(whole & buffer.i.ready),
            self.realign_pc.eq(o.pc),                # of what is held, in the cycle in which it counts
        ]
        m.d.sync += [
            self.realign.eq(present & half & ~packet.faulted & packet.prediction.taken),
            holding.eq(present & ~(fires & (drained | stash_rest) | stash_here)),
        ]
        with m.If(~holding):
            m.d.sync += held.eq(self.i.payload)
        with m.If(fires):
            m.d.sync += [carried.eq(stash_rest), carry.eq(rest_bits),
                         begun.eq(~(drained | stash_rest)), position.eq(rest),
                         carry_pc.eq(Cat(packet.pc[0], rest, packet.pc[3:]))]
        with m.Elif(stash_here):
            m.d.sync += [carried.eq(1), carry.eq(here), carry_pc.eq(o.pc), begun.eq(0)]
        with m.If(self.kill | self.realign):
            m.d.sync += [carried.eq(0), begun.eq(0), holding.eq(0)]
        with m.If(self.kill):
            m.d.sync += self.realign.eq(0)
        return m

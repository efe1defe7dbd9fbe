"""Cuts packets into instructions."""

from amaranth.hdl import Cat, Module, Mux, Signal, Value
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

        # The bytes come late in the cycle, and two bits of them decide: whether what is here is longer than one
        # halfword, and whether the last halfword begins a longer one. What follows is made for every case of them, and
        # chosen last. They are taken from what arrives, and from what is held, and joined afterwards: the packet is
        # chosen later than they are.
        def begins_wide(halfword):
            def among(data):
                return Cat(data.word_select(n, 16)[:2].all() & (halfword == n) for n in range(4)).any()
            return among(held.data) & holding | among(self.i.payload.data) & ~holding

        longer, stashes = Signal(), Signal()
        m.d.comb += [longer.eq(~carried & begins_wide(at)), stashes.eq(begins_wide(packet.last))]

        def chosen(name, case):
            """`case(longer, stashes)`, which must not wait for the bytes otherwise."""
            cases = [Signal.like(Value.cast(case(a, b)), name=f"{name}_{a}{b}") for a in (0, 1) for b in (0, 1)]
            m.d.comb += [each.eq(case(n >> 1, n & 1)) for n, each in enumerate(cases)]
            return Mux(longer, Mux(stashes, cases[3], cases[2]), Mux(stashes, cases[1], cases[0]))

        wide = carried | longer
        goes_on = Signal()                           # the packet is not the end of what fetch knows
        m.d.comb += goes_on.eq(~packet.faulted & ~packet.prediction.taken)

        def half(longer):
            """The second half of the instruction is in another packet."""
            return longer & (left == 0) & ~packet.faulted

        def empties(longer, stashes):
            """Nothing is left in the packet after the instruction, but for what is taken along."""
            return packet.faulted | (left == longer) | stashes & (left == longer + 1) & goes_on

        o = Signal(Fetched)
        known = Mux(longer, packet.prediction.where == (at + 1)[:2], packet.prediction.where == at) \
            & packet.prediction.known & ~packet.faulted
        raw = Cat(Mux(carried, carry, here), Mux(carried, here, after) & wide.replicate(16))
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
        may_fire = Signal()
        m.d.comb += [
            buffer.i.valid.eq(present & ~half(longer)), buffer.i.payload.eq(o), buffer.kill.eq(self.kill),
            may_fire.eq(present & buffer.i.ready),
            self.realign_pc.eq(o.pc),                # of what is held, in the cycle in which it counts
        ]

        # The last halfword may be the first half of the next instruction: taken along now, it costs no cycle later.
        # It is taken whenever the place is free, so that the bytes need not decide about that.
        with m.If(~carried | may_fire):
            m.d.sync += [carry.eq(packet.data.word_select(packet.last, 16)),
                         carry_pc.eq(Cat(packet.pc[0], packet.last, packet.pc[3:]))]

        def holds(longer, stashes):
            fires = buffer.i.ready & ~half(longer)
            return present & ~(fires & empties(longer, stashes) | half(longer) & goes_on)

        def carries(longer, stashes):
            return (may_fire & ~half(longer) & stashes & (left == longer + 1) & goes_on
                    | present & half(longer) & goes_on | carried & ~may_fire)

        def begins(longer, stashes):
            return Mux(may_fire & ~half(longer), ~empties(longer, stashes),
                       begun & ~(present & half(longer) & goes_on))

        m.d.sync += [
            self.realign.eq(present & half(longer) & packet.prediction.taken),
            holding.eq(chosen("holds", holds)), carried.eq(chosen("carries", carries)),
            begun.eq(chosen("begins", begins)),
        ]
        with m.If(may_fire):  # where nothing is begun it does not matter
            m.d.sync += position.eq(Mux(longer, Mux(left == 0, at, at + 2), at + 1))
        with m.If(~holding):
            m.d.sync += held.eq(self.i.payload)
        with m.If(self.kill | self.realign):
            m.d.sync += [carried.eq(0), begun.eq(0), holding.eq(0)]
        with m.If(self.kill):
            m.d.sync += self.realign.eq(0)
        return m

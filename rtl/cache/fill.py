"""The part of a cache that brings a line from the bus."""

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..bus import BusSignature
from ..config import PHYSICAL_BITS
from .ways import SET_BITS, WORD_BITS

LINE_ADDRESS_BITS = PHYSICAL_BITS - 12 + SET_BITS


class Fill(wiring.Component):
    """Reads one line in a burst.

    Members
    -------
    start : In(1)
        Begin in the next cycle. Not while another line is under way.
    line : In(28)
        Bits 33:6 of the address; held from the cycle after `start` until `done`.
    bus : Out(BusSignature())
        Responses are looked at only while a line is under way.
    write : Out(1), beat : Out(3)
        In this cycle `bus.response.payload.data` is the line's word number `beat`.
    done : Out(1), error : Out(1)
        In the cycle of the last response: the line is over; it is absent.
    """
    def __init__(self):
        super().__init__({"start": In(1), "line": In(LINE_ADDRESS_BITS), "bus": Out(BusSignature()),
                          "write": Out(1), "beat": Out(WORD_BITS), "done": Out(1), "error": Out(1)})

    def elaborate(self, platform):
        m = Module()
        request, response = self.bus.request, self.bus.response
        failed = Signal()
        m.d.comb += [request.p.address.eq(Cat(Const(0, 6), self.line)), request.p.burst.eq(1), request.p.size.eq(3),
                     request.p.mask.eq(0xff), self.error.eq(failed | response.p.error)]
        with m.FSM():
            with m.State("IDLE"):
                m.d.sync += [self.beat.eq(0), failed.eq(0)]
                with m.If(self.start):
                    m.next = "REQUEST"
            with m.State("REQUEST"):
                m.d.comb += request.valid.eq(1)
                with m.If(request.ready):
                    m.next = "RECEIVE"
            with m.State("RECEIVE"):
                m.d.comb += [self.write.eq(response.valid), self.done.eq(response.valid & response.p.last)]
                with m.If(response.valid):
                    m.d.sync += [self.beat.eq(self.beat + 1), failed.eq(self.error)]
                with m.If(self.done):
                    m.next = "IDLE"
        return m

"""The front of every device: bus transactions become accesses of registers."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..bus import BusSignature


class Registers(wiring.Component):
    """Takes single accesses one after another; refuses bursts.

    A request is accepted in one cycle, made in the next, and answered in the one after: a device's registers are away
    from the paths of the bus.

    Parameters
    ----------
    address_bits : int
        Bits of the address that tell the device's registers apart.

    Members
    -------
    bus : In(BusSignature())
    address : Out(address_bits), write_data : Out(64), mask : Out(8)
        Of the access: the address of its eight bytes (bits 2:0 are 0); the data, in their lanes; the lanes that are
        reached.
    read : Out(1), write : Out(1)
        For one cycle: the access is made at its end.
    read_data : In(64), error : In(1)
        In the cycle of `read` or `write`, combinationally: the eight bytes at `address`; nothing is there.
    """
    def __init__(self, address_bits):
        super().__init__({"bus": In(BusSignature()), "address": Out(address_bits), "write_data": Out(64),
                          "mask": Out(8), "read": Out(1), "write": Out(1), "read_data": In(64), "error": In(1)})

    def elaborate(self, platform):
        m = Module()
        request, response = self.bus.request, self.bus.response
        writes, refused = Signal(), Signal()
        beats = Signal(3)
        m.d.sync += response.valid.eq(0)
        lanes = Signal(8)   # of a read; a master may leave its mask empty
        m.d.comb += [response.p.last.eq(1),
                     lanes.eq(Array((0x01, 0x03, 0x0f, 0xff))[request.p.size] << request.p.address[:3])]
        with m.FSM():
            with m.State("ACCEPT"):
                m.d.comb += request.ready.eq(1)
                m.d.sync += [self.address.eq(Cat(Const(0, 3), request.p.address[3:])),
                             self.write_data.eq(request.p.data),
                             self.mask.eq(Mux(request.p.write, request.p.mask, lanes)),
                             writes.eq(request.p.write), refused.eq(request.p.burst)]
                with m.If(request.valid):
                    m.d.sync += beats.eq(Mux(request.p.burst & request.p.write, beats + 1, 0))
                    with m.If(~(request.p.burst & request.p.write) | beats.all()):
                        m.next = "ACCESS"
            with m.State("ACCESS"):
                m.d.comb += [self.read.eq(~writes & ~refused), self.write.eq(writes & ~refused)]
                m.d.sync += [response.valid.eq(1), response.p.error.eq(self.error | refused),
                             response.p.data.eq(self.read_data)]
                m.next = "ACCEPT"
        return m


def replaced(old, registers, lane=0):
    """The value that a write gives to a register: `old`, with the bytes of the access put in.

    old        the register, a multiple of eight bits wide
    registers  the Registers
    lane       where the register's lowest byte stands: bits 2:0 of its offset
    """
    return Cat(Mux(registers.mask[lane + byte], registers.write_data.word_select(lane + byte, 8),
                   old.word_select(byte, 8)) for byte in range(len(old) // 8))

"""The pins of a serial port, for boards: eight bits, no parity, one stop bit."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out


class Serializer(wiring.Component):
    """Turns the streams of a Uart16550 into pins.

    A byte that comes while the one before has not been taken is lost, and so is one without its stop bit.

    Members
    -------
    divisor : In(16)
        A bit lasts 16 * divisor cycles; 0 counts as 1.
    tx : In(stream of 8 bits), rx : Out(stream of 8 bits)
    tx_pin : Out(1), rx_pin : In(1)
        Idle high. `rx_pin` need not be synchronous.
    """
    def __init__(self):
        super().__init__({"divisor": In(16), "tx": In(stream.Signature(8)), "rx": Out(stream.Signature(8)),
                          "tx_pin": Out(1, init=1), "rx_pin": In(1, init=1)})

    def elaborate(self, platform):
        m = Module()
        sixteenth = Signal(16)
        pulse = Signal()
        m.d.comb += pulse.eq(sixteenth == 0)
        m.d.sync += sixteenth.eq(Mux(pulse, Mux(self.divisor == 0, 0, self.divisor - 1), sixteenth - 1))

        # Sending: start bit, data, stop bit, from the lowest bit on; each for sixteen pulses.
        sending, tx_bits, tx_phase = Signal(10), Signal(range(11)), Signal(4)
        m.d.comb += self.tx.ready.eq(tx_bits == 0)
        with m.If(tx_bits == 0):
            m.d.sync += [self.tx_pin.eq(1), tx_phase.eq(0)]
            with m.If(self.tx.valid):
                m.d.sync += [sending.eq(Cat(Const(0, 1), self.tx.payload, Const(1, 1))), tx_bits.eq(10)]
        with m.Elif(pulse):
            m.d.sync += [self.tx_pin.eq(sending[0]), tx_phase.eq(tx_phase + 1)]
            with m.If(tx_phase.all()):
                m.d.sync += [sending.eq(Cat(sending[1:], Const(1, 1))), tx_bits.eq(tx_bits - 1)]

        # Receiving: half a bit after the start bit's edge, then every bit in its middle.
        pin = Signal(init=1)
        m.submodules.synchronizer = FFSynchronizer(self.rx_pin, pin, init=1)
        received, rx_bits, rx_phase = Signal(9), Signal(range(11)), Signal(4)
        with m.If(self.rx.ready):
            m.d.sync += self.rx.valid.eq(0)
        with m.If(pulse):
            with m.If(rx_bits == 0):
                m.d.sync += rx_phase.eq(8)
                with m.If(~pin):
                    m.d.sync += rx_bits.eq(10)
            with m.Else():
                m.d.sync += rx_phase.eq(rx_phase + 1)
                with m.If(rx_phase.all()):
                    m.d.sync += [received.eq(Cat(received[1:], pin)), rx_bits.eq(rx_bits - 1)]
                    with m.If((rx_bits == 10) & pin):
                        m.d.sync += rx_bits.eq(0)   # no start bit, a disturbance
                    with m.If((rx_bits == 1) & pin & ~self.rx.valid):
                        m.d.sync += [self.rx.valid.eq(1), self.rx.payload.eq(received[1:])]
        return m

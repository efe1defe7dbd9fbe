"""The serial port: a 16550A with its two FIFOs, between the bus and two streams of bytes."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, ResetInserter, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFO
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus import BusSignature
from .registers import Registers

RBR = THR = DLL = 0
IER = DLM = 1
IIR = FCR = 2
LCR, MCR, LSR, MSR, SCR = 3, 4, 5, 6, 7

FIFO_DEPTH = 16
RX_TRIGGERS = (1, 4, 8, 14)     # FCR bits 7:6
MODEM_READY = 0b1011            # MSR bits 7:4 outside of loopback: carrier, data set ready, clear to send


class Uart16550(wiring.Component):
    """Registers as the NS16550A has them, one byte each at offsets 0 to 7; any access of 1 to 8 bytes.

    ======  ============  ============================================================================
    offset  register      contents
    ======  ============  ============================================================================
    0       RBR, THR      read: the next byte received; written: a byte to send (with LCR bit 7: DLL)
    1       IER           interrupts: 0 received data, 1 transmitter empty, 3 modem (with LCR bit 7: DLM)
    2       IIR, FCR      read: why it interrupts; written: 0 FIFOs on, 1 and 2 empty them, 7:6 trigger
    3       LCR           stored; bit 7 brings DLL and DLM to offsets 0 and 1
    4       MCR           bit 4 is loopback: what is sent is received, and MSR shows bits 3:0
    5       LSR           0 data ready, 5 and 6 transmitter empty
    6       MSR           modem lines: ready; changes in bits 3:0
    7       SCR           stored
    ======  ============  ============================================================================

    What differs from the chip: bytes are never lost (`rx` waits while the FIFO is full), so LSR has no errors; with
    FIFOs off they are as deep as with them on, but each byte received interrupts at once.

    Parameters
    ----------
    divisor : int
        DLL and DLM after reset.
    timeout : int
        Cycles after which received bytes interrupt, though fewer than the trigger, when no more come.

    Members
    -------
    bus : In(BusSignature())
    tx : Out(stream of 8 bits), rx : In(stream of 8 bits)
        Sent and received bytes. `valid`, `payload` and `ready` that go out follow from registers alone.
    divisor : Out(16)
        DLM, DLL: a bit lasts 16 * divisor cycles.
    interrupt : Out(1)
        Registered.
    """
    def __init__(self, divisor=1, timeout=2_000):
        self.initial_divisor, self.timeout = divisor, timeout
        super().__init__({"bus": In(BusSignature()), "tx": Out(stream.Signature(8)), "rx": In(stream.Signature(8)),
                          "divisor": Out(16, init=divisor), "interrupt": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(12)
        connect(m, flipped(self.bus), registers.bus)
        clear_rx, clear_tx = Signal(), Signal()
        m.submodules.rx_fifo = rx_fifo = ResetInserter(clear_rx)(SyncFIFO(width=8, depth=FIFO_DEPTH))
        m.submodules.tx_fifo = tx_fifo = ResetInserter(clear_tx)(SyncFIFO(width=8, depth=FIFO_DEPTH))

        fifos_on, trigger = Signal(), Signal(2)
        ier, lcr, mcr, scr = Signal(4), Signal(8), Signal(5), Signal(8)
        divisor_access, loopback = lcr[7], mcr[4]
        here = registers.address == 0

        def reads(offset):
            return registers.read & here & registers.mask[offset]

        def writes(offset):
            return registers.write & here & registers.mask[offset]

        def written(offset):
            return registers.write_data.word_select(offset, 8)

        # Bytes.
        m.d.comb += [
            tx_fifo.w_en.eq(writes(THR) & ~divisor_access), tx_fifo.w_data.eq(written(THR)),
            rx_fifo.r_en.eq(reads(RBR) & ~divisor_access),
            self.tx.valid.eq(tx_fifo.r_rdy & ~loopback), self.tx.payload.eq(tx_fifo.r_data),
            self.rx.ready.eq(rx_fifo.w_rdy & ~loopback),
            tx_fifo.r_en.eq(Mux(loopback, rx_fifo.w_rdy, self.tx.ready)),
            rx_fifo.w_en.eq(Mux(loopback, tx_fifo.r_rdy, self.rx.valid)),
            rx_fifo.w_data.eq(Mux(loopback, tx_fifo.r_data, self.rx.payload))]

        # Received data: interrupts from the trigger on, or when what there is has waited.
        waited = Signal(range(self.timeout + 1))
        some = rx_fifo.level.any()
        with m.If(~some | rx_fifo.r_en | rx_fifo.w_en):
            m.d.sync += waited.eq(0)
        with m.Elif(waited != self.timeout):
            m.d.sync += waited.eq(waited + 1)
        enough = Mux(fifos_on, rx_fifo.level >= Array(RX_TRIGGERS)[trigger], some)

        # Transmitter empty: an event, remembered until it is seen in IIR or a byte is written.
        tx_empty = ~tx_fifo.r_rdy
        was_empty, tx_event = Signal(init=1), Signal()
        seen = Signal()
        m.d.sync += was_empty.eq(tx_empty)
        with m.If(tx_fifo.w_en | seen):
            m.d.sync += tx_event.eq(0)
        with m.Elif(tx_empty & ~was_empty | writes(IER) & ~divisor_access & written(IER)[1] & ~ier[1] & tx_empty):
            m.d.sync += tx_event.eq(1)

        # Modem lines: constant, but for loopback.
        modem, modem_before, changes = Signal(4), Signal(4, init=MODEM_READY), Signal(4)
        m.d.comb += modem.eq(Mux(loopback, Cat(mcr[1], mcr[0], mcr[2:4]), MODEM_READY))
        m.d.sync += modem_before.eq(modem)
        changed = modem ^ modem_before
        changed_now = Cat(changed[:2], changed[2] & modem_before[2], changed[3])  # RI counts when it ends
        m.d.sync += changes.eq(Mux(reads(MSR), 0, changes) | changed_now)

        reason = Signal(4)
        m.d.comb += reason.eq(Mux(ier[0] & enough, 0b0100, Mux(ier[0] & (waited == self.timeout), 0b1100,
                              Mux(ier[1] & tx_event, 0b0010, Mux(ier[3] & changes.any(), 0b0000, 0b0001)))))
        m.d.comb += seen.eq(reads(IIR) & (reason == 0b0010))
        m.d.sync += self.interrupt.eq(~reason[0])

        contents = {RBR: Mux(divisor_access, self.divisor[:8], Mux(some, rx_fifo.r_data, 0)),
                    IER: Mux(divisor_access, self.divisor[8:], ier),
                    IIR: Cat(reason, Const(0, 2), fifos_on, fifos_on), LCR: lcr, MCR: mcr,
                    LSR: Cat(some, Const(0, 4), tx_empty, tx_empty), MSR: Cat(changes, modem), SCR: scr}
        with m.If(here):
            for offset, value in contents.items():
                m.d.comb += registers.read_data.word_select(offset, 8).eq(value)

        with m.If(writes(DLL) & divisor_access):
            m.d.sync += self.divisor[:8].eq(written(DLL))
        with m.If(writes(DLM) & divisor_access):
            m.d.sync += self.divisor[8:].eq(written(DLM))
        with m.If(writes(IER) & ~divisor_access):
            m.d.sync += ier.eq(written(IER))
        for offset, register in ((LCR, lcr), (MCR, mcr), (SCR, scr)):
            with m.If(writes(offset)):
                m.d.sync += register.eq(written(offset))
        with m.If(writes(FCR)):
            switched = written(FCR)[0] != fifos_on
            m.d.comb += [clear_rx.eq(written(FCR)[1] | switched), clear_tx.eq(written(FCR)[2] | switched)]
            m.d.sync += [fifos_on.eq(written(FCR)[0]), trigger.eq(written(FCR)[6:])]
        return m

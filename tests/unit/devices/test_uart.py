import pytest
from busmodel import bus_read, bus_write
from testbench import Bench

from hyacinth.rtl.devices.serializer import Serializer
from hyacinth.rtl.devices.uart import DLL, DLM, FCR, FIFO_DEPTH, IER, IIR, LCR, LSR, MCR, MSR, RBR, SCR, THR, Uart16550

NONE, THRE, DATA, TIMEOUT, MODEM = 0b0001, 0b0010, 0b0100, 0b1100, 0b0000
TIMEOUT_CYCLES = 200


class Driver:
    """The UART as software, and as the other end of the line, see it."""
    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    async def write(self, offset, value):
        assert await bus_write(self.ctx, self.dut.bus, offset, value, size=0)

    async def read(self, offset):
        return await bus_read(self.ctx, self.dut.bus, offset, size=0)

    async def reason(self):
        return await self.read(IIR) & 0xf

    async def receive(self, *values):
        for value in values:
            self.ctx.set(self.dut.rx.payload, value)
            self.ctx.set(self.dut.rx.valid, 1)
            await self.ctx.tick().until(self.dut.rx.ready)
        self.ctx.set(self.dut.rx.valid, 0)

    async def sent(self):
        self.ctx.set(self.dut.tx.ready, 1)
        value, = await self.ctx.tick().sample(self.dut.tx.payload).until(self.dut.tx.valid)
        self.ctx.set(self.dut.tx.ready, 0)
        return value

    async def interrupts(self):
        await self.ctx.tick().repeat(3)
        return self.ctx.get(self.dut.interrupt)


def run(scenario, deadline=2_000):
    dut = Uart16550(divisor=7, timeout=TIMEOUT_CYCLES)

    async def process(ctx):
        await scenario(Driver(ctx, dut))

    Bench(dut, deadline=deadline).run(process)


def test_what_is_written_is_sent_in_order():
    async def scenario(uart):
        for value in b"Hyacinth":
            await uart.write(THR, value)
        assert bytes([await uart.sent() for _ in range(8)]) == b"Hyacinth"
    run(scenario)


def test_what_is_received_is_read_in_order_while_data_is_ready():
    async def scenario(uart):
        assert await uart.read(LSR) & 1 == 0
        await uart.receive(*b"abc")
        assert await uart.read(LSR) & 1 == 1
        assert bytes([await uart.read(RBR) for _ in range(3)]) == b"abc"
        assert (await uart.read(LSR) & 1, await uart.read(RBR)) == (0, 0)
    run(scenario)


def test_the_line_waits_while_the_fifo_is_full():
    async def scenario(uart):
        await uart.receive(*range(FIFO_DEPTH))
        assert uart.ctx.get(uart.dut.rx.ready) == 0
        assert [await uart.read(RBR) for _ in range(FIFO_DEPTH)] == list(range(FIFO_DEPTH))
    run(scenario)


def test_the_transmitter_is_empty_when_every_byte_has_been_taken():
    async def scenario(uart):
        assert await uart.read(LSR) == 0x60
        await uart.write(THR, 1)
        await uart.write(THR, 2)
        await uart.sent()
        assert await uart.read(LSR) == 0
        await uart.sent()
        assert await uart.read(LSR) == 0x60
    run(scenario)


@pytest.mark.parametrize("register", (LCR, SCR))
def test_every_bit_of_a_stored_register_is_kept(register):
    async def scenario(uart):
        for value in (0x7f, 0xa5, 0x00):
            await uart.write(register, value)
            assert await uart.read(register) == value
    run(scenario)


def test_the_divisor_lies_behind_the_latch_bit_and_nothing_is_sent_or_enabled_there():
    async def scenario(uart):
        assert uart.ctx.get(uart.dut.divisor) == 7
        await uart.write(LCR, 0x83)
        await uart.write(DLL, 0x34)
        await uart.write(DLM, 0x12)
        assert (await uart.read(DLL), await uart.read(DLM)) == (0x34, 0x12)
        assert uart.ctx.get(uart.dut.divisor) == 0x1234
        await uart.write(LCR, 0x03)
        assert (await uart.read(IER), await uart.read(LSR), await uart.interrupts()) == (0, 0x60, 0)
    run(scenario)


def test_iir_shows_whether_the_fifos_are_on():
    async def scenario(uart):
        assert await uart.read(IIR) == 0x01
        await uart.write(FCR, 0x01)
        assert await uart.read(IIR) == 0xc1
    run(scenario)


@pytest.mark.parametrize("select, trigger", ((0, 1), (1, 4), (2, 8), (3, 14)))
def test_received_data_interrupts_from_the_trigger_on(select, trigger):
    async def scenario(uart):
        await uart.write(FCR, 0x01 | select << 6)
        await uart.write(IER, 0x01)
        await uart.receive(*range(trigger - 1))
        assert await uart.interrupts() == 0
        await uart.receive(0)
        assert (await uart.interrupts(), await uart.reason()) == (1, DATA)
        await uart.read(RBR)
        assert (await uart.interrupts(), await uart.reason()) == (0, NONE)
    run(scenario)


def test_received_data_below_the_trigger_interrupts_when_it_has_waited():
    async def scenario(uart):
        await uart.write(FCR, 0xc1)
        await uart.write(IER, 0x01)
        await uart.receive(1, 2)
        assert await uart.interrupts() == 0
        await uart.ctx.tick().repeat(TIMEOUT_CYCLES)
        assert (await uart.interrupts(), await uart.reason()) == (1, TIMEOUT)
        await uart.read(RBR)
        assert await uart.interrupts() == 0
        await uart.ctx.tick().repeat(TIMEOUT_CYCLES)
        assert await uart.interrupts() == 1
        await uart.read(RBR)
        assert await uart.interrupts() == 0
    run(scenario)


def test_an_empty_transmitter_interrupts_once_it_is_enabled_until_iir_has_been_read():
    async def scenario(uart):
        assert await uart.interrupts() == 0
        await uart.write(IER, 0x02)
        assert await uart.interrupts() == 1
        assert await uart.reason() == THRE
        assert (await uart.interrupts(), await uart.reason()) == (0, NONE)
    run(scenario)


def test_a_transmitter_interrupts_again_when_it_becomes_empty():
    async def scenario(uart):
        await uart.write(IER, 0x02)
        await uart.write(THR, 1)
        assert await uart.interrupts() == 0
        await uart.write(THR, 2)
        await uart.sent()
        assert await uart.interrupts() == 0
        await uart.sent()
        assert (await uart.interrupts(), await uart.reason()) == (1, THRE)
    run(scenario)


def test_received_data_comes_before_the_transmitter_whose_turn_is_not_lost():
    async def scenario(uart):
        await uart.write(IER, 0x03)
        await uart.receive(1)
        assert await uart.reason() == DATA
        await uart.read(RBR)
        assert await uart.reason() == THRE
        assert await uart.reason() == NONE
    run(scenario)


def test_an_interrupt_that_is_not_enabled_is_not_shown():
    async def scenario(uart):
        await uart.receive(1)
        assert (await uart.interrupts(), await uart.reason()) == (0, NONE)
    run(scenario)


def test_the_fifos_are_emptied_when_asked():
    async def scenario(uart):
        await uart.write(FCR, 0x01)
        for bits, received, empty in ((0x03, 0, 0), (0x05, 1, 1)):
            await uart.receive(1)
            await uart.write(THR, 2)
            await uart.write(FCR, bits)
            assert await uart.read(LSR) == received | (0x60 if empty else 0)
    run(scenario)


def test_switching_the_fifos_on_or_off_empties_both():
    async def scenario(uart):
        await uart.receive(1)
        await uart.write(THR, 2)
        await uart.write(FCR, 0x01)
        assert await uart.read(LSR) == 0x60
    run(scenario)


def test_in_loopback_what_is_sent_is_received_and_the_line_is_silent():
    async def scenario(uart):
        await uart.write(MCR, 0x10)
        await uart.write(THR, 0x5a)
        await uart.ctx.tick().repeat(2)
        assert uart.ctx.get(uart.dut.tx.valid) == uart.ctx.get(uart.dut.rx.ready) == 0
        assert await uart.read(RBR) == 0x5a
    run(scenario)


@pytest.mark.parametrize("mcr, msr", ((0x01, 0x20), (0x02, 0x10), (0x04, 0x40), (0x08, 0x80), (0x0a, 0x90)))
def test_in_loopback_the_modem_lines_are_those_of_mcr(mcr, msr):
    async def scenario(uart):
        await uart.write(MCR, 0x10 | mcr)
        assert await uart.read(MSR) & 0xf0 == msr
    run(scenario)


def test_the_modem_lines_are_ready_and_a_change_interrupts_until_msr_is_read():
    async def scenario(uart):
        assert await uart.read(MSR) == 0xb0
        await uart.write(IER, 0x08)
        assert await uart.interrupts() == 0
        await uart.write(MCR, 0x1a)
        assert (await uart.interrupts(), await uart.reason()) == (1, MODEM)
        assert await uart.read(MSR) == 0x92
        assert (await uart.interrupts(), await uart.reason()) == (0, NONE)
    run(scenario)


@pytest.mark.parametrize("divisor", (1, 3))
def test_a_byte_sent_over_the_pins_arrives(divisor):
    dut, received = Serializer(), []

    async def wire(ctx):
        async for _, _, level in ctx.tick().sample(dut.tx_pin):
            ctx.set(dut.rx_pin, level)

    async def scenario(ctx):
        ctx.set(dut.divisor, divisor)
        ctx.set(dut.rx.ready, 1)
        for value in (0x00, 0xff, 0x5a, 0xa5):
            ctx.set(dut.tx.payload, value)
            ctx.set(dut.tx.valid, 1)
            await ctx.tick().until(dut.tx.ready)
            ctx.set(dut.tx.valid, 0)
            byte, = await ctx.tick().sample(dut.rx.payload).until(dut.rx.valid)
            received.append(byte)

    Bench(dut, deadline=4_000).run(scenario, background=(wire,))
    assert received == [0x00, 0xff, 0x5a, 0xa5]


def test_bytes_sent_back_to_back_arrive():
    dut, received = Serializer(), []

    async def wire(ctx):
        async for _, _, level in ctx.tick().sample(dut.tx_pin):
            ctx.set(dut.rx_pin, level)

    async def sender(ctx):
        for value in range(20):
            ctx.set(dut.tx.payload, value)
            ctx.set(dut.tx.valid, 1)
            await ctx.tick().until(dut.tx.ready)
        ctx.set(dut.tx.valid, 0)

    async def receiver(ctx):
        ctx.set(dut.rx.ready, 1)
        for _ in range(20):
            byte, = await ctx.tick().sample(dut.rx.payload).until(dut.rx.valid)
            received.append(byte)

    Bench(dut, deadline=4_000).run(sender, receiver, background=(wire,))
    assert received == list(range(20))


def test_a_bit_lasts_sixteen_times_the_divisor():
    dut, levels = Serializer(), []

    async def scenario(ctx):
        ctx.set(dut.divisor, 2)
        ctx.set(dut.tx.payload, 0x55)
        ctx.set(dut.tx.valid, 1)
        await ctx.tick().until(dut.tx.ready)
        ctx.set(dut.tx.valid, 0)
        for _ in range(400):
            levels.append(ctx.get(dut.tx_pin))
            await ctx.tick()

    Bench(dut).run(scenario)
    edges = [cycle for cycle in range(1, 400) if levels[cycle] != levels[cycle - 1]]
    assert [after - before for before, after in zip(edges, edges[1:], strict=False)] == [32] * 9

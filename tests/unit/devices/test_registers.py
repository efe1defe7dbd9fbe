"""What every device promises at the bus, and that each of them exports."""

import pytest
from busmodel import bus_read, bus_read_line, bus_write, bus_write_line, request, responses
from testbench import Bench, assert_exports

from hyacinth.rtl.config import CLINT, FINISHER, INTERRUPTS, PHYSICAL_BITS, PLIC, UART
from hyacinth.rtl.devices.clint import Clint
from hyacinth.rtl.devices.finisher import Finisher
from hyacinth.rtl.devices.interrupt_generator import InterruptGenerator
from hyacinth.rtl.devices.plic import Plic
from hyacinth.rtl.devices.registers import Registers
from hyacinth.rtl.devices.serializer import Serializer
from hyacinth.rtl.devices.uart import Uart16550

# Each with a register that keeps what is written: offset, size, value.
DEVICES = {"clint": (lambda: Clint(1000), 0x4000, 3, 0x0123_4567_89ab_cdef),
           "plic": (Plic, 0x2080, 2, 0x0123_4566),
           "uart": (Uart16550, 7, 0, 0x5a),
           "finisher": (Finisher, 0, 2, 0),
           "interrupts": (InterruptGenerator, 0x10, 3, 0x0123_4567_89ab_cdef)}

REGIONS = {"clint": CLINT, "plic": PLIC, "uart": UART, "finisher": FINISHER, "interrupts": INTERRUPTS}


@pytest.fixture(params=DEVICES)
def device(request):
    make, *register = DEVICES[request.param]
    return make(), *register


def test_it_exports(device):
    assert_exports(device[0])


def test_the_serializer_exports():
    assert_exports(Serializer())


def test_a_register_keeps_what_is_written(device):
    dut, offset, size, value = device

    async def scenario(ctx):
        assert await bus_write(ctx, dut.bus, offset, value, size)
        assert await bus_read(ctx, dut.bus, offset, size) == value

    Bench(dut).run(scenario)


@pytest.mark.parametrize("name", DEVICES)
def test_a_register_is_reached_wherever_the_region_lies(name):
    make, offset, size, value = DEVICES[name]
    dut, highest = make(), (1 << PHYSICAL_BITS) - REGIONS[name].size

    async def scenario(ctx):
        for written, read, put in ((highest, 0, value), (0, highest, 0)):
            assert await bus_write(ctx, dut.bus, written + offset, put, size)
            assert await bus_read(ctx, dut.bus, read + offset, size) == put

    Bench(dut).run(scenario)


def test_bursts_are_refused_and_write_nothing(device):
    dut, offset, size, value = device

    async def scenario(ctx):
        await bus_write(ctx, dut.bus, offset, value, size)
        assert await bus_read_line(ctx, dut.bus, offset & ~63) is None
        assert not await bus_write_line(ctx, dut.bus, offset & ~63, [0] * 8)
        assert await bus_read(ctx, dut.bus, offset, size) == value

    Bench(dut).run(scenario)


def test_a_burst_has_one_answer_after_its_last_beat(device):
    dut, offset, size, value = device
    beats, answers = [], []

    async def watch(ctx):
        async for _, _, accepted, answered in ctx.tick().sample(dut.bus.request.valid & dut.bus.request.ready,
                                                                dut.bus.response.valid):
            if answered:
                answers.append(len(beats))
            if accepted:
                beats.append(accepted)

    async def scenario(ctx):
        for _ in range(2):
            await bus_write_line(ctx, dut.bus, offset & ~63, [0] * 8)
        await bus_read_line(ctx, dut.bus, offset & ~63)
        await bus_read(ctx, dut.bus, offset, size)
        await ctx.tick().repeat(10)

    Bench(dut).run(scenario, background=(watch,))
    assert answers == [8, 16, 17, 18]


@pytest.mark.parametrize("mask", (0, 0x5a, 0xff))
@pytest.mark.parametrize("size", range(4))
def test_a_read_reaches_the_lanes_that_it_asks_for_whatever_its_mask(size, mask):
    dut, reads = Registers(12), []

    async def watch(ctx):
        async for _, _, read, write, address, lanes in ctx.tick().sample(dut.read, dut.write, dut.address, dut.mask):
            assert not write
            if read:
                reads.append((address, lanes))

    async def scenario(ctx):
        for offset in range(0x40, 0x60, 1 << size):
            await request(ctx, dut.bus, address=offset, size=size, mask=mask, data=(1 << 64) - 1)
            assert await responses(ctx, dut.bus) is not None

    Bench(dut).run(scenario, background=(watch,))
    assert reads == [(offset & ~7, sum(1 << byte % 8 for byte in range(offset, offset + (1 << size))))
                     for offset in range(0x40, 0x60, 1 << size)]


@pytest.mark.parametrize("size", range(4))
def test_parts_of_a_register_are_written_alone(size):
    dut, old = InterruptGenerator(), 0x0123_4567_89ab_cdef

    async def scenario(ctx):
        for offset in range(0, 8, 1 << size):
            await bus_write(ctx, dut.bus, 0x10, old)
            await bus_write(ctx, dut.bus, 0x10 + offset, 0, size)
            lanes = (1 << (8 << size)) - 1 << 8 * offset
            assert await bus_read(ctx, dut.bus, 0x10) == old & ~lanes

    Bench(dut, deadline=500).run(scenario)

"""What every device promises at the bus, and that each of them exports."""

import pytest
from busmodel import bus_read, bus_read_line, bus_write, bus_write_line
from testbench import Bench, assert_exports

from hyacinth.rtl.devices.clint import Clint
from hyacinth.rtl.devices.finisher import Finisher
from hyacinth.rtl.devices.interrupt_generator import InterruptGenerator
from hyacinth.rtl.devices.plic import Plic
from hyacinth.rtl.devices.serializer import Serializer
from hyacinth.rtl.devices.uart import Uart16550

# Each with a register that keeps what is written: offset, size, value.
DEVICES = {"clint": (lambda: Clint(1000), 0x4000, 3, 0x0123_4567_89ab_cdef),
           "plic": (Plic, 0x2080, 2, 0x0123_4566),
           "uart": (Uart16550, 7, 0, 0x5a),
           "finisher": (Finisher, 0, 2, 0),
           "interrupts": (InterruptGenerator, 0x10, 3, 0x0123_4567_89ab_cdef)}


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


def test_bursts_are_refused_and_write_nothing(device):
    dut, offset, size, value = device

    async def scenario(ctx):
        await bus_write(ctx, dut.bus, offset, value, size)
        assert await bus_read_line(ctx, dut.bus, offset & ~63) is None
        assert not await bus_write_line(ctx, dut.bus, offset & ~63, [0] * 8)
        assert await bus_read(ctx, dut.bus, offset, size) == value

    Bench(dut).run(scenario)


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

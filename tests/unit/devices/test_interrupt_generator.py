import pytest
from busmodel import bus_read, bus_write
from testbench import Bench

from hyacinth.rtl.devices.interrupt_generator import CLEAR, EXTERNAL, GUEST, SET, SOURCES, InterruptGenerator

PORTS = {"sources": (SOURCES, 32), "external": (EXTERNAL, 2), "guest": (GUEST, 64)}


@pytest.mark.parametrize("port", PORTS)
def test_a_register_drives_its_port_and_no_other(port):
    dut, (offset, width) = InterruptGenerator(), PORTS[port]

    async def scenario(ctx):
        await bus_write(ctx, dut.bus, offset, (1 << 64) - 1)
        for name in PORTS:
            assert ctx.get(getattr(dut, name)) == ((1 << width) - 1 if name == port else 0)

    Bench(dut).run(scenario)


@pytest.mark.parametrize("port", PORTS)
def test_ones_set_and_clear_and_zeros_leave(port):
    dut, (offset, _) = InterruptGenerator(), PORTS[port]

    async def scenario(ctx):
        await bus_write(ctx, dut.bus, offset, 0b01)
        await bus_write(ctx, dut.bus, offset + SET, 0b10)
        assert ctx.get(getattr(dut, port)) == 0b11
        await bus_write(ctx, dut.bus, offset + CLEAR, 0b01)
        assert ctx.get(getattr(dut, port)) == 0b10
        assert await bus_read(ctx, dut.bus, offset + SET) == await bus_read(ctx, dut.bus, offset + CLEAR) == 0b10

    Bench(dut).run(scenario)


def test_setting_a_byte_leaves_the_others():
    dut = InterruptGenerator()

    async def scenario(ctx):
        await bus_write(ctx, dut.bus, GUEST, 1)
        await bus_write(ctx, dut.bus, GUEST + SET + 1, 1, size=0)
        await bus_write(ctx, dut.bus, GUEST + CLEAR + 2, 0xff, size=0)
        assert ctx.get(dut.guest) == 0x101

    Bench(dut).run(scenario)

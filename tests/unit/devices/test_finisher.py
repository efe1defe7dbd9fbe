import pytest
from busmodel import bus_read, bus_write
from testbench import Bench

from hyacinth.rtl.devices.finisher import Finisher


def after(*writes):
    """`exit` after writes, pairs of offset and value: valid and code."""
    dut, seen = Finisher(), []

    async def scenario(ctx):
        for offset, value in writes:
            await bus_write(ctx, dut.bus, offset, value, size=2)
        await bus_read(ctx, dut.bus, 0, size=2)
        seen.append((ctx.get(dut.exit.valid), ctx.get(dut.exit.payload)))

    Bench(dut).run(scenario)
    return seen.pop()


@pytest.mark.parametrize("value, code", ((0x5555, 0), (0x0001_3333, 1), (0xabcd_3333, 0xabcd), (0x7777, 0)))
def test_a_command_ends_the_machine_with_its_code(value, code):
    assert after((0, value)) == (1, code)


@pytest.mark.parametrize("offset, value", ((0, 0), (0, 0x1234), (8, 0x5555)))
def test_nothing_else_ends_it(offset, value):
    assert after((offset, value)) == (0, 0)


def test_the_first_command_counts():
    assert after((0, 0x0005_3333), (0, 0x5555), (0, 0x0007_3333)) == (1, 5)

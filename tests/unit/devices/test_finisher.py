"""Tests of the finisher: what ends the machine, with which code, and what does not."""

import pytest
from busmodel import bus_read, bus_write, request, responses
from testbench import Bench

from hyacinth.rtl.config import FINISHER, PHYSICAL_BITS
from hyacinth.rtl.devices.finisher import Finisher


def exit_after(make):
    """`exit` after `make`, a function of the simulator's context and the bus: valid and code."""
    dut, seen = Finisher(), []

    async def scenario(ctx):
        await make(ctx, dut.bus)
        await bus_read(ctx, dut.bus, 0, size=2)
        seen.append((ctx.get(dut.exit.valid), ctx.get(dut.exit.payload)))

    Bench(dut).run(scenario)
    return seen.pop()


def after(*writes):
    """`exit` after writes of four bytes, pairs of offset and value."""
    async def make(ctx, bus):
        for offset, value in writes:
            await bus_write(ctx, bus, offset, value, size=2)

    return exit_after(make)


def after_lanes(mask, data, **fields):
    """`exit` after one access, a write where `fields` say nothing else; lanes that `mask` lacks may hold anything."""
    async def make(ctx, bus):
        await request(ctx, bus, **{"write": 1, "mask": mask, "data": data} | fields)
        assert await responses(ctx, bus) is not None

    return exit_after(make)


@pytest.mark.parametrize("value, code", ((0x5555, 0), (0x0001_3333, 1), (0xabcd_3333, 0xabcd), (0x7777, 0)))
def test_a_command_ends_the_machine_with_its_code(value, code):
    assert after((0, value)) == (1, code)


def test_a_command_counts_wherever_the_region_lies():
    assert after(((1 << PHYSICAL_BITS) - FINISHER.size, 0x0005_3333)) == (1, 5)


@pytest.mark.parametrize("offset, value", ((0, 0), (0, 0x1234), (8, 0x5555)))
def test_nothing_else_ends_it(offset, value):
    assert after((offset, value)) == (0, 0)


def test_the_first_command_counts():
    assert after((0, 0x0005_3333), (0, 0x5555), (0, 0x0007_3333)) == (1, 5)


@pytest.mark.parametrize("command", (0x5555, 0x3333, 0x7777))
def test_two_bytes_end_it_with_code_0_whatever_lies_in_the_lanes_above(command):
    assert after_lanes(0b0011, command, size=1) == (1, 0)
    assert after_lanes(0b0011, 0x0123_4567_abcd_0000 | command, size=1) == (1, 0)


@pytest.mark.parametrize("mask, code", ((0b0111, 0), (0b1011, 0), (0b1111, 0xabcd)))
def test_only_all_four_bytes_bring_a_code(mask, code):
    assert after_lanes(mask, 0x0123_4567_abcd_3333, size=2) == (1, code)


@pytest.mark.parametrize("command", (0x5555, 0xabcd_3333, 0x7777))
@pytest.mark.parametrize("mask, size", ((0, 2), (0b0001, 0), (0b0010, 0), (0b1100, 1), (0b1111_0000, 2)))
def test_less_than_both_bytes_of_the_command_does_not_end_it(mask, size, command):
    assert after_lanes(mask, command, size=size) == (0, 0)


@pytest.mark.parametrize("size", range(4))
def test_a_read_does_not_end_it(size):
    assert after_lanes(0xff, 0x5555, write=0, size=size) == (0, 0)

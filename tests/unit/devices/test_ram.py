# amaranth: UnusedElaboratable=no
from random import Random

import pytest
from busmodel import bus_read, bus_read_line, bus_write, bus_write_line
from testbench import Bench, assert_exports

from hyacinth.rtl.devices.ram import BlockRam

BASE, SIZE = 0x8000_0000, 0x400


def run(scenario, **arguments):
    dut = BlockRam(BASE, SIZE, **arguments)

    async def process(ctx):
        await scenario(ctx, dut.bus)

    Bench(dut, deadline=20_000).run(process)


def test_it_exports():
    assert_exports(BlockRam(BASE, SIZE))


def test_it_holds_its_first_contents_and_zeros():
    async def scenario(ctx, bus):
        assert await bus_read(ctx, bus, BASE, 3) == int.from_bytes(b"Hyacinth", "little")
        assert await bus_read(ctx, bus, BASE + 8, 3) == ord("s")
        assert await bus_read(ctx, bus, BASE + 16, 3) == 0
    run(scenario, init=b"Hyacinths")


def test_what_is_outside_of_it_is_an_error_and_writes_nothing():
    async def scenario(ctx, bus):
        assert await bus_read(ctx, bus, BASE + SIZE) is None
        assert not await bus_write(ctx, bus, BASE - SIZE, 1)
        assert await bus_read_line(ctx, bus, BASE + SIZE) is None
        assert await bus_read(ctx, bus, BASE) == 0
    run(scenario)


def test_what_may_not_be_written_is_not():
    async def scenario(ctx, bus):
        await bus_write(ctx, bus, BASE, 1)
        assert await bus_read(ctx, bus, BASE) == 0
    run(scenario, writable=False)


def test_random_singles_and_bursts_see_what_was_written():
    random = Random(3)

    async def scenario(ctx, bus):
        memory = bytearray(SIZE)
        for _ in range(600):
            size = random.randrange(4)
            at = random.randrange(SIZE) >> size << size
            line = at & ~63
            kind = random.randrange(4)
            if kind == 0:
                value = random.getrandbits(8 << size)
                memory[at:at + (1 << size)] = value.to_bytes(1 << size, "little")
                await bus_write(ctx, bus, BASE + at, value, size)
            elif kind == 1:
                words = [random.getrandbits(64) for _ in range(8)]
                memory[line:line + 64] = b"".join(word.to_bytes(8, "little") for word in words)
                await bus_write_line(ctx, bus, BASE + line, words)
            elif kind == 2:
                assert await bus_read(ctx, bus, BASE + at, size) == int.from_bytes(memory[at:at + (1 << size)],
                                                                                   "little")
            else:
                assert await bus_read_line(ctx, bus, BASE + line) == [
                    int.from_bytes(memory[line + 8 * n:line + 8 * n + 8], "little") for n in range(8)]
    run(scenario)


def test_a_burst_takes_a_cycle_for_each_word():
    dut = BlockRam(BASE, SIZE)

    async def scenario(ctx):
        ctx.set(dut.bus.request.p, {"address": BASE, "burst": 1})
        ctx.set(dut.bus.request.valid, 1)
        await ctx.tick().until(dut.bus.request.ready)
        ctx.set(dut.bus.request.valid, 0)
        for beat in range(8):
            assert (ctx.get(dut.bus.response.valid), ctx.get(dut.bus.response.p.last)) == (1, beat == 7)
            await ctx.tick()
        assert ctx.get(dut.bus.response.valid) == 0

    Bench(dut).run(scenario)


@pytest.mark.parametrize("base, size", ((0, 32), (0, 96), (0x20, 0x40), (1 << 34, 64)))
def test_a_range_that_cannot_be_is_refused(base, size):
    with pytest.raises(ValueError, match="size must be a power of two of at least 64, the base a multiple of it"):
        BlockRam(base, size)


def test_contents_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="65 bytes do not fit into 64; give it a greater size"):
        BlockRam(0, 64, bytes(65))

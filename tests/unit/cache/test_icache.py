from random import Random

import pytest
from amaranth.hdl import ResetInserter, Signal
from busmodel import BusMemory
from paths import combinational_paths
from testbench import Bench, assert_exports

from hyacinth.rtl.cache.icache import InstructionCache

SIZES = (4, 8, 16, 32)


async def look(ctx, cache, address):
    """Reads the eight bytes around `address`: whether they are there, and what they are."""
    ctx.set(cache.cpu.read, 1)
    ctx.set(cache.cpu.offset, address & 0xfff)
    await ctx.tick()
    ctx.set(cache.cpu.read, 0)
    ctx.set(cache.cpu.ppn, address >> 12)
    return ctx.get(cache.cpu.hit), ctx.get(cache.cpu.data)


async def refill(ctx, cache):
    """Asks for the line of the last read; whether it is absent."""
    ctx.set(cache.cpu.refill, 1)
    error, = await ctx.tick().sample(cache.cpu.error).until(cache.cpu.refilled)
    ctx.set(cache.cpu.refill, 0)
    return error


async def fetch(ctx, cache, address):
    """The eight bytes around `address`, brought if need be; None where they are absent."""
    while True:
        hit, data = await look(ctx, cache, address)
        if hit:
            return data
        if await refill(ctx, cache):
            return None


async def invalidate(ctx, cache):
    ctx.set(cache.cpu.invalidate, 1)
    await ctx.tick().until(cache.cpu.invalidated)
    ctx.set(cache.cpu.invalidate, 0)


def run(scenario, size_kib=8, random=None, absent=lambda address: False, deadline=2_000):
    cache = InstructionCache(size_kib)
    memory = BusMemory(cache.bus, random, absent)

    async def process(ctx):
        await scenario(ctx, cache, memory)

    Bench(cache, deadline=deadline).run(process, background=(memory.serve,))
    return memory


@pytest.mark.parametrize("size_kib", SIZES)
def test_it_exports(size_kib):
    assert_exports(InstructionCache(size_kib))


def test_nothing_on_the_bus_depends_on_it_or_on_the_processor_in_the_same_cycle():
    assert not [path for path in combinational_paths(InstructionCache(8)) if path[0].startswith("bus")]


def test_it_is_empty_after_reset():
    async def scenario(ctx, cache, memory):
        assert (await look(ctx, cache, 0))[0] == 0
    run(scenario)


@pytest.mark.rule("ziccif_if_atomicity")
@pytest.mark.parametrize("size_kib", SIZES)
def test_every_word_of_a_refilled_line_hits(size_kib):
    async def scenario(ctx, cache, memory):
        await fetch(ctx, cache, 0x8000_1048)
        for address in range(0x8000_1040, 0x8000_1080, 8):
            assert await look(ctx, cache, address) == (1, memory.word(address))
        assert (await look(ctx, cache, 0x8000_1080))[0] == 0
    assert run(scenario, size_kib).log == [("read", "burst", 0x8000_1040)]


def test_the_outputs_of_the_last_read_stay():
    async def scenario(ctx, cache, memory):
        data = await fetch(ctx, cache, 0x8000_0040)
        ctx.set(cache.cpu.offset, 0x80)
        await ctx.tick().repeat(3)
        assert (ctx.get(cache.cpu.hit), ctx.get(cache.cpu.data)) == (1, data)
    run(scenario)


def test_the_page_is_compared_in_every_bit():
    async def scenario(ctx, cache, memory):
        await fetch(ctx, cache, 0x2_0000_0000)
        for bit in range(12, 34):
            assert (await look(ctx, cache, 0x2_0000_0000 ^ 1 << bit))[0] == 0
    run(scenario)


@pytest.mark.parametrize("size_kib", SIZES)
def test_as_many_pages_as_there_are_ways_are_held_at_one_index(size_kib):
    async def scenario(ctx, cache, memory):
        pages = [0x8000_0000 + 0x1000 * n for n in range(size_kib // 4)]
        for _ in range(2):
            for page in pages:
                assert await fetch(ctx, cache, page) == memory.word(page)
    assert len(run(scenario, size_kib).log) == size_kib // 4


def test_after_an_invalidation_nothing_hits():
    async def scenario(ctx, cache, memory):
        for address in range(0x8000_0000, 0x8000_1000, 64):
            await fetch(ctx, cache, address)
        await invalidate(ctx, cache)
        for address in range(0x8000_0000, 0x8000_1000, 64):
            assert (await look(ctx, cache, address))[0] == 0
    run(scenario, deadline=4_000)


def test_an_output_read_before_the_cache_was_emptied_does_not_outlive_it():
    async def scenario(ctx, cache, memory):
        await fetch(ctx, cache, 0x8000_0000)
        await invalidate(ctx, cache)
        assert ctx.get(cache.cpu.hit) == 0
    run(scenario)


def test_the_cache_is_emptied_once_for_each_time_it_is_asked():
    async def scenario(ctx, cache, memory):
        await invalidate(ctx, cache)
        await look(ctx, cache, 0x8000_0000)
        ctx.set(cache.cpu.refill, 1)
        await ctx.tick().repeat(5)
    assert len(run(scenario).log) == 1


def test_a_reset_forgets_every_line():
    reset = Signal()
    cache = InstructionCache(4)
    memory = BusMemory(cache.bus)

    async def scenario(ctx):
        await fetch(ctx, cache, 0x8000_0000)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        await fetch(ctx, cache, 0x8000_0000)

    Bench(ResetInserter(reset)(cache)).run(scenario, background=(memory.serve,))
    assert len(memory.log) == 2


def test_an_output_read_while_the_cache_is_being_emptied_does_not_come_back():
    async def scenario(ctx, cache, memory):
        await fetch(ctx, cache, 0x8000_0fc0)
        ctx.set(cache.cpu.invalidate, 1)
        await ctx.tick().repeat(3)
        await look(ctx, cache, 0x8000_0fc0)
        await ctx.tick().until(cache.cpu.invalidated)
        assert ctx.get(cache.cpu.hit) == 0
    run(scenario)


def test_an_absent_line_is_an_error_and_leaves_the_others():
    async def scenario(ctx, cache, memory):
        assert await fetch(ctx, cache, 0x8000_0000) == memory.word(0x8000_0000)
        assert await fetch(ctx, cache, 0x4000_0000) is None
        assert (await look(ctx, cache, 0x4000_0000))[0] == 0
        assert (await look(ctx, cache, 0x8000_0000))[0] == 1
    run(scenario, absent=lambda address: address < 0x8000_0000)


def test_a_line_with_one_absent_word_is_absent():
    async def scenario(ctx, cache, memory):
        assert await fetch(ctx, cache, 0x8000_0000) is None
        assert (await look(ctx, cache, 0x8000_0000))[0] == 0
    run(scenario, absent=lambda address: address == 0x8000_0010)


def test_an_error_is_not_reported_for_the_next_line():
    async def scenario(ctx, cache, memory):
        assert await fetch(ctx, cache, 0x4000_0000) is None
        assert await fetch(ctx, cache, 0x8000_0000) == memory.word(0x8000_0000)
    run(scenario, absent=lambda address: address < 0x8000_0000)


@pytest.mark.parametrize("patience", range(1, 14))
def test_a_refill_given_up_answers_nobody_else(patience):
    async def scenario(ctx, cache, memory):
        await look(ctx, cache, 0x4000_0000)
        await ctx.tick().repeat(70)
        ctx.set(cache.cpu.refill, 1)
        await ctx.tick().repeat(patience)
        ctx.set(cache.cpu.refill, 0)
        assert await fetch(ctx, cache, 0x8000_0000) == memory.word(0x8000_0000)
        assert await fetch(ctx, cache, 0x8000_0040) == memory.word(0x8000_0040)
    run(scenario, absent=lambda address: address < 0x8000_0000)


@pytest.mark.parametrize("patience", range(1, 14))
def test_a_line_given_up_and_wanted_again_is_brought_once(patience):
    async def scenario(ctx, cache, memory):
        await look(ctx, cache, 0x8000_0000)
        await ctx.tick().repeat(70)
        ctx.set(cache.cpu.refill, 1)
        await ctx.tick().repeat(patience)
        ctx.set(cache.cpu.refill, 0)
        assert await fetch(ctx, cache, 0x8000_0000) == memory.word(0x8000_0000)
    assert len(run(scenario).log) == 1


def test_a_line_that_is_there_is_not_brought_again():
    async def scenario(ctx, cache, memory):
        await fetch(ctx, cache, 0x8000_0000)
        assert await refill(ctx, cache) == 0
    assert len(run(scenario).log) == 1


def test_a_refill_is_answered_once():
    async def scenario(ctx, cache, memory):
        await look(ctx, cache, 0x8000_0000)
        await refill(ctx, cache)
        assert ctx.get(cache.cpu.refilled) == 0
    run(scenario)


def test_who_reads_again_gives_the_refill_up():
    async def scenario(ctx, cache, memory):
        await look(ctx, cache, 0x4000_0000)
        ctx.set(cache.cpu.refill, 1)
        await ctx.tick().until(cache.bus.request.valid)
        await look(ctx, cache, 0x8000_0000)
        assert await refill(ctx, cache) == 0
    run(scenario, absent=lambda address: address < 0x8000_0000)


@pytest.mark.parametrize("address", (0x8000_0000, 0x8000_1038))
def test_reads_while_a_line_takes_the_place_of_another_see_either_whole_or_nothing(address):
    async def scenario(ctx, cache, memory):
        await fetch(ctx, cache, 0x8000_0000)
        await look(ctx, cache, 0x8000_1000)
        ctx.set(cache.cpu.refill, 1)
        await ctx.tick()
        ctx.set(cache.cpu.refill, 0)
        for _ in range(20):
            hit, data = await look(ctx, cache, address)
            assert not hit or data == memory.word(address)
    run(scenario, size_kib=4)


def test_hits_and_refills_are_counted():
    counts = [0, 0]

    async def count(ctx, cache):
        async for _, _, events in ctx.tick().sample(cache.events):
            counts[0] += events & 1
            counts[1] += events >> 1

    cache = InstructionCache(4)
    memory = BusMemory(cache.bus)

    async def scenario(ctx):
        await fetch(ctx, cache, 0x8000_0000)
        for _ in range(4):
            await look(ctx, cache, 0x8000_0008)
            await ctx.tick().repeat(2)

    async def counter(ctx):
        await count(ctx, cache)

    Bench(cache).run(scenario, background=(memory.serve, counter))
    assert counts == [5, 1]


@pytest.mark.parametrize("size_kib", SIZES)
def test_random_fetches_see_what_memory_holds(size_kib):
    random = Random(size_kib)

    async def scenario(ctx, cache, memory):
        for _ in range(200):
            page = random.choice((0x1000, 0x8000_0000, 0x8000_1000, 0x8000_2000, 0x1_2345_6000, 0x3_ffff_f000))
            address = page + random.choice((0, 0x40, 0xfc0)) + 8 * random.randrange(8)
            if random.random() < 0.3:
                await look(ctx, cache, address)
                ctx.set(cache.cpu.refill, 1)
                await ctx.tick().repeat(random.randrange(1, 20))
                ctx.set(cache.cpu.refill, 0)
            elif random.random() < 0.02:
                memory.write(address, random.getrandbits(64), 0xff)
                await invalidate(ctx, cache)
            else:
                assert await fetch(ctx, cache, address) == (None if page == 0x1000 else memory.word(address))

    run(scenario, size_kib, random, absent=lambda address: address >> 12 == 1, deadline=40_000)

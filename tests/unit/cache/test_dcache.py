from random import Random

import pytest
from amaranth.hdl import ResetInserter, Signal
from busmodel import BusMemory
from paths import combinational_paths
from testbench import Bench, assert_exports

from hyacinth.rtl.cache.dcache import DataCache

SIZES = (4, 8, 16, 32)
RAM = 0x8000_0000


async def look(ctx, cache, address):
    """Reads the eight bytes around `address`: whether they are there, and what they are."""
    cpu = cache.cpu
    ctx.set(cpu.read, 1)
    ctx.set(cpu.offset, address & 0xfff)
    await ctx.tick().until(cpu.granted)
    ctx.set(cpu.read, 0)
    ctx.set(cpu.ppn, address >> 12)
    ctx.set(cpu.refill_row, address >> 3 & 0x1ff)
    return ctx.get(cpu.hit), seen(ctx, cache)


def seen(ctx, cache):
    """The eight bytes of the way that holds the line; 0 where none does."""
    match = ctx.get(cache.cpu.match)
    assert match & (match - 1) == 0
    return sum(row for way, row in enumerate(ctx.get(cache.cpu.rows)) if match >> way & 1)


async def refill(ctx, cache):
    """Asks for the line that `look` looked for last; whether it is absent."""
    ctx.set(cache.cpu.refill, 1)
    error, = await ctx.tick().sample(cache.cpu.error).until(cache.cpu.refilled)
    ctx.set(cache.cpu.refill, 0)
    return error


async def load(ctx, cache, address):
    """The eight bytes around `address`, brought if need be; None where they are absent."""
    while True:
        hit, data = await look(ctx, cache, address)
        if hit:
            return data
        if await refill(ctx, cache):
            return None


async def store(ctx, cache, address, data, mask=0xff):
    """Replaces bytes of the eight around `address`; ends in the cycle after."""
    assert await load(ctx, cache, address) is not None
    put(ctx, cache, data, mask)
    await ctx.tick()
    ctx.set(cache.cpu.write, 0)


def put(ctx, cache, data, mask=0xff):
    ctx.set(cache.cpu.write, 1)
    ctx.set(cache.cpu.write_data, data)
    ctx.set(cache.cpu.mask, mask)


async def clean(ctx, cache):
    ctx.set(cache.cpu.clean, 1)
    await ctx.tick().until(cache.cpu.cleaned)
    ctx.set(cache.cpu.clean, 0)


async def single(ctx, cache, address, size, write=None, cached=0):
    """An access past the cache: the answer's data and error."""
    cpu = cache.cpu
    lane = address & 7
    ctx.set(cpu.single, 1)
    ctx.set(cpu.single_address, address)
    ctx.set(cpu.single_size, size)
    ctx.set(cpu.single_write, write is not None)
    ctx.set(cpu.single_cached, cached)
    ctx.set(cpu.write_data, (write or 0) << 8 * lane)
    ctx.set(cpu.mask, (1 << (1 << size)) - 1 << lane)
    data, error = await ctx.tick().sample(cpu.single_data, cpu.single_error).until(cpu.single_done)
    ctx.set(cpu.single, 0)
    return data, error


async def table(ctx, cache, address, cacheable=1):
    """A read of the walker; None where the address is absent."""
    tables = cache.tables
    ctx.set(tables.valid, 1)
    ctx.set(tables.address, address)
    ctx.set(tables.cacheable, cacheable)
    data, error = await ctx.tick().sample(tables.data, tables.error).until(tables.done)
    ctx.set(tables.valid, 0)
    return None if error else data


async def update(ctx, cache, address, expected, updated):
    """A write of the walker: what the entry holds then; None where the address is absent."""
    tables = cache.tables
    ctx.set(tables.write, 1)
    ctx.set(tables.expected, expected)
    ctx.set(tables.updated, updated)
    data = await table(ctx, cache, address)
    ctx.set(tables.write, 0)
    return data


async def written(ctx, cache, to):
    """Adds to the list `to` what is written for the walker: the address and the low byte."""
    while True:
        _, _, valid, entry = await ctx.tick().sample(cache.table_write.valid, cache.table_write.payload)
        if valid:
            to.append((entry.hpa, entry.flags))


def run(*scenarios, size_kib=8, random=None, absent=lambda address: False, deadline=2_000, watchers=()):
    cache = DataCache(size_kib)
    memory = BusMemory(cache.bus, random, absent)

    def process(scenario):
        return lambda ctx: scenario(ctx, cache, memory)

    Bench(cache, deadline=deadline).run(*map(process, scenarios), background=(memory.serve, *map(process, watchers)))
    return memory


@pytest.mark.parametrize("size_kib", SIZES)
def test_it_exports(size_kib):
    assert_exports(DataCache(size_kib))
    assert_exports(DataCache(size_kib, manages=False))


def test_nothing_depends_on_the_bus_in_the_same_cycle():
    assert not [path for path in combinational_paths(DataCache(8)) if path[1].startswith("bus")]


def test_granted_depends_on_who_else_asks_and_on_stores_to_the_same_bytes_alone():
    assert {source for output, source in combinational_paths(DataCache(8)) if output == "cpu__granted"} == {
        "tables__valid", "snoop__valid", "cpu__lock", "cpu__write", "cpu__offset"}


def test_it_is_empty_after_reset():
    async def scenario(ctx, cache, memory):
        assert (await look(ctx, cache, 0))[0] == 0
    run(scenario)


@pytest.mark.parametrize("size_kib", SIZES)
def test_every_word_of_a_refilled_line_hits(size_kib):
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM + 0x1048)
        for address in range(RAM + 0x1040, RAM + 0x1080, 8):
            assert await look(ctx, cache, address) == (1, memory.word(address))
    assert run(scenario, size_kib=size_kib).log == [("read", "burst", RAM + 0x1040)]


def test_a_load_in_the_cycle_of_a_store_is_made_if_it_is_not_of_the_same_bytes():
    async def scenario(ctx, cache, memory):
        old, cpu = await load(ctx, cache, RAM), cache.cpu
        put(ctx, cache, 0x1122_3344_5566_7788, 0b0011_1100)
        ctx.set(cpu.read, 1)
        ctx.set(cpu.offset, 8)
        assert ctx.get(cpu.granted)
        ctx.set(cpu.offset, 0)
        assert not ctx.get(cpu.granted)
        await ctx.tick()
        ctx.set(cpu.write, 0)
        hit, data = await look(ctx, cache, RAM)
        assert (hit, data) == (1, old & 0xffff_0000_0000_ffff | 0x0000_3344_5566_0000)

        put(ctx, cache, 0, 0xff)
        hit, data = await look(ctx, cache, RAM + 8)
        ctx.set(cpu.write, 0)
        assert (hit, data) == (1, memory.word(RAM + 8))
        assert await look(ctx, cache, RAM) == (1, 0)
    run(scenario)


def test_a_load_after_a_store_sees_it():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM, 0x1234)
        assert await look(ctx, cache, RAM) == (1, 0x1234)
    run(scenario)


def test_a_store_in_the_cycle_of_a_load_goes_to_its_own_address():
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM)
        put(ctx, cache, 1)
        assert await look(ctx, cache, RAM + 8) == (1, memory.word(RAM + 8))
        ctx.set(cache.cpu.write, 0)
        assert await look(ctx, cache, RAM) == (1, 1)
    run(scenario)


def test_stores_in_consecutive_cycles_are_all_made():
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM)
        for n in range(8):
            assert (await look(ctx, cache, RAM + 8 * n))[0] == 1
            put(ctx, cache, n)
        await ctx.tick()
        ctx.set(cache.cpu.write, 0)
        for n in range(8):
            assert await look(ctx, cache, RAM + 8 * n) == (1, n)
    run(scenario)


def test_a_write_without_a_hit_changes_nothing():
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM)
        ctx.set(cache.cpu.ppn, RAM + 0x1000 >> 12)
        put(ctx, cache, 0)
        await ctx.tick()
        ctx.set(cache.cpu.write, 0)
        assert await look(ctx, cache, RAM) == (1, memory.word(RAM))
        await clean(ctx, cache)
    assert len(run(scenario).log) == 1


def test_the_outputs_of_the_last_read_stay():
    async def scenario(ctx, cache, memory):
        data = await load(ctx, cache, RAM)
        ctx.set(cache.cpu.offset, 0x80)
        await ctx.tick().repeat(3)
        assert (ctx.get(cache.cpu.hit), seen(ctx, cache)) == (1, data)
    run(scenario)


def test_a_dirty_line_is_written_back_once_its_way_is_used_again():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM + 8, 0x55, 0x01)
        await load(ctx, cache, RAM + 0x1000)
        await ctx.tick().repeat(100)  # the new line does not wait for the old one
        assert memory.word(RAM + 8) & 0xff == 0x55
        assert await load(ctx, cache, RAM + 8) == memory.word(RAM + 8)
    assert run(scenario, size_kib=4).log == [("read", "burst", RAM), ("read", "burst", RAM + 0x1000),
                                             ("write", "burst", RAM), ("read", "burst", RAM)]


def test_a_clean_line_is_not_written_back():
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM)
        await load(ctx, cache, RAM + 0x1000)
    assert [kind for kind, _, _ in run(scenario, size_kib=4).log] == ["read", "read"]


def test_a_line_brought_into_a_dirty_place_is_clean():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM, 0x55)
        await load(ctx, cache, RAM + 0x1000)
        await load(ctx, cache, RAM + 0x2000)
    assert [kind for kind, _, _ in run(scenario, size_kib=4).log] == ["read", "read", "write", "read"]


@pytest.mark.parametrize("size_kib", SIZES)
def test_cleaning_writes_every_dirty_line_once_and_keeps_it(size_kib):
    lines = [RAM + 0x40 * n + 0x1000 * (n % (size_kib // 4)) for n in (0, 1, 2, 17, 62, 63)]

    async def scenario(ctx, cache, memory):
        for line in lines:
            await store(ctx, cache, line + 16, line)
        memory.log.clear()
        await clean(ctx, cache)
        assert sorted(memory.log) == sorted(("write", "burst", line) for line in lines)
        assert all(memory.word(line + 16) == line for line in lines)
        memory.log.clear()
        for line in lines:
            assert await look(ctx, cache, line + 16) == (1, line)
        await clean(ctx, cache)
        assert memory.log == []
    run(scenario, size_kib=size_kib)


def test_all_ways_of_a_set_are_cleaned():
    async def scenario(ctx, cache, memory):
        for way in range(8):
            await store(ctx, cache, RAM + 0x1000 * way, way)
        await clean(ctx, cache)
        assert [memory.word(RAM + 0x1000 * way) for way in range(8)] == list(range(8))
    run(scenario, size_kib=32)


def test_an_absent_line_is_an_error_and_leaves_the_others():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM, 7)
        assert await load(ctx, cache, 0x4000_0000) is None
        assert (await look(ctx, cache, 0x4000_0000))[0] == 0
        assert await load(ctx, cache, RAM) == 7
    run(scenario, absent=lambda address: address < RAM)


def test_a_dirty_line_replaced_by_an_absent_one_is_not_lost():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM, 7)
        assert await load(ctx, cache, 0x4000_0000) is None
        await clean(ctx, cache)
        assert await load(ctx, cache, RAM) == 7
    log = run(scenario, size_kib=4, absent=lambda address: address < RAM).log
    assert log == [("read", "burst", RAM), ("read", "burst", 0x4000_0000), ("write", "burst", RAM),
                   ("read", "burst", RAM)]


@pytest.mark.parametrize("size", range(4))
def test_a_single_access_goes_past_the_cache(size):
    address = 0x1000_0000 + (1 << size)

    async def scenario(ctx, cache, memory):
        before = memory.word(address)
        await single(ctx, cache, address, size, write=0xa5)
        lane, width = 8 * (address & 7), 8 << size
        assert memory.word(address) == before & ~((1 << width) - 1 << lane) | 0xa5 << lane
        assert await single(ctx, cache, address, size) == (memory.word(address), 0)
    assert run(scenario).log == [("write", "single", address), ("read", "single", address)]


@pytest.mark.rule("pma_non_cacheable", "uncached_ignores_cached")
def test_a_single_access_ignores_a_line_that_is_there():
    async def scenario(ctx, cache, memory):
        before = memory.word(RAM + 8)
        await store(ctx, cache, RAM + 8, ~before % (1 << 64))
        assert await single(ctx, cache, RAM + 8, 3) == (before, 0)
        await single(ctx, cache, RAM + 8, 3, write=0x5a)
        assert memory.word(RAM + 8) == 0x5a
        assert await load(ctx, cache, RAM + 8) == ~before % (1 << 64)
    run(scenario)


def test_a_single_access_to_an_absent_address_is_an_error():
    async def scenario(ctx, cache, memory):
        assert (await single(ctx, cache, 0x3000_0000, 2))[1] == 1
        assert (await single(ctx, cache, RAM, 2))[1] == 0
    run(scenario, absent=lambda address: address < RAM)


def test_the_walker_sees_stores():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM + 0x48, 0x1234)
        assert await table(ctx, cache, RAM + 0x48) == 0x1234
    assert len(run(scenario).log) == 1


def test_the_walker_brings_lines():
    async def scenario(ctx, cache, memory):
        assert await table(ctx, cache, RAM + 0x48) == memory.word(RAM + 0x48)
        assert await look(ctx, cache, RAM + 0x40) == (1, memory.word(RAM + 0x40))
    run(scenario)


def test_what_the_walker_may_not_cache_is_read_alone():
    async def scenario(ctx, cache, memory):
        assert await table(ctx, cache, RAM + 0x48, cacheable=0) == memory.word(RAM + 0x48)
        assert (await look(ctx, cache, RAM + 0x48))[0] == 0
    assert run(scenario).log == [("read", "single", RAM + 0x48)]


@pytest.mark.parametrize("cacheable", (0, 1))
def test_the_walker_is_told_of_an_absent_address_and_the_next_read_is_sound(cacheable):
    async def scenario(ctx, cache, memory):
        assert await table(ctx, cache, 0x4000_0000, cacheable) is None
        assert await table(ctx, cache, RAM, cacheable) == memory.word(RAM)
        assert await load(ctx, cache, RAM + 0x40) == memory.word(RAM + 0x40)
    run(scenario, absent=lambda address: address < RAM)


@pytest.mark.parametrize("cacheable", (0, 1))
@pytest.mark.parametrize("patience", range(1, 16))
def test_a_table_read_given_up_answers_nobody_else(patience, cacheable):
    async def scenario(ctx, cache, memory):
        await ctx.tick().repeat(70)
        ctx.set(cache.tables.valid, 1)
        ctx.set(cache.tables.address, RAM)
        ctx.set(cache.tables.cacheable, cacheable)
        await ctx.tick().repeat(patience)
        ctx.set(cache.tables.valid, 0)
        await ctx.tick()
        assert await table(ctx, cache, RAM + 0x1000) == memory.word(RAM + 0x1000)
        assert await load(ctx, cache, RAM) == memory.word(RAM)
    run(scenario)


def test_an_uncached_table_read_is_a_read_of_eight_bytes_whatever_the_processor_prepares():
    seen = []

    async def scenario(ctx, cache, memory):
        ctx.set(cache.cpu.single_write, 1)
        assert await table(ctx, cache, RAM, cacheable=0) == memory.word(RAM)

    async def watch(ctx, cache, memory):
        request = cache.bus.request
        payload, = await ctx.tick().sample(request.p).until(request.valid & request.ready)
        seen.append((payload.write, payload.burst, payload.size, payload.mask))

    run(scenario, watchers=(watch,))
    assert seen == [(0, 0, 3, 0xff)]


def test_a_table_read_given_up_at_once_does_not_reach_the_bus():
    async def scenario(ctx, cache, memory):
        await ctx.tick().repeat(70)
        ctx.set(cache.tables.valid, 1)
        ctx.set(cache.tables.address, RAM)
        ctx.set(cache.tables.cacheable, 1)
        await ctx.tick()
        ctx.set(cache.tables.valid, 0)
        await ctx.tick().repeat(10)
    assert run(scenario).log == []


@pytest.mark.parametrize("work", (refill, clean))
def test_the_cycle_after_the_work_is_done_is_the_processors(work):
    async def scenario(ctx, cache, memory):
        await look(ctx, cache, RAM)
        await work(ctx, cache)
        assert ctx.get(cache.cpu.granted) == 1
    run(scenario)


def test_a_reset_forgets_every_line_and_what_was_dirty():
    reset = Signal()
    cache = DataCache(4)
    memory = BusMemory(cache.bus)

    async def scenario(ctx):
        await store(ctx, cache, RAM, 7)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert (await look(ctx, cache, RAM))[0] == 0
        await clean(ctx, cache)
        assert await load(ctx, cache, RAM + 0x1000) == memory.word(RAM + 0x1000)

    Bench(ResetInserter(reset)(cache)).run(scenario, background=(memory.serve,))
    assert memory.log == [("read", "burst", RAM), ("read", "burst", RAM + 0x1000)]


def test_hit_is_0_once_the_walker_has_been_served():
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM)
        assert await table(ctx, cache, RAM) == memory.word(RAM)
        assert ctx.get(cache.cpu.hit) == 0
        assert await refill(ctx, cache) == 0
        assert await look(ctx, cache, RAM) == (1, memory.word(RAM))
    assert len(run(scenario).log) == 1


def test_a_waiting_walker_and_a_processor_that_always_reads_both_go_on():
    reads, tables = [], []

    async def processor(ctx, cache, memory):
        await load(ctx, cache, RAM)
        ctx.set(cache.cpu.read, 1)
        for _ in range(200):
            reads.append(ctx.get(cache.cpu.granted))
            await ctx.tick()

    async def walker(ctx, cache, memory):
        while True:
            tables.append(await table(ctx, cache, RAM))

    run(processor, watchers=(walker,))
    assert sum(reads) >= 100
    assert len(tables) >= 40


def test_a_refilled_line_can_be_used_before_the_walker_takes_its_place():
    async def processor(ctx, cache, memory):
        for n in range(20):
            await store(ctx, cache, RAM, n)

    async def walker(ctx, cache, memory):
        n = 0
        while True:
            n += 1
            await table(ctx, cache, RAM + 0x1000 * (1 + n % 2))

    run(processor, size_kib=4, watchers=(walker,), deadline=4_000)


async def snoop(ctx, cache, address):
    """Takes the line of `address` away, until `release`."""
    ctx.set(cache.snoop.line, address >> 6)
    ctx.set(cache.snoop.valid, 1)
    await ctx.tick().until(cache.snoop.held)


async def release(ctx, cache):
    ctx.set(cache.snoop.valid, 0)
    await ctx.tick()
    while ctx.get(cache.snoop.held):
        await ctx.tick()


@pytest.mark.parametrize("size_kib", SIZES)
def test_a_snooped_line_that_is_dirty_is_in_memory_and_one_that_was_written_there_is_read(size_kib):
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM + 0x48, 7)
        await load(ctx, cache, RAM + 0x80)
        await snoop(ctx, cache, RAM + 0x50)
        assert memory.word(RAM + 0x48) == 7
        memory.write(RAM + 0x48, 8, 0xff)
        await release(ctx, cache)
        assert await look(ctx, cache, RAM + 0x80) == (1, memory.word(RAM + 0x80))
        assert (await look(ctx, cache, RAM + 0x48))[0] == 0
        assert await load(ctx, cache, RAM + 0x48) == 8
    assert [kind for kind, _, address in run(scenario, size_kib=size_kib).log if address == RAM + 0x40] == [
        "read", "write", "read"]


def test_a_snooped_line_that_is_clean_or_absent_costs_no_transaction():
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM)
        for address in (RAM, RAM, RAM + 0x2000):
            await snoop(ctx, cache, address)
            await release(ctx, cache)
        assert (await look(ctx, cache, RAM))[0] == 0
    assert len(run(scenario).log) == 1


def test_nothing_is_granted_while_a_line_is_held():
    async def scenario(ctx, cache, memory):
        await load(ctx, cache, RAM)
        await snoop(ctx, cache, RAM)
        ctx.set(cache.cpu.read, 1)
        for _ in range(20):
            assert not ctx.get(cache.cpu.granted) and not ctx.get(cache.cpu.hit)
            await ctx.tick()
        await release(ctx, cache)
        await ctx.tick().until(cache.cpu.granted)
    run(scenario)


def test_a_snoop_waits_for_the_line_that_is_on_its_way_to_memory():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM, 7)
        await load(ctx, cache, RAM + 0x1000)      # takes its place; the store is in the buffer
        await snoop(ctx, cache, RAM)
        assert memory.word(RAM) == 7
        await release(ctx, cache)
    run(scenario, size_kib=4)


@pytest.mark.parametrize("size_kib", SIZES)
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("devices", (0, 1))
def test_random_accesses_of_processor_walker_and_device_see_what_was_stored(size_kib, seed, devices):
    """The model is a flat memory. Who runs by itself must read a value that the word had in between."""
    random = Random(f"{size_kib} {seed}" + " device" * devices)
    pages = [RAM + 0x1000 * n for n in range(2 + size_kib // 4)]
    history = {}   # of each address: every value it has had
    running = [True]

    def place():
        return random.choice(pages) + random.choice((0, 0x40, 0xfc0)) + 8 * random.randrange(8)

    def values(memory, address):
        return history.setdefault(address, [memory.word(address)])

    async def processor(ctx, cache, memory):
        for _ in range(250):
            address, kind = place(), random.random()
            if kind < 0.02:
                await clean(ctx, cache)
                assert all(memory.word(address) == had[-1] for address, had in history.items())
            elif kind < 0.06:
                assert await load(ctx, cache, 0x4000_0000 + (address & 0xfff)) is None
            elif kind < 0.1:
                assert (await single(ctx, cache, 0x1000_0000, 3, write=address)) [1] == 0
            elif kind < 0.5:
                had = values(memory, address)
                from_here = len(had) - 1
                assert await load(ctx, cache, address) in had[from_here:]
            else:
                data, mask = random.getrandbits(64), random.getrandbits(8)
                lanes = sum(0xff << 8 * lane for lane in range(8) if mask >> lane & 1)
                had = values(memory, address)
                from_here = len(had) - 1
                assert await load(ctx, cache, address) in had[from_here:]
                put(ctx, cache, data, mask)
                had.append(had[-1] & ~lanes | data & lanes)
                other = place() if random.random() < 0.5 else address
                hit, seen = await look(ctx, cache, other)
                ctx.set(cache.cpu.write, 0)
                assert not hit or seen == values(memory, other)[-1]
            if random.random() < 0.3:
                await ctx.tick().repeat(random.randrange(1, 8))
        running[0] = False

    async def walker(ctx, cache, memory):
        while running[0]:
            address = place()
            if random.random() < 0.2:
                ctx.set(cache.tables.valid, 1)
                ctx.set(cache.tables.address, address)
                ctx.set(cache.tables.cacheable, 1)
                await ctx.tick().repeat(random.randrange(1, 20))
                ctx.set(cache.tables.valid, 0)
                await ctx.tick()
                continue
            had = values(memory, address)
            from_here = len(had) - 1
            assert await table(ctx, cache, address) in had[from_here:]
            await ctx.tick().repeat(random.randrange(1, 6))

    async def device(ctx, cache, memory):
        while running[0]:
            address = place()
            await snoop(ctx, cache, address)
            line = [address & ~63 | 8 * word for word in range(8)]
            assert [memory.word(word) for word in line] == [values(memory, word)[-1] for word in line]
            memory.write(address, random.getrandbits(64), 0xff)
            history[address].append(memory.word(address))
            await release(ctx, cache)
            await ctx.tick().repeat(random.randrange(1, 60))

    run(processor, walker, *[device] * devices, size_kib=size_kib, random=random, deadline=60_000,
        absent=lambda address: 0x4000_0000 <= address < 0x5000_0000)


async def manage(ctx, cache, address, keep=0):
    """Has the line of `address` written back, and forgotten unless `keep`."""
    cpu = cache.cpu
    ctx.set(cpu.ppn, address >> 12)
    ctx.set(cpu.refill_row, address >> 3 & 0x1ff)
    ctx.set(cpu.keep, keep)
    ctx.set(cpu.manage, 1)
    await ctx.tick().until(cpu.managed)
    ctx.set(cpu.manage, 0)


@pytest.mark.rule("cbo-clean_op", "cbo-flush_op", "cbo-inval_op")
@pytest.mark.parametrize("size_kib", SIZES)
@pytest.mark.parametrize("keep", (0, 1), ids=("forgotten", "kept"))
def test_a_managed_line_is_written_back_once_and_no_other_line_is(size_kib, keep):
    async def scenario(ctx, cache, memory):
        lines = [RAM + (n << 12) + 0x40 for n in range(size_kib // 4)]
        for address in lines:
            await store(ctx, cache, address + 8, address ^ 0x5555)
        memory.log.clear()
        for n, address in enumerate(lines):
            await manage(ctx, cache, address + 0x30, keep)
            assert memory.log == [("write", "burst", at) for at in lines[:n + 1]]
            assert memory.word(address + 8) == address ^ 0x5555
        for address in lines:
            await manage(ctx, cache, address, keep)
            assert (await look(ctx, cache, address + 8))[0] == keep
        assert len(memory.log) == len(lines)
        for address in lines:
            assert await load(ctx, cache, address + 8) == address ^ 0x5555
            await store(ctx, cache, address + 8, 7)
            await manage(ctx, cache, address, keep)
            assert memory.word(address + 8) == 7  # it was dirty anew
    run(scenario, size_kib=size_kib, deadline=10_000)


def test_a_line_that_is_absent_is_managed_without_a_transaction():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM, 1)
        memory.log.clear()
        await manage(ctx, cache, RAM + 0x1000)
        await manage(ctx, cache, RAM + 0x40)
        assert memory.log == [] and await load(ctx, cache, RAM) == 1
    run(scenario)


def test_a_managed_line_and_one_that_is_snooped_do_not_disturb_each_other():
    async def scenario(ctx, cache, memory):
        for turn in range(40):
            await store(ctx, cache, RAM, turn)
            await store(ctx, cache, RAM + 0x1040, turn)
            ctx.set(cache.snoop.line, RAM + 0x1040 >> 6)
            ctx.set(cache.cpu.ppn, RAM >> 12)
            ctx.set(cache.cpu.refill_row, 0)
            ctx.set(cache.cpu.keep, turn % 2)
            managed = held = False
            for cycle in range(200):
                ctx.set(cache.cpu.manage, cycle >= turn and not managed)
                ctx.set(cache.snoop.valid, not held)
                await ctx.tick()
                managed |= bool(ctx.get(cache.cpu.managed))
                if ctx.get(cache.snoop.held):
                    assert memory.word(RAM + 0x1040) == turn
                    held = True
            assert managed and held and memory.word(RAM) == turn
    run(scenario, deadline=20_000)


@pytest.mark.parametrize("warm", (0, 1))
def test_the_walker_replaces_the_low_byte_of_an_entry_that_is_still_as_it_was(warm):
    async def scenario(ctx, cache, memory):
        old = memory.word(RAM + 8)
        if warm:
            await load(ctx, cache, RAM + 8)
        new = old & ~255 | (old ^ 0xC0) & 255
        assert await update(ctx, cache, RAM + 8, old, new & 255) == new
        assert await table(ctx, cache, RAM + 8) == new == await load(ctx, cache, RAM + 8)
        assert await load(ctx, cache, RAM) == memory.word(RAM)
        await clean(ctx, cache)
        assert memory.word(RAM + 8) == new
        assert told == [(RAM + 8, new & 255)]
    told = []
    run(scenario, watchers=(lambda ctx, cache, memory: written(ctx, cache, told),))


@pytest.mark.parametrize("bit", (0, 7, 8, 31, 63))
@pytest.mark.parametrize("warm", (0, 1))
def test_the_walker_does_not_replace_an_entry_that_has_changed(warm, bit):
    async def scenario(ctx, cache, memory):
        old = memory.word(RAM)
        if warm:
            await load(ctx, cache, RAM)
        assert await update(ctx, cache, RAM, old ^ 1 << bit, 0x55) == old
        assert await load(ctx, cache, RAM) == old
    told = []
    log = run(scenario, watchers=(lambda ctx, cache, memory: written(ctx, cache, told),)).log
    assert log == [("read", "burst", RAM)] and told == []


def test_the_walker_sees_a_store_that_came_before_its_write():
    async def scenario(ctx, cache, memory):
        old = memory.word(RAM)
        await load(ctx, cache, RAM)
        put(ctx, cache, ~old & 255, 1)
        ctx.set(cache.tables.valid, 1)
        ctx.set(cache.tables.write, 1)
        ctx.set(cache.tables.cacheable, 1)
        ctx.set(cache.tables.address, RAM)
        ctx.set(cache.tables.expected, old)
        ctx.set(cache.tables.updated, 0x11)
        await ctx.tick()
        ctx.set(cache.cpu.write, 0)
        data, = await ctx.tick().sample(cache.tables.data).until(cache.tables.done)
        assert data == old ^ 255
    run(scenario)


def test_a_write_of_the_walker_that_is_given_up_is_made_whole_or_not_at_all():
    seen = set()

    async def scenario(ctx, cache, memory):
        tables = cache.tables
        for patience in range(1, 8):
            old = await load(ctx, cache, RAM)
            for signal, value in ((tables.valid, 1), (tables.write, 1), (tables.cacheable, 1), (tables.address, RAM),
                                  (tables.expected, old), (tables.updated, (old ^ 0xC0) & 255)):
                ctx.set(signal, value)
            for _ in range(patience):
                if ctx.get(tables.done):
                    break
                await ctx.tick()
            ctx.set(tables.valid, 0)
            ctx.set(tables.write, 0)
            await ctx.tick().repeat(3)
            assert await load(ctx, cache, RAM) in (old, old ^ 0xC0)
            assert told == ([] if await load(ctx, cache, RAM) == old else [(RAM, (old ^ 0xC0) & 255)])
            told.clear()
            seen.add(await load(ctx, cache, RAM) == old)
    told = []
    run(scenario, watchers=(lambda ctx, cache, memory: written(ctx, cache, told),))
    assert seen == {True, False}


def test_the_walker_is_told_where_it_cannot_write():
    async def scenario(ctx, cache, memory):
        assert await update(ctx, cache, RAM, 0, 0) is None
        assert await table(ctx, cache, RAM + 0x1000) == memory.word(RAM + 0x1000)
    run(scenario, absent=lambda address: address < RAM + 0x1000)


def test_a_reader_beside_a_write_of_the_walker_sees_the_entry_before_or_after():
    seen = set()

    async def walker(ctx, cache, memory):
        await load(ctx, cache, RAM)
        old = memory.word(RAM)
        for n in range(20):
            await ctx.tick().repeat(n % 5 + 1)
            new = old & ~255 | n
            assert await update(ctx, cache, RAM, old, n) == new
            old = new
        seen.add("done")

    async def reader(ctx, cache, memory):
        first = memory.word(RAM) & ~255
        while True:
            await ctx.tick()
            hit, data = await look(ctx, cache, RAM)
            if hit:
                assert data & ~255 == first

    run(walker, watchers=(reader,))
    assert seen == {"done"}


@pytest.mark.rule("Svpbmt_cacheable_aliasing_may_cause_coherence_loss")
@pytest.mark.parametrize("size_kib", (4, 16))
@pytest.mark.parametrize("there", ("absent", "clean", "dirty"))
@pytest.mark.parametrize("write", (None, 0x77))
def test_an_access_past_the_cache_agrees_with_those_through_it(write, there, size_kib):
    async def scenario(ctx, cache, memory):
        value, beside = memory.word(RAM + 8), memory.word(RAM)
        await load(ctx, cache, RAM + 0x1_0000)       # another line of the same set
        if there != "absent":
            await load(ctx, cache, RAM + 8)
        if there == "dirty":
            await store(ctx, cache, RAM + 8, value := 0x1234)
        data, error = await single(ctx, cache, RAM + 8, 3, write, cached=1)
        assert not error and (write or data == value)
        assert await table(ctx, cache, RAM + 8) == (write or value) == await load(ctx, cache, RAM + 8)
        assert await load(ctx, cache, RAM) == beside
    run(scenario, size_kib=size_kib)


def test_a_snoop_waits_for_an_access_past_the_cache_and_is_held_after_it():
    async def scenario(ctx, cache, memory):
        await store(ctx, cache, RAM, 1)
        ctx.set(cache.snoop.line, RAM >> 6)
        ctx.set(cache.snoop.valid, 0)
        cpu = cache.cpu
        for signal, value in ((cpu.single, 1), (cpu.single_address, RAM + 8), (cpu.single_size, 3),
                              (cpu.single_write, 1), (cpu.single_cached, 1), (cpu.write_data, 5), (cpu.mask, 255)):
            ctx.set(signal, value)
        await ctx.tick()
        ctx.set(cache.snoop.valid, 1)
        while not ctx.get(cpu.single_done):
            assert not ctx.get(cache.snoop.held)
            await ctx.tick()
        ctx.set(cpu.single, 0)
        await ctx.tick().until(cache.snoop.held)
        assert (memory.word(RAM), memory.word(RAM + 8)) == (1, 5)
        ctx.set(cache.snoop.valid, 0)
        await ctx.tick()
    run(scenario)

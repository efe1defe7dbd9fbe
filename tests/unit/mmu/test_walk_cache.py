"""The walk cache alone."""

import random

import pytest
from testbench import Bench, assert_exports

from hyacinth.rtl.mmu.walk_cache import WalkCache

ADDRESS = 0xA5_1234_5678_9ABC & (1 << 56) - 1


@pytest.mark.parametrize("entries", (1, 2, 3, 4, 8))
def test_it_exports(entries):
    assert_exports(WalkCache(entries))


def run(scenario, entries=4):
    dut = WalkCache(entries)

    async def process(ctx):
        async def install(address, level, ppn, v=0, is_global=0, flush=0):
            ctx.set(dut.address, address)
            ctx.set(dut.v, v)
            ctx.set(dut.new, {"level": level, "is_global": is_global, "ppn": ppn, "guest_ppn": ppn << 22 | ppn})
            ctx.set(dut.install, 1)
            ctx.set(dut.flush, flush)
            await ctx.tick()
            ctx.set(dut.install, 0)
            ctx.set(dut.flush, 0)

        async def look(address, v=0):
            """Level, PPN and G of the table, or None."""
            ctx.set(dut.address, address)
            ctx.set(dut.v, v)
            if not ctx.get(dut.hit):
                return None
            await ctx.tick()
            table = ctx.get(dut.table)
            assert table.guest_ppn == table.ppn << 22 | table.ppn
            return table.level, table.ppn, table.is_global
        await scenario(install, look)
    Bench(dut, deadline=20_000).run(process)


def test_a_table_is_found_for_every_address_below_it_and_for_no_other():
    async def scenario(install, look):
        await install(ADDRESS, 1, 7)
        for bit in range(30):
            assert await look(ADDRESS ^ 1 << bit) == (1, 7, 0)
        for bit in range(30, 59):
            assert await look(ADDRESS ^ 1 << bit) is None
        await install(ADDRESS, 0, 9, is_global=1)
        for bit in range(21):
            assert await look(ADDRESS ^ 1 << bit) == (0, 9, 1)
        for bit in range(21, 30):
            assert await look(ADDRESS ^ 1 << bit) == (1, 7, 0)
    run(scenario)


def test_a_table_of_the_upper_half_of_the_addresses_is_found_too():
    async def scenario(install, look):
        await install(at := ADDRESS | 0xFF << 56, 1, 7)
        assert await look(at) == (1, 7, 0)
    run(scenario)


@pytest.mark.parametrize("order", ((0, 1), (1, 0)))
def test_the_table_closest_to_the_leaf_is_found(order):
    async def scenario(install, look):
        for level in order:
            await install(ADDRESS, level, 5 + level)
        assert await look(ADDRESS) == (0, 5, 0)
    run(scenario)


def test_a_table_is_found_for_its_own_v_alone():
    async def scenario(install, look):
        await install(ADDRESS, 1, 3, v=1)
        assert await look(ADDRESS) is None and await look(ADDRESS, v=1) == (1, 3, 0)
    run(scenario)


def test_a_flush_empties_it_and_is_stronger_than_an_install():
    async def scenario(install, look):
        await install(ADDRESS, 1, 3)
        await install(ADDRESS, 0, 4, flush=1)
        assert await look(ADDRESS) is None
    run(scenario)


@pytest.mark.parametrize("entries, seed", ((1, 1), (2, 2), (3, 3), (4, 4)))
def test_of_many_tables_the_last_ones_are_known_and_each_leads_to_its_own(entries, seed):
    chance = random.Random(seed)

    async def scenario(install, look):
        kept = []
        for ppn in range(200):
            address, level, v = chance.randrange(1 << 59), chance.randrange(2), chance.randrange(2)
            await install(address, level, ppn, v)
            kept = [*kept, (address, v, (level, ppn, 0))][-entries:]
            assert [await look(address, v) for address, v, _ in kept] == [table for *_, table in kept]
    run(scenario, entries)

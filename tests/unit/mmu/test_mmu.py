"""The two askers of the Mmu: order, giving up, flushes in the midst of a walk, and the record of walks."""

from collections import Counter

import pytest
from testbench import assert_exports
from unit.mmu.harness import RAM, SMALL, Guest, Tables, run
from unit.mmu.model import A, Access, D, Machine, R, U, V, W, X, leaf

from hyacinth.rtl.config import PHYSICAL_BITS, CoreConfig, Region
from hyacinth.rtl.events import EVENTS, MMU_EVENTS
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.mmu import Mmu
from hyacinth.rtl.mmu.tlb import Tlb
from hyacinth.rtl.mmu.walk_cache import WalkCache
from hyacinth.rtl.payloads import FenceKind, Reach

PA, VA = 0x8123_4000, 0x12_0123_4000
FULL = V | R | W | X | A | D
OTHER = VA + 0x1000  # a second page, beside the first
MOVED = PA + 0x40_0000


def single(flags=FULL, other=FULL):
    """A machine with Sv39 in HS; `.leaf` is the entry of VA."""
    machine = Machine()
    tables = Tables(machine)
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    *_, machine.leaf = tables.place(8, root, VA, 0, leaf(PA, flags))
    tables.place(8, root, OTHER, 0, leaf(PA + 0x1000, other))
    return machine


@pytest.mark.parametrize("make", (lambda: Mmu(CoreConfig()), lambda: Mmu(CoreConfig(pmp_entries=0)),
                                  lambda: Tlb(4), lambda: WalkCache(4)), ids=("mmu", "no-pmp", "tlb", "walk-cache"))
def test_it_exports(make):
    assert_exports(make())


async def ask(player, access, valid=1):
    _, asks = player.port(access)
    player.ctx.set(asks.request, {"va": access.va, "size": access.size, "context": access.context})
    player.ctx.set(asks.valid, valid)


async def answers(player, *accesses, limit=400):
    """The order in which those that are asking get their answers, and the answers; each stops asking then."""
    ctx, order, waiting = player.ctx, [], list(accesses)
    for _ in range(limit):
        for access in list(waiting):
            _, asks = player.port(access)
            if ctx.get(asks.done):
                answer = ctx.get(asks.answer)
                order.append((access, (answer.fault.cause, answer.fault.gpa) if answer.faulted
                              else answer.page.ppn << 12 | access.va & 4095))
                waiting.remove(access)
        await ctx.tick()
        for access in accesses:
            if access not in waiting:
                ctx.set(player.port(access)[1].valid, 0)
        if not waiting:
            return order
    raise TimeoutError(f"no answer for {waiting}")


def test_data_comes_before_fetch():
    fetch, load = Access(VA, reach=Reach.FETCH, size=1), Access(OTHER)
    orders = []

    async def scenario(player):
        await ask(player, fetch)
        await ask(player, load)
        orders.append(await answers(player, fetch, load))
    run(scenario, single())
    assert orders == [[(load, PA + 0x1000), (fetch, PA)]]


def test_a_load_that_comes_during_a_fetch_walk_waits_for_it_and_each_keeps_its_own_context():
    # The guest's HLV reads a page that the fetch in HS may not execute, and the other way round.
    guest = Guest(8, 8)
    guest.map_guest(0x3_0000_0000, PA, 0)
    guest.map(VA, 0x3_0000_0000, 0, V | R | A | U)
    machine, tables = guest.machine, guest.tables
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    tables.place(8, root, VA, 0, leaf(MOVED, V | X | A))
    fetch, hlv = Access(VA, reach=Reach.FETCH, size=1), Access(VA, Mode.VU)

    async def scenario(player):
        for delay in range(40):
            await player.flush_all()
            await ask(player, fetch)
            await player.ctx.tick().repeat(delay + 1)
            await ask(player, hlv)
            # A fetch that is done meanwhile asks again, as one that has been refused would.
            assert dict(await answers(player, fetch, hlv)) == {fetch: MOVED, hlv: PA}
    run(scenario, machine, latency=1)


def test_who_gives_up_leaves_no_answer_no_fault_and_no_translation():
    machine = single(flags=V | R | W | A | D)  # the fetch would fault

    async def scenario(player):
        ctx = player.ctx
        for fetch in (Access(VA, reach=Reach.FETCH, size=1), Access(OTHER, reach=Reach.FETCH, size=1)):
            for patience in range(40):
                await player.flush_all()
                await ask(player, fetch)
                done = False
                for _ in range(patience):
                    done |= ctx.get(player.port(fetch)[1].done)
                    await ctx.tick()
                if done:
                    break
                await ask(player, fetch, valid=0)
                load = Access(OTHER + 8)
                await ask(player, load)
                assert await answers(player, load) == [(load, PA + 0x1008)]
                assert not ctx.get(player.dut.fetch.done)
                assert not player.look(fetch)[0]
            else:
                raise AssertionError("the walk never ended")
    run(scenario, machine, latency=1)


def test_who_gives_up_and_asks_for_something_else_gets_an_answer_to_that():
    machine = single()

    async def scenario(player):
        for patience in range(1, 30):
            await player.flush_all()
            await ask(player, first := Access(VA, reach=Reach.FETCH, size=1))
            for _ in range(patience):
                if player.ctx.get(player.port(first)[1].done):
                    return
                await player.ctx.tick()
            await ask(player, first, valid=0)
            await player.ctx.tick()
            await ask(player, second := Access(OTHER, reach=Reach.FETCH, size=1))
            assert await answers(player, second) == [(second, PA + 0x1000)]
    run(scenario, machine, latency=1)


@pytest.mark.parametrize("how", ("fence", "flush_first", "flush_all"))
def test_an_answer_that_comes_after_a_flush_is_from_what_memory_holds_then(how):
    machine, seen = single(), set()

    async def scenario(player):
        ctx = player.ctx
        load = Access(VA)
        for warm in (0, 1):
            for delay in range(30):
                machine.memory[machine.leaf] = leaf(PA, FULL)
                await player.flush_all()
                if warm:
                    await player.check(load)
                    await player.flush_first()
                await ask(player, load)
                done = False
                for _ in range(delay):
                    done |= ctx.get(player.dut.data.done)
                    await ctx.tick()
                    if done:
                        await ask(player, load, valid=0)
                        break
                if done:
                    break
                if how == "fence":
                    ctx.set(player.dut.fence.payload, {"kind": FenceKind.SFENCE_VMA})
                    ctx.set(player.dut.fence.valid, 1)
                    while not ctx.get(player.dut.fence.ready):
                        assert not ctx.get(player.dut.data.done)
                        await ctx.tick()
                else:
                    ctx.set(getattr(player.dut, how), 1)
                if how != "flush_first" or not warm:
                    machine.memory[machine.leaf] = leaf(MOVED, FULL)
                assert not ctx.get(player.dut.data.done)
                await ctx.tick()
                ctx.set(player.dut.fence.valid, 0)
                ctx.set(player.dut.flush_all, 0)
                ctx.set(player.dut.flush_first, 0)
                (_, result), = await answers(player, load)
                seen.add(result)
                assert result == (PA if how == "flush_first" and warm else MOVED)
    run(scenario, machine, latency=1)
    assert MOVED in seen


def test_a_fence_waits_for_the_one_before():
    machine = single()

    async def scenario(player):
        await player.flush_all()  # the sweep begins
        await player.ctx.tick()
        assert not player.ctx.get(player.dut.fence.ready)
        await player.check(Access(VA))
        assert player.ctx.get(player.dut.fence.ready)
        await player.fence(FenceKind.SFENCE_VMA)
        assert not player.ctx.get(player.dut.fence.ready)
    run(scenario, machine)


def test_a_permission_that_is_missing_in_the_tlb_walks_again():
    machine = single(flags=V | R | W | A)

    async def scenario(player):
        await player.check(Access(VA))
        for _ in range(2):
            assert await player.check(Access(VA, reach=Reach.STORE)) == "fault"
            assert player.walked and not player.second
        machine.memory[machine.leaf] |= D
        assert await player.check(Access(VA, reach=Reach.STORE)) == "shortened"
        # The entry that did not allow it has been replaced, not joined by another.
        await player.flush_first()
        assert await player.check(Access(VA, reach=Reach.STORE)) == "second"
        assert await player.check(Access(VA)) == "first"
    run(scenario, machine)


@pytest.mark.rule("sfence_vma_ordering_semantics")
def test_a_page_that_moved_is_at_its_old_or_its_new_place_but_never_at_a_mixture():
    machine, new = single(flags=V | R | W | A), 0x8051_2000

    async def scenario(player):
        await player.check(Access(VA))
        machine.memory[machine.leaf] = leaf(new, FULL)  # without a fence
        assert (await player.walk(Access(VA, reach=Reach.STORE)))[0][0] == new
        hit, pa, *_ = player.look(Access(VA))
        assert hit and pa == new
    run(scenario, machine)


def test_a_page_whose_permissions_grow_does_not_drive_its_neighbour_out_of_the_row():
    machine, beside = single(flags=V | R | A), VA + (1 << 15)
    root = machine.satp[2] << 12
    Tables(machine, RAM + 0x80_0000).place(8, root, beside, 0, leaf(MOVED, FULL))

    async def scenario(player):
        await player.check(Access(VA))
        await player.check(Access(beside))
        for flags, reach in ((V | R | W | A | D, Reach.STORE), (FULL, Reach.FETCH)):
            machine.memory[machine.leaf] = leaf(PA, flags)
            await player.check(Access(VA, reach=reach, size=1))
        await player.flush_first()
        assert await player.check(Access(beside)) == "second"
        assert await player.check(Access(VA, reach=Reach.FETCH, size=1)) == "second"
    run(scenario, machine)


def test_a_bare_mode_keeps_its_pages_whatever_the_asid_is():
    machine = Machine(satp=(0, 1, 0))

    async def scenario(player):
        await player.check(Access(PA))
        machine.satp = 0, 2, 0
        await player.flush_first()
        assert await player.check(Access(PA)) == "second"
    run(scenario, machine)


def test_rows_of_the_second_level_hold_two_pages():
    machine = Machine()
    tables = Tables(machine)
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    pages = [VA + (n << 15) for n in range(3)]  # one row of eight
    for page in pages:
        tables.place(8, root, page, 0, leaf(PA + page - VA, FULL))

    async def scenario(player):
        for page in pages[:2]:
            await player.check(Access(page))
        await player.flush_first()
        for page in pages[:2]:
            assert await player.check(Access(page)) == "second"
        await player.check(Access(pages[2]))
        await player.flush_first()
        hows = [await player.check(Access(page)) for page in (pages[2], pages[0], pages[1])]
        assert hows[0] == "second" and hows[1:].count("second") <= 1
    run(scenario, machine)


def test_an_entry_installed_for_one_side_serves_the_other_from_the_second_level():
    async def scenario(player):
        assert await player.check(Access(VA)) in ("walk", "shortened")
        assert await player.check(Access(VA, reach=Reach.FETCH, size=1)) == "second"
        assert await player.check(Access(VA, reach=Reach.FETCH, size=1)) == "first"
    run(scenario, single())


def test_a_large_page_is_found_under_every_number_and_at_its_own_place_in_it():
    machine = Machine(satp=(8, 0, RAM >> 12))
    machine.memory[RAM + 8 * 5] = leaf(RAM, FULL)

    async def scenario(player):
        assert await player.check(Access(5 << 30 | 0x123_4560)) == "walk"
        for offset in (0x3FFF_F008, 0x0, 0x20_1000, 0x123_5000):
            assert await player.check(Access(5 << 30 | offset)) == "first"
        row = SMALL["tlb_entries"] // 2 << 12  # behind the first level it is known in the row of what was asked for
        for offset in (row, 512 * row, 513 * row + 8):
            await player.flush_first()
            assert await player.check(Access(5 << 30 | 0x123_4560 ^ offset)) == "second"
        for va in (6 << 30, (1 << 39) + (5 << 30), -1 << 38 | 5 << 30):
            await player.check(Access(va % (1 << 64)))
    run(scenario, machine)


@pytest.mark.rule("satp_op_active")
@pytest.mark.parametrize("stage", ("satp", "hgatp"))
def test_tables_at_the_end_of_physical_memory_are_remembered_too(stage):
    everywhere = (Region("memory", 0, 1 << PHYSICAL_BITS, memory=True),)
    machine = Machine(regions=everywhere)
    tables = Tables(machine, first=1 << PHYSICAL_BITS - 1)
    root = tables.page(4)
    setattr(machine, stage, (8, 1, root >> 12))
    for va in (VA, OTHER):
        tables.place(8, root, va, 0, leaf(va & (1 << PHYSICAL_BITS) - 1, FULL | (stage == "hgatp" and U)), wide=1)

    async def scenario(player):
        mode = Mode.VS if stage == "hgatp" else Mode.HS
        assert await player.check(Access(VA, mode)) == "walk"
        assert await player.check(Access(OTHER, mode)) == "shortened"
    run(scenario, machine, memory_map=everywhere)


def test_of_a_guest_what_leads_to_the_last_two_levels_is_remembered_at_both_stages():
    guest, gpa = Guest(8, 8), 0x9_0000_0000
    for offset in (0, 0x1000, 0x20_0000, 0x4000_0000):
        guest.map_guest(gpa + offset, PA, 0)
        guest.map(VA + offset, gpa + offset, 0)

    async def scenario(player):
        await player.flush_all()
        await player.ctx.tick().repeat(20)
        reads = []
        for offset in (0, 0x1000, 0x20_0000, 0x4000_0000):
            seen = await events_of(player, Access(VA + offset, Mode.VS))
            reads.append((seen["table_read_vs"], seen["table_read_g"]))
        # The last entry and the page; the last two entries, with the page of the second; then the root's as well.
        assert reads[1] == (1, 1)
        assert [vs for vs, _ in reads] == [3, 1, 2, 3]
        assert reads[0][1] >= 8 and reads[2][1] <= 4
    run(scenario, guest.machine, walk_cache_entries=8)


def test_satp_is_walked_for_hs_and_u_alone():
    machine = single(FULL)
    root = machine.satp[2] << 12
    machine.memory[root + 8 * (PA >> 30)] = leaf(PA & -1 << 30, FULL)

    async def scenario(player):
        for mode, walked in ((Mode.M, 0), (Mode.VS, 0), (Mode.VU, 0), (Mode.HS, 1)):
            for reach in Reach:
                await player.cold(Access(PA + 8, mode, reach, size=1))
                assert player.read == walked, mode
        machine.memory[machine.leaf] |= U
        await player.cold(Access(VA, Mode.U))
        assert player.read
    run(scenario, machine)


def test_m_mode_and_hs_do_not_share_what_they_found():
    machine = Machine(satp=(8, 0, RAM >> 12))
    machine.memory[RAM + 8 * 2] = leaf(0xC000_0000, FULL)

    async def scenario(player):
        for mode in (Mode.M, Mode.HS, Mode.M, Mode.HS):
            await player.check(Access(0x8000_1000, mode))
        await player.flush_first()
        for mode in (Mode.HS, Mode.M):
            await player.check(Access(0x8000_1000, mode))
    run(scenario, machine)


def test_the_second_level_alone_makes_no_difference_to_walks_of_another_root():
    """Two address spaces with the same upper indices: a walk cache keeps them apart by ASID, VMID and V."""
    machine = Machine()
    tables = Tables(machine)
    roots = [tables.page() for _ in range(3)]
    for n, root in enumerate(roots):
        tables.place(8, root, VA, 0, leaf(PA + 0x1000 * n, FULL))
    machine.satp, machine.vsatp = (8, 1, roots[0] >> 12), (8, 1, roots[1] >> 12)

    async def scenario(player):
        for _ in range(2):
            await player.fence(FenceKind.ALL)
            await player.check(Access(VA))
            await player.check(Access(VA, Mode.VS))  # with hgatp Bare
    run(scenario, machine)


# Events.

async def events_of(player, access):
    """How often each event is counted while `access` is served."""
    seen = Counter()
    await ask(player, access)
    while True:
        events = player.ctx.get(player.dut.events) << MMU_EVENTS
        seen.update(name for name, bit in EVENTS.items() if events >> bit & 1)
        if player.ctx.get(player.port(access)[1].done):
            break
        await player.ctx.tick()
    await player.ctx.tick()
    await ask(player, access, valid=0)
    return seen


def test_events_count_who_asks_and_what_serves():
    async def scenario(player):
        async def count(*access, **more):
            return await events_of(player, Access(*access, **more))
        await player.flush_all()
        await player.ctx.tick().repeat(20)
        assert await count(VA) == {"dtlb_miss": 1, "walk": 1, "walk_s": 1, "table_read": 3}
        assert await count(VA, reach=Reach.FETCH, size=1) == {"itlb_miss": 1, "second_level_hit": 1}
        assert await count(OTHER) == {"dtlb_miss": 1, "walk": 1, "walk_s": 1, "table_read": 1, "walk_cache_hit": 1}
        assert await count(RAM, Mode.M) == {"dtlb_miss": 1, "walk": 1}
    run(scenario, single())


def test_events_tell_the_stages_of_a_walk_apart():
    guest = Guest(8, 8)
    guest.map_guest(0x9_0000_0000, PA, 0)
    guest.map(VA, 0x9_0000_0000, 0)

    async def scenario(player):
        await player.flush_all()
        await player.ctx.tick().repeat(20)
        seen = await events_of(player, Access(VA, Mode.VS))
        # Sv39 in Sv39x4: the three tables of the VS stage, and the page, are found by the G stage, whose walk cache
        # skips two entries.
        assert (seen["walk"], seen["walk_s"], seen["walk_vs"], seen["walk_g"]) == (1, 0, 1, 4)
        assert (seen["table_read_vs"], seen["table_read"]) == (3, 3 + seen["table_read_g"])
        assert seen["table_read_g"] == 12 - 2 * seen["walk_cache_hit"] and seen["walk_cache_hit"] == 2
        player.machine.vsatp = (0, 0, 0)
        await player.flush_all()
        await player.ctx.tick().repeat(20)
        assert await events_of(player, Access(0x9_0000_0000, Mode.VS)) == {
            "dtlb_miss": 1, "walk": 1, "walk_g": 1, "table_read": 3, "table_read_g": 3}
    run(scenario, guest.machine)

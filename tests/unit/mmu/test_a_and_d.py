"""A and D set by hardware (Svadu): where, when, and what is refused instead."""

from itertools import product

import pytest
from unit.mmu.cases import FULL, GPA, PA, VA, at, guest_with, outcomes
from unit.mmu.harness import Tables, run
from unit.mmu.model import NAPOT, PPN_SHIFT, A, D, N, Pmp, R, U, V, W, X, leaf, pointer

from hyacinth.rtl.config import FULL as FULL_CORE
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import Reach

REACHES = pytest.mark.parametrize("reach", list(Reach), ids=lambda reach: reach.name.lower())
RWX = V | R | W | X


def updating(flags=RWX, g_flags=FULL | U, *, adue=1, vs_adue=1, **how):
    guest = guest_with(flags, g_flags, **how)
    guest.machine.adue, guest.machine.vs_adue = adue, vs_adue
    return guest


def bits(guest, place):
    return guest.machine.memory[place] & (A | D)


@pytest.mark.rule("Svadu_hw_update_a_d_bits", "menvcfg_adue_op", "henvcfg_adue_op")
@REACHES
@pytest.mark.parametrize("age", (0, A, D), ids=("none", "a", "d"))
@pytest.mark.parametrize("stage", ("vs", "g"))
def test_a_is_set_by_every_access_and_d_by_stores_alone(stage, age, reach):
    guest = updating(RWX | age) if stage == "vs" else updating(FULL, RWX | U | age)
    assert outcomes(guest, at(reach=reach)) == [PA]
    place = guest.leaf if stage == "vs" else guest.g_leaf
    assert bits(guest, place) == age | A | (D if reach == Reach.STORE else 0)


@pytest.mark.rule("Svadu_hw_update_a_d_bits", "menvcfg_adue_op", "henvcfg_adue_op", "menvcfg_adue_henvcfg_adue_rdonly0",
                  "Svadu_disabled_hw_update_falls_back_to_svade")
@pytest.mark.parametrize("adue,vs_adue", [*product((0, 1), repeat=2)])
def test_each_stage_has_a_switch_of_its_own_and_henvcfgs_counts_only_where_menvcfgs_does(adue, vs_adue):
    guest = updating(adue=adue, vs_adue=vs_adue)
    assert outcomes(guest, at()) == [PA if adue and vs_adue else (13, 0, 0)]
    guest = updating(FULL, RWX | U, adue=adue, vs_adue=vs_adue)
    assert outcomes(guest, at()) == [PA if adue else (21, GPA, 0)]
    machine, tables = guest.machine, Tables(guest.machine, 0x8180_0000)
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    *_, place = tables.place(8, root, VA, 0, leaf(PA, RWX))
    assert outcomes(guest, at(mode=Mode.HS)) == [PA if adue else (13, 0, 0)]
    assert bits(guest, place) == (A if adue else 0)


def test_a_store_after_a_load_sets_d_and_later_accesses_find_both_in_the_tlb():
    guest = updating()
    store = at(reach=Reach.STORE)

    async def scenario(player):
        assert await player.check(at()) in ("walk", "shortened")
        assert bits(guest, guest.leaf) == A
        assert await player.check(at()) == "first"
        assert await player.check(store) in ("walk", "shortened")
        assert bits(guest, guest.leaf) == A | D
        for access in (store, at()):
            assert await player.check(access) == "first"
    run(scenario, guest.machine)


@REACHES
@pytest.mark.parametrize("flags", (RWX | U, RWX | 1 << 60, V | W | X, None),
                         ids=("u", "reserved", "w-without-r", "rwx"))
def test_an_entry_that_refuses_an_access_stays_as_it_is(flags, reach):
    guest = updating((V | R, V | X, V | R | X)[reach] if flags is None else flags)
    (cause, *rest), = outcomes(guest, at(reach=reach))
    assert cause in (12, 13, 15) and rest == [0, 0] and not bits(guest, guest.leaf)


@pytest.mark.parametrize("bad", (N, N | 4 << PPN_SHIFT), ids=("no-size", "32k"))
def test_a_reserved_napot_encoding_faults_and_sets_nothing(bad):
    guest = updating()
    guest.machine.memory[guest.leaf] = leaf(GPA & ~0xFFFF, RWX) | bad
    assert outcomes(guest, at()) == [(13, 0, 0)] and not bits(guest, guest.leaf)
    guest = updating(FULL, RWX | U)
    guest.machine.memory[guest.g_leaf] = leaf(PA & ~0xFFFF, RWX | U) | bad
    assert outcomes(guest, at()) == [(21, GPA, 0)] and not bits(guest, guest.g_leaf)


# The page of a VS-stage entry.

def table_page(guest, level=0):
    """Of the VS-stage table at `level`: its GPA and the GPA of the entry that serves VA."""
    table = guest.vs_root if level == 2 else guest.machine.memory[guest.places[1 - level]] >> PPN_SHIFT << 12
    return table, table + 8 * (VA >> 12 + 9 * level & 511)


def remap(guest, table, flags):
    """The G-stage leaf of the table's page, replaced; where it lies."""
    return guest.map_guest(table, guest.at[table >> 12] << 12, 0, flags)[-1]


@pytest.mark.rule("H_vm_gpapriv", "Svadu_hw_update_a_d_bits")
@REACHES
def test_setting_a_bit_of_a_vs_entry_is_a_write_of_its_page_at_the_g_stage(reach):
    guest = updating()
    table, _ = table_page(guest)
    place = remap(guest, table, RWX | U)
    assert outcomes(guest, at(reach=reach)) == [PA]
    assert bits(guest, place) == A | D


@pytest.mark.rule("H_vm_gpapriv")
@pytest.mark.parametrize("level", (0, 1, 2))
def test_reading_a_vs_entry_sets_a_alone_in_the_page_of_its_table(level):
    guest = updating(FULL)
    place = remap(guest, table_page(guest, level)[0], RWX | U)
    assert outcomes(guest, at(reach=Reach.STORE)) == [PA]
    assert bits(guest, place) == A


@pytest.mark.rule("H_vm_gpapriv")
@REACHES
@pytest.mark.parametrize("cold", (0, 1))
def test_a_vs_entry_on_a_page_without_w_is_a_guest_page_fault_of_the_write_and_of_the_original_access(reach, cold):
    guest = updating(RWX | (A if reach == Reach.STORE else 0))
    table, entry = table_page(guest)
    place = remap(guest, table, V | R | X | U | A)
    cause = {Reach.FETCH: 20, Reach.LOAD: 21, Reach.STORE: 23}[reach]
    warm = [] if cold or reach != Reach.STORE else [at()]
    assert outcomes(guest, *warm, at(reach=reach)) == [PA] * len(warm) + [(cause, entry, 2)]
    assert bits(guest, place) == A and not guest.machine.memory[guest.leaf] & D


@pytest.mark.rule("H_vm_gpapriv")
def test_each_write_of_a_vs_entry_is_translated_for_itself_also_where_the_walk_is_shortened():
    guest = updating()
    table, entry = table_page(guest)
    guest.map(VA + 0x1000, GPA, 0, RWX)

    async def scenario(player):
        await player.check(at())
        remap(guest, table, V | R | X | U | A | D)  # may not be written any more
        await player.check(at(0x1000))
        assert player.expect(at(0x1000))[1] == (21, entry + 8, 2) and player.cached
    run(scenario, guest.machine)


def test_a_vs_entry_is_not_written_where_d_of_its_page_cannot_be():
    guest = updating()
    table, _ = table_page(guest)
    machine = guest.machine
    g_entry = remap(guest, table, RWX | U | A)
    machine.pmp = Pmp(g_entry >> 2, NAPOT, 1, 0, 0), Pmp((1 << 54) - 1, NAPOT, 1, 1, 1)
    assert outcomes(guest, at(), pmp_entries=16) == [(5, 0, 0)]
    assert not bits(guest, guest.leaf) and bits(guest, g_entry) == A


@REACHES
@pytest.mark.parametrize("stage", ("vs", "g"))
def test_an_entry_that_pmp_does_not_let_be_written_is_an_access_fault_of_the_original_access(stage, reach):
    guest = updating() if stage == "vs" else updating(FULL, RWX | U)
    place = guest.leaf if stage == "vs" else guest.g_leaf
    guest.machine.pmp = Pmp(place >> 2, NAPOT, 1, 0, 0), Pmp((1 << 54) - 1, NAPOT, 1, 1, 1)
    assert outcomes(guest, at(reach=reach), pmp_entries=16) == [({Reach.FETCH: 1, Reach.LOAD: 5, Reach.STORE: 7}[reach],
                                                                0, 0)]
    assert not bits(guest, place)


def test_an_entry_on_a_page_past_the_caches_is_read_but_not_written():
    guest = updating()
    guest.machine.uncached_page = guest.leaf >> 12
    assert outcomes(guest, at()) == [(5, 0, 0)]
    guest.machine.memory[guest.leaf] |= A
    assert outcomes(guest, at()) == [PA]


def test_a_bus_error_while_an_entry_is_written_is_an_access_fault():
    guest = updating()
    machine = guest.machine

    async def scenario(player):
        ctx, tables = player.ctx, player.dut.tables

        async def fail():
            while not ctx.get(tables.write & tables.valid):
                await ctx.tick()
            machine.broken = {guest.leaf}
        access = at()
        _, asks = player.port(access)
        ctx.set(asks.request, {"va": access.va, "size": access.size, "context": access.context})
        ctx.set(asks.valid, 1)
        await fail()
        while not ctx.get(asks.done):
            await ctx.tick()
        assert ctx.get(asks.answer.fault.cause) == 5
    run(scenario, machine)


@pytest.mark.parametrize("flags,result", [(RWX | A, PA), (RWX, PA), (V | R, (15, 0, 0)), (0, (15, 0, 0))], ids=str)
def test_an_entry_that_somebody_changes_before_it_is_written_is_judged_anew(flags, result):
    guest = updating()
    memory = guest.machine.memory

    async def scenario(player):
        ctx, tables = player.ctx, player.dut.tables
        access = at(reach=Reach.STORE)
        _, asks = player.port(access)
        ctx.set(asks.request, {"va": access.va, "size": access.size, "context": access.context})
        ctx.set(asks.valid, 1)
        while not ctx.get(tables.valid & tables.write):
            assert not ctx.get(asks.done)
            await ctx.tick()
        memory[guest.leaf] = leaf(GPA, flags | 1 << 8 if flags else 0)
        while not ctx.get(asks.done):
            await ctx.tick()
        answer = ctx.get(asks.answer)
        if isinstance(result, tuple):
            assert answer.fault.cause == result[0] and not bits(guest, guest.leaf)
        else:
            assert answer.page.ppn == PA >> 12 and memory[guest.leaf] == leaf(GPA, FULL | 1 << 8)
    run(scenario, guest.machine, latency=3)


def test_an_entry_that_becomes_a_pointer_before_it_is_written_leads_to_a_table_that_is_only_read():
    guest = updating(levels=(1, 0))
    memory, table = guest.machine.memory, guest.guest_page()
    remap(guest, table, V | R | A | U)       # no W
    memory[(guest.at[table >> 12] << 12) + 8 * (VA >> 12 & 511)] = leaf(GPA, FULL)

    async def scenario(player):
        ctx, tables = player.ctx, player.dut.tables
        _, asks = player.port(access := at())
        ctx.set(asks.request, {"va": access.va, "size": access.size, "context": access.context})
        ctx.set(asks.valid, 1)
        while not ctx.get(tables.valid & tables.write):
            await ctx.tick()
        memory[guest.leaf] = pointer(table)
        while not ctx.get(asks.done):
            await ctx.tick()
        answer = ctx.get(asks.answer)
        assert (answer.faulted, answer.page.ppn) == (0, PA >> 12)
    run(scenario, guest.machine, latency=3)


@pytest.mark.parametrize("before", range(4))
def test_a_table_that_is_translated_twice_is_known_once(before):
    # For the read and the write of its entry; a place that the walk cache knew twice would lead elsewhere.
    guest = updating(FULL)
    guest.machine.memory[guest.leaf] &= ~A
    others = []
    for n in range(before):
        gpa = guest.guest_page()
        guest.map(VA + (n + 1 << 21), gpa, 0)
        others.append(at(n + 1 << 21))
    guest.map(VA + 0x1000, GPA, 0)

    async def scenario(player):
        for access in (*others, at()):
            await player.check(access)
        assert await player.check(at(0x1000)) == "shortened"
        for access in others:
            await player.check(access)
    run(scenario, guest.machine, walk_cache_entries=4)


@pytest.mark.rule("Svvptc_explicit_stores_update_valid_bit")
@pytest.mark.parametrize("which", range(3))
def test_an_entry_that_becomes_valid_is_found_without_a_fence(which):
    guest = guest_with()
    memory = guest.machine.memory
    place = guest.places[which]
    kept, memory[place] = memory[place], memory[place] & ~V
    other = guest.map(VA + 0x1000, GPA, 0)[which]     # its walk leaves what it can in the walk caches
    memory[place], memory[other] = memory[place] & ~V, memory[other] & ~V

    async def validate(player):
        memory[place] = kept
    assert outcomes(guest, at(), at(), between=validate) == [(13, 0, 0), PA]


def test_without_the_extension_nothing_is_ever_set():
    guest = updating()
    guest.machine.adue = guest.machine.vs_adue = 0    # what the CSRs of such a core say
    assert outcomes(guest, at(), extensions=FULL_CORE.without("svadu").extensions) == [(13, 0, 0)]

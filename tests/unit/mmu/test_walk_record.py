"""The record of walks: each entry that is read, why, and how the walk ends. Traces and reports are made of it."""

import pytest
from unit.mmu.cases import FULL, PA, VA, at, guest_with
from unit.mmu.harness import ALL_OPEN, RAM, Guest, Tables, run
from unit.mmu.model import NA4, PPN_SHIFT, A, Access, D, Pmp, R, U, V, W, leaf
from unit.mmu.test_mmu import OTHER, ask, single

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.refusal import Refusal
from hyacinth.rtl.payloads import Reach


def steps_of(machine, *accesses, flush=True, each_cycle=lambda player: None, **config):
    """The WalkSteps of the accesses, one list for each; without `flush`, what the ones before have left is known."""
    walks = []

    async def scenario(player):
        async def watch(access):
            ctx, dut, steps = player.ctx, player.dut, []
            if flush:
                await player.flush_all()
            await ask(player, access)
            while True:
                each_cycle(player)
                if ctx.get(dut.walk.valid):
                    steps.append(ctx.get(dut.walk.payload))
                if ctx.get(player.port(access)[1].done):
                    break
                await ctx.tick()
            await ctx.tick()
            await ask(player, access, valid=0)
            walks.append(steps)
        for access in accesses:
            await watch(access)
    run(scenario, machine, **config)
    return walks


@pytest.mark.rule("sfence_vma_implicit_access")
def test_a_walk_is_recorded_entry_by_entry():
    machine = single()
    (steps,) = steps_of(machine, access := Access(VA, reach=Reach.FETCH, size=1))
    root = machine.satp[2] << 12
    middle = machine.memory[root + 8 * (VA >> 30)] >> PPN_SHIFT << 12
    places = [root + 8 * (VA >> 30), middle + 8 * (VA >> 21 & 511), machine.leaf]
    assert [(s.level, s.hpa, s.pte, s.gpa) for s in steps[:-1]] == \
        [(2 - n, at, machine.memory[at], at) for n, at in enumerate(places)]
    assert [s.first for s in steps] == [1, 0, 0, 0] and [s.last for s in steps] == [0, 0, 0, 1]
    assert all(s.fetch and s.va == access.va and not s.g_stage and not s.reason and not s.cause for s in steps)
    assert not any(s.implicit or s.writes for s in steps)
    assert steps[-1].hpa == PA


def test_a_record_has_the_context_of_the_access():
    access = Access(VA, Mode.U, Reach.LOAD, hlvx=1, sum=1, mxr=1, vs_mxr=1)
    (steps,) = steps_of(single(), access)
    assert steps and all({name: step.context[name] for name in access.context} == access.context for step in steps)


@pytest.mark.rule("sfence_vma_implicit_access")
@pytest.mark.parametrize("entry,reason", [
    (leaf(PA, 0), Refusal.INVALID), (leaf(PA, FULL) | 1 << 60, Refusal.RESERVED), (leaf(PA, V), Refusal.NO_LEAF),
    (leaf(PA, FULL | U), Refusal.USER), (leaf(PA, V | R | A), Refusal.PERMISSION),
    (leaf(PA, V | R | W | D), Refusal.ACCESSED), (leaf(PA, V | R | W | A), Refusal.DIRTY),
    (leaf(1 << 40, FULL), Refusal.PROTECTION)], ids=lambda value: getattr(value, "name", "entry"))
def test_a_refusal_is_recorded_with_its_reason_and_cause(entry, reason):
    machine = single()
    machine.memory[machine.leaf] = entry
    (steps,) = steps_of(machine, Access(VA, reach=Reach.STORE))
    assert (steps[-1].last, steps[-1].reason) == (1, reason)
    assert steps[-1].cause == (7 if reason == Refusal.PROTECTION else 15)
    if reason != Refusal.PROTECTION:
        assert steps[-2].reason == reason and not steps[-2].last
    assert not any(step.cause for step in steps[:-1])


def test_the_stages_of_a_walk_are_told_apart_in_its_record():
    guest = Guest(8, 8)
    guest.map_guest(0x3_0123_4000, PA, 0)
    *_, vs_leaf = guest.map(VA, 0x3_0123_4000, 0)
    (steps,) = steps_of(guest.machine, Access(VA, Mode.VS))
    vs = [s for s in steps if not s.g_stage and not s.last]
    assert [s.level for s in vs] == [2, 1, 0] and vs[-1].hpa == vs_leaf
    assert all(guest.at[s.gpa >> 12] << 12 | s.gpa & 4095 == s.hpa for s in vs)
    g = [s for s in steps if s.g_stage and not s.last]
    assert {s.gpa for s in g} >= {s.gpa for s in vs}
    assert all(guest.machine.memory[s.hpa] == s.pte for s in vs + g)
    assert sum(s.first for s in steps) == 1 and steps[0].first
    # A read of the G stage is implicit where it is for the read of a VS-stage entry; the last walk is for the data.
    assert [s.implicit for s in g] == [s.gpa in {each.gpa for each in vs} for s in g] and not g[-1].implicit
    assert not any(s.implicit for s in vs) and not any(s.writes for s in steps)


def test_a_bus_error_is_recorded_as_absent():
    machine = single()
    machine.broken = {machine.leaf}
    (steps,) = steps_of(machine, Access(VA))
    assert (steps[-1].reason, steps[-1].cause) == (Refusal.ABSENT, 5)


def test_an_address_out_of_range_is_recorded_as_such():
    (steps,) = steps_of(single(), Access(1 << 50))
    assert (len(steps), steps[0].first, steps[0].last, steps[0].reason, steps[0].cause) == (1, 1, 1, Refusal.RANGE, 13)


def test_of_an_address_that_nothing_translates_the_end_alone_is_recorded():
    ((end,),) = steps_of(single(), Access(PA, Mode.M))
    assert (end.first, end.last, end.va, end.hpa) == (1, 1, PA, PA)
    assert not any(end[name] for name in ("gpa", "pte", "level", "g_stage", "reason", "cause"))


@pytest.mark.parametrize("access", (Access(PA, Mode.M), Access(OTHER), Access(1 << 50), Access(PA, Mode.VS)),
                         ids=("physical", "one-stage", "out-of-range", "g-stage-alone"))
def test_a_record_says_nothing_of_the_walk_before(access):
    guest = guest_with(FULL & ~(A | D))
    guest.map_guest(PA, PA, 0, FULL | U)
    tables = Tables(guest.machine, first=RAM + 0x80_0000)
    root = tables.page()
    tables.place(8, root, OTHER, 0, leaf(PA))
    guest.machine.satp = 8, 1, root >> 12
    guest.machine.adue = guest.machine.vs_adue = 1

    def after(*before):
        machine = guest.machine.apart()
        if access.mode == Mode.VS:
            machine.vsatp = (0, 0, 0)
        return [step.as_bits() for step in steps_of(machine, *before, access)[-1]]
    alone = after()
    assert alone
    for before in (Access(VA, Mode.VS, Reach.STORE), Access(VA, Mode.VU, Reach.STORE), Access(OTHER), Access(1 << 50)):
        assert after(before) == alone, before


def test_what_sets_a_and_d_is_recorded_as_it_comes():
    guest = guest_with(FULL & ~(A | D))
    guest.machine.adue = guest.machine.vs_adue = 1
    (steps,) = steps_of(guest.machine, Access(VA, Mode.VS, Reach.STORE))
    of_leaf = [n for n, step in enumerate(steps) if not step.g_stage and step.level == 0 and not step.last]
    first, again, after = of_leaf
    # Found without A and D; read again when its page has been translated for a write; and as it has become.
    assert [(steps[n].updates, bool(steps[n].pte & A)) for n in of_leaf] == [(1, False), (1, False), (0, True)]
    assert not any(step.updates for n, step in enumerate(steps) if n not in of_leaf)
    assert [n for n, step in enumerate(steps) if step.writes] == [*range(first + 1, again)]
    assert all(step.g_stage and step.implicit and step.gpa == steps[first].gpa for step in steps[first + 1:again])
    assert after == again + 1


def test_where_a_shortened_walk_begins_its_record_has_the_address_as_the_guest_has_it():
    guest = guest_with()
    other = guest.map(OTHER, 0x3_0123_4000, 0)[-1]
    _, recorded = steps_of(guest.machine, at(), Access(OTHER, Mode.VS), flush=False)
    assert (recorded[0].g_stage, recorded[0].level, recorded[0].hpa) == (0, 0, other)
    assert guest.at[recorded[0].gpa >> 12] << 12 | recorded[0].gpa & 4095 == other


DENIED = {"r": 0, "w": 0, "x": 0}


@pytest.mark.rule("pmp_full_match_required")
@pytest.mark.parametrize("part", (0, 4))
def test_an_entry_of_which_pmp_denies_a_half_is_recorded_as_protected(part):
    machine = single()
    machine.pmp = (Pmp(machine.leaf + part >> 2, NA4, **DENIED), *ALL_OPEN)
    (steps,) = steps_of(machine, Access(VA), pmp_entries=16)
    assert (steps[-1].last, steps[-1].reason, steps[-1].cause) == (1, Refusal.PROTECTION, 5)
    assert steps[-2].level == 1


def test_an_entry_that_may_not_be_written_is_recorded_as_protected():
    machine = single(FULL & ~(A | D))
    machine.adue, machine.uncached_page = 1, machine.leaf >> 12
    (steps,) = steps_of(machine, Access(VA))
    assert (steps[-1].last, steps[-1].reason, steps[-1].cause) == (1, Refusal.PROTECTION, 5)


def test_a_bus_error_while_an_entry_is_written_is_recorded_as_absent():
    machine = single(FULL & ~(A | D))
    machine.adue = 1

    def breaks(player):
        if player.ctx.get(player.dut.walk.valid & player.dut.walk.payload.updates):
            machine.broken = {machine.leaf}
    (steps,) = steps_of(machine, Access(VA), each_cycle=breaks)
    assert (steps[-1].last, steps[-1].reason, steps[-1].cause) == (1, Refusal.ABSENT, 5)

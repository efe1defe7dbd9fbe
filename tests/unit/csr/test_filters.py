"""Tests of the filters by mode: of mhpmevent (Sscofpmf), of mcycle and minstret (Smcntrpmf)."""

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1
EVENT = 5
FILTERS = {Mode.M: 1 << 62, Mode.HS: 1 << 61, Mode.U: 1 << 60, Mode.VS: 1 << 59, Mode.VU: 1 << 58}
SETTINGS = [0, *FILTERS.values(), sum(FILTERS.values()), 0x54 << 56, 0x28 << 56]
CYCLES = 3


async def counts(s, mode, counter):
    """How far `counter` goes in some cycles of `mode`, in each of which the event happens and something retires."""
    await s.enter(mode)
    await s.ctx.tick()             # the events are those of the cycle before
    s.ctx.set(s.dut.events, 1 << EVENT - 1)
    s.ctx.set(s.dut.csr.retired, 1)
    before = s.peek(counter)
    await s.ctx.tick().repeat(CYCLES)
    s.ctx.set(s.dut.events, 0)
    s.ctx.set(s.dut.csr.retired, 0)
    return s.peek(counter) - before


@pytest.mark.rule("mhpmevent_inh_op", "mcyclecfg_op", "mcyclecfg_sz", "all_xinh_zero", "counter_inhibited_behavior",
                  "cycle_counting", "instret_non_inhibited")
@pytest.mark.parametrize("csr, counter, selects", (("mhpmevent3", "mhpmcounter3", EVENT),
                                                   ("mhpmevent6", "mhpmcounter6", EVENT),
                                                   ("mcyclecfg", "mcycle", 0), ("minstretcfg", "minstret", 0)))
def test_a_filter_stops_the_counter_in_its_mode_alone(play, csr, counter, selects):
    async def scenario(s):
        for setting in SETTINGS:
            await s.to_m()
            assert await s.write(csr, setting | selects) == setting | selects
            for mode, bit in FILTERS.items():
                assert (mode, await counts(s, mode, counter)) == (mode, 0 if setting & bit else CYCLES)
    play(scenario)


def test_a_filter_of_one_counter_says_nothing_to_the_others(play):
    async def scenario(s):
        for csr in ("mhpmevent3", "mcyclecfg", "minstretcfg", "mhpmevent4"):
            await s.write("mhpmevent3", EVENT)
            await s.write("mhpmevent4", EVENT)
            await s.set(csr, FILTERS[Mode.M])
            went = {counter: await counts(s, Mode.M, counter)
                    for counter in ("mhpmcounter3", "mcycle", "minstret", "mhpmcounter4")}
            own = csr.replace("event", "counter").removesuffix("cfg")
            assert went == {counter: 0 if counter == own else CYCLES for counter in went}
            await s.clear(csr, FILTERS[Mode.M])
    play(scenario)


@pytest.mark.rule("instret_xret")
@pytest.mark.parametrize("of", (Mode.M, Mode.U), ids=lambda mode: mode.name)
def test_a_return_counts_in_minstret_by_the_mode_that_it_leaves(play, of):
    async def scenario(s):
        await s.write("minstretcfg", FILTERS[of])
        s.ctx.set(s.dut.csr.op, {"address": s.address("mscratch")})
        before = s.peek("minstret")
        s.ctx.set(s.dut.csr.retired, 1)
        assert (await s.mret())[1] == Mode.U
        assert s.peek("minstret") - before == (of == Mode.U)
        await s.ctx.tick()             # and what retires right behind it, by the mode that it has entered
        s.ctx.set(s.dut.csr.retired, 0)
        assert s.peek("minstret") - before == 1
    play(scenario)


@pytest.mark.rule("mhpmevent_inh_op", "instret_xret")
@pytest.mark.parametrize("of", (Mode.M, Mode.U), ids=lambda mode: mode.name)
def test_an_event_counts_by_the_mode_in_which_it_happened_though_it_is_told_a_cycle_later(play, of):
    async def scenario(s):
        await s.write("mhpmevent3", EVENT | FILTERS[of])
        assert (await s.mret())[1] == Mode.U
        s.ctx.set(s.dut.events, 1 << EVENT - 1)        # of the cycle of MRET
        await s.ctx.tick()
        s.ctx.set(s.dut.events, 0)
        assert s.peek("mhpmcounter3") == (of == Mode.U)
    play(scenario)


@pytest.mark.rule("unimplemented_mode_bits")
def test_a_core_without_the_hypervisor_extension_has_no_filter_for_its_modes(play):
    async def scenario(s):
        for csr in ("mcyclecfg", "minstretcfg", "mhpmevent3"):
            assert await s.write(csr, ONES) & ~(1 << 63) == 0x70 << 56
            assert await s.read(csr) & ~(1 << 63) == 0x70 << 56
    play(scenario, NO_H)


def test_while_misa_h_is_clear_there_is_no_filter_for_guests(play):
    async def scenario(s):
        for csr in ("mcyclecfg", "minstretcfg", "mhpmevent3"):
            await s.write(csr, ONES)
        await s.write("misa", 0)
        for csr in ("mcyclecfg", "minstretcfg", "mhpmevent3"):
            assert await s.read(csr) & ~(1 << 63) == 0x70 << 56
            assert await s.write(csr, 0x2c << 56) == 0x20 << 56
    play(scenario)


@pytest.mark.rule("mcyclecfg_sz")
@pytest.mark.parametrize("config", (SMALL, FULL.without("smcntrpmf")), ids=("small", "without"))
def test_without_smcntrpmf_there_are_no_filters_of_mcycle_and_minstret(play, config):
    async def scenario(s):
        assert await s.access(0x321) == await s.access(0x322) == Access.ILLEGAL
    play(scenario, config)


@pytest.mark.rule("csr_supervisor_access")
def test_the_filters_are_machine_modes(play):
    async def scenario(s):
        for mode in (Mode.HS, Mode.VS, Mode.U):
            await s.enter(mode)
            assert await s.access("mcyclecfg") == await s.access("minstretcfg") == Access.ILLEGAL
    play(scenario)


@pytest.mark.rule("sscounterenw_hpmcounter_scounteren", "shcounterenw_hpmcounter_hcounteren")
@pytest.mark.parametrize("name", ("scounteren", "hcounteren", "mcounteren"))
def test_each_counter_has_a_writable_bit_in_scounteren_and_hcounteren(play, name):
    async def scenario(s):
        for n in range(32):
            assert await s.write(name, 1 << n) == 1 << n
            assert await s.write(name, ~(1 << n)) == 0xffff_ffff & ~(1 << n)
    play(scenario)

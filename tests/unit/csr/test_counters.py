"""Tests of the counters: what they count, what inhibits them, and what a write does to them."""

from dataclasses import replace

import pytest
from testbench import assert_exports

from hyacinth.rtl.config import FULL
from hyacinth.rtl.csr.counters import Counters
from hyacinth.rtl.isa.csrs import CSRS
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1


def test_it_exports():
    assert_exports(Counters(CSRS, 4))


async def retire(s, count):
    s.ctx.set(s.dut.csr.retired, 1)
    await s.ctx.tick().repeat(count)
    s.ctx.set(s.dut.csr.retired, 0)


@pytest.mark.rule("zicntr_rdcycle_op", "zicntr_rdinstret_op")
@pytest.mark.rule("mcycle_op", "minstret_op", "m_mode_perf_monitoring")
def test_mcycle_counts_every_cycle_and_minstret_what_retires(play):
    async def scenario(s):
        cycle, instret = s.peek("mcycle"), s.peek("minstret")
        await retire(s, 5)
        await s.pause(2)
        assert (s.peek("mcycle") - cycle, s.peek("minstret") - instret) == (7, 5)
    play(scenario)


@pytest.mark.rule("zicntr_rdcycle_op", "zicntr_rdinstret_op", "hpmcounter_op_sz_mode")
@pytest.mark.rule("cycle_op", "instret_op", "hpmcounter_op")
def test_the_unprivileged_names_show_the_same_counters(play):
    async def scenario(s):
        await s.write("mcountinhibit", ONES)
        for n, name in ((7, "cycle"), (8, "instret"), (9, "hpmcounter3")):
            await s.write(f"m{name}", n)
            assert await s.read(name) == n
    play(scenario)


@pytest.mark.rule("zicsr_order")
@pytest.mark.rule("minstret_wr")
def test_a_write_of_minstret_wins_over_the_count_of_that_instruction(play):
    async def scenario(s):
        assert await s.write("minstret", 100) == 100
        await retire(s, 1)
        assert await s.read("minstret") == 101
    play(scenario)


@pytest.mark.rule("mcycle_wr", "mcycle_sz")
def test_a_write_of_mcycle_wins_over_the_count_of_that_cycle(play):
    async def scenario(s):
        assert await s.write("mcycle", ONES) == ONES
        await s.ctx.tick()
        assert s.peek("mcycle") == 0
    play(scenario)


@pytest.mark.rule("mcountinhibit_op", "mcountinhibit_enc")
def test_what_mcountinhibit_names_stands_still(play):
    async def scenario(s):
        await s.write("mhpmevent3", 1)
        s.ctx.set(s.dut.events, 1)
        for bit, name, other in ((0, "mcycle", "minstret"), (2, "minstret", "mcycle"), (3, "mhpmcounter3", "mcycle")):
            await s.write("mcountinhibit", 1 << bit)
            before = s.peek(name), s.peek(other)
            await retire(s, 3)
            assert (s.peek(name), s.peek(other)) == (before[0], before[1] + 3)
    play(scenario)


@pytest.mark.rule("HPM_PLATFORM_SPECIFIC_IMPL")
@pytest.mark.rule("mhpmevent_op", "mhpmevent_enc")
def test_an_hpm_counter_counts_the_event_that_its_selector_names(play):
    async def scenario(s):
        await s.write("mhpmevent3", 1)
        await s.write("mhpmevent4", 32)
        await s.write("mhpmevent5", 0)
        for event in range(32):
            s.ctx.set(s.dut.events, 1 << event)
            await s.ctx.tick().repeat(event + 1)
        s.ctx.set(s.dut.events, 0)
        assert [await s.read(f"mhpmcounter{n}") for n in (3, 4, 5)] == [1, 32, 0]
    play(scenario)


@pytest.mark.rule("mhpmevent_sz", "MHPMEVENT_WARL")
def test_an_event_selector_holds_the_events_that_exist(play):
    async def scenario(s):
        for event in range(64):
            assert await s.write("mhpmevent6", event) == (event if event <= 32 else 0)
        assert await s.write("mhpmevent7", 5) == 0
    play(scenario)


@pytest.mark.rule("hpm_misconfigured_event_behavior")
@pytest.mark.parametrize("written", (0, 33, 40, 63))
def test_a_counter_whose_selector_names_no_event_stands_still(play, written):
    async def scenario(s):
        await s.write("mhpmevent4", 3)
        await s.write("mhpmcounter4", 5)
        await s.write("mhpmevent4", written)
        before = s.peek("mhpmcounter4")
        s.ctx.set(s.dut.events, (1 << 32) - 1)
        await retire(s, 5)
        assert s.peek("mhpmcounter4") == before
    play(scenario)


@pytest.mark.rule("HPM_PLATFORM_SPECIFIC_IMPL", "HPM_UNIMPLEMENTED_COUNTER_ACCESS")
@pytest.mark.rule("MHPMCOUNTER_N_RDONLY0", "MHPMEVENT_N_RDONLY0")
def test_counters_that_do_not_count_read_as_zero(play):
    async def scenario(s):
        for name in ("mhpmcounter3", "mhpmevent3", "mhpmcounter31", "mhpmevent31"):
            assert await s.write(name, ONES) == 0
        assert await s.read("hpmcounter3") == 0
    play(scenario, replace(FULL, hpm_counters=0))


@pytest.mark.rule("mhpmcounter_num", "mhpmcounter_mandatory")
def test_there_can_be_as_many_counters_as_there_are_addresses(play):
    async def scenario(s):
        await s.write("mcountinhibit", ONES)
        for n in range(3, 32):
            await s.write(f"mhpmcounter{n}", ONES - n)
        assert [await s.read(f"mhpmcounter{n}") for n in range(3, 32)] == [ONES - n for n in range(3, 32)]
    play(scenario, replace(FULL, hpm_counters=29))


@pytest.mark.rule("zicntr_rdtime_op")
@pytest.mark.rule("time_op")
def test_time_is_mtime_and_a_guest_adds_htimedelta(play):
    async def scenario(s):
        for name in ("mcounteren", "hcounteren", "scounteren"):
            await s.write(name, 2)
        await s.write("htimedelta", -7)
        s.ctx.set(s.dut.time, 1000)
        assert s.ctx.get(s.dut.csr.time) == 1000
        for mode, time in ((Mode.M, 1000), (Mode.HS, 1000), (Mode.U, 1000), (Mode.VS, 993), (Mode.VU, 993)):
            await s.enter(mode)
            assert await s.read("time") == time
    play(scenario)


def test_the_time_of_the_trace_is_the_time_that_a_read_in_that_cycle_gets(play):
    async def scenario(s):
        s.ctx.set(s.dut.csr.op, {"address": s.address("time")})
        s.ctx.set(s.dut.time, 41)
        seen = s.ctx.get(s.dut.csr.time)
        await s.ctx.tick()
        s.ctx.set(s.dut.time, 42)
        assert s.ctx.get(s.dut.csr.read_data) == seen == 41
    play(scenario)

"""Tests of counters that overflow: OF, LCOFIP, scountovf, and the interrupt LCOFI (Sscofpmf)."""

from dataclasses import replace
from itertools import product

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa.causes import Interrupt
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1
OF = 1 << 63
EVENT = 5                       # the number that mhpmevent selects it by
LCOFI = 1 << Interrupt.LCOFI
COUNTERS = range(3, 7)          # those of the full core that count


async def happen(s, cycles=1):
    """The event, in so many cycles."""
    s.ctx.set(s.dut.events, 1 << EVENT - 1)
    await s.ctx.tick().repeat(cycles)
    s.ctx.set(s.dut.events, 0)


async def armed(s, n, *, of=0, left=1):
    """Counter `n` counts the event, and overflows at the `left`th."""
    await s.write(f"mhpmcounter{n}", -left)
    await s.write(f"mhpmevent{n}", of | EVENT)


async def event_beside(s, csr, phase, **op):
    """A CSR instruction that writes, and the event while it reads (0) or while it writes (1); what it reads."""
    port = s.dut.csr
    s.ctx.set(port.op, {"address": s.address(csr), "write": 1, **op})
    s.ctx.set(s.dut.events, 1 << EVENT - 1 if phase == 0 else 0)
    await s.ctx.tick()
    read = s.ctx.get(port.read_data)
    s.ctx.set(s.dut.events, 1 << EVENT - 1 if phase == 1 else 0)
    s.ctx.set(port.write, 1)
    await s.ctx.tick()
    s.ctx.set(port.write, 0)
    s.ctx.set(s.dut.events, 0)
    await s.pause()
    return read


@pytest.mark.rule("mhpmevent_of_op", "hpmcounter_overflow", "mhpmevent_of_bit_set", "count_overflow_interrupt",
                  "mip_lcofip_op", "sip_lcofip_op", "scountovf_op")
@pytest.mark.parametrize("n", COUNTERS)
def test_a_counter_that_wraps_sets_its_of_and_lcofip_and_goes_on_counting(play, n):
    async def scenario(s):
        await armed(s, n, left=3)
        await happen(s, 2)
        assert (s.peek(f"mhpmcounter{n}"), s.peek(f"mhpmevent{n}"), s.peek("mip")) == (ONES, EVENT, 0)
        await happen(s, 1)
        assert (s.peek(f"mhpmcounter{n}"), s.peek(f"mhpmevent{n}"), s.peek("mip")) == (0, OF | EVENT, LCOFI)
        assert await s.read("scountovf") == 1 << n
        await happen(s, 4)
        assert s.peek(f"mhpmcounter{n}") == 4
        assert [s.peek(f"mhpmevent{other}") for other in COUNTERS if other != n] == [0, 0, 0]
    play(scenario)


@pytest.mark.rule("count_overflow_interrupt")
def test_an_overflow_while_of_is_set_requests_nothing(play):
    async def scenario(s):
        await armed(s, 3, of=OF)
        await happen(s)
        await s.pause()
        assert (s.peek("mhpmcounter3"), s.peek("mhpmevent3"), s.peek("mip")) == (0, OF | EVENT, 0)
        await armed(s, 4)
        await happen(s)
        assert s.peek("mip") == LCOFI
    play(scenario)


@pytest.mark.rule("mhpmevent_of_op", "mip_lcofip_acc")
def test_of_and_lcofip_stay_until_software_writes_them(play):
    async def scenario(s):
        await armed(s, 3)
        await happen(s)
        await s.pause(5)
        assert await s.read("mhpmevent3") == OF | EVENT
        assert await s.write("mip", 0) == 0
        await s.pause(5)
        assert (s.peek("mip"), s.peek("mhpmevent3")) == (0, OF | EVENT)
        assert await s.clear("mhpmevent3", OF) == EVENT
        assert await s.read("scountovf") == 0
        assert await s.set("mip", LCOFI) == LCOFI
        await s.write("mideleg", LCOFI)
        assert await s.clear("sip", LCOFI) == 0
        assert s.peek("mip") == 0
    play(scenario)


@pytest.mark.rule("count_overflow_trigger")
def test_a_write_of_a_counter_or_of_its_event_never_overflows(play):
    async def scenario(s):
        await armed(s, 3)
        s.ctx.set(s.dut.events, 1 << EVENT - 1)
        for value in (0, ONES, 0, ONES):
            await s.write("mhpmevent3", 0)
            await s.write("mhpmcounter3", value)
        await s.write("mhpmevent3", 0)
        await s.write("mhpmevent3", OF)
        await s.write("mhpmevent3", 0)
        await s.pause()
        s.ctx.set(s.dut.events, 0)
        assert (s.peek("mhpmevent3"), s.peek("mhpmcounter3")) == (0, ONES)
    play(scenario)


@pytest.mark.rule("count_overflow_trigger")
def test_a_write_of_a_counter_goes_before_the_overflow_of_that_cycle(play):
    async def scenario(s):
        await armed(s, 3)
        await event_beside(s, "mhpmcounter3", 1, operand=ONES)
        assert (s.peek("mhpmcounter3"), s.peek("mhpmevent3"), s.peek("mip")) == (ONES, EVENT, 0)
    play(scenario)


@pytest.mark.rule("mcountinhibit_op")
def test_a_counter_that_is_inhibited_does_not_overflow(play):
    async def scenario(s):
        await armed(s, 3)
        await s.write("mcountinhibit", 1 << 3)
        await happen(s, 3)
        assert (s.peek("mhpmcounter3"), s.peek("mhpmevent3"), s.peek("mip")) == (ONES, EVENT, 0)
    play(scenario)


@pytest.mark.parametrize("phase", (0, 1), ids=("while-it-reads", "while-it-writes"))
@pytest.mark.parametrize("how", ("set", "clear", "write"))
@pytest.mark.parametrize("csr", ("mip", "sip"))
def test_a_request_that_a_csr_instruction_has_not_seen_outlives_it(play, csr, how, phase):
    async def scenario(s):
        await s.write("mideleg", LCOFI)
        await armed(s, 3)
        read = await event_beside(s, csr, phase, set=how == "set", clear=how == "clear", operand=2)
        assert (read & LCOFI, s.peek("mip") & LCOFI) == (0, LCOFI)
    play(scenario)


@pytest.mark.parametrize("phase", (0, 1), ids=("while-it-reads", "while-it-writes"))
@pytest.mark.parametrize("before, after", [*product((0, OF), repeat=2)])
def test_an_overflow_beside_a_write_of_of_comes_before_or_after_it(play, before, after, phase):
    """After it, OF is 1 and there is a request; before it, OF was seen as 1 already, and nothing is requested."""
    async def scenario(s):
        await armed(s, 3, of=before)
        assert await event_beside(s, "mhpmevent3", phase, operand=EVENT | after) == EVENT | before
        assert (s.peek("mhpmevent3"), s.peek("mip")) == (EVENT | (after if before else OF), 0 if before else LCOFI)
    play(scenario)


@pytest.mark.rule("scountovf_mmode_read_access", "scountovf_smode_read_access", "scountovf_vsmode_read_access",
                  "scountovf_smode_read_access_control")
def test_scountovf_shows_each_mode_the_counters_that_are_open_to_it(play):
    async def scenario(s):
        for n in COUNTERS:
            await s.write(f"mhpmevent{n}", OF)
        for by_m, by_h in product((0, 0x28, 0x50, ONES), (0, 0x48, ONES)):
            await s.to_m()
            await s.write("mcounteren", by_m)
            await s.write("hcounteren", by_h)
            for mode, seen in ((Mode.M, 0x78), (Mode.HS, 0x78 & by_m), (Mode.VS, 0x78 & by_m & by_h)):
                await s.enter(mode)
                assert (mode, await s.read("scountovf")) == (mode, seen)
                assert s.peek("scountovf") == 0x78
    play(scenario)


@pytest.mark.rule("scountovf_op")
def test_scountovf_is_read_only_and_not_for_users(play):
    async def scenario(s):
        for mode, access in ((Mode.U, Access.ILLEGAL), (Mode.VU, Access.VIRTUAL), (Mode.HS, Access.OK),
                             (Mode.VS, Access.OK), (Mode.M, Access.OK)):
            await s.enter(mode)
            assert (mode, await s.access("scountovf")) == (mode, access)
            assert await s.access("scountovf", write=1) == Access.ILLEGAL
    play(scenario)


@pytest.mark.rule("mie_lcofie_op", "sie_lcofip_Sscofpmf_op", "sip_lcofip_Sscofpmf_acc", "sip_lcofip_Sscofpmf_op")
@pytest.mark.parametrize("delegated", (0, 1), ids=("to-m", "to-hs"))
@pytest.mark.parametrize("mode", (Mode.U, Mode.HS, Mode.VS, Mode.VU), ids=lambda mode: mode.name)
def test_lcofi_is_taken_by_m_or_hs_as_mideleg_says(play, mode, delegated):
    async def scenario(s):
        await s.write("mideleg", LCOFI * delegated)
        await s.write("mie", LCOFI)
        await s.set("mstatus", 2)
        await armed(s, 3)
        await s.enter(mode)
        await happen(s)
        await s.pause()
        port = s.dut.csr
        assert (s.ctx.get(port.interrupt), s.ctx.get(port.interrupt_code), s.ctx.get(port.wake)) == (1, 13, 1)
        assert s.peek("sip") == s.peek("sie") == LCOFI * delegated
        _, target = await s.trap(13, interrupt=1)
        assert target == (Mode.HS if delegated else Mode.M)
        assert s.peek("scause" if delegated else "mcause") == 1 << 63 | 13
    play(scenario)


@pytest.mark.rule("vsip_vsie_lcofi")
def test_without_shlcofideleg_no_guest_sees_lcofi(play):
    async def scenario(s):
        await s.write("mideleg", ONES)
        await s.write("mie", ONES)
        await s.write("mip", LCOFI)
        assert await s.write("hideleg", ONES) & LCOFI == 0
        assert (await s.write("hvip", ONES) | await s.write("hie", ONES) | await s.read("hip")) & LCOFI == 0
        assert (await s.read("vsip") | await s.read("vsie")) & LCOFI == 0
    play(scenario)


@pytest.mark.rule("mip_lcofip_rdonly0", "mie_lcofie_rdonly0")
@pytest.mark.parametrize("config", (SMALL, FULL.without("sscofpmf")), ids=("small", "without"))
def test_without_sscofpmf_there_is_neither_lcofi_nor_scountovf_nor_of(play, config):
    async def scenario(s):
        for name in ("mip", "mie", "mideleg", "sip", "sie"):
            assert await s.write(name, ONES) & LCOFI == 0
        assert await s.access(0xda0) == Access.ILLEGAL
        assert await s.write("mhpmevent3", ONES << 6) == 0
    play(scenario, config)


def test_without_counters_scountovf_is_zero(play):
    async def scenario(s):
        assert await s.write("mhpmevent3", ONES) == await s.read("scountovf") == 0
    play(scenario, replace(NO_H, hpm_counters=0))

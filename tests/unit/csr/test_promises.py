"""Tests of extensions that only promise what CSRs can hold."""

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.isa.paging import G_STAGE, VS_STAGE

ONES = (1 << 64) - 1
every_core = pytest.mark.parametrize("config", (FULL, SMALL, NO_H), ids=("full", "small", "no-h"))
with_h = pytest.mark.parametrize("config", (FULL, SMALL), ids=("full", "small"))


async def modes(s, csr):
    """The values that MODE of satp, vsatp or hgatp can hold."""
    held = set()
    for mode in range(16):
        await s.write(csr, 0)
        held.add(await s.write(csr, mode << 60) >> 60)
    return held


async def check_counters(s, csr):
    counters = [name for name in s.csrs if name.startswith(("mcycle", "minstret", "mhpmcounter"))]
    numbers = [s.csrs[name].address - 0xb00 for name in counters if await s.write(name, 0xff) & ~0xf] + [1]
    assert {0, 1, 2} <= set(numbers)
    for number in numbers:
        assert await s.write(csr, 1 << number) == 1 << number
        assert await s.write(csr, 0) == 0


async def check_direct(s, csr):
    for address in (*(1 << bit for bit in range(2, 64)), ONES & ~3, 0):
        assert await s.write(csr, address) == address


@every_core
@pytest.mark.rule("sscounterenw_hpmcounter_scounteren")
def test_scounteren_can_be_written_for_each_counter_that_counts(play, config):
    play(lambda s: check_counters(s, "scounteren"), config)


@with_h
@pytest.mark.rule("shcounterenw_hpmcounter_hcounteren")
def test_hcounteren_can_be_written_for_each_counter_that_counts(play, config):
    play(lambda s: check_counters(s, "hcounteren"), config)


@every_core
@pytest.mark.rule("sstvecd_stvec_mode_direct", "sstvecd_stvec_base_aligned_address")
def test_stvec_can_be_direct_at_any_address_of_four_bytes(play, config):
    play(lambda s: check_direct(s, "stvec"), config)


@with_h
@pytest.mark.rule("shvstvecd_vstvec_mode_direct", "shvstvecd_vstvec_base_aligned_address")
def test_vstvec_can_be_direct_at_any_address_of_four_bytes(play, config):
    async def scenario(s):
        await check_direct(s, "vstvec")
        await s.enter(Mode.VS)
        await check_direct(s, "stvec")
    play(scenario, config)


@every_core
def test_satp_can_be_bare_and_has_the_schemes_of_the_configuration(play, config):
    async def scenario(s):
        assert await modes(s, "satp") == {0} | {scheme.mode for scheme in VS_STAGE
                                                if 12 + 9 * scheme.levels <= config.va_bits}
    play(scenario, config)


@with_h
@pytest.mark.rule("shvsatpa_satp_vsatp_modes")
def test_vsatp_has_the_schemes_of_satp(play, config):
    async def scenario(s):
        own = await modes(s, "satp")
        assert await modes(s, "vsatp") == own
        await s.enter(Mode.VS)
        assert await modes(s, "satp") == own
    play(scenario, config)


@with_h
@pytest.mark.rule("shgatpa_satp_hgatp_mode_support", "shgatpa_hgatp_bare_mode")
def test_hgatp_has_the_x4_scheme_of_each_of_satp_and_bare(play, config):
    async def scenario(s):
        own = await modes(s, "satp")
        assert await modes(s, "hgatp") == {0} | {x4.mode for scheme, x4 in zip(VS_STAGE, G_STAGE, strict=True)
                                                 if scheme.mode in own}
    play(scenario, config)


@every_core
@pytest.mark.rule("ssu64xl_uxl_sstatus")
def test_uxl_is_64_bits(play, config):
    async def scenario(s):
        assert await s.write("sstatus", 2 << 32) >> 32 & 3 == 2
    play(scenario, config)

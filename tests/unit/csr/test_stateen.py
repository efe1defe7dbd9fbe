"""Tests of the state-enable CSRs: who may use what they control, and what reads as zero."""

from itertools import product

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode

O, I, V = Access.OK, Access.ILLEGAL, Access.VIRTUAL
MODES = (Mode.U, Mode.HS, Mode.M, Mode.VU, Mode.VS)
ONES = (1 << 64) - 1
SE, ENVCFG, CSRIND = 1 << 63, 1 << 62, 1 << 60
HS_ONLY = ("henvcfg", *(f"hstateen{n}" for n in range(4)))

CONTROLLED = [(f"{level}stateen{n}", n, SE) for level in "hs" for n in range(4)] + [
    ("henvcfg", 0, ENVCFG), ("senvcfg", 0, ENVCFG)]
"""Each CSR that the manual names, the number of the register that controls it, and the bit."""


async def enable(s, machine, hypervisor):
    """Write all of mstateen, and all of hstateen while nothing of it reads as zero; values by number."""
    for n in range(4):
        await s.write(f"mstateen{n}", ONES)
        await s.write(f"hstateen{n}", hypervisor(n))
        await s.write(f"mstateen{n}", machine(n))


@pytest.mark.rule("stateen_op", "stateen_illegal_state_access", "mstateen_bit_63_op", "hstateen_bit_63_op",
                  "mstateen0_se0_op", "hstateen0_se0_op", "mstateen0_envcfg_op", "hstateen0_envcfg_op")
@pytest.mark.parametrize("csr, number, bit", CONTROLLED, ids=[each[0] for each in CONTROLLED])
@pytest.mark.parametrize("write", (0, 1), ids=("read", "write"))
def test_a_bit_clear_in_mstateen_is_illegal_below_m_and_one_clear_in_hstateen_virtual_in_a_guest(play, csr, number, bit,
                                                                                                write):
    async def scenario(s):
        for machine, hypervisor in product((0, 1), repeat=2):
            # Every other bit says the opposite, so that no neighbour is looked at.
            own = {on: (lambda n, on=on: (bit if on else ONES ^ bit) if n == number else 0 if on else ONES)
                   for on in (0, 1)}
            await enable(s, own[machine], own[hypervisor])
            answers = await s.in_every_mode(csr, write)
            if not machine:
                assert answers == (I, I, O, I, I)
            else:
                assert answers == (I, O, O, V, V if csr in HS_ONLY or not hypervisor else O)
    play(scenario)


@pytest.mark.rule("mstateen_rv64_csrs", "sstateen_rv64_csrs", "hstateen_rv64_csrs", "stateen_unimplemented_state_roz",
                  "stateen_reserved_roz", "hstateen_encoding", "mstateen_bit_correspondence", "STATEEN_WARL_ACCESS",
                  "mstateen_bit_63_roz", "hstateen_bit_63_writable", "sstateen_encroachment_bits_roz",
                  "hstateen_ro1_bits", "sstateen_ro1_bits")
def test_only_bits_of_state_that_exists_can_be_set(play):
    async def scenario(s):
        for n in range(4):
            bits = SE | ENVCFG | CSRIND if n == 0 else SE
            assert await s.write(f"mstateen{n}", ONES) == bits
            assert await s.write(f"hstateen{n}", ONES) == bits
            assert await s.write(f"sstateen{n}", ONES) == 0
            for level in "shm":
                assert await s.write(f"{level}stateen{n}", 0) == 0
    play(scenario)


@pytest.mark.rule("mstateen_zero_initialization")
def test_after_reset_all_is_closed(play):
    async def scenario(s):
        for level, n in product("mhs", range(4)):
            assert await s.read(f"{level}stateen{n}") == 0
    play(scenario)


@pytest.mark.rule("mstateen_lower_priv_roz")
@pytest.mark.parametrize("number, bit", ((0, SE), (0, ENVCFG), (1, SE), (3, SE)))
def test_a_bit_of_hstateen_reads_as_zero_and_cannot_be_set_while_that_of_mstateen_is_zero(play, number, bit):
    async def scenario(s):
        mstateen, hstateen = f"mstateen{number}", f"hstateen{number}"
        await s.write(mstateen, ONES ^ bit)
        assert not await s.write(hstateen, ONES) & bit
        await s.write(mstateen, ONES)
        assert not await s.read(hstateen) & bit
        assert await s.write(hstateen, bit) == bit
        await s.write(mstateen, ONES ^ bit)
        assert await s.read(hstateen) == 0
    play(scenario)


def test_clearing_misa_h_takes_hstateen_away_and_leaves_mstateen(play):
    async def scenario(s):
        await s.write("mstateen0", ONES)
        await s.write("hstateen0", ONES)
        await s.write("misa", 0)
        assert await s.access("hstateen0") == I and await s.read("mstateen0") == SE | ENVCFG | CSRIND
        await s.write("misa", 1 << 7)
        assert await s.read("hstateen0") == 0
    play(scenario)


@pytest.mark.rule("stateen_rv32_upper_bits_csrs")
def test_high_halves_do_not_exist(play):
    async def scenario(s):
        for address in (*range(0x31c, 0x320), *range(0x61c, 0x620)):
            assert await s.in_every_mode(address) == (I, I, I, I, I)
    play(scenario)


def test_without_the_h_extension_mstateen_controls_s_alone(play):
    async def scenario(s):
        assert await s.access(0x60c) == I
        for machine in (0, 1):
            await s.write("mstateen0", machine * (SE | ENVCFG))
            for csr in ("sstateen0", "senvcfg"):
                for mode, answer in ((Mode.HS, O if machine else I), (Mode.U, I)):
                    await s.enter(mode)
                    assert await s.access(csr) == answer
                await s.to_m()
    play(scenario, NO_H)


@pytest.mark.parametrize("config", (FULL.without("smstateen"), SMALL), ids=("full-smstateen", "small"))
def test_without_smstateen_there_are_no_such_csrs_and_nothing_is_closed(play, config):
    assert not [name for name in table(config) if "stateen" in name]

    async def scenario(s):
        for address in (0x30c, 0x30f, 0x60c, 0x60f, 0x10c, 0x10f):
            assert await s.in_every_mode(address) == (I, I, I, I, I)
        assert await s.in_every_mode("senvcfg") == (I, O, O, V, O)
        assert await s.in_every_mode("henvcfg") == (I, O, O, V, V)
    play(scenario, config)

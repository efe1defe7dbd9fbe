"""Tests of indirect access: no register is behind a select value, so what the aliases do is trap, in the right way."""

from itertools import product

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode

O, I, V = Access.OK, Access.ILLEGAL, Access.VIRTUAL
MODES = (Mode.U, Mode.HS, Mode.M, Mode.VU, Mode.VS)
CSRIND = 1 << 60
ONES = (1 << 64) - 1
ALIASES = ("ireg", "ireg2", "ireg3", "ireg4", "ireg5", "ireg6")


def test_addresses_are_the_manuals():
    csrs = table(FULL)
    for level, base in (("m", 0x350), ("s", 0x150), ("vs", 0x250)):
        assert [csrs[level + name].address - base for name in ("iselect", *ALIASES)] == [0, 1, 2, 3, 5, 6, 7]


@pytest.mark.rule("mstateen0_csrind_op", "hstateen0_csrind_op", "sscsrind_csrs_access_control",
                  "hypervisor_impl_csrs_access_control", "sscsrind_virtual_inst_fault",
                  "sireg_access_on_illegal_siselect")
@pytest.mark.parametrize("machine, hypervisor", list(product((0, 1), repeat=2)))
@pytest.mark.parametrize("write", (0, 1), ids=("read", "write"))
def test_csrind_of_mstateen_makes_them_illegal_and_that_of_hstateen_virtual(play, machine, hypervisor, write):
    async def scenario(s):
        for n in range(4):
            await s.write(f"mstateen{n}", ONES)
            await s.write(f"hstateen{n}", CSRIND if hypervisor else ONES ^ CSRIND)
            await s.write(f"mstateen{n}", CSRIND if machine else ONES ^ CSRIND)
        closed = (I, I, O, I, I)
        assert await s.in_every_mode("siselect", write) == \
            ((I, O, O, V, O if hypervisor else V) if machine else closed)
        assert await s.in_every_mode("vsiselect", write) == ((I, O, O, V, V) if machine else closed)
        for name in ALIASES:
            # With nothing behind them, illegal; but where the manual asks for virtual, that comes first.
            assert await s.in_every_mode(f"s{name}", write) == \
                ((I, I, I, V, I if hypervisor else V) if machine else (I,) * 5)
            assert await s.in_every_mode(f"vs{name}", write) == ((I, I, I, V, V) if machine else (I,) * 5)
            assert await s.in_every_mode(f"m{name}", write) == (I,) * 5
    play(scenario)


@pytest.mark.rule("siselect_min_range", "vsiselect_min_range", "MISELECT_WARL", "miselect_min_sz")
def test_siselect_and_vsiselect_hold_the_least_range_and_miselect_nothing(play):
    async def scenario(s):
        for name in ("siselect", "vsiselect"):
            for value in (0xfff, 0x5a5, 0):
                assert await s.write(name, value) == value
            assert await s.write(name, ONES) == 0xfff
        assert await s.write("miselect", ONES) == 0
    play(scenario)


def test_in_a_guest_siselect_is_vsiselect(play):
    async def scenario(s):
        await s.write("mstateen0", ONES)
        await s.write("hstateen0", ONES)
        await s.write("siselect", 0x30)
        await s.enter(Mode.VS)
        await s.write("siselect", 0x40)
        assert (s.peek("siselect"), s.peek("vsiselect")) == (0x30, 0x40)
    play(scenario)


def test_without_smstateen_only_the_mode_decides(play):
    async def scenario(s):
        assert await s.in_every_mode("siselect") == (I, O, O, V, O)
        assert await s.in_every_mode("vsiselect") == (I, O, O, V, V)
        assert await s.in_every_mode("sireg") == (I, I, I, V, I)
        assert await s.in_every_mode("vsireg3") == (I, I, I, V, V)
    play(scenario, FULL.without("smstateen"))


def test_without_the_h_extension_s_has_its_own_alone(play):
    async def scenario(s):
        await s.write("mstateen0", ONES)
        await s.enter(Mode.HS)
        assert [await s.access(csr) for csr in ("siselect", "sireg", 0x250, 0x251)] == [O, I, I, I]
    play(scenario, NO_H)


@pytest.mark.parametrize("config", (FULL.without("smcsrind"), SMALL), ids=("full-smcsrind", "small"))
def test_without_smcsrind_they_do_not_exist(play, config):
    assert not [name for name in table(config) if "iselect" in name or "ireg" in name]

    async def scenario(s):
        for address in (0x150, 0x250, 0x350, 0x151, 0x257):
            assert await s.in_every_mode(address) == (I, I, I, I, I)
        if config.has("smstateen"):
            assert not await s.write("mstateen0", ONES) & CSRIND
    play(scenario, config)

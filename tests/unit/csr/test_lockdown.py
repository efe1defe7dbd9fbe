"""Tests of mseccfg and of what it does to the PMP registers (Smepmp)."""

from itertools import product

import pytest

from hyacinth.rtl.config import FULL, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1
MML, MMWP, RLB = 1, 2, 4
R, W, X, TOR, NAPOT, L = 1, 2, 4, 1 << 3, 3 << 3, 1 << 7
EXECUTABLE_BY_M = {X | L, W | L, W | X | L, R | X | L}
"""The rules of the table that let M-mode execute: Locked Execute-only, Read/Execute, and both Shared code regions."""


@pytest.mark.rule("mseccfg_fields_exist", "mseccfg_rlb_presence", "mseccfg_mmwp_presence", "mseccfg_mml_presence",
                  "mseccfg_sz", "mseccfg_acc", "MSECCFG_MML_MMWP_RLB_RST", "MSECCFG_MML_WARL", "MSECCFG_MMWP_WARL",
                  "mseccfg_mml_sticky", "mseccfg_mmwp_op", "MSECCFG_USEED_SSEED_RST")
def test_mml_and_mmwp_are_zero_after_reset_and_once_set_stay_set(play):
    async def scenario(s):
        assert await s.read("mseccfg") == 0
        held = 0
        for written in (0, MMWP, 0, RLB, MML, 0, ONES, 0):
            held = held & (MML | MMWP) | written & 7
            assert await s.write("mseccfg", written) & (MML | MMWP | RLB) == held
        assert await s.clear("mseccfg", ONES) == MML | MMWP
    play(scenario)


@pytest.mark.rule("mseccfg_rlb_op", "MSECCFG_RLB_WARL", "mseccfg_locking")
@pytest.mark.parametrize("entry", (L, L | NAPOT | R), ids=("off", "on"))
@pytest.mark.parametrize("n", (0, 15))
def test_rlb_that_is_zero_stays_zero_once_an_entry_is_locked(play, n, entry):
    async def scenario(s):
        config, shift = f"pmpcfg{n // 8 * 2}", 8 * (n % 8)
        assert await s.write("mseccfg", RLB) == RLB
        await s.write(config, entry << shift)
        assert await s.write("mseccfg", RLB | MMWP) == RLB | MMWP
        assert await s.write(config, 0) == 0           # the lock is bypassed
        await s.write(config, entry << shift)
        assert await s.write("mseccfg", 0) == MMWP
        assert await s.write("mseccfg", RLB) == MMWP
        assert await s.write(config, 0) == entry << shift
        assert await s.write("mseccfg", RLB | MML) == MMWP | MML
    play(scenario)


@pytest.mark.rule("mseccfg_rlb_op", "mseccfg_mml_M_rule_op", "mseccfg_mml_shared_rule_op")
@pytest.mark.parametrize("mml", (0, MML), ids=("mml=0", "mml=1"))
def test_rlb_lets_locked_entries_and_their_addresses_be_changed(play, mml):
    async def scenario(s):
        await s.write("mseccfg", RLB | mml)
        await s.write("pmpcfg0", (L | TOR | R) << 8)
        assert [await s.write(f"pmpaddr{n}", 9) for n in range(3)] == [9, 9, 9]
        assert await s.write("pmpcfg0", (L | NAPOT | W | R) << 8) == (L | NAPOT | W | R) << 8
        await s.write("pmpcfg0", (L | TOR | R) << 8)
        await s.write("mseccfg", mml)
        assert [await s.write(f"pmpaddr{n}", 7) for n in range(3)] == [9, 9, 7]
        assert await s.write("pmpcfg0", 0) == (L | TOR | R) << 8
    play(scenario)


@pytest.mark.rule("PMPCFG_WARL", "mseccfg_mml_shared_rule_op")
@pytest.mark.parametrize("mode", (0, NAPOT), ids=("off", "napot"))
@pytest.mark.parametrize("rlb", (0, RLB), ids=("rlb=0", "rlb=1"))
def test_what_an_entry_takes_while_mml_is_set(play, rlb, mode):
    """All sixteen combinations are legal; those that let M-mode execute are not taken unless RLB is set."""
    async def scenario(s):
        await s.write("mseccfg", MML | rlb)
        # Without RLB a locked entry stays as it is, so each byte is written once.
        for n, (r, w, x, lock) in enumerate(product((0, R), (0, W), (0, X), (0, L))):
            entry, config, shift = r | w | x | lock | mode, f"pmpcfg{n // 8 * 2}", 8 * (n % 8)
            refused = not rlb and r | w | x | lock in EXECUTABLE_BY_M
            for value in (0 if lock else R, entry):    # to see that the byte stays as it was
                await s.write(config, (await s.read(config)) & ~(0xff << shift) | value << shift)
            held = (await s.read(config)) >> shift & 0xff
            assert held == (0 if refused else entry)
    play(scenario)


@pytest.mark.rule("mseccfg_mml_X_restrict")
def test_a_write_that_would_let_m_execute_leaves_that_entry_alone_and_changes_the_others(play):
    async def scenario(s):
        await s.write("pmpcfg0", int.from_bytes([R, R | X, R, R], "little"))
        await s.write("mseccfg", MML)
        written = [W | L, X | L | NAPOT, R | W, R | W | X | L]
        assert await s.write("pmpcfg0", int.from_bytes(written, "little")) == \
            int.from_bytes([R, R | X, R | W, R | W | X | L], "little")
    play(scenario)


def test_writable_without_readable_is_not_held_while_mml_is_clear_whatever_rlb_says(play):
    async def scenario(s):
        await s.write("mseccfg", RLB | MMWP)
        assert await s.write("pmpcfg0", W | W << 8 | (W | X) << 16) == X << 16
    play(scenario)


@pytest.mark.rule("pmp_sfence_required")
def test_a_write_of_mseccfg_empties_the_tlbs(play):
    async def scenario(s):
        await s.write("mseccfg", MMWP)
        assert s.ctx.get(s.dut.flush_all)
        await s.pause(1)
        assert not s.ctx.get(s.dut.flush_all)
        assert (s.ctx.get(s.dut.pmp.mml), s.ctx.get(s.dut.pmp.mmwp)) == (0, 1)
        await s.write("mseccfg", MML)
        assert (s.ctx.get(s.dut.pmp.mml), s.ctx.get(s.dut.pmp.mmwp)) == (1, 1)
    play(scenario)


@pytest.mark.rule("mseccfg_acc")
def test_mseccfg_is_machine_modes(play):
    async def scenario(s):
        for mode in Mode:
            await s.enter(mode)
            assert (mode, await s.access("mseccfg")) == (mode, Access.OK if mode == Mode.M else Access.ILLEGAL)
    play(scenario)


@pytest.mark.rule("mseccfg_presence", "smepmp_no_mml_behavior")
@pytest.mark.parametrize("config", (SMALL, FULL.without("smepmp")), ids=("small", "without"))
def test_without_smepmp_locks_cannot_be_bypassed(play, config):
    async def scenario(s):
        if "mseccfg" in s.csrs:
            assert await s.write("mseccfg", 7) == 0
        else:
            assert await s.access(0x747, write=1) == Access.ILLEGAL
        await s.write("pmpcfg0", L | W)
        assert await s.write("pmpcfg0", 0) == L
    play(scenario, config)

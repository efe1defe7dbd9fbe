"""Tests of the PMP registers: what they hold, and what locks them."""

import pytest
from testbench import assert_exports

from hyacinth.rtl.csr.pmp import PmpRegisters

ONES = (1 << 64) - 1
ADDRESS = (1 << 54) - 1
R, W, X, TOR, NA4, NAPOT, L = 1, 2, 4, 1 << 3, 2 << 3, 3 << 3, 1 << 7


@pytest.mark.parametrize("entries", (0, 16))
def test_it_exports(entries):
    assert_exports(PmpRegisters(entries))


@pytest.mark.rule("PMP_ENTRY_COUNT", "pmp_entry_structure", "pmp_cfg_rv64_layout", "pmp_addr_registers")
def test_each_entry_has_its_own_byte_and_address(play):
    async def scenario(s):
        for n in range(16):
            assert await s.write(f"pmpaddr{n}", 1000 + n) == 1000 + n
        assert await s.write("pmpcfg0", 0x0001_0304_0507_0f1f) == 0x0001_0304_0507_0f1f
        assert await s.write("pmpcfg2", 0x1918_1714_1311_1009 & ~0x0404) == 0x1918_1714_1311_1009 & ~0x0404
        assert [await s.read(f"pmpaddr{n}") for n in range(16)] == list(range(1000, 1016))
        s.ctx.set(s.dut.pmp.number, 8)
        entry = s.ctx.get(s.dut.pmp.entry)
        assert (entry["r"], entry["w"], entry["x"], entry["a"], entry["l"], entry["address"]) == (1, 0, 0, 1, 0, 1008)
        s.ctx.set(s.dut.pmp.number, 0)
        assert s.ctx.get(s.dut.pmp.entry.x) == 1
    play(scenario)


def test_entries_matter_that_are_on_or_bound_one_that_is(play):
    async def scenario(s):
        assert s.ctx.get(s.dut.pmp.matter) == 0
        await s.write("pmpcfg0", NAPOT << 16 | TOR << 40)
        await s.write("pmpcfg2", TOR | NA4 << 56)
        assert s.ctx.get(s.dut.pmp.matter) == 1 << 2 | 1 << 4 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 15
    play(scenario)


@pytest.mark.rule("pmp_addr_encoding", "PMPADDR_WARL")
def test_an_address_has_54_bits(play):
    async def scenario(s):
        assert await s.write("pmpaddr15", ONES) == ADDRESS
    play(scenario)


@pytest.mark.rule("PMPCFG_WARL")
@pytest.mark.parametrize("written, held", ((R, R), (W, 0), (R | W, R | W), (X, X), (W | X, X), (0x60, 0),
                                           (R | W | X, R | W | X)))
def test_writable_without_readable_is_never_held(play, written, held):
    async def scenario(s):
        for n in range(8):
            assert await s.write("pmpcfg0", written << 8 * n) == held << 8 * n
    play(scenario)


@pytest.mark.rule("pmp_l_bit_function", "pmp_l_bit_write_protection")
def test_a_locked_entry_ignores_writes_and_its_neighbours_do_not(play):
    async def scenario(s):
        for n in (3, 4, 5):
            await s.write(f"pmpaddr{n}", n)
        await s.write("pmpcfg0", (L | NAPOT | R) << 32)
        assert await s.write("pmpcfg0", 0) == (L | NAPOT | R) << 32
        assert await s.write("pmpcfg0", int.from_bytes([X] * 8)) == \
            int.from_bytes([X, X, X, L | NAPOT | R, X, X, X, X])
        assert [await s.write(f"pmpaddr{n}", 77) for n in (3, 4, 5)] == [77, 4, 77]
    play(scenario)


@pytest.mark.rule("pmp_l_bit_write_protection")
def test_a_locked_tor_entry_locks_the_address_below_it(play):
    async def scenario(s):
        await s.write("pmpaddr7", 7)
        await s.write("pmpcfg2", L | TOR)
        assert await s.write("pmpaddr7", 9) == 7
        assert await s.write("pmpaddr6", 9) == 9
        await s.write("pmpcfg0", (X | TOR) << 56)
        assert await s.read("pmpcfg0") == (X | TOR) << 56
    play(scenario)


def test_a_tor_entry_that_is_not_locked_locks_nothing(play):
    async def scenario(s):
        await s.write("pmpcfg0", TOR << 8)
        assert await s.write("pmpaddr0", 9) == 9
    play(scenario)

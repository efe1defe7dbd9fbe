"""A reservation: made, of an address, lost by SC and by who else writes its line."""

import pytest
from testbench import Bench, assert_exports

from hyacinth.rtl.pipeline.reservation import Reservation

AT = 0x8000_1238


def run(scenario):
    dut = Reservation()

    async def play(ctx):
        ctx.set(dut.address, AT)
        ctx.set(dut.lr, 1)
        await ctx.tick()
        ctx.set(dut.lr, 0)
        assert ctx.get(dut.valid) and ctx.get(dut.holds)
        await scenario(ctx, dut)
    Bench(dut).run(play)


def test_it_exports():
    assert_exports(Reservation())


def test_there_is_none_at_first():
    dut = Reservation()

    async def scenario(ctx):
        ctx.set(dut.address, 0)
        assert not ctx.get(dut.valid) and not ctx.get(dut.holds)
    Bench(dut).run(scenario)


def test_it_is_of_its_address_alone():
    async def scenario(ctx, dut):
        for bit in range(34):
            ctx.set(dut.address, AT ^ 1 << bit)
            assert not ctx.get(dut.holds) and ctx.get(dut.valid)
    run(scenario)


@pytest.mark.rule("sc_reservation_invalidate")
def test_an_sc_ends_it():
    async def scenario(ctx, dut):
        ctx.set(dut.sc, 1)
        await ctx.tick()
        assert not ctx.get(dut.valid) and not ctx.get(dut.holds)
    run(scenario)


@pytest.mark.rule("sc_other_device_write_fail", "za64rs_res_set_req", "za128rs_res_set_req",
                  "za64rs_implies_za128rs", "Zawrs_wrs-nto_stall_exec")
def test_a_write_of_its_line_by_somebody_else_ends_it_and_one_of_another_line_does_not():
    async def scenario(ctx, dut):
        for bit in range(28):
            ctx.set(dut.snooped_line, AT >> 6 ^ 1 << bit)
            ctx.set(dut.snooped, 1)
            await ctx.tick()
            assert ctx.get(dut.valid)
        ctx.set(dut.snooped_line, AT >> 6)
        ctx.set(dut.snooped, 0)
        await ctx.tick()
        assert ctx.get(dut.valid)
        ctx.set(dut.snooped, 1)
        await ctx.tick()
        assert not ctx.get(dut.valid)
    run(scenario)

# amaranth: UnusedElaboratable=no
import pytest
from busmodel import bus_read, bus_write
from testbench import Bench

from hyacinth.rtl.devices.clint import MSIP, MTIME, MTIMECMP, Clint


def run(scenario, divider=1):
    dut = Clint(divider)

    async def process(ctx):
        await scenario(ctx, dut)

    Bench(dut).run(process)


@pytest.mark.rule("mtime_op")
@pytest.mark.parametrize("divider", (1, 2, 5))
def test_time_steps_once_every_divider_cycles(divider):
    async def scenario(ctx, dut):
        for cycle in range(4 * divider):
            assert ctx.get(dut.time) == cycle // divider
            await ctx.tick()
    run(scenario, divider)


def test_there_is_no_timer_interrupt_after_reset():
    async def scenario(ctx, dut):
        await ctx.tick().repeat(20)
        assert ctx.get(dut.mtip) == 0
    run(scenario)


@pytest.mark.rule("mtime_intr_pending", "mtime_intr_mtip_visibility")
def test_the_timer_interrupts_from_mtimecmp_on_until_it_is_moved():
    async def scenario(ctx, dut):
        await bus_write(ctx, dut.bus, MTIMECMP, 20)
        time, = await ctx.tick().sample(dut.time).until(dut.mtip)
        assert time == 21
        await ctx.tick().repeat(5)
        assert ctx.get(dut.mtip) == 1
        await bus_write(ctx, dut.bus, MTIMECMP, 1000)
        await ctx.tick()
        assert ctx.get(dut.mtip) == 0
    run(scenario)


@pytest.mark.rule("mtime_acc")
def test_mtime_can_be_set_by_words():
    async def scenario(ctx, dut):
        await bus_write(ctx, dut.bus, MTIME, 0, size=2)
        await bus_write(ctx, dut.bus, MTIME + 4, 7, size=2)
        assert await bus_read(ctx, dut.bus, MTIME + 4, size=2) == 7
        assert ctx.get(dut.time) >> 32 == 7
    run(scenario, divider=5)


@pytest.mark.rule("mtime_wrap", "mtime_sz")
def test_mtime_wraps_around():
    async def scenario(ctx, dut):
        await bus_write(ctx, dut.bus, MTIME, (1 << 64) - 2)
        for _ in range(100):
            if ctx.get(dut.time) >> 63 == 0:
                break
            await ctx.tick()
        assert ctx.get(dut.time) < 50
    run(scenario)


@pytest.mark.rule("mtime_sz", "mtime_intr_pending", "mtimecmp_sz", "mtime_enc", "mtimecmp_enc")
@pytest.mark.parametrize("time, compare, pending", ((5 << 61, 1 << 61, 1), (1 << 61, 5 << 61, 0), (1 << 62, 1 << 62, 1),
                                                    ((1 << 62) - 1000, 1 << 62, 0), (0, 0, 1)))
def test_the_timer_compares_64_bits_without_sign(time, compare, pending):
    async def scenario(ctx, dut):
        await bus_write(ctx, dut.bus, MTIMECMP, compare)
        await bus_write(ctx, dut.bus, MTIME, time)
        await ctx.tick().repeat(2)
        assert ctx.get(dut.mtip) == pending
    run(scenario)


@pytest.mark.rule("mtime_rv64_wr", "mtimecmp_rv64_wr")
def test_a_write_of_64_bits_changes_mtime_and_mtimecmp_at_once():
    async def scenario(ctx, dut):
        for register, value in ((MTIMECMP, 0x0123_4567_89ab_cdef), (MTIME, 0x1_ffff_0000)):
            await bus_write(ctx, dut.bus, register, value)
            assert 0 <= await bus_read(ctx, dut.bus, register) - value < 50
    run(scenario)


@pytest.mark.rule("msip_sz", "msip_acc", "msip_enc", "MSIP_UPDATE_MAX_TIME", "mip_msip_rdonly")
def test_msip_is_bit_0_alone():
    async def scenario(ctx, dut):
        for at, size, value, msip in ((0, 2, 0xffff_ffff, 1), (0, 2, 0xffff_fffe, 0), (0, 2, 1, 1), (1, 0, 0, 1),
                                      (0, 0, 0, 0), (0, 1, 3, 1), (2, 1, 0, 1), (0, 2, 0, 0)):
            await bus_write(ctx, dut.bus, MSIP + at, value, size=size)
            assert ctx.get(dut.msip) == await bus_read(ctx, dut.bus, MSIP, size=2) == msip
    run(scenario)


def test_a_write_beside_msip_leaves_it():
    async def scenario(ctx, dut):
        await bus_write(ctx, dut.bus, MSIP, 1, size=2)
        await bus_write(ctx, dut.bus, MSIP + 4, 0, size=2)
        assert ctx.get(dut.msip) == 1
    run(scenario)


def test_a_divider_of_0_is_refused():
    with pytest.raises(ValueError, match="divider is 0; it must be 1 or more cycles"):
        Clint(0)

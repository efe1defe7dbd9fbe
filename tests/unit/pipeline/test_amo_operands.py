"""What an AMO works with: rs2 as wide as the access, and the registers that AMOCAS reads one a cycle."""

from random import Random

import pytest
from testbench import Bench, assert_exports

from hyacinth.rtl.config import FULL, SMALL
from hyacinth.rtl.isa.instructions import BY_NAME
from hyacinth.rtl.pipeline.amo_operands import AmoOperands, Read
from hyacinth.rtl.pipeline.decode import facts

ALL = (1 << 64) - 1
SIZES = {"b": 0, "h": 1, "w": 2, "d": 3, "q": 3}


@pytest.mark.parametrize("config", (FULL, SMALL, FULL.without("zabha"), FULL.without("zacas")),
                         ids=("full", "small", "without-zabha", "without-zacas"))
def test_it_exports(config):
    assert_exports(AmoOperands(config))


def extended(value, size):
    bits = 8 << size
    return (value & (1 << bits) - 1) - (value >> bits - 1 & 1) * (1 << bits) & ALL


async def read(ctx, dut, registers, name, d, t):
    """Reads what the instruction needs, as the load-store unit does; the registers in the order in which it asks."""
    row, asked = BY_NAME[name], []
    ctx.set(dut.decoded, {"bits": row.encode(q=0, s=10, d=d, t=t)} | facts(row))
    ctx.set(dut.b, registers[t])
    ctx.set(dut.size, SIZES[name[-1]])
    ctx.set(dut.pair, name[-1] == "q")
    for which in Read if name[-1] == "q" else (Read.RD,):
        ctx.set(dut.read, which)
        asked.append(ctx.get(dut.register))
        ctx.set(dut.value, registers[asked[-1]])
        await ctx.tick()
    ctx.set(dut.read, Read.RD)
    ctx.set(dut.value, registers[d])
    return asked


@pytest.mark.rule("amo_operand_size", "Zabha_amocas-BH_ignore_bits")
@pytest.mark.parametrize("suffix", "bhwd")
def test_rs2_and_what_rd_expects_are_as_wide_as_the_access(suffix):
    dut, random = AmoOperands(FULL), Random(1)

    async def scenario(ctx):
        size = SIZES[suffix]
        for _ in range(50):
            registers = [0, *(random.getrandbits(64) for _ in range(31))]
            assert await read(ctx, dut, registers, f"amocas.{suffix}", 6, 8) == [6]
            assert ctx.get(dut.operand) == extended(registers[8], size)
            for change in (0, 1, 1 << (8 << size) - 1):
                ctx.set(dut.old, extended(registers[6] ^ change, size))
                ctx.set(dut.old_high, random.getrandbits(64))
                assert ctx.get(dut.matches) == (change == 0)
    Bench(dut).run(scenario)


@pytest.mark.rule("Zacas_rv64_amocas-q_op", "Zacas_rv64_amocas-q_rs2_frst_reg_x0",
                  "Zacas_rv64_amocas-q_rd_frst_reg_x0")
@pytest.mark.parametrize("d", (0, 2, 30))
@pytest.mark.parametrize("t", (0, 8, 30))
def test_a_pair_has_two_halves_and_that_of_x0_is_zero(d, t):
    dut, random = AmoOperands(FULL), Random(2)

    async def scenario(ctx):
        registers = [0, *(random.getrandbits(64) for _ in range(31))]
        assert await read(ctx, dut, registers, "amocas.q", d, t) == [d, d and d + 1, t and t + 1]
        for part, value in enumerate((registers[t], registers[t + 1] if t else 0)):
            ctx.set(dut.part, part)
            assert ctx.get(dut.operand) == value
        assert ctx.get(dut.operand_high) == value
        expected = registers[d], registers[d + 1] if d else 0
        for low, high in ((0, 0), (1, 0), (1 << 63, 0), (0, 1), (0, 1 << 63)):
            ctx.set(dut.old, expected[0] ^ low)
            ctx.set(dut.old_high, expected[1] ^ high)
            assert ctx.get(dut.matches) == (not low and not high)
    Bench(dut).run(scenario)

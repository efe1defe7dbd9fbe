"""ALU, multiplier, divider and the A extension's arithmetic against Python's integers."""

import random

import pytest
from amaranth.sim import Simulator
from testbench import Bench, assert_exports
from unit.units.manual import MASK, alu, signed

from hyacinth.rtl.config import FULL, SMALL
from hyacinth.rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Alu, Amo, Unit
from hyacinth.rtl.pipeline import decode
from hyacinth.rtl.units.alu import AluUnit, AmoUnit, alu_controls
from hyacinth.rtl.units.bits import BIT_OPERATIONS, BitUnit, bit_controls
from hyacinth.rtl.units.divider import Divider
from hyacinth.rtl.units.multiplier import Multiplier

EDGES = [0, 1, 2, 3, 31, 32, 63, 64, MASK, MASK - 1, 1 << 63, (1 << 63) - 1, 1 << 31, (1 << 31) - 1, 0xFFFFFFFF,
         0xFFFFFFFF80000000, 0x123456789ABCDEF0]


def pairs(count=200):
    chooser = random.Random(1)
    return [(a, b) for a in EDGES for b in EDGES] + \
        [(chooser.getrandbits(chooser.randint(1, 64)), chooser.getrandbits(chooser.randint(1, 64)))
         for _ in range(count)]


@pytest.mark.parametrize("make", (lambda: AluUnit(FULL), lambda: AluUnit(SMALL), lambda: BitUnit(FULL), AmoUnit,
                                  Multiplier, Divider))
def test_it_exports(make):
    assert_exports(make())


OPERATIONS = sorted({(each.op, each.word) for each in INSTRUCTIONS if each.unit == Unit.ALU})
BASE = [(op, word) for op, word in OPERATIONS if op <= Alu.AND]


def filled(controls):
    """The controls, those that do not matter all 0, and all 1."""
    return [{name: other if value is None else value for name, value in controls.items()} for other in (0, 1)]


def computed(dut, op, word):
    """Pairs of operands for which `dut` has another result."""
    wrong, of_bits = [], isinstance(dut, BitUnit)

    async def drive(ctx):
        for controls in filled(bit_controls(op, word) if of_bits else alu_controls(op, word)):
            ctx.set(dut.controls, controls)
            for a, b in pairs():
                ctx.set(dut.a, a)
                ctx.set(dut.b, b)
                if of_bits:
                    unsigned = op in (Alu.MINU, Alu.MAXU)
                    ctx.set(dut.less, a < b if unsigned else signed(a) < signed(b))
                    ctx.set(dut.shifted, a >> (b & 63))
                if ctx.get(dut.result) != alu(op, a, b, word):
                    wrong.append((a, b))
    simulator = Simulator(dut)
    simulator.add_testbench(drive)
    simulator.run()
    return wrong


@pytest.mark.rule("bitmanip_w_suffix_semantics", "bitmanip_uw_suffix_semantics", "zbb_rotate_semantics",
                  "zbs_single_bit_functionality", "Zimop_mop-r_op", "Zimop_mop-rr_op")
@pytest.mark.parametrize("op,word", [each for each in OPERATIONS if each[0] not in BIT_OPERATIONS])
def test_the_alu_computes(op, word):
    assert not computed(AluUnit(FULL), op, word)


@pytest.mark.parametrize("op,word", BASE)
def test_an_alu_without_the_extensions_computes_as_well(op, word):
    assert not computed(AluUnit(SMALL), op, word)


@pytest.mark.rule("bitmanip_bhw_suffix_semantics", "zbb_orc_b_semantics", "zbb_sign_zero_extension_function",
                  "czero-eqz_op", "czero-nez_op")
@pytest.mark.parametrize("op,word", [each for each in OPERATIONS if each[0] in BIT_OPERATIONS])
def test_the_bit_unit_computes(op, word):
    assert not computed(BitUnit(FULL), op, word)


@pytest.mark.parametrize("op", (Alu.MIN, Alu.MINU, Alu.MAX, Alu.MAXU, Alu.BEXT))
def test_the_alu_gives_the_bit_unit_what_it_takes(op):
    dut = AluUnit(FULL)

    async def drive(ctx):
        for controls in filled(alu_controls(op, 0)):
            ctx.set(dut.controls, controls)
            for a, b in pairs():
                ctx.set(dut.a, a)
                ctx.set(dut.b, b)
                if op == Alu.BEXT:
                    assert ctx.get(dut.result[0]) == a >> (b & 63) & 1
                else:
                    assert ctx.get(dut.less) == (a < b if op in (Alu.MINU, Alu.MAXU) else signed(a) < signed(b))
    simulator = Simulator(dut)
    simulator.add_testbench(drive)
    simulator.run()


def test_an_alu_that_idles_gives_0_and_still_compares():
    dut = AluUnit(FULL)

    async def drive(ctx):
        for name in ("blt", "bltu"):
            for controls in filled(decode.controls(BY_NAME[name])["alu"]):
                ctx.set(dut.controls, controls)
                ctx.set(dut.a, MASK)
                ctx.set(dut.b, 1)
                assert ctx.get(dut.result) == 0
                assert ctx.get(dut.less) == (name == "blt")
    simulator = Simulator(dut)
    simulator.add_testbench(drive)
    simulator.run()


@pytest.mark.parametrize("function,word", [(0, 0), (1, 0), (2, 0), (3, 0), (0, 1)])
def test_the_multiplier_multiplies(function, word):
    dut, wrong = Multiplier(), []

    async def drive(ctx):
        ctx.set(dut.load, 1)
        ctx.set(dut.function, function)
        ctx.set(dut.word, word)
        for a, b in pairs():
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            await ctx.tick()
            x, y = (signed(a) if function in (1, 2) else a), (signed(b) if function == 1 else b)
            expected = (x * y >> 64 if function else signed(x * y, 32) if word else x * y) & MASK
            if ctx.get(dut.result) != expected:
                wrong.append((a, b))
    Bench(dut, deadline=10_000).run(drive)
    assert not wrong


def divide(a, b, function, word):
    width = 32 if word else 64
    a, b = ((signed(v, width) if function in (0, 2) else v & (1 << width) - 1) for v in (a, b))
    if b == 0:
        quotient, remainder = -1, a
    else:
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        remainder = a - b * quotient
    return signed(remainder if function >= 2 else quotient, width) & MASK


@pytest.mark.parametrize("word", (0, 1))
@pytest.mark.parametrize("function", range(4))
def test_the_divider_divides(function, word):
    dut, wrong = Divider(), []

    async def drive(ctx):
        ctx.set(dut.function, function)
        ctx.set(dut.word, word)
        for a, b in random.Random(function).sample(pairs(), 60):
            ctx.set(dut.a, a)
            ctx.set(dut.b, b)
            ctx.set(dut.start, 1)
            result = await wait(ctx)
            if result != divide(a, b, function, word):
                wrong.append((a, b, result, divide(a, b, function, word)))
            ctx.set(dut.start, 0)
            await ctx.tick()

    async def wait(ctx):
        while not ctx.get(dut.done):
            await ctx.tick()
        return ctx.get(dut.result)
    Bench(dut, deadline=10_000).run(drive)
    assert not wrong


@pytest.mark.parametrize("word", (0, 1))
@pytest.mark.parametrize("op", [op for op in Amo if op > Amo.SC])
def test_an_amo_computes_what_it_writes(op, word):
    width = 32 if word else 64
    rows = [(signed(a, width) & MASK, b) for a, b in pairs(50)]

    def expected(a, b):
        a, b = a & (1 << width) - 1, b & (1 << width) - 1
        return {Amo.SWAP: b, Amo.ADD: a + b, Amo.XOR: a ^ b, Amo.AND: a & b, Amo.OR: a | b,
                Amo.MIN: min(a, b, key=lambda v: signed(v, width)), Amo.MAX: max(a, b, key=lambda v: signed(v, width)),
                Amo.MINU: min(a, b), Amo.MAXU: max(a, b)}[op] & (1 << width) - 1
    dut, results = AmoUnit(), []

    async def drive(ctx):
        ctx.set(dut.op, op)
        ctx.set(dut.word, word)
        for a, b in rows:
            ctx.set(dut.old, a)
            ctx.set(dut.operand, b)
            results.append(ctx.get(dut.result))
    simulator = Simulator(dut)
    simulator.add_testbench(drive)
    simulator.run()
    assert [r & (1 << width) - 1 for r in results] == [expected(a, b) for a, b in rows]

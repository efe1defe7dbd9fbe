"""Issue: operands come from the nearest instruction that writes them, or are waited for."""

from itertools import product
from random import Random

import pytest
from testbench import Bench, assert_exports
from unit.pipeline.immediates import immediate_of

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.instructions import BY_NAME, INSTRUCTIONS
from hyacinth.rtl.pipeline.issue import Issue

ADD = {"raw": BY_NAME["add"].encode(d=3, s=1, t=2), "pc": 0x1000}
IN_FILE, IN_COMMIT, IN_EXECUTE = 0x11, 0x22, 0x33


def test_it_exports():
    assert_exports(Issue(FULL))


def run(scenario):
    dut = Issue(FULL)

    async def play(ctx):
        for register in (1, 2):
            ctx.set(dut.commit, {"valid": 1, "rd": register, "known": 1, "value": IN_FILE + 0x100 * register})
            await ctx.tick()
        ctx.set(dut.commit, {"value": 0xBAD})
        ctx.set(dut.i.payload, ADD)
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.o.ready, 1)
        await scenario(ctx, dut)
    Bench(dut).run(play)


def test_registers_are_read_and_the_instruction_is_decoded():
    async def scenario(ctx, dut):
        assert ctx.get(dut.o.valid) and ctx.get(dut.i.ready) and not ctx.get(dut.waits)
        issued = ctx.get(dut.o.payload)
        assert (issued.a, issued.b, issued.decoded.fetched.pc, issued.decoded.illegal) == (0x111, 0x211, 0x1000, 0)
    run(scenario)


@pytest.mark.parametrize("register", (1, 2))
def test_the_youngest_writer_of_an_operand_is_asked_and_waited_for(register):
    async def scenario(ctx, dut):
        for in_execute, execute_knows, in_waiting, in_commit, commit_knows in product((0, 1), repeat=5):
            ctx.set(dut.execute, {"valid": in_execute, "rd": register, "known": execute_knows, "value": IN_EXECUTE})
            ctx.set(dut.commit, {"valid": in_commit, "rd": register, "known": commit_knows, "value": IN_COMMIT})
            ctx.set(dut.waiting, {"valid": in_waiting, "rd": register})
            value = IN_EXECUTE if in_execute else IN_COMMIT if in_commit else 0x11 + 0x100 * register
            waits = not execute_knows if in_execute else in_waiting or in_commit and not commit_knows
            assert ctx.get(dut.waits) == waits
            assert (ctx.get(dut.o.valid), ctx.get(dut.i.ready)) == (not waits, not waits)
            if not waits:
                payload = ctx.get(dut.o.payload)
                assert (payload.a, payload.b) == ((value, 0x211) if register == 1 else (0x111, value))
            # The other operands are none of its business; register 3 is only written.
            ctx.set(dut.commit.valid, 0)
            ctx.set(dut.execute.rd, 3)
            ctx.set(dut.waiting.rd, 3)
            assert not ctx.get(dut.waits)
    run(scenario)


def test_an_instruction_that_reads_no_register_waits_for_none():
    async def scenario(ctx, dut):
        ctx.set(dut.execute, {"valid": 1, "rd": 1, "known": 0, "value": 5})
        for word, waits, operands in ((BY_NAME["lui"].encode(d=3, i=0x8000 | 1 << 15), 0, (0, 0)),
                                      (BY_NAME["csrrwi"].encode(d=3, i=1, c=0x300), 0, (0, 0)),
                                      (BY_NAME["addi"].encode(d=3, s=2, i=1), 0, (0x211, 0)),
                                      (BY_NAME["addi"].encode(d=3, s=1, i=1), 1, None),
                                      (BY_NAME["sd"].encode(s=2, t=1, i=0), 1, None)):
            ctx.set(dut.i.payload.raw, word)
            assert ctx.get(dut.waits) == waits
            if operands:
                payload = ctx.get(dut.o.payload)
                assert (payload.a, payload.b) == operands
    run(scenario)


def test_each_format_has_its_immediate():
    chooser = Random(5)

    async def scenario(ctx, dut):
        for row in INSTRUCTIONS:
            for _ in range(4):
                word = int("".join(chooser.choice("01") if c == "-" else c for c in row.pattern), 2)
                ctx.set(dut.i.payload.raw, word)
                if not ctx.get(dut.o.payload.decoded.illegal):
                    assert ctx.get(dut.o.payload.number) == immediate_of(word, row.format), row.name
    run(scenario)


def test_nothing_waits_where_nothing_is():
    async def scenario(ctx, dut):
        ctx.set(dut.execute, {"valid": 1, "rd": 1, "known": 0})
        ctx.set(dut.i.valid, 0)
        assert not ctx.get(dut.waits) and not ctx.get(dut.o.valid)
    run(scenario)


def test_an_instruction_stays_until_execute_takes_it():
    async def scenario(ctx, dut):
        ctx.set(dut.o.ready, 0)
        assert ctx.get(dut.o.valid) and not ctx.get(dut.i.ready)
    run(scenario)


def test_the_register_file_takes_only_what_commit_knows_and_x0_stays_zero():
    async def scenario(ctx, dut):
        for valid, known in ((1, 0), (0, 1)):
            ctx.set(dut.commit, {"valid": valid, "rd": 1, "known": known, "value": 0xBAD})
            await ctx.tick()
        ctx.set(dut.commit, {})
        assert ctx.get(dut.o.payload).a == 0x111
        for register, value in ((0, 0), (1, 0x111), (2, 0x211), (31, 0)):
            ctx.set(dut.inspect, register)
            assert ctx.get(dut.inspect_value) == value
    run(scenario)

"""The registers between the boxes of the pipeline: nothing is lost, doubled or reordered, and `kill` voids."""

from random import Random

import pytest
from testbench import Bench, assert_exports

from hyacinth.rtl.pipeline.stage import Buffer, Skid, Stage

BOXES = {"stage": Stage, "skid": Skid, "buffer": Buffer}


@pytest.mark.parametrize("box", BOXES)
def test_it_exports(box):
    assert_exports(BOXES[box](8))


@pytest.mark.parametrize("kills", (0, 0.05))
@pytest.mark.parametrize("box", BOXES)
def test_what_goes_in_comes_out_in_order(box, kills):
    dut, random = BOXES[box](16), Random(f"{box}{kills}")

    async def main(ctx):
        inside, sent, came = [], 0, 0
        for _ in range(2000):
            valid, ready, kill = random.random() < 0.7, random.random() < 0.7, random.random() < kills
            ctx.set(dut.i.valid, valid)
            ctx.set(dut.i.payload, sent)
            ctx.set(dut.o.ready, ready)
            ctx.set(dut.kill, kill)
            _, _, taken, given, value = await ctx.tick().sample(dut.i.ready, dut.o.valid, dut.o.payload)
            if valid and taken:
                inside.append(sent)
                sent += 1
            if given:
                assert value == inside[0]
                if ready:
                    inside.pop(0)
                    came += 1
            if kill:
                inside = []
        assert came > 500

    Bench(dut, deadline=2_500).run(main)


def test_a_skid_lets_pass_and_keeps_what_is_not_taken():
    dut = Skid(8)

    async def main(ctx):
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.i.payload, 7)
        assert (ctx.get(dut.o.valid), ctx.get(dut.o.payload), ctx.get(dut.full)) == (1, 7, 0)
        await ctx.tick()
        ctx.set(dut.i.payload, 8)
        assert (ctx.get(dut.i.ready), ctx.get(dut.o.valid), ctx.get(dut.o.payload), ctx.get(dut.full)) == (0, 1, 7, 1)
        ctx.set(dut.o.ready, 1)
        assert not ctx.get(dut.i.ready)  # what is decided after it is not seen before it in the same cycle
        await ctx.tick()
        assert (ctx.get(dut.i.ready), ctx.get(dut.o.payload), ctx.get(dut.full)) == (1, 8, 0)

    Bench(dut).run(main)


def test_a_buffer_takes_one_more_while_the_stage_after_waits():
    dut = Buffer(8)

    async def main(ctx):
        ctx.set(dut.i.valid, 1)
        taken = []
        for _ in range(4):
            _, _, ready = await ctx.tick().sample(dut.i.ready)
            taken.append(ready)
        assert taken == [1, 1, 0, 0]
        ctx.set(dut.o.ready, 1)
        assert not ctx.get(dut.i.ready)  # what is decided after it is not seen before it in the same cycle
        await ctx.tick()
        assert ctx.get(dut.i.ready)

    Bench(dut, deadline=2_500).run(main)


def test_a_barred_payload_is_lost_and_a_held_one_stays():
    dut = Stage(8)

    async def main(ctx):
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.i.payload, 1)
        await ctx.tick()
        ctx.set(dut.bar, 1)
        ctx.set(dut.i.payload, 2)
        await ctx.tick()
        assert ctx.get(dut.o.valid) and ctx.get(dut.o.payload) == 1
        ctx.set(dut.o.ready, 1)
        await ctx.tick()
        assert not ctx.get(dut.o.valid)

    Bench(dut, deadline=2_500).run(main)

"""The buffer between Align and Issue."""

import random

from testbench import Bench, assert_exports

from hyacinth.rtl.pipeline.skid import Skid


def test_it_exports():
    assert_exports(Skid(8))


def test_a_payload_goes_through_in_the_same_cycle():
    skid = Skid(8)

    async def scenario(ctx):
        ctx.set(skid.i.payload, 5)
        ctx.set(skid.i.valid, 1)
        assert (ctx.get(skid.o.valid), ctx.get(skid.o.payload)) == (1, 5)
    Bench(skid).run(scenario)


def test_ready_does_not_follow_ready_in_the_same_cycle():
    skid = Skid(8)

    async def scenario(ctx):
        ctx.set(skid.i.valid, 1)
        assert ctx.get(skid.i.ready) == 1
        await ctx.tick()
        assert ctx.get(skid.i.ready) == 0
        ctx.set(skid.o.ready, 1)
        assert ctx.get(skid.i.ready) == 0
        await ctx.tick()
        assert ctx.get(skid.i.ready) == 1
    Bench(skid).run(scenario)


def test_what_goes_in_comes_out_once_and_in_order():
    skid, out, chooser = Skid(8), [], random.Random(1)

    async def scenario(ctx):
        sent = 0
        while len(out) < 100:
            ctx.set(skid.i.valid, sent < 100 and chooser.getrandbits(1))
            ctx.set(skid.i.payload, sent)
            ctx.set(skid.o.ready, chooser.getrandbits(1))
            if ctx.get(skid.o.valid) and ctx.get(skid.o.ready):
                out.append(ctx.get(skid.o.payload))
            sent += ctx.get(skid.i.valid) and ctx.get(skid.i.ready)
            await ctx.tick()
    Bench(skid).run(scenario)
    assert out == list(range(100))


def test_a_killed_payload_is_never_seen():
    for cycles_before in (0, 1):
        skid = Skid(8)

        async def scenario(ctx, skid=skid, cycles_before=cycles_before):
            ctx.set(skid.i.valid, 1)
            await ctx.tick().repeat(cycles_before)
            ctx.set(skid.kill, 1)
            await ctx.tick()
            ctx.set(skid.kill, 0)
            ctx.set(skid.i.valid, 0)
            assert ctx.get(skid.o.valid) == 0
        Bench(skid).run(scenario)

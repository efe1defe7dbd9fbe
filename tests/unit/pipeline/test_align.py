"""The aligner against a model that reads the stream of halfwords."""

from random import Random

import pytest
from testbench import Bench, assert_exports

from hyacinth.rtl.pipeline.align import Align

BASE = 0x8000_0000
ALL = (1 << 64) - 1


def test_it_exports():
    assert_exports(Align())


def code(random, count):
    """`count` halfwords of random instructions; and at which halfword each instruction begins."""
    halfwords, begins = [], []
    while len(halfwords) < count + 1:
        begins.append(len(halfwords))
        if random.random() < 0.5:
            halfwords.append(random.getrandbits(14) << 2 | random.randrange(3))
        else:
            halfwords += [random.getrandbits(14) << 2 | 3, random.getrandbits(16)]
    return halfwords, begins


class Player:
    """Stands in for fetch and issue. `packet` gives one packet; `taken` collects what comes out."""

    def __init__(self, ctx, dut, random):
        self.ctx, self.dut, self.random, self.taken, self.realigned = ctx, dut, random, [], None
        self.cycle, self.cycles = 0, []  # in which each was taken

    async def packet(self, pc, data, **fields):
        ctx, i = self.ctx, self.dut.i
        while self.random.random() < 0.3:
            await ctx.tick()
        ctx.set(i.payload, {"pc": pc, "data": data, "last": 3} | fields)
        ctx.set(i.valid, 1)
        ready = 0
        while not ready:
            _, _, ready = await ctx.tick().sample(i.ready)
        ctx.set(i.valid, 0)

    async def take(self, ctx):
        o = self.dut.o
        while True:
            ready = self.random.random() < 0.7
            ctx.set(o.ready, ready)
            _, _, valid, fetched, realign, pc = await ctx.tick().sample(
                o.valid, o.payload, self.dut.realign, self.dut.realign_pc)
            self.cycle += 1
            if ready and valid:
                self.taken.append(fetched)
                self.cycles.append(self.cycle)
            if realign:
                assert self.realigned is None
                self.realigned = pc


def run(scenario, seed=1, deadline=20_000):
    dut, random = Align(), Random(seed)
    player = Player(None, dut, random)

    async def play(ctx):
        player.ctx = ctx
        await scenario(player)
        await ctx.tick().repeat(30)
    Bench(dut, deadline=deadline).run(play, background=(player.take,))
    return player


def words(halfwords):
    """Packets' data: four halfwords each."""
    padded = halfwords + [0] * (-len(halfwords) % 4)
    return [sum(half << 16 * n for n, half in enumerate(padded[at:at + 4])) for at in range(0, len(padded), 4)]


def raw(halfwords, at):
    wide = halfwords[at] & 3 == 3
    return halfwords[at] | (halfwords[at + 1] << 16 if wide else 0), wide


@pytest.mark.parametrize("seed", range(6))
def test_a_stream_of_packets_is_cut_into_its_instructions(seed):
    random = Random(seed)
    halfwords, begins = code(random, 400)
    start = random.choice(begins[:4])

    async def scenario(player):
        for n, data in enumerate(words(halfwords)):
            if 4 * n + 3 >= start:
                await player.packet(BASE + max(8 * n, 2 * start), data)
    taken = run(scenario, seed).taken
    expected = [at for at in begins if at >= start]
    assert len(taken) >= len(expected) - 2
    for fetched, at in zip(taken, expected, strict=False):
        bits, wide = raw(halfwords, at)
        assert (fetched.pc, fetched.raw, fetched.compressed) == (BASE + 2 * at, bits, not wide)
        assert not fetched.faulted and not fetched.known and not fetched.taken


@pytest.mark.parametrize("seed", range(6))
def test_a_predicted_jump_ends_its_packet_and_its_instruction_alone_carries_the_prediction(seed):
    random = Random(seed)
    halfwords, begins = code(random, 600)
    data = words(halfwords)
    ends = {at: at + (raw(halfwords, at)[1]) for at in begins}
    path, packets, at = [], [], begins[0]
    for _ in range(60):
        packet, prediction = at // 4, {}
        inside = [b for b in begins if b >= at and ends[b] // 4 == packet]
        if inside and random.random() < 0.5:
            jump = random.choice(inside)
            taken = random.random() < 0.7
            target = random.choice(begins[:500])
            prediction = {"known": 1, "where": ends[jump] % 4, "taken": taken, "target": BASE + 2 * target,
                          "counter": random.randrange(4)}
        packets.append((BASE + 2 * at, data[packet], prediction))
        if prediction.get("taken"):
            path += [(b, prediction if b == jump else None) for b in inside if b <= jump]
            at = target
            # What began in the packet before ends here.
        else:
            path += [(b, prediction if prediction and b == jump else None) for b in inside]
            at = 4 * packet + 4
            rest = [b for b in begins if b < at <= ends[b]]
            at = 4 * packet + 4
            if rest and ends[rest[0]] // 4 != packet:
                # The first half has been taken along: the next packet begins with the second.
                begun = rest[0]
                packets.append((BASE + 2 * at, data[packet + 1], {}))
                path.append((begun, None))
                after = [b for b in begins if b >= at and ends[b] // 4 == packet + 1]
                path += [(b, None) for b in after]
                at = 4 * packet + 8
                tail = [b for b in begins if b < at <= ends[b]]
                if tail:
                    break
    packets.append((BASE, data[0], {}))

    async def scenario(player):
        for pc, bits, prediction in packets:
            last = prediction["where"] if prediction.get("taken") else 3
            await player.packet(pc, bits, last=last, prediction=prediction)
    taken = run(scenario, seed).taken
    assert len(taken) >= len(path)
    for fetched, (at, prediction) in zip(taken, path, strict=False):
        assert fetched.pc == BASE + 2 * at
        assert fetched.raw == raw(halfwords, at)[0]
        known = prediction is not None
        assert (fetched.known, fetched.taken) == (known, int(known and prediction["taken"])), hex(fetched.pc)
        if known:
            assert (fetched.target, fetched.counter) == (prediction["target"], prediction["counter"])


NARROW, WIDE = 0x0001, 0x0000_0013


def test_a_fault_of_the_packet_is_one_instruction_with_no_bits():
    async def scenario(player):
        await player.packet(BASE + 2, ALL, faulted=1)
    (fetched,) = run(scenario).taken
    assert (fetched.pc, fetched.raw, fetched.faulted, fetched.fault_second, fetched.compressed) == \
        (BASE + 2, 0, 1, 0, 0)


def test_a_fault_of_the_second_half_is_one_of_the_instruction_that_began_before_it():
    async def scenario(player):
        await player.packet(BASE + 4, NARROW << 32 | (WIDE & 0xFFFF) << 48)
        await player.packet(BASE + 8, 0, faulted=1)
    narrow, fetched = run(scenario).taken
    assert (narrow.pc, narrow.faulted) == (BASE + 4, 0)
    assert (fetched.pc, fetched.raw, fetched.faulted, fetched.fault_second) == (BASE + 6, 0, 1, 1)


def test_a_faulted_packet_carries_no_prediction():
    async def scenario(player):
        await player.packet(BASE, 0, faulted=1, last=0, prediction={"known": 1, "taken": 1, "where": 0})
    (fetched,) = run(scenario).taken
    assert (fetched.known, fetched.taken) == (0, 0)


@pytest.mark.parametrize("where", range(4))
def test_a_prediction_that_cuts_an_instruction_is_fetched_again(where):
    async def scenario(player):
        data = sum(NARROW << 16 * n for n in range(where)) | (WIDE & 0xFFFF) << 16 * where
        await player.packet(BASE, data, last=where, prediction={"known": 1, "taken": 1, "where": where})
        while player.realigned is None:  # whatever comes before that is void
            await player.ctx.tick()
        await player.packet(BASE + 0x100, NARROW * 0x1_0001_0001_0001)
    player = run(scenario)
    assert player.realigned == BASE + 2 * where
    after = [BASE + 0x100 + 2 * n for n in range(4)]
    assert [f.pc for f in player.taken] == [BASE + 2 * n for n in range(where)] + after


@pytest.mark.parametrize("delay", range(5))
def test_kill_voids_what_is_held_and_what_is_carried(delay):
    seen = []

    async def scenario(player):
        ctx, dut = player.ctx, player.dut
        player.random.random = lambda: 0.5
        ctx.set(dut.i.payload, {"pc": BASE, "data": (WIDE & 0xFFFF) << 48 | NARROW << 32 | NARROW << 16 | NARROW,
                                "last": 3})
        ctx.set(dut.i.valid, 1)
        await ctx.tick().repeat(delay + 1)
        ctx.set(dut.kill, 1)
        ctx.set(dut.i.valid, 0)
        await ctx.tick()
        ctx.set(dut.kill, 0)
        assert not ctx.get(dut.o.valid)
        await ctx.tick()
        seen.append(len(player.taken))
        await player.packet(BASE + 0x42, NARROW * 0x1_0001_0001_0001)
    player = run(scenario)
    assert [f.pc for f in player.taken[seen[0]:]] == [BASE + 0x42 + 2 * n for n in range(3)]


def test_one_instruction_comes_in_each_cycle():
    async def scenario(player):
        player.random.random = lambda: 0.5
        wide = (WIDE << 32 | WIDE) << 16 & ALL | NARROW      # narrow, wide, first half of a wide one
        await player.packet(BASE, wide)
        for n in range(1, 9):
            await player.packet(BASE + 8 * n, (WIDE << 32 | WIDE) << 16 & ALL)  # second half, wide, first half
    player = run(scenario)
    assert [f.pc for f in player.taken[1:4]] == [BASE + 2, BASE + 6, BASE + 10]
    assert player.cycles[:17] == [*range(player.cycles[0], player.cycles[0] + 17)]

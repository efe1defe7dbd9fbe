"""Fetch with its predictor, on the real instruction cache, with translations from a table."""

from random import Random

import pytest
from amaranth.hdl import Elaboratable, Module
from amaranth.lib.wiring import connect
from busmodel import BusMemory
from testbench import Bench, assert_exports

from hyacinth.rtl.cache.icache import InstructionCache
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import Reach
from hyacinth.rtl.pipeline.fetch import Fetch
from hyacinth.rtl.pipeline.predictor import Jump, Predictor

START = 0x8000_0000
ALL = (1 << 64) - 1


class Rig(Elaboratable):
    def __init__(self):
        self.fetch, self.cache = Fetch(START, 16, 4), InstructionCache(4)

    def elaborate(self, platform):
        m = Module()
        m.submodules.fetch, m.submodules.cache = self.fetch, self.cache
        connect(m, self.fetch.cache, self.cache.cpu)
        return m


class Player:
    """Stands in for the Mmu and all that comes after fetch. `pages`: what the Mmu says of a page, else identity."""

    def __init__(self, rig, memory, seed):
        self.dut, self.memory, self.random = rig.fetch, memory, Random(seed)
        self.pages, self.hits, self.asked, self.packets = {}, set(), [], []

    async def translate(self, ctx):
        port, lookup = self.dut.translate, self.dut.lookup
        while True:
            await ctx.tick()
            page = ctx.get(lookup.va) >> 12
            ctx.set(lookup.hit, page in self.hits)
            ctx.set(lookup.page, {"ppn": page & 0x3F_FFFF, "memory": 1, "cacheable": 1})
            if not ctx.get(port.valid):
                continue
            va = ctx.get(port.request.va)
            for _ in range(self.random.randrange(3)):
                await ctx.tick()
            if not ctx.get(port.valid) or ctx.get(port.request.va) != va:
                continue
            self.asked.append((va, ctx.get(port.request.size), ctx.get(port.request.context)))
            answer = {"page": {"ppn": va >> 12 & 0x3F_FFFF, "memory": 1, "cacheable": 1}} | self.pages.get(va >> 12, {})
            if callable(answer.get("when")):
                answer |= {"faulted": answer.pop("when")(va), "cut": 1}
            ctx.set(port.answer, answer)
            ctx.set(port.done, 1)
            await ctx.tick()
            ctx.set(port.done, 0)

    async def next(self, hold=False):
        """The next packet."""
        ctx, o = self.ctx, self.dut.o
        if not hold:
            for _ in range(self.random.randrange(3)):
                await ctx.tick()
        ctx.set(o.ready, 1)
        (packet,) = await ctx.tick().sample(o.payload).until(o.valid)
        ctx.set(o.ready, 0)
        if not packet.faulted:
            word = self.memory.word(packet.pc & 0x3_FFFF_FFFF)
            for half in range(packet.pc >> 1 & 3, packet.last + 1):
                assert packet.data >> 16 * half & 0xFFFF == word >> 16 * half & 0xFFFF, hex(packet.pc)
        return packet

    async def redirect(self, pc):
        self.ctx.set(self.dut.redirect, 1)
        self.ctx.set(self.dut.redirect_pc, pc)
        await self.ctx.tick()
        self.ctx.set(self.dut.redirect, 0)

    async def learn(self, end, target, kind=Jump.ALWAYS, counter=3, forget=0):
        self.ctx.set(self.dut.outcome, {"end": end, "target": target, "kind": kind, "counter": counter,
                                        "forget": forget})
        self.ctx.set(self.dut.update, 1)
        await self.ctx.tick()
        self.ctx.set(self.dut.update, 0)
        await self.ctx.tick()


def run(scenario, seed=1, absent=lambda address: False, deadline=8000):
    rig = Rig()
    memory = BusMemory(rig.cache.bus, Random(seed), absent)
    player = Player(rig, memory, seed)

    async def play(ctx):
        player.ctx = ctx
        ctx.set(player.dut.context, {"mode": Mode.HS, "reach": Reach.FETCH})
        await scenario(player)
    Bench(rig, deadline=deadline).run(play, background=(memory.serve, player.translate))
    return player


@pytest.mark.parametrize("make", (lambda: Fetch(START, 16, 4), lambda: Predictor(16, 4)), ids=("fetch", "predictor"))
def test_it_exports(make):
    assert_exports(make())


@pytest.mark.parametrize("seed", range(3))
def test_packets_follow_each_other_from_where_the_last_redirect_went(seed):
    async def scenario(player):
        player.hits = {START >> 12}
        pc, random = START, Random(seed)
        for _ in range(60):
            packet = await player.next()
            assert (packet.pc, packet.last, packet.faulted) == (pc, 3, 0)
            assert not packet.prediction.known and not packet.prediction.taken
            pc = (pc | 7) + 1
            if random.random() < 0.2:
                pc = START + random.randrange(0, 0x3000, 2)
                await player.redirect(pc)
    run(scenario, seed)


def test_a_fetch_is_translated_for_one_halfword_in_its_context():
    async def scenario(player):
        await player.next()
        va, size, context = player.asked[0]
        assert (va, size, context.mode, context.reach) == (START, 1, Mode.HS, Reach.FETCH)
    run(scenario)


def test_a_fault_stops_fetch_until_a_redirect_and_stays_readable():
    async def scenario(player):
        ctx, dut = player.ctx, player.dut
        bad = START + 0x1000
        player.pages[bad >> 12] = {"faulted": 1, "fault": {"cause": 20, "gpa": 0x1230, "implicit": 1}}
        await player.redirect(bad - 8)
        assert (await player.next()).pc == bad - 8
        packet = await player.next()
        assert (packet.pc, packet.faulted) == (bad, 1)
        for _ in range(30):
            assert not ctx.get(dut.o.valid)
            fault = ctx.get(dut.fault)
            assert (fault.cause, fault.gpa, fault.implicit) == (20, 0x1230, 1)
            await ctx.tick()
        await player.redirect(START + 0x20)
        packet = await player.next()
        assert (packet.pc, packet.faulted) == (START + 0x20, 0)
    run(scenario)


def test_a_line_that_is_absent_is_an_access_fault():
    async def scenario(player):
        await player.redirect(START + 0x78)
        await player.next()
        packet = await player.next()
        assert (packet.pc, packet.faulted) == (START + 0x80, 1)
        fault = player.ctx.get(player.dut.fault)
        assert (fault.cause, fault.gpa, fault.implicit) == (1, 0, 0)
    run(scenario, absent=lambda address: address & ~63 == START + 0x80)


@pytest.mark.parametrize("delay", range(1, 25))
def test_a_fault_of_what_has_been_given_up_does_not_appear_later(delay):
    async def scenario(player):
        bad = START + 0x1000
        player.pages[bad >> 12] = {"faulted": 1, "fault": {"cause": 12}}
        await player.redirect(bad)
        await player.ctx.tick().repeat(delay)
        await player.redirect(START + 8)
        for n in range(3):
            packet = await player.next()
            assert (packet.pc, packet.faulted) == (START + 8 + 8 * n, 0)
    run(scenario, seed=delay)


def test_a_page_that_is_cut_is_fetched_by_halfwords_and_faults_at_the_edge():
    async def scenario(player):
        page, edge = START + 0x1000, START + 0x1014
        player.pages[page >> 12] = {"when": lambda va: va >= edge, "fault": {"cause": 1}}
        await player.redirect(page + 6)
        for pc in range(page + 6, edge, 2):
            packet = await player.next()
            assert (packet.pc, packet.last, packet.faulted) == (pc, pc >> 1 & 3, 0)
        packet = await player.next()
        assert (packet.pc, packet.faulted) == (edge, 1)
        assert [va for va, *_ in player.asked][-8:] == list(range(page + 6, edge + 2, 2))
    run(scenario)


def test_a_prediction_in_a_cut_page_counts_at_its_own_halfword_alone():
    async def scenario(player):
        page = START + 0x1000
        player.pages[page >> 12] = {"cut": 1}
        await player.learn(page + 4, START + 0x40)
        await player.redirect(page)
        for n in range(3):
            packet = await player.next()
            at_end = n == 2
            assert (packet.pc, packet.prediction.taken, packet.prediction.known) == (page + 2 * n, at_end, at_end)
        assert (await player.next()).pc == START + 0x40
    run(scenario)


def test_a_remembered_jump_is_followed_and_ends_its_packet():
    async def scenario(player):
        target = START + 0x244
        await player.learn(START + 0x1A, target)
        for begin, taken in ((START + 0x18, 1), (START + 0x1A, 1), (START + 0x1C, 0)):
            await player.redirect(begin)
            packet = await player.next()
            assert (packet.pc, packet.prediction.known, packet.prediction.taken) == (begin, taken, taken)
            if taken:
                assert (packet.last, packet.prediction.where, packet.prediction.target) == (1, 1, target)
            assert (await player.next()).pc == (target if taken else START + 0x20)
    run(scenario)


def test_a_branch_is_followed_where_its_counter_says_so():
    async def scenario(player):
        for counter in range(4):
            await player.learn(START + 0x1A, START + 0x100, Jump.BRANCH, counter)
            await player.redirect(START + 0x18)
            packet = await player.next()
            prediction = packet.prediction
            assert (prediction.known, prediction.taken, prediction.counter) == (1, counter >= 2, counter)
            assert packet.last == (1 if counter >= 2 else 3)
    run(scenario)


def test_what_is_forgotten_is_not_predicted():
    async def scenario(player):
        await player.learn(START + 0x1A, START + 0x100)
        await player.learn(START + 0x1E, 0, forget=1)
        await player.redirect(START + 0x18)
        assert not (await player.next()).prediction.known
    run(scenario)


def test_a_realign_goes_back_and_forgets_the_prediction():
    async def scenario(player):
        ctx, dut = player.ctx, player.dut
        await player.learn(START + 0x1A, START + 0x100)
        ctx.set(dut.realign_pc, START + 0x1A)
        ctx.set(dut.realign, 1)
        await ctx.tick()
        ctx.set(dut.realign, 0)
        packet = await player.next()
        assert (packet.pc, packet.last, packet.prediction.known) == (START + 0x1A, 3, 0)
    run(scenario)


def test_a_redirect_is_stronger_than_a_realign():
    async def scenario(player):
        ctx, dut = player.ctx, player.dut
        ctx.set(dut.realign_pc, START + 0x1A)
        ctx.set(dut.realign, 1)
        await player.redirect(START + 0x200)
        ctx.set(dut.realign, 0)
        assert (await player.next()).pc == START + 0x200
    run(scenario)


def test_a_return_goes_to_where_its_call_would_have_gone_on():
    async def scenario(player):
        function = START + 0x460
        await player.learn(function + 0x12, 0xBAD0, Jump.RETURN)
        for end in (START + 0x12, START + 0x26):
            await player.learn(end, function, Jump.CALL)
            await player.redirect(end & ~7)
            pcs = [(await player.next()).pc for _ in range(5)]
            assert pcs == [end & ~7, function, function + 8, function + 0x10, end + 2]
    run(scenario)


def test_nested_calls_return_in_their_order():
    async def scenario(player):
        outer, inner = START + 0x400, START + 0x620
        await player.learn(START + 0x02, outer, Jump.CALL)
        await player.learn(outer + 0x0A, inner, Jump.CALL)
        await player.learn(inner + 0x06, 0, Jump.RETURN)
        await player.learn(outer + 0x16, 0, Jump.RETURN)
        await player.redirect(START)
        pcs = [(await player.next()).pc for _ in range(7)]
        assert pcs == [START, outer, outer + 8, inner, outer + 0xC, outer + 0x10, START + 4]
    run(scenario)


def test_a_wrong_tag_is_no_match():
    async def scenario(player):
        await player.learn(START + 0x1A, START + 0x100)
        await player.redirect(START + 0x18 + (16 << 3))
        assert not (await player.next()).prediction.known
    run(scenario)


def test_an_invalidation_is_passed_on_and_answered():
    async def scenario(player):
        ctx, dut = player.ctx, player.dut
        await player.next()
        player.memory.words[START >> 3] = 0x1122_3344_5566_7788
        ctx.set(dut.invalidate, 1)
        await ctx.tick().until(dut.invalidated)
        ctx.set(dut.invalidate, 0)
        await player.redirect(START)
        assert (await player.next()).data == 0x1122_3344_5566_7788
    run(scenario)


def test_a_miss_is_counted_once_for_each_line():
    counts = []

    async def count(ctx, player):
        while True:
            _, _, miss = await ctx.tick().sample(player.dut.miss)
            counts.append(miss)

    async def scenario(player):
        await player.redirect(START)
        for _ in range(16):
            await player.next(hold=True)
    rig = Rig()
    memory = BusMemory(rig.cache.bus, Random(1))
    player = Player(rig, memory, 1)

    async def play(ctx):
        player.ctx = ctx
        await scenario(player)
    Bench(rig).run(play, background=(memory.serve, player.translate, lambda ctx: count(ctx, player)))
    assert sum(counts) in (2, 3)


@pytest.mark.parametrize("seed", range(3))
def test_random_jumps_and_redirects_are_followed(seed):
    async def scenario(player):
        random, known = Random(seed), {}
        pc = START
        await player.redirect(pc)
        for _ in range(120):
            packet = await player.next()
            assert packet.pc == pc
            pc = packet.prediction.target if packet.prediction.taken else (pc | 7) + 1
            if packet.prediction.taken:
                assert known[packet.pc >> 3] == (packet.last, packet.prediction.target)
            if random.random() < 0.3:
                end, target = START + random.randrange(0, 0x200, 2), START + random.randrange(0, 0x200, 2)
                await player.learn(end, target)
                known[end >> 3] = end >> 1 & 3, target
                pc = START + random.randrange(0, 0x200, 2)
                await player.redirect(pc)
    run(scenario, seed)

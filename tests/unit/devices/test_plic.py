"""Tests of the PLIC: which source interrupts and is claimed, and which accesses reach its registers."""

from random import Random

import pytest
from amaranth.hdl import ResetInserter, Signal
from busmodel import bus_read, bus_write, request, responses
from testbench import Bench

from hyacinth.rtl.devices.plic import PENDING, Plic

M, S = 0, 1
SEARCH = 20  # cycles in which a search surely ends


class Driver:
    """The PLIC as software sees it."""
    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    async def write(self, offset, value):
        assert await bus_write(self.ctx, self.dut.bus, offset, value, size=2)

    async def write_lanes(self, offset, size, data):
        """A write of 2**size bytes at `offset`; the lanes of `data` that it does not reach may hold anything."""
        mask = (1 << (1 << size)) - 1 << (offset & 7)
        await request(self.ctx, self.dut.bus, address=offset, size=size, write=1, data=data, mask=mask)
        assert await responses(self.ctx, self.dut.bus) is not None

    async def read(self, offset, size=2):
        return await bus_read(self.ctx, self.dut.bus, offset, size)

    async def priority(self, source, value):
        await self.write(4 * source, value)

    async def enable(self, context, sources):
        await self.write(0x2000 + 0x80 * context, sum(1 << source for source in sources))

    async def threshold(self, context, value):
        await self.write(0x20_0000 + 0x1000 * context, value)

    async def claim(self, context):
        return await self.read(0x20_0004 + 0x1000 * context)

    async def complete(self, context, source):
        await self.write(0x20_0004 + 0x1000 * context, source)

    async def pending(self):
        return await self.read(PENDING)

    async def lines(self, *sources):
        self.ctx.set(self.dut.sources, sum(1 << source for source in sources))
        await self.ctx.tick().repeat(SEARCH)

    def interrupts(self, context):
        return self.ctx.get(self.dut.interrupts) >> context & 1


def run(scenario, *others, deadline=3_000):
    dut = Plic()

    def process(scenario):
        async def with_driver(ctx):
            await scenario(Driver(ctx, dut))
        return with_driver

    Bench(dut, deadline=deadline).run(*map(process, (scenario, *others)))


@pytest.mark.parametrize("context", (M, S))
@pytest.mark.parametrize("source", (1, 10, 31))
def test_a_source_is_pending_claimed_and_completed(source, context):
    async def scenario(plic):
        await plic.priority(source, 1)
        await plic.enable(context, [source])
        await plic.lines(source)
        assert await plic.pending() == 1 << source
        assert (plic.interrupts(context), plic.interrupts(1 - context)) == (1, 0)
        assert await plic.claim(context) == source
        assert (await plic.pending(), plic.interrupts(context)) == (0, 0)
        await plic.lines()
        await plic.complete(context, source)
        assert (await plic.pending(), await plic.claim(context)) == (0, 0)
        await plic.lines(source)
        assert (await plic.pending(), plic.interrupts(context)) == (1 << source, 1)
    run(scenario)


def test_a_line_still_high_at_completion_is_pending_again_and_not_before():
    async def scenario(plic):
        await plic.priority(3, 1)
        await plic.enable(M, [3])
        await plic.lines(3)
        await plic.claim(M)
        await plic.lines(3)
        assert await plic.pending() == 0
        await plic.complete(M, 3)
        assert await plic.pending() == 1 << 3
    run(scenario)


def test_a_line_that_falls_before_the_claim_stays_pending():
    async def scenario(plic):
        await plic.lines(3)
        await plic.lines()
        assert await plic.pending() == 1 << 3
    run(scenario)


def test_the_greatest_priority_is_claimed_first_and_of_equals_the_lowest_source():
    async def scenario(plic):
        for source, priority in ((2, 3), (5, 7), (9, 7), (30, 1)):
            await plic.priority(source, priority)
        await plic.enable(S, [2, 5, 9, 30])
        await plic.lines(2, 5, 9, 30)
        assert [await plic.claim(S) for _ in range(5)] == [5, 9, 2, 30, 0]
    run(scenario)


def test_priority_0_never_interrupts():
    async def scenario(plic):
        await plic.enable(M, [4])
        await plic.lines(4)
        assert (plic.interrupts(M), await plic.claim(M)) == (0, 0)
    run(scenario)


@pytest.mark.parametrize("threshold, interrupts", ((0, 1), (4, 1), (5, 0), (7, 0)))
def test_only_what_exceeds_the_threshold_interrupts_but_all_can_be_claimed(threshold, interrupts):
    async def scenario(plic):
        await plic.priority(4, 5)
        await plic.enable(M, [4])
        await plic.threshold(M, threshold)
        await plic.lines(4)
        assert plic.interrupts(M) == interrupts
        assert await plic.claim(M) == 4
    run(scenario)


def test_completing_a_source_that_is_not_enabled_does_nothing():
    async def scenario(plic):
        await plic.priority(4, 5)
        await plic.enable(M, [4])
        await plic.lines(4)
        await plic.claim(M)
        await plic.complete(S, 4)
        assert await plic.pending() == 0
        await plic.complete(M, 4 + 32)
        assert await plic.pending() == 0
        await plic.complete(M, 4)
        assert await plic.pending() == 1 << 4
    run(scenario)


def test_a_claim_finds_what_has_risen_just_before():
    async def scenario(plic):
        for source in (1, 30):
            await plic.priority(source, source % 7)
        await plic.enable(M, [1, 30])
        await plic.lines(1)
        plic.ctx.set(plic.dut.sources, 1 << 30)
        await plic.ctx.tick()
        assert [await plic.claim(M) for _ in range(3)] == [30, 1, 0]
    run(scenario)


@pytest.mark.parametrize("context", (M, S))
def test_what_is_claimed_in_one_context_is_not_found_in_the_other(context):
    async def scenario(plic):
        await plic.priority(5, 2)
        await plic.priority(6, 1)
        await plic.enable(context, [5, 6])
        await plic.enable(1 - context, [5])
        await plic.lines(5, 6)
        assert (plic.interrupts(M), plic.interrupts(S)) == (1, 1)
        assert (await plic.claim(context), await plic.claim(1 - context), await plic.claim(context)) == (5, 0, 6)
    run(scenario)


async def disable(plic):
    await plic.enable(M, [3])


async def silence(plic):
    await plic.priority(8, 0)


async def lower(plic):
    await plic.priority(8, 1)


@pytest.mark.parametrize("change, claims", ((disable, [3, 0]), (silence, [3, 0]), (lower, [3, 8])))
def test_a_claim_just_after_a_change_obeys_it(change, claims):
    async def scenario(plic):
        await plic.priority(8, 7)
        await plic.priority(3, 2)
        await plic.enable(M, [3, 8])
        await plic.lines(3, 8)
        await change(plic)
        assert [await plic.claim(M) for _ in range(2)] == claims
    run(scenario)


async def claim(plic):
    await plic.claim(M)


async def threshold(plic):
    await plic.threshold(M, 7)


@pytest.mark.parametrize("change", (disable, silence, claim, threshold))
def test_an_access_that_ends_an_interrupt_is_answered_when_it_has(change):
    async def scenario(plic):
        await plic.priority(8, 7)
        await plic.enable(M, [8])
        await plic.lines(8)
        assert plic.interrupts(M) == 1
        await change(plic)
        await plic.ctx.tick()
        assert plic.interrupts(M) == 0
    run(scenario)


def test_a_reset_forgets_priorities():
    async def scenario(plic):
        for source in range(1, 32):
            await plic.priority(source, 7)
        plic.ctx.set(reset, 1)
        await plic.ctx.tick()
        plic.ctx.set(reset, 0)
        assert [await plic.read(4 * source) for source in range(1, 32)] == [0] * 31
    reset, dut = Signal(), Plic()
    resettable = ResetInserter(reset)(dut)

    async def process(ctx):
        await scenario(Driver(ctx, dut))

    Bench(resettable, deadline=3_000).run(process)


def test_there_is_no_source_0():
    async def scenario(plic):
        await plic.priority(0, 7)
        await plic.enable(M, range(32))
        await plic.lines(0)
        assert (await plic.read(0), await plic.read(0x2000), await plic.pending()) == (0, 0xffff_fffe, 0)
    run(scenario)


def test_priorities_are_kept_apart():
    async def scenario(plic):
        for source in range(1, 32):
            await plic.priority(source, source % 8)
        assert [await plic.read(4 * source) for source in range(1, 32)] == [source % 8 for source in range(1, 32)]
    run(scenario)


@pytest.mark.parametrize("context", (M, S))
def test_a_threshold_is_kept_when_it_is_read(context):
    async def scenario(plic):
        await plic.threshold(context, 5)
        for size in range(4):
            assert [await plic.read(0x20_0000 + 0x1000 * context, size) for _ in range(2)] == [5, 5]
    run(scenario)


# Each keeps 3 bits: the priorities of an even and an odd source, the thresholds.
SMALL = (4 * 12, 4 * 13, 0x20_0000, 0x20_1000)


@pytest.mark.parametrize("register", SMALL)
def test_a_priority_or_threshold_is_written_with_its_lowest_byte(register):
    async def scenario(plic):
        for byte, size in ((0, 0), (1, 0), (2, 0), (3, 0), (0, 1), (2, 1), (0, 2)):
            await plic.write(register, 5)
            await plic.write_lanes(register + byte, size, 0x0202_0202_0202_0202)
            assert [await plic.read(each) for each in SMALL] == [
                (5 if byte else 2) if each == register else 0 for each in SMALL], (byte, size)
    run(scenario)


@pytest.mark.parametrize("register", SMALL)
def test_a_priority_or_threshold_has_the_values_0_to_7(register):
    async def scenario(plic):
        for value in (0xffff_ffff, 0xffff_fff8):
            await plic.write(register, value)
            assert await plic.read(register) == value & 7
    run(scenario)


def test_eight_bytes_reach_the_priorities_of_two_sources():
    async def scenario(plic):
        await plic.write_lanes(4 * 12, 3, 3 | 4 << 32)
        assert (await plic.read(4 * 12), await plic.read(4 * 13)) == (3, 4)
        assert await plic.read(4 * 12, size=3) == 3 | 4 << 32
    run(scenario)


# Bytes and sizes of accesses of a threshold and the claim register after it; whether they reach the claim register.
REACHES = {(4, 0): True, (4, 1): True, (4, 2): True, (0, 3): True,
           (0, 0): False, (3, 0): False, (5, 0): False, (6, 0): False, (7, 0): False,
           (0, 1): False, (2, 1): False, (6, 1): False, (0, 2): False}


@pytest.mark.parametrize("context", (M, S))
def test_a_read_claims_with_the_lowest_byte_of_the_claim_register(context):
    async def scenario(plic):
        await plic.priority(9, 1)
        await plic.enable(context, [9])
        for (byte, size), claims in REACHES.items():
            await plic.lines(9)
            await plic.read(0x20_0000 + 0x1000 * context + byte, size)
            assert await plic.pending() == (0 if claims else 1 << 9), (byte, size)
            await plic.lines()
            assert await plic.claim(context) == (0 if claims else 9)
            await plic.complete(context, 9)
    run(scenario)


@pytest.mark.parametrize("context", (M, S))
def test_a_write_completes_with_the_lowest_byte_of_the_claim_register(context):
    async def scenario(plic):
        await plic.priority(9, 1)
        await plic.enable(context, [9])
        for (byte, size), completes in REACHES.items():
            await plic.lines(9)
            assert await plic.claim(context) == 9
            await plic.write_lanes(0x20_0000 + 0x1000 * context + byte, size, 9 << 32)
            assert await plic.pending() == (1 << 9 if completes else 0), (byte, size)
            await plic.lines()
            assert await plic.claim(context) == (9 if completes else 0)
            await plic.complete(context, 9)
    run(scenario)


def test_beside_the_registers_all_reads_as_zero_and_nothing_is_written():
    contents = {4 * 12: 3, 4 * 13: 4, PENDING: 1 << 13, 0x2000: 1 << 13, 0x2080: 1 << 13, 0x20_0000: 5, 0x20_1000: 6}
    registers = {*contents, 0x20_0004, 0x20_1004}

    async def scenario(plic):
        for register, value in contents.items():
            await plic.write(register, value)
        await plic.lines(13)
        await plic.lines()
        for register in registers:
            for beside in (register ^ 1 << bit for bit in range(3, 26)):
                if beside >= 0x80 and beside not in registers:
                    assert await plic.read(beside) == 0
                    await plic.write(beside, 7)
        assert {register: await plic.read(register) for register in contents} == contents
        assert [await plic.claim(context) for context in (M, S)] == [13, 0]
    run(scenario)


def test_random_sources_are_claimed_as_the_specification_orders_them():
    random = Random(1)

    async def scenario(plic):
        for _ in range(12):
            priorities = [0] + [random.randrange(8) for _ in range(31)]
            enabled = [source for source in range(1, 32) if random.random() < 0.6]
            raised = [source for source in range(1, 32) if random.random() < 0.4]
            for source in range(1, 32):
                await plic.priority(source, priorities[source])
            await plic.enable(S, enabled)
            await plic.lines(*raised)
            await plic.lines()
            order = sorted((s for s in raised if s in enabled and priorities[s]), key=lambda s: (-priorities[s], s))
            assert [await plic.claim(S) for _ in range(len(order) + 1)] == [*order, 0]
            for source in order:
                await plic.complete(S, source)
            await plic.enable(S, range(1, 32))  # and what was left is taken away
            for source in range(1, 32):
                await plic.priority(source, 1)
            while source := await plic.claim(S):
                await plic.complete(S, source)
            assert await plic.pending() == 0

    run(scenario, deadline=60_000)


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_rise_at_any_time_are_claimed_once_each_and_in_order(seed):
    random = Random(seed)
    priorities = [0] + [random.randrange(1, 8) for _ in range(31)]
    raised, certain, busy, pulses, claims = set(), set(), set(), [], []

    def rank(source):
        return (priorities[source], -source)

    async def lines(plic):
        while len(pulses) < 60:
            await plic.ctx.tick().repeat(random.choice((1, 2, 3, 20, 60)))
            if not (idle := [source for source in range(1, 32) if source not in busy]):
                continue
            source = random.choice(idle)
            busy.add(source)
            raised.add(source)
            plic.ctx.set(plic.dut.sources, 1 << source)
            await plic.ctx.tick()
            plic.ctx.set(plic.dut.sources, 0)
            pulses.append(source)
            if source in raised:
                certain.add(source)

    async def software(plic):
        for source, priority in enumerate(priorities):
            await plic.priority(source, priority)
        await plic.enable(M, range(32))
        await plic.enable(S, range(32))
        while len(pulses) < 60 or raised:
            before, context = set(certain), random.choice((M, S))
            source = await plic.claim(context)
            assert all(rank(each) <= rank(source) for each in before)
            if source:
                assert source in raised
                raised.remove(source)
                certain.discard(source)
                claims.append(source)
                await plic.complete(context, source)
                busy.remove(source)

    run(software, lines, deadline=20_000)
    assert sorted(claims) == sorted(pulses)

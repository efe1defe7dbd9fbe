"""An Mmu under pysim, with a memory of page tables behind it, and a builder of those tables."""

import random
from contextlib import suppress

from amaranth.hdl import Cat, ClockDomain, Const, Elaboratable, Module, Signal
from amaranth.lib.data import ArrayLayout
from amaranth.lib.wiring import connect
from amaranth.sim import Simulator

from hyacinth.rtl.config import CoreConfig
from hyacinth.rtl.mmu.mmu import Mmu
from hyacinth.rtl.payloads import PmpEntry, Reach
from hyacinth.rtl.ports import PmpSignature

from .model import LEVELS, NAPOT, OFF, PPN_SHIFT, TOR, A, D, Machine, Pmp, R, Refused, U, V, W, X, leaf, pointer

RAM = 0x8000_0000
ALL_OPEN = (Pmp((1 << 54) - 1, NAPOT, 1, 1, 1),)
SMALL = {"tlb_entries": 16, "itlb_entries": 2, "dtlb_entries": 2, "walk_cache_entries": 2, "pmp_entries": 0}


class Entries(Elaboratable):
    """All PMP entries, set at once: what the CSR file would show of them, without its locks."""

    def __init__(self):
        self.port, self.entries = PmpSignature().flip().create(), Signal(ArrayLayout(PmpEntry, 16))

    def elaborate(self, platform):
        m = Module()
        kinds = [self.entries[n].a for n in range(16)]
        m.d.comb += [self.port.entry.eq(self.entries[self.port.number]),
                     self.port.matter.eq(Cat((kind != OFF) | (after == TOR)
                                             for kind, after in zip(kinds, [*kinds[1:], Const(OFF)], strict=True)))]
        return m

    def hold(self, ctx, pmp):
        """From now on, `pmp` and beyond it entries that are off."""
        ctx.set(self.entries, [vars(entry) for entry in (*pmp, *[Pmp()] * 16)[:16]])


class Tables:
    """Builds page tables in the memory of a Machine. `pages` gives a free page of RAM for each table."""

    def __init__(self, machine, first=RAM + 0x10_0000):
        self.machine, self.free = machine, first

    def page(self, count=1):
        """The address of `count` free pages, aligned to as many."""
        self.free = (self.free + (count << 12) - 1) // (count << 12) * (count << 12)
        at = self.free
        self.free += count << 12
        return at

    def place(self, mode, root, address, level, entry, *, to_pa=lambda at: at, table=None, wide=0):
        """Puts `entry` at `level` of the tree at `root`; makes the tables above. Returns where the entries lie."""
        at, places = root, []
        for n in reversed(range(level, LEVELS[mode])):
            top = n == LEVELS[mode] - 1
            at += 8 * (address >> 12 + 9 * n & (2047 if wide and top else 511))
            place = to_pa(at)
            places.append(place)
            if n == level:
                self.machine.memory[place] = entry
            else:
                if not self.machine.memory.get(place, 0) & V:
                    self.machine.memory[place] = pointer((table or self.page)())
                at = self.machine.memory[place] >> PPN_SHIFT << 12
        return places


class Guest:
    """A guest with both stages on: tables of the VS stage lie in guest memory, which the G stage maps elsewhere."""

    def __init__(self, vs_mode, g_mode, *, asid=1, vmid=1, machine=None):
        self.machine = machine or Machine()
        self.tables = Tables(self.machine)
        self.vs_mode, self.g_mode = vs_mode, g_mode
        self.g_root = self.tables.page(4)
        self.machine.hgatp = (g_mode, vmid, self.g_root >> 12)
        self.next_gpa, self.at = 0x5_0000_0000, {}
        self.vs_root = self.guest_page()
        self.machine.vsatp = (vs_mode, asid, self.vs_root >> 12)

    def guest_page(self):
        """A page of guest memory, mapped by the G stage."""
        gpa, self.next_gpa = self.next_gpa, self.next_gpa + 0x1000
        self.map_guest(gpa, self.tables.page(), 0)
        return gpa

    def map_guest(self, gpa, pa, level, flags=V | R | W | X | U | A | D):
        """Where the entries lie, the leaf last."""
        self.at[gpa >> 12] = pa >> 12
        return self.tables.place(self.g_mode, self.g_root, gpa, level, leaf(pa, flags), wide=1)

    def map(self, va, gpa, level, flags=V | R | W | X | A | D):
        """Where the entries lie, the leaf last; PAs."""
        return self.tables.place(self.vs_mode, self.vs_root, va, level, leaf(gpa, flags), table=self.guest_page,
                                 to_pa=lambda at: self.at[at >> 12] << 12 | at & 4095)


class Player:
    """Asks an Mmu as the pipeline does, and compares each answer with the Machine's."""

    def __init__(self, ctx, dut, machine, stats, reset_signal, entries):
        self.ctx, self.dut, self.machine, self.stats, self.reset_signal = ctx, dut, machine, stats, reset_signal
        self.entries = entries

    def configure(self):
        """The CSRs and the memory map's inputs follow the Machine."""
        ctx, dut, machine = self.ctx, self.dut, self.machine
        for name in ("satp", "vsatp", "hgatp"):
            mode, number, ppn = getattr(machine, name)
            ctx.set(dut.translation[name], {"mode": mode, "id": number, "ppn": ppn})
        for name, mine, guests in (("adue", machine.adue, machine.vs_adue), ("pbmte", machine.pbmte, machine.vs_pbmte)):
            ctx.set(dut.translation[name], mine)
            ctx.set(dut.translation[f"vs_{name}"], mine & guests)
        self.entries.hold(ctx, machine.pmp)
        ctx.set(self.entries.port.mml, machine.mml)
        ctx.set(self.entries.port.mmwp, machine.mmwp)
        ctx.set(dut.uncached_enable, machine.uncached_page is not None)
        ctx.set(dut.uncached_page, machine.uncached_page or 0)

    async def reset(self):
        self.ctx.set(self.reset_signal, 1)
        await self.ctx.tick()
        self.ctx.set(self.reset_signal, 0)

    async def flush_all(self):
        self.configure()
        self.ctx.set(self.dut.flush_all, 1)
        await self.ctx.tick()
        self.ctx.set(self.dut.flush_all, 0)

    async def flush_first(self):
        self.configure()
        self.ctx.set(self.dut.flush_first, 1)
        await self.ctx.tick()
        self.ctx.set(self.dut.flush_first, 0)

    async def fence(self, kind, *, address=None, id=None):
        ctx, fence = self.ctx, self.dut.fence
        ctx.set(fence.payload, {"kind": kind, "by_address": address is not None, "by_id": id is not None,
                                "address": address or 0, "id": id or 0})
        ctx.set(fence.valid, 1)
        await ctx.tick().until(fence.ready)
        ctx.set(fence.valid, 0)

    def port(self, access):
        fetch = access.reach == Reach.FETCH
        return (self.dut.fetch_lookup, self.dut.fetch) if fetch else (self.dut.data_lookup, self.dut.data)

    def look(self, access):
        """What the first level says: (hit, PA, memory, cacheable)."""
        lookup, _ = self.port(access)
        self.ctx.set(lookup.va, access.va)
        self.ctx.set(lookup.context, access.context)
        page = self.ctx.get(lookup.page)
        return self.ctx.get(lookup.hit), page.ppn << 12 | access.va & 4095, page.memory, page.cacheable

    def expect(self, access):
        """The Machine's answer: ((PA, memory, cacheable), None) or (None, (cause, GPA, implicit)).

        `self.then` is what memory holds afterwards."""
        machine = self.machine.apart()
        self.then = machine.memory
        try:
            pa, memory, cacheable = machine.translate(access)
            return (pa, int(memory), int(cacheable)), None
        except Refused as refused:
            return None, refused.fault

    async def walk(self, access):
        """Asks behind the first level: the answer as `expect` gives it, and what of the Mmu was used."""
        ctx = self.ctx
        _, asks = self.port(access)
        ctx.set(asks.request, {"va": access.va, "size": access.size, "context": access.context})
        ctx.set(asks.valid, 1)
        seen = 0
        while True:
            seen |= ctx.get(self.dut.events)
            if ctx.get(asks.done):
                break
            await ctx.tick()
        answer = ctx.get(asks.answer)
        await ctx.tick()
        ctx.set(asks.valid, 0)
        self.cut = answer.cut
        self.second, self.walked, self.read, self.cached = (seen >> n & 1 for n in (2, 3, 4, 5))
        if answer.faulted:
            assert answer.fault.implicit or not answer.fault.implicit_write
            return None, (answer.fault.cause, answer.fault.gpa, answer.fault.implicit + answer.fault.implicit_write)
        assert not any(answer.fault[name] for name in ("cause", "gpa", "implicit", "implicit_write"))
        return (answer.page.ppn << 12 | access.va & 4095, answer.page.memory, answer.page.cacheable), None

    async def check(self, access):
        """The whole of an access: first level, then the rest, then the first level again. Returns what served it."""
        expected = self.expect(access)
        then = self.then
        hit, *page = self.look(access)
        if hit:
            assert (tuple(page), None) == expected, f"first level, {access}"
            assert self.machine.memory == then, f"first level, {access}: A or D is not set"
            self.stats["first"] = self.stats.get("first", 0) + 1
            return "first"
        answer = await self.walk(access)
        assert answer == expected, f"{access}: {show(answer)}, but the manual says {show(expected)}"
        assert self.machine.memory == then, f"{access}: A and D are not as the manual says"
        hit, *page = self.look(access)
        assert hit == (answer[1] is None and not self.cut), f"{access}: kept {hit}, cut {self.cut}"
        if hit:
            assert tuple(page) == answer[0]
        how = ("fault" if answer[1] else "second" if self.second else "shortened" if self.cached else "walk")
        assert not (answer[1] and self.second)
        for what in {how, "shortened"} if self.cached else {how}:
            self.stats[what] = self.stats.get(what, 0) + 1
        return how

    async def cold(self, access):
        """The access after everything has been emptied."""
        await self.flush_all()
        return await self.check(access)


def show(answer):
    page, fault = answer
    if page:
        return f"PA {page[0]:#x} memory {page[1]} cacheable {page[2]}"
    return f"cause {fault[0]} GPA {fault[1]:#x} implicit {fault[2]}"


class Simulation:
    """A simulated Mmu that is made once and used by many tests, each after a reset."""

    def __init__(self, **config):
        self.dut, self.started, self.used = Mmu(CoreConfig(**config)), [], False
        m = Module()
        m.domains.sync = domain = ClockDomain()
        self.reset = domain.rst
        m.submodules.dut = self.dut
        m.submodules.entries = self.entries = Entries()
        connect(m, self.dut.pmp, self.entries.port)
        self.simulator = Simulator(m)
        self.simulator.add_clock(1e-6)
        for process, background in ((self.serve, True), (self.play, False)):  # so that `play` sees what was served
            async def testbench(ctx, process=process):
                self.started.append(coroutine := process(ctx))
                await coroutine
            self.simulator.add_testbench(testbench, background=background)

    def run(self, scenario, machine, chooser, latency, deadline):
        self.scenario, self.machine, self.chooser, self.latency, self.stats = scenario, machine, chooser, latency, {}
        if self.used:
            self.simulator.reset()
        self.used = True
        try:
            for _ in range(2 * deadline):
                if not self.simulator.advance():
                    return self.stats
            raise TimeoutError(f"not finished after {deadline} cycles")
        finally:
            for coroutine in self.started:
                with suppress(RuntimeError):
                    coroutine.close()
            self.started.clear()

    async def play(self, ctx):
        player = Player(ctx, self.dut, self.machine, self.stats, self.reset, self.entries)
        await player.flush_all()
        await self.scenario(player)

    async def serve(self, ctx):
        """The memory behind `tables`, after a random number of cycles."""
        tables, machine = self.dut.tables, self.machine
        while True:
            await ctx.tick()
            if not ctx.get(tables.valid):
                continue
            address, cacheable = ctx.get(tables.address), ctx.get(tables.cacheable)
            assert cacheable == (address >> 12 != machine.uncached_page and machine.region(address).memory)
            for _ in range(self.chooser.randint(0, self.latency)):
                await ctx.tick()
                if not ctx.get(tables.valid):
                    break
            else:
                assert ctx.get(tables.address) == address
                if ctx.get(tables.write):
                    assert cacheable
                    if address not in machine.broken and machine.memory[address] == ctx.get(tables.expected):
                        machine.memory[address] = ctx.get(tables.expected) & ~255 | ctx.get(tables.updated)
                ctx.set(tables.data, machine.memory.get(address, 0))
                ctx.set(tables.error, address in machine.broken)
                ctx.set(tables.done, 1)
                await ctx.tick()
                ctx.set(tables.done, 0)


simulations = {}


def run(scenario, machine, *, seed=1, latency=3, deadline=50_000, **config):
    """Runs `async scenario(player)` on an Mmu whose tables are the `machine`'s memory. Returns what served accesses."""
    key = tuple(sorted((SMALL | config).items()))
    # One that a test has failed on is not used again.
    simulation = simulations.pop(key, None) or Simulation(**dict(key))
    stats = simulation.run(scenario, machine, random.Random(seed), latency, deadline)
    simulations[key] = simulation
    return stats

"""The load-store unit on the real data cache, with a memory that is slow at random and translations from a table."""

from dataclasses import dataclass
from random import Random

import pytest
from amaranth.hdl import Elaboratable, Module, ResetInserter, Signal
from amaranth.lib.wiring import connect
from busmodel import BusMemory
from testbench import Bench, assert_exports
from unit.pipeline.fields import facts_of

from hyacinth.rtl.cache.dcache import DataCache
from hyacinth.rtl.isa.instructions import BY_NAME, Unit
from hyacinth.rtl.payloads import Reach
from hyacinth.rtl.pipeline.loadstore import LoadStore

ALL = (1 << 64) - 1
SIZES = {"b": 0, "h": 1, "w": 2, "d": 3}
VA = 0xFFFF_FFC0_1234_5000


@dataclass(frozen=True)
class Mapped:
    """The translation of a page."""
    ppn: int = 0
    memory: int = 1
    cacheable: int = 1
    cut: int = 0
    faults: bool = False


# Neighbours in virtual memory: two pages of RAM, one not cached, two of RAM, a device, one that faults, two that are
# cut, one that faults. Their physical pages are no neighbours.
PAGES = dict(enumerate((
    Mapped(0x80005), Mapped(0x80002), Mapped(0x80009, cacheable=0), Mapped(0x80003), Mapped(0x80010),
    Mapped(0x10000, 0, 0), Mapped(faults=True), Mapped(0x80021, cut=1), Mapped(0x80025, cut=1), Mapped(faults=True))))
RAM, NEXT, UNCACHED, BEFORE_DEVICE, DEVICE, FAULTS, CUT = (VA + (n << 12) for n in (0, 1, 2, 4, 5, 6, 7))


def fault_of(access_is_load):
    """What the table's translations of a faulting page say."""
    return {"cause": 21 if access_is_load else 23, "gpa": 0x77_0000_1230, "implicit": 1}


def form(row, va):
    """What rtl/pipeline/shape.py makes of an access."""
    kind, bytes_ = {Unit.LOAD: "load", Unit.STORE: "store", Unit.AMO: "amo"}[row.unit], 1 << log2_size(row)
    end = (va & 7) + bytes_ - 1
    return {
        kind: 1, "lr": row.name.startswith("lr."), "sc": row.name.startswith("sc."), "size": log2_size(row),
        "unsigned": row.name.split(".")[-1].endswith("u"), "last_byte": bytes_ - 1, "last_lane": end & 7,
        "misaligned": va % bytes_ != 0, "crosses": end > 7, "crosses_page": (va & 4095) + bytes_ > 4096}


def log2_size(row):
    """log2 of the bytes that the instruction reaches, from its name."""
    return SIZES[(row.name.split(".")[-1] if "." in row.name else row.name[1:])[0]]


class Rig(Elaboratable):
    def __init__(self, misaligned=True):
        self.unit, self.cache = LoadStore(misaligned, ways=1), DataCache(4)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit, m.submodules.cache = self.unit, self.cache
        connect(m, self.unit.cache, self.cache.cpu)
        m.d.comb += [self.unit.snooped.eq(self.cache.snoop.held), self.unit.snooped_line.eq(self.cache.snoop.line)]
        return m


class Player:
    """Stands in for execute, commit and the Mmu; `bytes` are what memory should hold."""

    def __init__(self, ctx, rig, memory, random):
        self.ctx, self.unit, self.memory, self.random, self.shadow = ctx, rig.unit, memory, random, {}
        self.reserved = None
        self.asked = []

    def byte(self, address):
        """What was written there; else what memory held from the start."""
        return self.shadow.get(address, (address >> 3) * 0x9e37_79b9_7f4a_7c15 >> 8 * (address & 7) & 0xFF)

    def page(self, va):
        return PAGES[va - VA >> 12]

    def place(self, va):
        return self.page(va).ppn << 12 | va & 4095

    async def translate(self, ctx):
        port = self.unit.translate
        while True:
            await ctx.tick()
            if not ctx.get(port.valid):
                continue
            request = ctx.get(port.request)
            await ctx.tick().repeat(self.random.randrange(1, 4))
            assert ctx.get(port.valid) and ctx.get(port.request.va) == request.va
            self.asked.append((request.va, request.size))
            page = self.page(request.va)
            load = request.context.reach == Reach.LOAD
            ctx.set(port.answer, {
                "page": {"ppn": page.ppn, "memory": page.memory, "cacheable": page.cacheable}, "cut": page.cut,
                "faulted": page.faults, "fault": fault_of(load) if page.faults else {}})
            ctx.set(port.done, 1)
            await ctx.tick()
            ctx.set(port.done, 0)

    async def do(self, name, va, b=0, known=True):
        """One instruction: the fault and its offset, or ("done", what rd gets)."""
        ctx, unit, row = self.ctx, self.unit, BY_NAME[name]
        decoded = {"bits": row.encode(**dict.fromkeys("dstiq", 0))} | facts_of(row)
        page = self.page(va)
        known = known and not page.faults and not page.cut
        load = row.unit == Unit.LOAD
        executed = {
            "decoded": decoded, "b": b, "result": va, "memory": 1, "offset": va & 4095, "form": form(row, va),
            "context": {"mode": 1, "reach": Reach.LOAD if load else Reach.STORE}, "page_known": known,
            "page": {"ppn": page.ppn, "memory": page.memory, "cacheable": page.cacheable} if known else {}}
        ctx.set(unit.next.payload, executed)
        ctx.set(unit.next.valid, 1)
        ctx.set(unit.enter, 1)
        await ctx.tick()
        ctx.set(unit.enter, 0)
        ctx.set(unit.executed, executed)
        ctx.set(unit.go, 1)
        # Another one waits, and the cache is read for it where it can be; or none does.
        ctx.set(unit.next.valid, self.random.random() < 0.5)
        ctx.set(unit.next.payload, {"memory": 1, "offset": self.random.getrandbits(12), "form": {"amo": 1}})
        self.cycles = 0
        while not ctx.get(unit.done) and not ctx.get(unit.faulted):
            await ctx.tick()
            self.cycles += 1
        if ctx.get(unit.faulted):
            fault = ctx.get(unit.fault)
            result = (fault.cause, fault.gpa, fault.implicit, ctx.get(unit.fault_offset))
            await ctx.tick()
            assert ctx.get(unit.fault) == fault  # until the next one
        else:
            result = ("done", ctx.get(unit.loaded if row.unit == Unit.LOAD else unit.value))
            self.report = {n: ctx.get(getattr(unit, n)) for n in ("hpa", "hpa_next", "device", "stored", "data")}
            await ctx.tick()
        ctx.set(unit.go, 0)
        return result

    def expect(self, name, va, b):
        """The same by the manual, on `shadow`."""
        row = BY_NAME[name]
        atomic, load = row.bits.replace(" ", "").endswith("0101111"), row.unit == Unit.LOAD
        size = SIZES[name.split(".")[1][0] if "." in name else name[1]]
        count = 1 << size
        misaligned, crosses = va & count - 1, (va & 7) + count > 8
        access_fault, misaligned_fault = ((5, 0, 0), (4, 0, 0)) if load else ((7, 0, 0), (6, 0, 0))
        if misaligned and atomic:
            return (*access_fault, 0)
        for part, at in enumerate([va, (va | 7) + 1] if crosses and (va & 4095) + count > 4096 else [va]):
            page, offset = self.page(at), 8 - (va & 7) if part else 0
            if page.faults:
                return (*fault_of(load).values(), offset)
            if page.cut and misaligned:
                return (*misaligned_fault, offset)
            if not page.memory and (misaligned or atomic):
                return (*access_fault, offset)
        places = [self.place(va + n) for n in range(count)]
        old = sum(self.byte(at) << 8 * n for n, at in enumerate(places))

        def write(value):
            for n, at in enumerate(places):
                self.shadow[at] = value >> 8 * n & 0xFF
        bits = 8 << size

        def extend(value):
            unsigned = name in ("lbu", "lhu", "lwu", "hlv.bu", "hlv.hu", "hlv.wu", "hlvx.hu", "hlvx.wu")
            return value | -(value >> bits - 1 << bits) & ALL if not unsigned else value
        if name.startswith("lr."):
            self.reserved = places[0]
        if load:
            return "done", extend(old)
        if name.startswith("sc."):
            succeeds, self.reserved = self.reserved == places[0], None
            if succeeds:
                write(b)
            return "done", int(not succeeds)
        if row.unit == Unit.STORE:
            write(b)
            return "done", None
        mask = (1 << bits) - 1

        def signed(value):
            return value - (1 << bits) if value >> bits - 1 else value
        x, y = old, b & mask
        write({"swap": y, "add": x + y, "xor": x ^ y, "and": x & y, "or": x | y, "min": min(x, y, key=signed),
               "max": max(x, y, key=signed), "minu": min(x, y), "maxu": max(x, y)}[name.split(".")[0][3:]] & mask)
        return "done", extend(old)

    async def check(self, name, va, b=0, known=True):
        expected = self.expect(name, va, b)
        result = await self.do(name, va, b, known)
        if expected == ("done", None):
            assert result[0] == "done", (name, hex(va), result)
        else:
            assert result == expected, (name, hex(va), hex(b), result, expected)
        return result

    async def compare(self):
        """What the bus' memory holds is what was written."""
        self.ctx.set(self.unit.clean, 1)
        await self.ctx.tick().until(self.unit.cleaned)
        self.ctx.set(self.unit.clean, 0)
        await self.ctx.tick().repeat(40)
        for address, byte in self.shadow.items():
            assert self.memory.word(address) >> 8 * (address & 7) & 0xFF == byte, hex(address)


def play(scenario, seed=None, misaligned=True, absent=lambda address: False, deadline=60_000, beside=None,
         translates=True):
    """Runs `scenario(player)`, and `beside(ctx, rig, memory)` where something else reaches memory meanwhile."""
    rig = Rig(misaligned)
    memory = BusMemory(rig.cache.bus, Random(seed) if seed is not None else None, absent)
    player = Player(None, rig, memory, Random(seed))

    async def run(ctx):
        player.ctx = ctx
        await scenario(player)

    async def other(ctx):
        await beside(ctx, rig, memory)
    Bench(rig, deadline=deadline).run(run, background=(
        memory.serve, *([player.translate] if translates else []), *([other] if beside else [])))


LOADS = ("lb", "lh", "lw", "ld", "lbu", "lhu", "lwu", "hlv.b", "hlv.bu", "hlv.h", "hlv.hu", "hlvx.hu", "hlv.w",
         "hlv.wu", "hlvx.wu", "hlv.d")
STORES = ("sb", "sh", "sw", "sd", "hsv.b", "hsv.h", "hsv.w", "hsv.d")
AMOS = tuple(name for name in BY_NAME if name.startswith("amo"))


def test_it_exports():
    assert_exports(LoadStore(True, 4))


@pytest.mark.rule("rvwmo_single_hart_op", "rvwmo_ld_val_axiom", "rvwmo_misaligned_ldst_memops")
@pytest.mark.rule("MCAUSE_EXCCODE_MISALIGNED_VS_FAULT_PRI")
@pytest.mark.parametrize("seed", range(4))
def test_random_accesses_read_and_write_what_the_manual_says(seed):
    async def scenario(player):
        random, kinds = Random(seed), set()
        for _ in range(250):
            name = random.choice(random.choice((LOADS, STORES, AMOS, ("lr.w", "lr.d", "sc.w", "sc.d"))))
            page = random.randrange(len(PAGES) - 1)
            offset = random.choice((0, 8, 56, 64, 0x800, 0xFF8, 0xFF8, 0x1000 - 64)) + random.randrange(8)
            if random.random() < 0.5:
                offset &= -8
            va = VA + (page << 12) + offset
            result = await player.check(name, va, random.getrandbits(64), random.random() < 0.5)
            kinds.add(result[0])
        assert kinds == {"done", 4, 5, 6, 7, 21, 23}
        await player.compare()
    play(scenario, seed)


@pytest.mark.parametrize("name", ("ld", "lbu", "sd", "sb", "sc.w", "lr.d"))
def test_what_hits_is_done_in_its_first_cycle(name):
    async def scenario(player):
        await player.check("ld", RAM)
        await player.ctx.tick().repeat(20)
        await player.check(name, RAM + 8)
        assert player.cycles == 0
        await player.check("amoadd.w", RAM + 8)
        assert player.cycles == 1
    play(scenario)


@pytest.mark.parametrize("name", LOADS + STORES)
@pytest.mark.parametrize("known", (False, True), ids=("tlb-miss", "tlb-hit"))
def test_every_offset_across_two_lines_and_across_two_pages_is_done(name, known):
    async def scenario(player):
        for at in (RAM + 56, RAM + 0xFF8):
            for offset in range(8):
                await player.check(name, at + offset, 0x1122_3344_5566_7788 * (offset + 1) & ALL, known)
                await player.check("ld", at, known=known)
                await player.check("ld", at + 8, known=known)
    play(scenario)


@pytest.mark.parametrize("name,cause", (("lw", 21), ("ld", 21), ("hlv.d", 21), ("sw", 23), ("sd", 23), ("hsv.w", 23)))
def test_a_fault_of_the_second_part_has_its_offset_and_leaves_memory_as_it_was(name, cause):
    async def scenario(player):
        count = 1 << SIZES[name.split(".")[1] if "." in name else name[1]]
        for back in range(1, count):
            at = FAULTS + 0x1000 - back  # its first part faults: no offset
            assert (await player.check(name, at, ALL))[3] == 0
        # The page before the one that faults last is cut; so one of RAM is put there.
        PAGES[8], kept = Mapped(0x80031), PAGES[8]
        try:
            for back in range(1, count):
                at = VA + 0x9000 - back
                await player.check("sd", VA + 0x8FF8, 0x0123_4567_89AB_CDEF)
                result = await player.check(name, at, ALL)
                assert result == (*fault_of(cause == 21).values(), back)
                assert result[0] == cause
                await player.check("ld", VA + 0x8FF8)
        finally:
            PAGES[8] = kept
    play(scenario)


@pytest.mark.parametrize("name,cause", (("ld", 5), ("sd", 7), ("hlv.d", 5), ("hsv.d", 7)))
@pytest.mark.parametrize("known", (False, True), ids=("tlb-miss", "tlb-hit"))
def test_a_store_whose_second_part_is_a_device_writes_nothing(name, cause, known):
    async def scenario(player):
        at = DEVICE - 3
        await player.check("sd", DEVICE - 8, 0x0123_4567_89AB_CDEF)
        assert await player.check(name, at, ALL, known) == (cause, 0, 0, 3)
        await player.check("ld", DEVICE - 8)
        await player.compare()
    play(scenario)


@pytest.mark.rule("pma_amo_levels", "pma_amo_far_subset_proc", "pma_rsrv_levels")
@pytest.mark.parametrize("name,cause", (("lr.w", 5), ("sc.w", 7), ("amoadd.w", 7), ("amoswap.d", 7)))
def test_an_atomic_on_a_device_is_an_access_fault(name, cause):
    async def scenario(player):
        for known in (0, 1):
            assert await player.check(name, DEVICE + 8, 1, known) == (cause, 0, 0, 0)
        assert not player.memory.log
    play(scenario)


@pytest.mark.rule("MCAUSE_EXCCODE_MISALIGNED_VS_FAULT_PRI")
@pytest.mark.parametrize("name,cause", (("lh", 4), ("ld", 4), ("hlv.d", 4), ("sw", 6), ("hsv.d", 6), ("amoadd.w", 6),
                                         ("lr.d", 4)))
def test_where_misaligned_accesses_trap_they_have_the_causes_4_and_6(name, cause):
    async def scenario(player):
        assert await player.do(name, RAM + 1) == (cause, 0, 0, 0)
        assert not player.memory.log and not player.asked
    play(scenario, misaligned=False)


@pytest.mark.rule("pma_idp_misaligned_exc")
def test_a_misaligned_access_of_a_device_is_an_access_fault_and_reaches_nothing():
    async def scenario(player):
        assert await player.check("lh", DEVICE + 1) == (5, 0, 0, 0)
        assert await player.check("sw", DEVICE + 2, 1, known=False) == (7, 0, 0, 0)
        assert not player.memory.log
    play(scenario)


@pytest.mark.rule("pma_io_rwx_per_sz")
@pytest.mark.parametrize("name", ("lb", "lhu", "lw", "ld", "sb", "sh", "sw", "sd"))
def test_a_device_sees_one_access_of_the_size_of_the_instruction(name):
    async def scenario(player):
        size = SIZES[name[1]]
        at = DEVICE + (8 - (1 << size))
        await player.check(name, at, 0x1234)
        kind = "write" if name[0] == "s" else "read"
        assert player.memory.log == [(kind, "single", player.place(at))]
        assert player.report["device"] and player.report["hpa"] == player.place(at)
    play(scenario)


@pytest.mark.rule("pma_non_cacheable")
def test_an_uncached_page_of_memory_takes_misaligned_accesses_and_atomics():
    async def scenario(player):
        for offset in range(8):
            await player.check("sd", UNCACHED + 8 + offset, 0x1122_3344_5566_7788)
            await player.check("lw", UNCACHED + 6 + offset)
        await player.check("amoadd.d", UNCACHED + 16, 5)
        await player.check("lr.w", UNCACHED + 16)
        await player.check("sc.w", UNCACHED + 16, 9)
        await player.check("sc.w", UNCACHED + 16, 10)
        await player.check("ld", UNCACHED + 16)
        assert all(kind == "single" for _, kind, _ in player.memory.log)
    play(scenario)


@pytest.mark.rule("rvwmo_sc_fail_no_memop", "rvwmo_atomicity_axiom")
def test_a_failed_sc_writes_nothing_and_each_sc_ends_the_reservation():
    async def scenario(player):
        assert await player.check("sc.w", RAM, 1) == ("done", 1)
        assert not player.report["stored"]
        await player.check("lr.w", RAM)
        assert await player.check("sc.w", RAM + 4, 1) == ("done", 1)
        assert await player.check("sc.w", RAM, 1) == ("done", 1)
        await player.check("lr.d", RAM)
        assert await player.check("sc.d", RAM, 1) == ("done", 0)
        assert player.report["stored"]
        assert await player.check("sc.d", RAM, 2) == ("done", 1)
        await player.compare()
    play(scenario)


@pytest.mark.rule("ld_rsv_rst")
def test_a_reset_ends_the_reservation():
    reset, rig = Signal(), Rig()
    memory = BusMemory(rig.cache.bus)
    player = Player(None, rig, memory, Random(0))

    async def scenario(ctx):
        player.ctx = ctx
        await player.check("lr.d", RAM)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert await player.do("sc.d", RAM, 1) == ("done", 1)
    Bench(ResetInserter(reset)(rig)).run(scenario, background=(memory.serve, player.translate))


@pytest.mark.rule("rvwmo_sc_fail_no_memop")
def test_a_failed_sc_on_an_uncached_page_reaches_nothing():
    async def scenario(player):
        assert await player.check("sc.w", UNCACHED, 1) == ("done", 1)
        assert not player.memory.log
    play(scenario)


@pytest.mark.parametrize("at", (RAM + 61, NEXT - 3), ids=("line", "page"))
def test_a_load_across_two_lines_that_are_both_absent_waits_for_both(at):
    async def scenario(player):
        await player.check("ld", at)
        assert len(player.memory.log) == 2
    play(scenario)


def test_a_write_of_the_walker_ends_the_reservation():
    async def scenario(player):
        for written in (0, 1):
            assert (await player.do("lr.d", RAM))[0] == "done"
            player.ctx.set(player.unit.table_written, written)
            await player.ctx.tick()
            player.ctx.set(player.unit.table_written, 0)
            assert await player.do("sc.d", RAM, 5) == ("done", written)
    play(scenario)


@pytest.mark.rule("pm_misaligned_equivalence")
@pytest.mark.parametrize("masking,second", [({}, 1 << 47), ({"seven": 1, "nine": 1, "sign": 1}, -1 << 47)], ids=str)
def test_the_second_part_of_a_misaligned_access_is_masked_as_the_first(masking, second):
    async def scenario(player):
        ctx, unit = player.ctx, player.unit
        row, va = BY_NAME["ld"], (1 << 47) - 4
        executed = {"decoded": {"bits": row.encode(d=1, s=2, i=0)} | facts_of(row), "result": va, "memory": 1,
                    "offset": va & 4095, "form": form(row, va), "masking": masking,
                    "context": {"mode": 1, "reach": Reach.LOAD}}
        ctx.set(unit.next.payload, executed)
        ctx.set(unit.next.valid, 1)
        ctx.set(unit.enter, 1)
        await ctx.tick()
        ctx.set(unit.enter, 0)
        ctx.set(unit.next.valid, 0)
        ctx.set(unit.executed, executed)
        ctx.set(unit.go, 1)
        asked = []
        for _ in range(2):
            await ctx.tick().until(unit.translate.valid)
            asked.append(ctx.get(unit.translate.request.va))
            ctx.set(unit.translate.answer, {"page": {"ppn": 0x80000, "memory": 1, "cacheable": 1}})
            ctx.set(unit.translate.done, 1)
            await ctx.tick()
            ctx.set(unit.translate.done, 0)
        assert asked == [va, second % (1 << 64)]
    play(scenario, translates=False)


def test_a_reservation_is_of_a_physical_address():
    async def scenario(player):
        await player.check("lr.w", RAM + 8)
        assert await player.check("sc.w", NEXT + 8, 1) == ("done", 1)
        PAGES[1], kept = PAGES[0], PAGES[1]
        try:
            await player.check("lr.w", RAM + 8)
            assert await player.check("sc.w", NEXT + 8, 1) == ("done", 0)
        finally:
            PAGES[1] = kept
    play(scenario)


@pytest.mark.parametrize("name,cause", (("lw", 5), ("sw", 7), ("amoadd.w", 7)))
@pytest.mark.parametrize("page", (RAM, UNCACHED), ids=("cached", "uncached"))
def test_a_bus_error_is_an_access_fault(name, cause, page):
    async def scenario(player):
        assert await player.do(name, page + 0x40, 1, known=False) == (cause, 0, 0, 0)
        assert await player.do(name, page + 0x40, 1) == (cause, 0, 0, 0)
        assert (await player.do("lw", page + 0x80))[0] == "done"
    play(scenario, absent=lambda address: address & 0xFC0 == 0x40)


def test_the_size_that_is_translated_is_that_of_the_access_and_one_byte_of_each_part_of_a_misaligned_one():
    async def scenario(player):
        for name, size in SIZES.items():
            await player.do("l" + name, RAM, known=False)
            assert player.asked.pop() == (RAM, size)
        await player.do("ld", NEXT - 2, known=False)
        assert player.asked == [(NEXT - 2, 0), (NEXT, 0)]
    play(scenario)


def test_the_record_of_an_access_says_where_and_what():
    async def scenario(player):
        await player.check("sd", NEXT - 4, 0x1122_3344_5566_7788)
        assert player.report == {"hpa": player.place(NEXT - 4), "hpa_next": player.place(NEXT), "device": 0,
                                 "stored": 1, "data": 0x1122_3344_5566_7788}
        await player.check("lh", NEXT - 3)
        assert player.report == {"hpa": player.place(NEXT - 3), "hpa_next": 0, "device": 0, "stored": 0,
                                 "data": 0x6677}
        await player.check("lw", RAM + 62)
        assert (player.report["hpa"], player.report["hpa_next"]) == (player.place(RAM + 62), 0)
        await player.check("sb", RAM + 9, 0x1FF)
        assert (player.report["data"], player.report["hpa_next"]) == (0xFF, 0)
        await player.check("amoadd.w", NEXT - 4, 1)
        assert player.report["data"] == 0x5566_7789 and player.report["stored"]
    play(scenario)


class Writer:
    """Somebody else who changes the eight bytes of `word` in memory, again and again; the cache is asked for its line.

    `change(old)` is what it makes of them; `count` says how often it did.
    """
    def __init__(self, word, change, random):
        self.word, self.change, self.random, self.count, self.stopped = word, change, random, 0, False

    async def __call__(self, ctx, rig, memory):
        snoop = rig.cache.snoop
        while not self.stopped:
            await ctx.tick().repeat(self.random.randrange(1, 30))
            ctx.set(snoop.line, self.word >> 6)
            ctx.set(snoop.valid, 1)
            await ctx.tick().until(snoop.held)
            memory.words[self.word >> 3] = self.change(memory.word(self.word)) & ALL
            self.count += 1
            ctx.set(snoop.valid, 0)
            while ctx.get(snoop.held):
                await ctx.tick()
        await ctx.tick().repeat(1 << 30)


PLACE = PAGES[0].ppn << 12


@pytest.mark.rule("rvwmo_aligned_amo_memop", "rvwmo_atomicity_axiom")
@pytest.mark.parametrize("how", ("amo", "lr-sc"))
@pytest.mark.parametrize("seed", range(2))
def test_additions_of_two_who_share_a_word_all_count(how, seed):
    random = Random(f"{how} {seed}")
    writer, failed = Writer(PLACE, lambda old: old + (1 << 32), random), []

    async def scenario(player):
        await player.do("sd", RAM, 0)
        before, rounds = writer.count, 30
        for _ in range(rounds):
            if how == "amo":
                await player.do("amoadd.d", RAM, 1)
            else:
                while True:
                    _, old = await player.do("lr.d", RAM)
                    if (await player.do("sc.d", RAM, old + 1))[1] == 0:
                        break
                    failed.append(old)
            if random.random() < 0.3:
                await player.do("lw", RAM + 0x1000 + random.randrange(0, 4096, 64))
        writer.stopped = True
        await player.ctx.tick().repeat(200)
        _, value = await player.do("ld", RAM)
        assert value & 0xFFFF_FFFF == rounds
        assert writer.count - before - 1 <= value >> 32 <= writer.count  # one may have come before the first store
    play(scenario, seed, beside=writer)
    assert how == "amo" or failed


@pytest.mark.rule("rvwmo_single_copy_atomic", "rvwmo_aligned_memop")
@pytest.mark.parametrize("seed", range(2))
def test_an_aligned_access_is_never_seen_in_part(seed):
    random = Random(seed)

    def whole(value):
        return value == (value & 0xFF) * 0x0101_0101_0101_0101

    def change(old):
        assert whole(old)
        return random.randrange(256) * 0x0101_0101_0101_0101
    writer = Writer(PLACE, change, random)

    async def scenario(player):
        player.memory.words[PLACE >> 3] = 0
        for n in range(80):
            if random.random() < 0.5:
                await player.do("sd", RAM, (n & 0xFF) * 0x0101_0101_0101_0101)
            else:
                assert whole((await player.do("ld", RAM))[1])
        assert writer.count > 5
    play(scenario, seed, beside=writer)

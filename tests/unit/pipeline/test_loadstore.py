"""The load-store unit on the real data cache, with a memory that is slow at random and translations from a table."""

from dataclasses import dataclass, replace
from random import Random

import pytest
from amaranth.hdl import Elaboratable, Module, ResetInserter, Signal
from amaranth.lib.wiring import connect
from busmodel import BusMemory
from testbench import Bench, assert_exports
from unit.pipeline.fields import facts_of

from hyacinth.rtl.cache.dcache import DataCache
from hyacinth.rtl.config import FULL, SMALL
from hyacinth.rtl.isa.instructions import BY_NAME, Unit
from hyacinth.rtl.payloads import Reach
from hyacinth.rtl.pipeline.loadstore import LoadStore

ALL = (1 << 64) - 1
SIZES = {"b": 0, "h": 1, "w": 2, "d": 3, "q": 4}
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
    if row.unit == Unit.CBO:
        zero = int(row.name == "cbo.zero")
        return {"store": zero, "zero": zero, "manage": 1 - zero, "size": 3 if zero else 2,
                "last_byte": 7 if zero else 3, "last_lane": 7 if zero else 3}
    kind, bytes_ = {Unit.LOAD: "load", Unit.STORE: "store", Unit.AMO: "amo"}[row.unit], 1 << log2_size(row)
    end = (va & 7) + min(bytes_, 8) - 1
    return {
        kind: 1, "pair": bytes_ == 16, "lr": row.name.startswith("lr."), "sc": row.name.startswith("sc."),
        "size": min(log2_size(row), 3), "unsigned": row.name.split(".")[-1].endswith("u"),
        "last_byte": min(bytes_, 8) - 1, "last_lane": end & 7, "misaligned": va % bytes_ != 0, "crosses": end > 7,
        "crosses_page": end > 7 and (va & 4095) + bytes_ > 4096}


def log2_size(row):
    """log2 of the bytes that the instruction reaches, from its name."""
    return SIZES[(row.name.split(".")[-1] if "." in row.name else row.name[1:])[0]]


class Rig(Elaboratable):
    def __init__(self, misaligned=True):
        config = replace(FULL, dcache_kib=4, misaligned="hardware" if misaligned else "trap")
        self.unit, self.cache = LoadStore(config), DataCache(4)

    def elaborate(self, platform):
        m = Module()
        m.submodules.unit, m.submodules.cache = self.unit, self.cache
        connect(m, self.unit.cache, self.cache.cpu)
        m.d.comb += [self.unit.snooped.eq(self.cache.snoop.held), self.unit.snooped_line.eq(self.cache.snoop.line),
                     self.unit.table_written.eq(self.cache.table_write.valid)]
        return m


class Player:
    """Stands in for execute, commit and the Mmu; `bytes` are what memory should hold."""

    def __init__(self, ctx, rig, memory, random):
        self.ctx, self.unit, self.memory, self.random, self.shadow = ctx, rig.unit, memory, random, {}
        self.reserved = None
        self.asked = []
        self.registers = {n: random.getrandbits(64) for n in range(1, 32)}  # of the program, as Issue has them

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
            load = request.context.reach == Reach.LOAD and not request.context.as_store
            ctx.set(port.answer, {
                "page": {"ppn": page.ppn, "memory": page.memory, "cacheable": page.cacheable}, "cut": page.cut,
                "faulted": page.faults, "fault": fault_of(load) if page.faults else {}})
            ctx.set(port.done, 1)
            await ctx.tick()
            ctx.set(port.done, 0)

    async def read_registers(self, ctx):
        while True:
            number, *_ = await ctx.changed(self.unit.register)
            ctx.set(self.unit.register_value, self.registers.get(number, 0))

    async def do(self, name, va, b=0, known=True, d=0, t=0):
        """One instruction: the fault and its offset, or ("done", what rd gets)."""
        ctx, unit, row = self.ctx, self.unit, BY_NAME[name]
        decoded = {"bits": row.encode(**dict.fromkeys("siq", 0), d=d, t=t)} | facts_of(row)
        page = self.page(va)
        known = known and not page.faults and not page.cut
        load = row.unit == Unit.LOAD
        manages = row.unit == Unit.CBO and name != "cbo.zero"
        executed = {
            "decoded": decoded, "b": b if "t" in row.operands else 0, "result": va, "memory": 1, "offset": va & 4095,
            "context": {"mode": 1, "reach": Reach.LOAD if load or manages else Reach.STORE, "as_store": manages},
            "form": form(row, va), "page_known": known,
            "page": {"ppn": page.ppn, "memory": page.memory, "cacheable": page.cacheable} if known else {}}
        ctx.set(unit.next.payload, executed)
        ctx.set(unit.next.valid, 1)
        ctx.set(unit.enter, 1)
        await ctx.tick()
        ctx.set(unit.enter, 0)
        ctx.set(unit.executed, executed)
        ctx.set(unit.register_value, self.registers.get(d, 0))
        ctx.set(unit.go, 1)
        # Another one waits, and the cache is read for it where it can be; or none does.
        ctx.set(unit.next.valid, self.random.random() < 0.5)
        ctx.set(unit.next.payload, {"memory": 1, "offset": self.random.getrandbits(12), "form": {"amo": 1}})
        self.cycles = 0
        while not ctx.get(unit.done) and not ctx.get(unit.faulted) and not ctx.get(unit.pair):
            await ctx.tick()
            self.cycles += 1
        if ctx.get(unit.faulted):
            fault = ctx.get(unit.fault)
            result = (fault.cause, fault.gpa, fault.implicit, ctx.get(unit.fault_offset))
            await ctx.tick()
            assert ctx.get(unit.fault) == fault  # until the next one
        elif ctx.get(unit.pair):
            high = ctx.get(unit.value)
            await ctx.tick()
            ctx.set(unit.go, 0)
            assert not ctx.get(unit.pair) and ctx.get(unit.value_high) == high
            result = ("done", high << 64 | ctx.get(unit.value))
            self.report = {n: ctx.get(getattr(unit, n)) for n in ("hpa", "device", "stored", "data", "data_high")}
            await ctx.tick()
        else:
            result = ("done", ctx.get(unit.loaded if row.unit == Unit.LOAD else unit.value))
            self.report = {n: ctx.get(getattr(unit, n)) for n in ("hpa", "hpa_next", "device", "stored", "data")}
            await ctx.tick()
        ctx.set(unit.go, 0)
        return result

    def expect(self, name, va, b, d=0, t=0):
        """The same by the manual, on `shadow`."""
        row = BY_NAME[name]
        if row.unit == Unit.CBO:
            page = self.page(va)
            if page.faults:
                return (*fault_of(False).values(), 0)
            if name == "cbo.zero" and not page.memory:
                return 7, 0, 0, 0
            if name == "cbo.zero":
                self.shadow |= dict.fromkeys(range(self.place(va & -64), self.place(va | 63) + 1), 0)
            return "done", None
        atomic, load = row.bits.replace(" ", "").endswith("0101111"), row.unit == Unit.LOAD
        size = SIZES[name.split(".")[1][0] if "." in name else name[1]]
        count = 1 << size
        misaligned, crosses = va & count - 1, count <= 8 and (va & 7) + count > 8
        access_fault, misaligned_fault = ((5, 0, 0), (4, 0, 0)) if load else ((7, 0, 0), (6, 0, 0))
        if misaligned and atomic:
            return (*misaligned_fault, 0)
        for part, at in enumerate([va, (va | 7) + 1] if crosses and (va & 4095) + count > 4096 else [va]):
            page, offset = self.page(at), 8 - (va & 7) if part else 0
            if page.faults:
                return (*fault_of(load).values(), offset)
            if page.cut and misaligned:
                return (*misaligned_fault, offset)
            if not page.memory and (misaligned or atomic) or size == 4 and not page.cacheable:
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
        if name.startswith("amocas"):
            def pair(n):
                return self.registers.get(n, 0) | (self.registers[n + 1] << 64 if n and size == 4 else 0)
            if old == pair(d) & mask:
                write((pair(t) if size == 4 else b) & mask)
            return "done", old if size == 4 else extend(old)

        def signed(value):
            return value - (1 << bits) if value >> bits - 1 else value
        x, y = old, b & mask
        write({"swap": y, "add": x + y, "xor": x ^ y, "and": x & y, "or": x | y, "min": min(x, y, key=signed),
               "max": max(x, y, key=signed), "minu": min(x, y), "maxu": max(x, y)}[name.split(".")[0][3:]] & mask)
        return "done", extend(old)

    async def check(self, name, va, b=0, known=True, **registers):
        b = self.registers.get(registers["t"], 0) if "t" in registers else b
        expected = self.expect(name, va, b, **registers)
        result = await self.do(name, va, b, known, **registers)
        if expected == ("done", None):
            assert result[0] == "done", (name, hex(va), result)
        else:
            assert result == expected, (name, hex(va), hex(b), result, expected)
        return result

    def in_memory(self, va):
        """What the bus' memory holds in the eight bytes at `va`, and what the program finds there."""
        at = self.place(va & -8)
        return self.memory.word(at), sum(self.byte(at + n) << 8 * n for n in range(8))

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
        memory.serve, player.read_registers, *([player.translate] if translates else []),
        *([other] if beside else [])))


LOADS = ("lb", "lh", "lw", "ld", "lbu", "lhu", "lwu", "hlv.b", "hlv.bu", "hlv.h", "hlv.hu", "hlvx.hu", "hlv.w",
         "hlv.wu", "hlvx.wu", "hlv.d")
STORES = ("sb", "sh", "sw", "sd", "hsv.b", "hsv.h", "hsv.w", "hsv.d")
BLOCKS = tuple(name for name in BY_NAME if name.startswith("cbo"))
AMOS = tuple(name for name in BY_NAME if name.startswith("amo"))


@pytest.mark.parametrize("config", (FULL, SMALL, replace(FULL, misaligned="trap")), ids=("full", "small", "trap"))
def test_it_exports(config):
    assert_exports(LoadStore(config))


@pytest.mark.rule("rvwmo_single_hart_op", "rvwmo_ld_val_axiom", "rvwmo_misaligned_ldst_memops")
@pytest.mark.rule("MCAUSE_EXCCODE_MISALIGNED_VS_FAULT_PRI")
@pytest.mark.rule("ziccamoa_pma_amo_req", "zicclsm_misaligned_support")
@pytest.mark.parametrize("seed", range(4))
def test_random_accesses_read_and_write_what_the_manual_says(seed):
    async def scenario(player):
        random, kinds = Random(seed), set()
        for _ in range(400):
            name = random.choice(random.choice((LOADS, STORES, AMOS, BLOCKS, ("lr.w", "lr.d", "sc.w", "sc.d"))))
            page = random.randrange(len(PAGES) - 1)
            offset = random.choice((0, 8, 56, 64, 0x800, 0xFF8, 0xFF8, 0x1000 - 64)) + random.randrange(8)
            if random.random() < 0.5:
                offset &= -8
            va, registers = VA + (page << 12) + offset, {}
            if name.startswith("amocas"):
                # It matches half of the time.
                d, t = 2 * random.randrange(16), 2 * random.randrange(16)
                registers = {"d": d, "t": t}
                if random.random() < 0.5 and d:
                    for n in (0, 1):
                        at = player.place(va + 8 * n)
                        player.registers[d + n] = sum(player.byte(at + k) << 8 * k for k in range(8))
            result = await player.check(name, va, random.getrandbits(64), random.random() < 0.5, **registers)
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


@pytest.mark.rule("mcause_exccode_ld_ldrsv", "mcause_exccode_st_sc_amo")
@pytest.mark.rule("pma_amo_levels", "pma_amo_far_subset_proc", "pma_rsrv_levels", "pma_amo_zacas_req_arith",
                  "pma_amo_zabha_req")
@pytest.mark.parametrize("name,cause", (("lr.w", 5), ("sc.w", 7), ("amoadd.w", 7), ("amoswap.d", 7), ("amoor.b", 7),
                                        ("amocas.h", 7), ("amocas.d", 7)))
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
@pytest.mark.rule("MISALIGNED_LDST_EXC_TYPE", "MISALIGNED_LDST_CONTAINED_OR_FATAL_TRAP")
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
@pytest.mark.rule("ziccrse_pma_rsrv_req")
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


def physical(va):
    """The address behind one of PAGES."""
    return PAGES[va - VA >> 12].ppn << 12 | va & 4095


async def ask(ctx, tables, address, write=0, expected=0, updated=0):
    """An access of the walker; what the entry holds then."""
    for signal, value in ((tables.valid, 1), (tables.address, address), (tables.cacheable, 1), (tables.write, write),
                          (tables.expected, expected), (tables.updated, updated)):
        ctx.set(signal, value)
    data, = await ctx.tick().sample(tables.data).until(tables.done)
    ctx.set(tables.valid, 0)
    return data


def test_a_write_of_the_walker_ends_the_reservation():
    rounds = []

    async def walker(ctx, rig, memory):
        while True:
            await ctx.tick()
            if rounds and rounds[-1] == "begun":
                entry = await ask(ctx, rig.cache.tables, physical(RAM + 64))
                # One that has changed is not written.
                await ask(ctx, rig.cache.tables, physical(RAM + 64), 1, entry ^ (len(rounds) == 1), entry ^ 0x40)
                rounds[-1] = "done"

    async def scenario(player):
        for ends in (0, 1):
            assert (await player.do("lr.d", RAM))[0] == "done"
            rounds.append("begun")
            while rounds[-1] != "done":
                await player.ctx.tick()
            assert await player.do("sc.d", RAM, 5) == ("done", ends)
    play(scenario, beside=walker)


@pytest.mark.rule("rvwmo_sc_fail_no_memop")
def test_an_sc_past_the_cache_is_whole_whatever_the_walker_does():
    outcomes, go = set(), []

    async def walker(ctx, rig, memory):
        while True:
            await ctx.tick()
            if go:
                await ctx.tick().repeat(go.pop())
                entry = await ask(ctx, rig.cache.tables, physical(RAM + 64))  # takes the place of a dirty line
                await ask(ctx, rig.cache.tables, physical(RAM + 64), 1, entry, entry & 255 ^ 0x40)

    async def scenario(player):
        for value in range(60):
            await player.do("sd", UNCACHED, 1000 + value)
            await player.do("sd", NEXT + 64, value)
            go.append(1 + value % 30)
            await player.do("lr.d", UNCACHED)
            _, failed = await player.do("sc.d", UNCACHED, value)
            await player.do("sd", UNCACHED + 8, ~value)
            await player.ctx.tick().repeat(60)
            assert await player.do("ld", UNCACHED) == ("done", 1000 + value if failed else value)
            outcomes.add(failed)
    play(scenario, beside=walker)
    assert outcomes == {0, 1}


def test_an_amo_past_the_cache_and_the_walker_lose_nothing_of_each_other():
    go, last = [], []

    async def walker(ctx, rig, memory):
        while True:
            await ctx.tick()
            if go:
                await ctx.tick().repeat(go.pop())
                for _ in range(3):
                    entry = await ask(ctx, rig.cache.tables, physical(UNCACHED))
                    last.append(await ask(ctx, rig.cache.tables, physical(UNCACHED), 1, entry, entry & 255 ^ 0x40))

    async def scenario(player):
        for delay in range(1, 41):
            last.clear()
            await player.do("sd", UNCACHED, 0x5000)
            go.append(1)
            await player.ctx.tick().repeat(delay)
            await player.do("amoor.d", UNCACHED, 0x300)
            while len(last) < 3:
                await player.ctx.tick()
            assert await player.do("ld", UNCACHED) == ("done", 0x5300 | last[-1] & 0x40)
    play(scenario, beside=walker)


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
            await player.do("l" + name if size < 4 else "amocas.q", RAM, known=False)
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
@pytest.mark.rule("sc_other_hart_store_fail", "sc_other_device_write_fail", "sc_device_write_failure",
                  "sc_success_conditions", "lr_sc_atomicity_axiom")
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
@pytest.mark.rule("ldst_atomicity_for_aligned")
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


@pytest.mark.rule("cbo-zero_op", "cbo-zero_specified_block", "cbo-zero_unaligned", "no_addr_misaligned_excep")
@pytest.mark.parametrize("page", (RAM, UNCACHED), ids=("cached", "uncached"))
@pytest.mark.parametrize("known", (False, True), ids=("tlb-miss", "tlb-hit"))
def test_cbo_zero_writes_the_block_around_its_address_and_nothing_else(page, known):
    async def scenario(player):
        for offset in (0, 1, 63, 0x48, 0xfff):
            at = page + offset
            for beside in (at & -64, (at & -64) - 8, (at | 63) + 1):
                if page <= beside < page + 4096:
                    await player.check("sd", beside, ALL)
            await player.check("cbo.zero", at, known=known)
            assert player.report == {"hpa": player.place(at & -64), "hpa_next": 0, "device": int(page == UNCACHED),
                                     "stored": 1, "data": 0}
            for beside in range(max((at & -64) - 8, page), min((at | 63) + 8, page + 4095), 8):
                await player.check("ld", beside)
        await player.compare()
    play(scenario)


def test_cbo_zero_of_a_block_that_is_there_writes_a_word_a_cycle():
    async def scenario(player):
        await player.check("ld", RAM)
        await player.ctx.tick().repeat(20)
        await player.check("cbo.zero", RAM)
        assert player.cycles <= 10
    play(scenario)


@pytest.mark.rule("cbo-clean_op", "cbo-flush_op", "cbo-inval_op", "cbo-flush_unaligned", "cbo-inval_unaligned",
                  "cmo_invalidate_load_values")
@pytest.mark.parametrize("name", ("cbo.clean", "cbo.flush", "cbo.inval"))
@pytest.mark.parametrize("known", (False, True), ids=("tlb-miss", "tlb-hit"))
def test_a_managed_block_is_in_memory_when_the_instruction_is_done(name, known):
    async def scenario(player):
        await player.check("sd", RAM + 0x40, 0x1122_3344_5566_7788)
        await player.check("sd", RAM + 0x80, ALL)
        in_memory, found = player.in_memory(RAM + 0x40)
        assert in_memory != found
        await player.check(name, RAM + 0x7f, known=known)
        in_memory, found = player.in_memory(RAM + 0x40)
        assert in_memory == found and player.report["hpa"] == player.place(RAM + 0x7f) and not player.report["stored"]
        in_memory, found = player.in_memory(RAM + 0x80)
        assert in_memory != found
        player.memory.log.clear()
        await player.check(name, RAM + 0x40, known=known)  # nothing is dirty any more
        assert player.memory.log == []
        await player.check("ld", RAM + 0x40)
        assert bool(player.memory.log) == (name != "cbo.clean")  # the others have forgotten it
        await player.check("sd", RAM + 0x48, 5)
        await player.check(name, RAM + 0x48)
        in_memory, found = player.in_memory(RAM + 0x48)
        assert in_memory == found
        await player.compare()
    play(scenario)


def test_a_block_of_a_device_or_of_uncached_memory_is_managed_without_an_access():
    async def scenario(player):
        for page in (DEVICE, UNCACHED):
            for name in ("cbo.clean", "cbo.flush", "cbo.inval"):
                await player.check(name, page + 0x40)
        assert player.memory.log == []
    play(scenario)


@pytest.mark.rule("fault_excep_csr", "cbm_unperm_fault", "cbz_unperm_fault")
def test_the_whole_block_is_asked_for_and_the_faults_are_those_of_a_store():
    async def scenario(player):
        for name in BLOCKS:
            assert (await player.check(name, FAULTS + 0x33))[0] == 23
            assert player.asked.pop() == (FAULTS + 0x33, 6)
        assert (await player.check("cbo.zero", DEVICE + 0x33))[0] == 7
    play(scenario)


def pair_at(player, address):
    return sum(player.byte(player.place(address + n)) << 8 * n for n in range(16))


@pytest.mark.rule("Zacas_rv64_amocas-w_op", "Zacas_rv64_amocas-d_op", "Zabha_amocas-BH_ignore_bits",
                  "Zabha_rd_sign_extension", "pma_amo_zacas_levels")
@pytest.mark.parametrize("name", [each for each in AMOS if each.startswith("amocas") and each[-1] != "q"])
@pytest.mark.parametrize("page", (RAM, UNCACHED), ids=("cached", "uncached"))
def test_a_compare_and_swap_looks_at_the_bytes_of_its_size_alone(name, page):
    async def scenario(player):
        bits = 8 << SIZES[name[-1]]
        for at in range(page, page + 16, bits // 8):
            old = sum(player.byte(player.place(at + n)) << 8 * n for n in range(bits // 8))
            for unlike in (1 << bits - 1, 1):
                player.registers[6] = old ^ unlike
                player.registers[8] = 0x1122_3344_5566_7788
                await player.check(name, at, d=6, t=8)
                assert player.report["stored"] and player.report["data"] == old
            player.registers[6] = old | ALL << bits & ALL
            await player.check(name, at, d=6, t=8)
            assert player.report["data"] == 0x1122_3344_5566_7788 & (1 << bits) - 1
        await player.compare()
    play(scenario)


@pytest.mark.rule("Zacas_rv64_amocas-q_op", "Zacas_rv64_amocas-q_rs2_frst_reg_x0", "Zacas_rv64_amocas-q_rd_frst_reg_x0",
                  "pma_amo_zacas_levels")
@pytest.mark.parametrize("known", (False, True), ids=("tlb-miss", "tlb-hit"))
def test_a_pair_is_swapped_where_both_halves_match(known):
    async def scenario(player):
        at = RAM + 0x30
        for unlike in (1, 1 << 63, 1 << 64, 1 << 127, 0):
            old = pair_at(player, at)
            player.registers |= {6: (old ^ unlike) & ALL, 7: (old ^ unlike) >> 64, 8: 0x1111, 9: 0x2222}
            result = await player.check("amocas.q", at, d=6, t=8, known=known)
            assert result == ("done", old)
            new = old if unlike else 0x2222 << 64 | 0x1111
            assert player.report == {"hpa": player.place(at), "device": 0, "stored": 1, "data": new & ALL,
                                     "data_high": new >> 64}
            assert pair_at(player, at) == new
        # x0 is a pair of zeros, whatever x1 holds.
        player.registers |= {6: 0x1111, 7: 0x2222}
        await player.check("amocas.q", at, d=6, t=0)
        assert pair_at(player, at) == 0
        await player.check("amocas.q", at, d=0, t=8)
        assert pair_at(player, at) == 0x2222 << 64 | 0x1111
        await player.check("ld", at)
        await player.check("ld", at + 8)
        await player.compare()
    play(scenario)


@pytest.mark.rule("pma_mag_op_amo", "pma_mag_op_rsrv", "PMA_MAG_EXC")
@pytest.mark.rule("Zacas_amocas_rs1_addr_alignment", "Zabha_rs1_align_addr",
                  "Zacas_amocas_w_permission")
def test_an_amo_of_any_size_must_be_aligned_and_needs_the_rights_of_a_store():
    async def scenario(player):
        for name in AMOS:
            size = 1 << SIZES[name[-1]]
            for offset in range(1, size):
                assert (await player.check(name, RAM + 16 + offset))[0] == 6
                for other, cause in (("lr", 4), ("sc", 6)) if size in (4, 8) else ():
                    assert (await player.check(f"{other}.{name[-1]}", RAM + 16 + offset))[0] == cause
            if name.startswith("amocas"):
                assert (await player.check(name, FAULTS, d=6, t=8))[0] == 23
        assert (await player.check("amocas.q", UNCACHED, d=6, t=8))[0] == 7
    play(scenario)


@pytest.mark.rule("Zacas_rv64_amocas-q_op", "ziccamoc_pma_amo_req")
@pytest.mark.parametrize("seed", range(3))
def test_nobody_comes_between_the_halves_of_a_pair(seed):
    rig, random, seen = Rig(), Random(seed), []
    memory = BusMemory(rig.cache.bus, Random(seed))
    player = Player(None, rig, memory, Random(seed))
    at = RAM + 0x30

    async def snooper(ctx):
        snoop = rig.cache.snoop
        ctx.set(snoop.line, player.place(at) >> 6)
        while True:
            await ctx.tick().repeat(random.randrange(1, 60))
            ctx.set(snoop.valid, 1)
            await ctx.tick().until(snoop.held)
            seen.append((memory.word(player.place(at)), memory.word(player.place(at) + 8)))
            ctx.set(snoop.valid, 0)
            while ctx.get(snoop.held):
                await ctx.tick()

    async def run(ctx):
        player.ctx = ctx
        for half in (0, 8):
            await player.check("sd", at + half, 0)
        seen.clear()
        for count in range(60):
            player.registers |= {6: count, 7: count, 8: count + 1, 9: count + 1}
            assert await player.check("amocas.q", at, d=6, t=8) == ("done", count << 64 | count)
    Bench(rig, deadline=60_000).run(run, background=(memory.serve, player.translate, player.read_registers, snooper))
    assert len(set(seen)) > 10 and all(low == high for low, high in seen)

"""The second-level TLB alone: it gives what was put in, in its own address spaces, until a fence names it."""

import random
from dataclasses import dataclass, field
from itertools import product

import pytest
from amaranth.hdl import Module, ResetInserter, Signal
from testbench import Bench, assert_exports

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.second_level import SecondLevel
from hyacinth.rtl.payloads import FenceKind, Reach

ROWS = 4
ALL = {"s_r": 1, "s_w": 1, "s_x": 1, "s_u": 0, "s_off": 0, "g_r": 1, "g_w": 1, "g_x": 1, "p_r": 1, "p_w": 1, "p_x": 1}
LOAD = {"reach": Reach.LOAD, "hlvx": 0, "sum": 0, "mxr": 0, "vs_mxr": 0}
PAGE, OFF = 0x12_0123_4000, 4
SIZES = (12, 21, 30, 39, 48)


@dataclass(frozen=True)
class Known:
    """A translation, as it is put in. `level` is the size of the first stage's page; OFF, where that stage is off."""
    va: int = PAGE
    mode: Mode = Mode.VS
    asid: int = 5
    vmid: int = 9
    is_global: int = 0
    level: int = 0
    napot: int = 0
    ppn: int = 0x8_0000
    rights: dict = field(default_factory=dict)

    @property
    def entry(self):
        """As a Stored."""
        off = self.level == OFF
        return {"valid": 1, "v": self.mode >= Mode.VU, "machine": self.mode == Mode.M, "asid": self.asid,
                "vmid": self.vmid, "is_global": self.is_global, "s_level": self.level,
                "level": 2 if off else min(self.level, 2), "page": {"ppn": self.ppn, "cacheable": 1, "memory": 1},
                "rights": ALL | {"s_off": off} | self.rights}


class Driver:
    """Asks a SecondLevel for translations, puts some in, and fences."""
    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    async def look(self, known, **changed):
        """The PPN that is found for the address and the spaces of `known`, or None."""
        ctx, dut = self.ctx, self.dut
        at = {"va": known.va, "mode": known.mode, "asid": known.asid, "vmid": known.vmid, "reach": Reach.LOAD} | changed
        while not ctx.get(dut.fence.ready):
            await ctx.tick()
        ctx.set(dut.va, at["va"])
        ctx.set(dut.read, 1)
        await ctx.tick()
        ctx.set(dut.read, 0)
        ctx.set(dut.va, ~at["va"] & (1 << 64) - 1)
        ctx.set(dut.context, LOAD | {"mode": at["mode"], "reach": at["reach"]})
        ctx.set(dut.s.id, at["asid"])
        ctx.set(dut.vmid, at["vmid"])
        await ctx.tick()
        return ctx.get(dut.found.page.ppn) if ctx.get(dut.hit) else None

    async def install(self, known, **changed):
        """Looks for it, and puts it in; whether it was missing."""
        missing = await self.look(known, **changed) is None
        self.ctx.set(self.dut.new, known.entry)
        self.ctx.set(self.dut.new_napot, known.napot)
        self.ctx.set(self.dut.install, 1)
        await self.ctx.tick()
        self.ctx.set(self.dut.install, 0)
        return missing

    async def fence(self, kind, address=None, number=None, current=0):
        """Fences, with x0 for what is None, and waits for the end. The VMID changes as soon as the fence is taken."""
        ctx, dut = self.ctx, self.dut
        while not ctx.get(dut.fence.ready):
            await ctx.tick()
        ctx.set(dut.fence.payload, {"kind": kind, "by_address": address is not None, "by_id": number is not None,
                                    "address": address or 0, "id": number or 0})
        ctx.set(dut.current_vmid, current)
        ctx.set(dut.fence.valid, 1)
        await ctx.tick()
        ctx.set(dut.fence.valid, 0)
        ctx.set(dut.fence.payload, {"kind": FenceKind.ALL, "address": 0, "id": 0})
        ctx.set(dut.current_vmid, ~current & 0x3FFF)
        assert not ctx.get(dut.fence.ready)
        while not ctx.get(dut.fence.ready):
            await ctx.tick()


def run(scenario, *, entries=2 * ROWS, va_bits=57, napot=True):
    dut = SecondLevel(entries, va_bits, napot)

    async def process(ctx):
        await scenario(Driver(ctx, dut))
    Bench(dut, deadline=60_000).run(process)


@pytest.mark.parametrize("entries, va_bits, napot", ((4, 39, False), (8, 57, True), (128, 48, True)))
def test_it_exports(entries, va_bits, napot):
    assert_exports(SecondLevel(entries, va_bits, napot))


@pytest.mark.parametrize("va_bits, pages", (
    (57, (PAGE, 0xFFFF_FFD6_0123_4000)), (39, (0x12_3456_7000, (1 << 64) - (1 << 36)))))
def test_an_address_or_space_that_differs_in_any_one_bit_is_another(va_bits, pages):
    async def scenario(tlb):
        for va in pages:
            known = Known(va)
            await tlb.install(known)
            assert await tlb.look(known, va=va | 0xFFF) == known.ppn
            for bit in range(12, 64):
                assert await tlb.look(known, va=va ^ 1 << bit) is None, bit
                assert await tlb.look(known, va=va ^ (1 << 64) - (1 << bit)) is None, bit
            for bit in range(16):
                assert await tlb.look(known, asid=known.asid ^ 1 << bit) is None, bit
            for bit in range(14):
                assert await tlb.look(known, vmid=known.vmid ^ 1 << bit) is None, bit
    run(scenario, va_bits=va_bits)


def test_an_address_that_is_no_legal_one_is_never_known():
    async def scenario(tlb):
        for va in (1 << 45, (1 << 64) - (1 << 45), 1 << 63):
            known = Known(va, mode=Mode.HS)
            await tlb.install(known)
            assert await tlb.look(known) is None
            assert await tlb.look(known, va=va & (1 << 41) - 1) is None
        at_top = Known((1 << 41) - 0x1000, level=OFF)  # the highest guest physical address of Sv39x4
        await tlb.install(at_top)
        assert await tlb.look(at_top) == at_top.ppn
    run(scenario, va_bits=39)


def test_vmids_count_in_a_guest_alone_and_asids_where_a_page_is_of_one():
    async def scenario(tlb):
        for n, (mode, level, is_global) in enumerate(product(Mode, (0, OFF), (0, 1))):
            known = Known(PAGE + (n << 12), mode=mode, level=level, is_global=is_global, rights={"s_u": mode in (
                Mode.U, Mode.VU)})
            await tlb.install(known)
            asid_counts = not is_global and level != OFF
            assert await tlb.look(known, asid=known.asid + 1) == (None if asid_counts else known.ppn)
            assert await tlb.look(known, vmid=known.vmid + 1) == (None if mode in (Mode.VS, Mode.VU) else known.ppn)
    run(scenario, entries=64)


def test_m_and_the_modes_of_either_v_have_their_own():
    async def scenario(tlb):
        alike = (Mode.M,), (Mode.HS, Mode.U), (Mode.VS, Mode.VU)
        for modes in alike:
            known = Known(mode=modes[0], level=OFF)
            await tlb.install(known)
            assert [await tlb.look(known, mode=mode) for mode in Mode] == [
                known.ppn if mode in modes else None for mode in Mode]
            await tlb.fence(FenceKind.ALL)
    run(scenario)


@pytest.mark.parametrize("level", range(3))
def test_a_page_is_known_throughout_its_size_and_not_beyond(level):
    async def scenario(tlb):
        size = 1 << SIZES[level]
        for start in (1 << 40, -1 << 40 & (1 << 64) - 1):
            known = Known(start, level=level)
            await tlb.install(known)
            inside, row = (0, size // 2, size - 0x1000), ROWS << 12  # it is kept in the row that it was put into
            for at in {start + offset // row * row for offset in inside}:
                assert await tlb.look(known, va=at) == known.ppn
            assert await tlb.look(known, va=start + size) is None
            assert await tlb.look(known, va=start + size * 2) is None
            assert await tlb.look(known, va=start - row & (1 << 64) - 1) is None
    run(scenario)


def test_two_pages_of_one_row_are_known_side_by_side_and_the_ways_take_turns():
    async def scenario(tlb):
        pages = [Known(PAGE + n * (ROWS << 12), ppn=n) for n in range(7)]
        for n, known in enumerate(pages):
            assert await tlb.install(known)
            assert [await tlb.look(each) for each in pages[:n + 1]] == [
                each.ppn if each.ppn > n - 2 else None for each in pages[:n + 1]]
    run(scenario)


@pytest.mark.parametrize("which, turns", [*product((0, 1), (0, 1))])
def test_what_does_not_allow_the_access_is_not_given_and_makes_room_for_what_does(which, turns):
    async def scenario(tlb):
        for n in range(turns):
            await tlb.install(Known(PAGE + (n + 1 << 12)))  # of another row: it only changes whose turn it is
        held = [Known(PAGE + n * (ROWS << 12), ppn=n, rights={"s_w": 0, "g_x": 0}) for n in range(2)]
        for each in held:
            await tlb.install(each)
        assert [await tlb.look(each) for each in held] == [0, 1]
        assert await tlb.look(held[which], reach=Reach.FETCH) is None
        assert await tlb.look(held[which], mode=Mode.VU) is None
        better = Known(held[which].va, ppn=7)
        assert await tlb.install(better, reach=Reach.STORE)
        assert await tlb.look(better, reach=Reach.STORE) == await tlb.look(better) == 7
        assert await tlb.look(held[1 - which]) == 1 - which
    run(scenario)


def test_after_a_reset_it_knows_nothing_of_what_its_memory_still_holds():
    dut, reset = SecondLevel(2 * ROWS), Signal()

    async def process(ctx):
        tlb, held = Driver(ctx, dut), [Known(PAGE + (n << 12), mode=mode) for n, mode in enumerate((Mode.HS, Mode.VS))]
        for each in held:
            await tlb.install(each)
            assert await tlb.look(each) == each.ppn
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert not ctx.get(dut.fence.ready)
        for each in held:
            assert await tlb.look(each) is None
    m = Module()
    m.submodules.dut = ResetInserter(reset)(dut)
    Bench(m).run(process)


def within(a, b, known):
    """Whether two addresses lie in the page of `known`'s first stage. Where that is off, no fence need take it; it goes
    as if its page were the largest there is."""
    size = 16 if known.napot else SIZES[known.level]
    return a >> size == b >> size


def named(known, kind, address, number, current, va_bits):
    """Whether a fence names a translation: the chapters' words on SFENCE.VMA, HFENCE.VVMA and HFENCE.GVMA. A fence of
    the G stage by address names all of its VMID here, which the manual allows. An invalid address names nothing."""
    guest = known.mode >= Mode.VU
    is_legal = address is None or address >> va_bits + 2 == 0
    first_stage = (address is None or is_legal and within(address, known.va, known)) and (
        number is None or not known.is_global and known.asid == number)
    return {FenceKind.ALL: True,
            FenceKind.SFENCE_VMA: not guest and first_stage,
            FenceKind.HFENCE_VVMA: guest and known.vmid == current and first_stage,
            FenceKind.HFENCE_GVMA: guest and (number is None or known.vmid == number % (1 << 14))}[kind]


@pytest.mark.rule("sfence_vma_all_asid_va", "sfence_vma_asid_only", "sfence_vma_va_all_asid", "sfence_vma_va_asid",
                  "sfence_vma_invalid_va", "hfence-vvma_limits", "hfence-gvma_vmid")
@pytest.mark.parametrize("seed, va_bits, napot", ((0, 57, True), (1, 39, True), (2, 57, False), (3, 48, True)))
def test_a_fence_takes_what_it_names_and_leaves_all_else(seed, va_bits, napot):
    chance = random.Random(seed)
    told = set()

    async def scenario(tlb):
        for _ in range(100):
            held = []
            for row in range(ROWS):  # one of each row: none makes room for another
                level = chance.choice((0, 0, 0, 1, 2, 3, OFF))
                mode = chance.choice((Mode.HS, Mode.VS))
                va = PAGE + (row << 12) + (chance.randrange(2) << chance.choice(SIZES[:3])) * ROWS
                held.append(Known(
                    va, mode, chance.choice((5, 7)), chance.choice((5, 9)), is_global=chance.randrange(2), level=level,
                    napot=napot and level == 0 and chance.randrange(2), ppn=row))
                await tlb.install(held[-1])
            target = chance.choice(held)
            kind = chance.choice((*FenceKind, FenceKind.SFENCE_VMA, FenceKind.HFENCE_VVMA))
            address = chance.choice((None, target.va, target.va ^ 1 << chance.choice((12, 13, 16, *SIZES)),
                                     target.va ^ 1 << chance.choice((45, 54, 60))))
            number = chance.choice((None, 5, 7, 9, target.asid, target.asid | 1 << 15))
            current = chance.choice((5, 9))
            await tlb.fence(kind, address, number, current)
            for each in held:
                goes = named(each, kind, address, number, current, va_bits)
                told.add((kind, address is None, number is None, goes))
                assert await tlb.look(each) == (None if goes else each.ppn), (each, kind, address, number, current)
            await tlb.fence(FenceKind.ALL)
            for each in held:
                assert await tlb.look(each) is None
    run(scenario, va_bits=va_bits, napot=napot)
    assert {(kind, goes) for kind, _, _, goes in told} >= {
        (kind, goes) for kind in FenceKind for goes in (True, False)} - {(FenceKind.ALL, False)}

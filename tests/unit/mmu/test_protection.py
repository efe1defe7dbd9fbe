"""PMP and PMA against intervals in plain Python, and pages that a region's edge cuts."""

import random
from dataclasses import replace

import pytest
from amaranth.hdl import ClockDomain, Module
from amaranth.lib.wiring import connect
from amaranth.sim import Simulator
from testbench import assert_exports
from unit.mmu.harness import ALL_OPEN, RAM, Entries, Guest, Tables, run
from unit.mmu.model import NA4, NAPOT, OFF, TOR, Access, Machine, Pmp, U, leaf

from hyacinth.rtl.config import PHYSICAL_BITS, VIRT, Region
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.protection import Protection
from hyacinth.rtl.payloads import Reach

PAGE = RAM + 0x123_4000
DENY = {"r": 0, "w": 0, "x": 0}


def test_it_exports():
    assert_exports(Protection(VIRT, 16))


def verdicts(rows, *, regions=VIRT, pmp_entries=16):
    """The Verdict of each (address, size, machine, pmp, uncached page or None)."""
    dut, results = Protection(regions, pmp_entries), []
    entries = Entries()
    m = Module()
    m.domains.sync = ClockDomain()
    m.submodules.dut, m.submodules.entries = dut, entries
    connect(m, dut.pmp, entries.port)

    async def drive(ctx):
        for address, size, machine, pmp, uncached in rows:
            ctx.set(dut.address, address)
            ctx.set(dut.mask, size - 1)
            ctx.set(dut.machine, machine)
            entries.hold(ctx, pmp)
            ctx.set(dut.uncached_enable, uncached is not None)
            ctx.set(dut.uncached_page, uncached or 0)
            await ctx.tick()
            ctx.set(dut.ask, 1)
            cycles = 1
            while not ctx.get(dut.done):
                await ctx.tick()
                cycles += 1
            assert cycles <= 1 + sum(n.a != OFF for n in pmp) * 2
            verdict = ctx.get(dut.verdict)
            ctx.set(dut.ask, 0)
            results.append((verdict.uniform, verdict.r, verdict.w, verdict.x, verdict.memory, verdict.cacheable))
    simulator = Simulator(m)
    simulator.add_clock(1e-6)
    simulator.add_testbench(drive)
    simulator.run()
    return results


def edges(pmp):
    """Addresses at which the answer of PMP may change."""
    below = 0
    for entry in pmp:
        if entry.a == TOR:
            yield from (below << 2, entry.address << 2)
        elif entry.a == NA4:
            yield from (entry.address << 2, (entry.address << 2) + 4)
        elif entry.a == NAPOT:
            size = (entry.address ^ entry.address + 1) + 1 << 2
            base = (entry.address << 2) // size * size
            yield from (base, base + size)
        below = entry.address


def random_entry(chooser, near):
    """An entry whose edges lie around `near`."""
    kind = chooser.choice((OFF, TOR, TOR, NA4, NAPOT, NAPOT, NAPOT))
    address = (near + chooser.randrange(-0x1800, 0x1800) >> 2) % (1 << 54)
    if kind == NAPOT:
        ones = chooser.choice((0, 1, 5, 8, 9, 10, 18, 30, 53))
        address = address >> ones << ones | (1 << ones) - 1
    bit = chooser.randrange
    r = bit(2)
    return Pmp(address, kind, r, r and bit(2), bit(2), bit(2))


@pytest.mark.rule("pmp_a_field_off", "pmp_a_field_napot_na4", "pmp_a_field_tor", "pmp_napot_encoding_low_bits",
                  "pmp_entry_priority", "pmp_full_match_required")
def test_the_lowest_numbered_entry_that_matches_any_byte_decides_and_must_match_all():
    chooser, rows, expected = random.Random(4), [], []
    for _ in range(500):
        near = PAGE + chooser.randrange(0x1000)
        pmp = tuple(random_entry(chooser, near) for _ in range(chooser.choice((1, 2, 3, 16))))
        size = chooser.choice((4, 8, 8, 0x1000, 0x1000, 0x20_0000))
        address, machine = near // size * size, chooser.randrange(2)
        rows.append((address, size, machine, pmp, None))
        # The range in pieces between two edges: the rights of each by its first byte.
        cuts = sorted({address, *(edge for edge in edges(pmp) if address < edge < address + size)})
        access = Machine(pmp=pmp)
        if len(cuts) == 1:
            expected.append((1, *map(int, access.pmp_rights(address, 4, machine))))
        else:
            # Only the entry that decides makes the range uneven: those behind it say nothing.
            decisive = next((n for n in range(len(pmp)) if pmp[n].a and any(
                Machine(pmp=tuple(replace(e, a=e.a if k == n else OFF, r=1, l=1) for k, e in enumerate(pmp)))
                .pmp_rights(at, 4, 0)[0] for at in cuts)), None)
            if decisive is None:
                expected.append((1, *(int(machine),) * 3))
                continue
            alone = tuple(replace(e, a=e.a if k == decisive else OFF, r=1, l=1) for k, e in enumerate(pmp))
            covers = all(Machine(pmp=alone).pmp_rights(at, 4, 0)[0] for at in cuts)
            entry = pmp[decisive]
            open_to_all = machine and not entry.l
            expected.append((int(covers), *((1, 1, 1) if covers and open_to_all else
                                            (entry.r, entry.w, entry.x) if covers else (0, 0, 0))))
    results = [row[:4] for row in verdicts(rows)]
    wrong = [(hex(row[0]), hex(row[1]), row[2:4], got, want)
             for row, got, want in zip(rows, results, expected, strict=True) if got != want]
    assert not wrong[:3], len(wrong)
    assert {row[0] for row in expected} == {0, 1}


@pytest.mark.parametrize("above", (0, 8), ids=("equal", "reversed"))
def test_an_entry_whose_top_is_not_above_its_bottom_matches_nothing(above):
    pmp = (Pmp(PAGE + 0x800 + above >> 2, OFF), Pmp(PAGE + 0x800 >> 2, TOR, **DENY, l=1))
    assert verdicts([(PAGE, 0x1000, 1, pmp, None), (PAGE + 0x800, 8, 1, pmp, None)]) == [(1,) * 6] * 2


@pytest.mark.rule("pmp_a_field_tor")
@pytest.mark.parametrize("bit", range(32, 54))
def test_a_bound_beyond_physical_memory_lies_above_every_address(bit):
    reaches_to = (Pmp(1 << bit, TOR, 1, 0, 0),)
    begins_at = (Pmp(1 << bit, OFF), Pmp((1 << 54) - 1, TOR, 1, 0, 0))
    rows = [(PAGE, 8, 0, reaches_to, None), (PAGE, 8, 0, begins_at, None)]
    assert [row[:4] for row in verdicts(rows)] == [(1, 1, 0, 0), (1, 0, 0, 0)]


@pytest.mark.rule("pmp_a_field_tor")
def test_the_first_entry_reaches_from_address_0_on():
    memory = (Region("memory", 0, 1 << 20, True, True),)
    rows = [(at, 4, 0, (Pmp(2, TOR, 1, 1, 0),), None) for at in (0, 4, 8)]
    assert [row[:4] for row in verdicts(rows, regions=memory)] == [(1, 1, 1, 0), (1, 1, 1, 0), (1, 0, 0, 0)]


@pytest.mark.rule("PMA_MM_IFETCH")
def test_the_memory_map_says_what_is_there():
    expected = {
        0: (0, 0, 0, 0, 0), 0x1000: (1, 0, 1, 1, 1), 0x2000: (0, 0, 0, 0, 0), 0x8000: (1, 0, 1, 1, 1),
        0xFFF8: (1, 0, 1, 1, 1), 0x1_0000: (0,) * 5, 0x10_0000: (1, 1, 0, 0, 0),
    }
    for region in VIRT:
        for address in (region.base, region.base + region.size - 8):
            expected[address] = (1, int(region.writable), int(region.memory), int(region.memory), int(region.memory))
    expected |= {0x1_0000_0000: (0,) * 5, 0x2_8000_0000: (0,) * 5, 0x1001_0000: (0,) * 5, 0x7FFF_FFF8: (0,) * 5}
    results = verdicts([(address, 8, 1, (), None) for address in expected])
    assert results == [(1, *row) for row in expected.values()]


@pytest.mark.parametrize("address,size,uniform", [
    (0x1000, 0x1000, 1), (0, 0x20_0000, 0), (RAM, 1 << 30, 1), (RAM + (1 << 30), 1 << 30, 1), (0, 1 << 30, 0),
    (0xC00_0000, 0x20_0000, 1), (0x1000_0000, 0x20_0000, 0), (1 << 32, 1 << 30, 1), (0x200_0000, 0x20_0000, 0)],
    ids=lambda value: f"{value:#x}")
def test_a_range_that_a_region_fills_in_part_is_not_uniform(address, size, uniform):
    assert verdicts([(address, size, 1, (), None)])[0][0] == uniform


@pytest.mark.parametrize("bit", range(PHYSICAL_BITS, 56))
def test_what_lies_above_physical_memory_is_absent(bit):
    assert verdicts([(PAGE | 1 << bit, 8, 1, (), None)])[0][1:4] == (0, 0, 0)


def test_the_uncached_page_is_memory_that_is_not_cacheable_and_cuts_superpages():
    page = PAGE >> 12
    rows = [(PAGE, 0x1000, 1, (), page), (PAGE + 8, 8, 1, (), page), (PAGE - 8, 8, 1, (), page),
            (PAGE & -0x20_0000, 0x20_0000, 1, (), page), (PAGE + 0x20_0000 & -0x20_0000, 0x20_0000, 1, (), page),
            (PAGE, 0x1000, 1, (), None)]
    assert [(row[0], row[4], row[5]) for row in verdicts(rows)] == \
        [(1, 1, 0), (1, 1, 0), (1, 1, 1), (0, 1, 0), (1, 1, 1), (1, 1, 1)]


@pytest.mark.rule("pmp_no_entry_match")
def test_without_pmp_entries_everybody_may_do_everything():
    assert verdicts([(PAGE, 8, 0, (), None)], pmp_entries=0) == [(1, 1, 1, 1, 1, 1)]


# In the Mmu.

def outcomes(machine, *accesses):
    results, kept = [], []

    async def scenario(player):
        for access in accesses:
            how = await player.check(access)
            kept.append(how == "first" or how != "fault" and not player.cut)
            page, fault = player.expect(access)
            results.append(page[0] if page else fault)
    run(scenario, machine, pmp_entries=16)
    return results, kept


@pytest.mark.parametrize("mode", (Mode.M, Mode.HS), ids=lambda mode: mode.name)
def test_a_page_that_pmp_cuts_is_checked_each_time(mode):
    low = Pmp(PAGE + 0x800 >> 2, TOR, 1, 1, 1, l=1)
    machine = Machine(pmp=(low, Pmp((1 << 54) - 1, NAPOT, 1, 0, 0, l=1)))
    below, above = Access(PAGE + 0x7F8, mode, Reach.STORE), Access(PAGE + 0x800, mode, Reach.STORE)
    results, kept = outcomes(machine, below, above, below, above, replace(above, reach=Reach.LOAD))
    assert results == [PAGE + 0x7F8, (7, 0, 0)] * 2 + [PAGE + 0x800]
    assert not any(kept)


@pytest.mark.rule("pmp_full_match_required")
@pytest.mark.parametrize("size", (0, 1, 2, 3))
@pytest.mark.parametrize("reach", (Reach.LOAD, Reach.STORE), ids=("load", "store"))
def test_of_a_cut_page_the_bytes_of_the_access_alone_decide(reach, size):
    machine = Machine(pmp=(Pmp(PAGE + 0x804 >> 2, NA4, **DENY), *ALL_OPEN))
    accesses = [Access(at & -1 << size, Mode.HS, reach, size=size)
                for at in (PAGE + 0x7FF, PAGE + 0x800, PAGE + 0x803, PAGE + 0x804, PAGE + 0x807, PAGE + 0x808)]
    results, _ = outcomes(machine, *accesses)
    denied = [isinstance(result, tuple) for result in results]
    assert denied == [False, size == 3, size == 3, True, True, False]


@pytest.mark.rule("cbz_access", "Zacas_amocas_w_permission")
@pytest.mark.parametrize("size", (4, 6), ids=("pair", "block"))
def test_of_a_cut_page_all_bytes_of_a_pair_or_of_a_block_decide(size):
    machine = Machine(pmp=(Pmp(PAGE + 0x83c >> 2, NA4, **DENY), *ALL_OPEN))
    wide, first = 1 << size, 0x840 - (1 << size)
    accesses = [Access(PAGE + at, Mode.HS, Reach.STORE, size=size)
                for at in (first - 1, first, first + 7, first + wide - 1, first + wide)]
    results, _ = outcomes(machine, *accesses)
    assert [isinstance(result, tuple) for result in results] == [False, True, True, True, False]


def test_an_entry_that_matches_a_part_of_the_access_denies_m_mode_too():
    machine = Machine(pmp=(Pmp(PAGE + 4 >> 2, NA4, 1, 1, 1), *ALL_OPEN))
    results, _ = outcomes(machine, Access(PAGE, Mode.M, size=3), Access(PAGE, Mode.M, size=2),
                          Access(PAGE + 4, Mode.M, size=2))
    assert results == [(5, 0, 0), PAGE, PAGE + 4]


@pytest.mark.rule("pmp_l_bit_m_mode_enforcement")
def test_an_entry_that_is_not_locked_binds_all_but_m_mode():
    machine = Machine(pmp=(Pmp(PAGE >> 2 | 0x1FF, NAPOT, **DENY), *ALL_OPEN))
    accesses = [Access(PAGE, mode) for mode in (Mode.M, Mode.HS, Mode.M, Mode.U, Mode.VS)]
    assert outcomes(machine, *accesses)[0] == [PAGE, (5, 0, 0), PAGE, (5, 0, 0), (5, 0, 0)]
    machine.pmp = (replace(machine.pmp[0], l=1), *ALL_OPEN)
    assert outcomes(machine, *accesses)[0] == [(5, 0, 0)] * 5


@pytest.mark.rule("hlsv_u_op")
def test_hlvx_needs_execute_and_read_permission_of_pmp():
    for r, x in ((0, 1), (1, 0), (1, 1)):
        machine = Machine(pmp=(Pmp(PAGE >> 2 | 0x1FF, NAPOT, r, 0, x), *ALL_OPEN))
        access = Access(PAGE, Mode.VS, hlvx=1)
        assert outcomes(machine, access, access)[0] == [PAGE if r and x else (5, 0, 0)] * 2


@pytest.mark.rule("hlsv_u_op")
def test_hlvx_does_not_read_a_device():
    assert outcomes(Machine(pmp=ALL_OPEN), Access(0x1000_0000, Mode.VS, hlvx=1))[0] == [(5, 0, 0)]


@pytest.mark.rule("MSTATUS_MXR_SUM_OP_ACC_FAULT")
def test_mxr_says_nothing_to_pmp():
    machine = Machine(pmp=(Pmp(PAGE >> 2 | 0x1FF, NAPOT, 0, 0, 1), *ALL_OPEN))
    assert outcomes(machine, Access(PAGE, Mode.HS, mxr=1))[0] == [(5, 0, 0)]


@pytest.mark.parametrize("sizes", ((1, 1), (2, 2), (2, 0), (1, 2)), ids=str)
def test_a_superpage_across_the_edge_of_a_region_is_kept_in_pieces(sizes):
    """Entries of a superpage are cut to the largest size for which PMP is the same throughout."""
    low30 = PAGE & (1 << 30) - 1
    guest = Guest(8, 8)
    gpa, va = 3 << 30 | low30, 5 << 30 | low30
    vs_mask, g_mask = ((1 << 12 + 9 * level) - 1 for level in sizes)
    guest.map_guest(gpa & ~g_mask, PAGE & ~g_mask, sizes[1])
    guest.map(va & ~vs_mask, gpa & ~vs_mask, sizes[0])
    # The page above is denied; the one above that is cut in half.
    guest.machine.pmp = (Pmp(PAGE + 0x1000 >> 2 | 0x1FF, NAPOT, **DENY),
                         Pmp(PAGE + 0x2000 >> 2 | 0xFF, NAPOT, **DENY), *ALL_OPEN)
    at = [Access(va + offset, Mode.VS) for offset in (0, 0x1000, 0xFF8, 0x2000, 0x2800, 0x20_0000)]
    results, kept = outcomes(guest.machine, *at, *at)
    there = [PAGE, (5, 0, 0), PAGE + 0xFF8, (5, 0, 0), PAGE + 0x2800, PAGE + 0x20_0000]
    if sizes[1] == 0:
        there[1], there[3:] = (21, gpa + 0x1000, 0), [(21, gpa + at, 0) for at in (0x2000, 0x2800, 0x20_0000)]
    elif sizes[1] == 1 or sizes[0] == 1:
        there[5] = results[5]
    assert results == there * 2
    assert kept[0] and kept[2] and not kept[4]


@pytest.mark.parametrize("level, cut, kept", ((2, None, 30), (2, 0x1020_0000, 21), (2, 0x20_0000, 21), (2, 0x1000, 12),
                                              (1, 0x20_0000, 21), (1, 0x10_0000, 12), (0, 0x1000, 12)))
def test_a_page_is_kept_as_large_as_all_of_it_has_the_same_protection(level, cut, kept):
    low, va = RAM + (1 << 30), 5 << 30
    machine = Machine(satp=(8, 0, RAM >> 12), pmp=ALL_OPEN)
    tables = Tables(machine)
    tables.place(8, RAM, va, level, leaf(low))
    tables.place(8, RAM, 1 << 30, 0, leaf(RAM))
    if cut is not None:
        machine.pmp = (Pmp(low + cut >> 2 | 0x1FF, NAPOT, 1, 0, 0), *ALL_OPEN)

    async def scenario(player):
        await player.check(Access(1 << 30))  # a small page, of which nothing remains
        await player.check(Access(va))
        for bits in range(12, 12 + 9 * level):
            hit, *page = player.look(Access(va | 1 << bits))
            assert hit == (bits < kept), bits
            assert not hit or page[0] == low | 1 << bits
    run(scenario, machine, pmp_entries=16)


def test_a_superpage_of_which_a_part_is_absent_or_a_device_is_kept_in_pieces():
    machine = Machine(satp=(8, 0, RAM >> 12), pmp=ALL_OPEN)
    machine.memory[RAM] = leaf(0, 0xCF)  # 1 GiB from 0 on
    addresses = (0x1000, 0x8000, 0x10_0000, 0x200_0000, 0x1000_0000)
    accesses = [Access(address) for address in (*addresses, 0x2000, 0x3000_0000)]
    results, _ = outcomes(machine, *accesses, *accesses)
    assert results == [*addresses, (5, 0, 0), (5, 0, 0)] * 2
    results, _ = outcomes(machine, *[replace(access, reach=Reach.FETCH) for access in accesses])
    assert results == [0x1000, 0x8000] + [(1, 0, 0)] * 5


@pytest.mark.parametrize("seed", range(3))
def test_random_protection_of_pages_and_tables_is_obeyed(seed):
    chooser = random.Random(seed)
    guest = Guest(8, 9)
    vas = []
    for n in range(4):
        pa, gpa, va = PAGE + 0x1000 * n, 0x9_0000_0000 + 0x1000 * n, 0x7_0000_0000 + 0x1000 * n
        guest.map_guest(gpa, pa, 0)
        guest.map(va, gpa, 0, 0xCF | chooser.choice((0, U)))
        vas.append(va)
    tables = [place for place in guest.machine.memory]

    async def scenario(player):
        for _ in range(14):
            near = [PAGE + chooser.randrange(0x4000), chooser.choice(tables)]
            guest.machine.pmp = (*(random_entry(chooser, chooser.choice(near)) for _ in range(3)), *ALL_OPEN)
            await player.flush_all()
            for _ in range(5):
                va, size = chooser.choice(vas) + chooser.randrange(0x1000), chooser.randrange(4)
                mode = chooser.choice((Mode.VS, Mode.VU, Mode.M))
                await player.check(Access((va if mode != Mode.M else PAGE + va % 0x4000) & -1 << size, mode,
                                          chooser.choice((Reach.LOAD, Reach.STORE)), sum=1, size=size))
    stats = run(scenario, guest.machine, pmp_entries=16)
    assert stats["fault"] > 5 and stats["walk"] + stats["shortened"] > 5, stats

"""Where the entry for an address lies, at every level of every scheme, by the manual's figures of their formats."""

import random

import pytest
from testbench import Bench, assert_exports

from hyacinth.rtl.isa.paging import G_STAGE, VS_STAGE
from hyacinth.rtl.mmu.place import Place

SIZES = {"Sv39": (8, 3), "Sv48": (9, 4), "Sv57": (10, 5)}
"""satp.MODE, and the levels of tables. (The x4 schemes have those too.)"""
PAGE_OFFSET, VPN, ENTRY = 12, 9, 8
"""Bits of an address within a page, bits of each VPN[i], and bytes of an entry: of 512 in a table of 4 KiB."""


@pytest.mark.parametrize("levels", (3, 4, 5))
def test_it_exports(levels):
    assert_exports(Place(levels))


def ask(rows, levels=5):
    """What a Place says of each (guest, mode, target, level, table): (root, in_range, entry)."""
    dut, found = Place(levels), []

    async def process(ctx):
        for row in rows:
            for name, value in zip(("guest", "mode", "target", "level", "table"), row, strict=True):
                ctx.set(getattr(dut, name), value)
            await ctx.delay(1e-9)
            found.append((ctx.get(dut.root), ctx.get(dut.in_range), ctx.get(dut.entry)))
    Bench(dut).run(process)
    return found


@pytest.mark.rule("Sv39_sxlen", "Sv39_va_sz", "Sv39_vpn_sz", "Sv39_levels", "Sv39_LEVELS", "Sv39_page_offset_sz",
                  "Sv39_pte_count", "Sv39_pte_sz", "Sv39_PTESIZE", "Sv39_pt_sz")
@pytest.mark.rule("Sv48_sxlen", "Sv48_va_sz", "Sv48_vpn_sz", "Sv48_levels", "Sv48_LEVELS", "Sv48_page_offset_sz",
                  "Sv48_PTESIZE")
@pytest.mark.rule("Sv57_sxlen", "Sv57_va_sz", "Sv57_vpn_sz", "Sv57_levels", "Sv57_LEVELS", "Sv57_page_offset_sz",
                  "Sv57_PTESIZE")
@pytest.mark.parametrize("name", SIZES)
def test_every_bit_of_an_address_is_one_of_the_index_at_its_level(name):
    mode, levels = SIZES[name]
    chance, rows, expected = random.Random(name), [], []
    width = PAGE_OFFSET + VPN * levels
    targets = [*(1 << bit for bit in range(width - 1)), (1 << 64) - (1 << width - 1), 0,
               *(chance.getrandbits(width - 1) for _ in range(20))]
    for target in targets:
        for level in range(levels):
            table = chance.getrandbits(44)
            vpn = target >> PAGE_OFFSET + VPN * level & (1 << VPN) - 1
            rows.append((0, mode, target, level, table))
            expected.append((levels - 1, 1, (table << PAGE_OFFSET) + vpn * ENTRY))
    assert ask(rows) == expected


@pytest.mark.parametrize("scheme", G_STAGE, ids=lambda scheme: scheme.name)
def test_the_root_of_the_g_stage_has_four_times_as_many_entries(scheme):
    chance, rows, expected = random.Random(1), [], []
    for bit in range(PAGE_OFFSET, scheme.va_bits):
        for level in range(scheme.levels):
            root = level == scheme.levels - 1
            table = chance.getrandbits(44) & (~3 if root else ~0)
            index = 1 << bit >> PAGE_OFFSET + VPN * level & (1 << VPN + 2 * root) - 1
            rows.append((1, scheme.mode, 1 << bit, level, table))
            expected.append((scheme.levels - 1, 1, (table << PAGE_OFFSET) + index * ENTRY))
    assert ask(rows) == expected


@pytest.mark.parametrize("levels", (3, 4, 5))
def test_of_each_stage_the_schemes_that_it_has_say_what_is_in_range(levels):
    rows, expected = [], []
    for guest, stage in enumerate((VS_STAGE, G_STAGE)):
        for scheme in stage:
            for target in (0, 1 << scheme.va_bits - 1, 1 << scheme.va_bits):
                rows.append((guest, scheme.mode, target, 0, 0))
                there = scheme.levels <= levels
                expected.append(int(there and (target == 0 or guest == 1 and not target >> scheme.va_bits)))
    assert [in_range for _, in_range, _ in ask(rows, levels)] == expected

"""Schemes of translation: how many bits, which mode, and which addresses are in range."""

import pytest
from testbench import truth_table

from hyacinth.rtl.isa.paging import G_STAGE, VS_STAGE

ALL = (1 << 64) - 1
SCHEMES = {scheme.name: scheme for scheme in (*VS_STAGE, *G_STAGE)}
FACTS = {"Sv39": (8, 3, 39), "Sv48": (9, 4, 48), "Sv57": (10, 5, 57),
         "Sv39x4": (8, 3, 41), "Sv48x4": (9, 4, 50), "Sv57x4": (10, 5, 59)}
"""MODE in satp, vsatp or hgatp; levels of tables; bits that are translated."""


@pytest.mark.rule("satp_mode")
def test_the_schemes_are_the_manuals():
    assert {name: (each.mode, each.levels, each.va_bits) for name, each in SCHEMES.items()} == FACTS


@pytest.mark.parametrize("name", FACTS)
def test_an_address_is_in_range_where_the_bits_above_are_zero_or_copies_of_the_sign(name):
    scheme, bits = SCHEMES[name], FACTS[name][2]
    guest = name.endswith("x4")
    half = 1 << bits - 1
    inside = [0, half - 1, *([half, 2 * half - 1] if guest else [ALL - half + 1, ALL])]
    outside = [*([2 * half, ALL, ALL - half + 1] if guest else [half, ALL - half]),
               *(1 << bit for bit in range(bits, 64)), *(ALL ^ 1 << bit for bit in range(bits, 64))]
    found = truth_table(scheme.in_range, [64], [(address,) for address in (*inside, *outside)])
    assert [*map(int, found)] == [1] * len(inside) + [0] * len(outside)

"""Tests of the C header made from the tables."""

import re
from pathlib import Path

from hyacinth.rtl.isa.csrs import CSRS
from hyacinth.rtl.isa.header import c_header

DEFINES = dict(re.findall(r"#define (\w+) (\w+)", c_header(CSRS)))


def test_it_names_every_csr():
    assert {name: int(DEFINES[f"CSR_{name.upper()}"], 0) for name in CSRS} == \
        {name: csr.address for name, csr in CSRS.items()}


def test_fields_are_masks_in_place_with_shifts_where_they_are_wide():
    assert int(DEFINES["MSTATUS_MPP"], 0) == 3 << 11 and DEFINES["MSTATUS_MPP_SHIFT"] == "11"
    assert int(DEFINES["MSTATUS_MPV"], 0) == 1 << 39 and "MSTATUS_MPV_SHIFT" not in DEFINES


def test_it_has_causes_interrupts_and_modes():
    assert (DEFINES["CAUSE_VIRTUAL_INSTRUCTION"], DEFINES["IRQ_VSTI"], DEFINES["HGATP_MODE_SV39X4"],
            DEFINES["SATP_MODE_SV57"]) == ("22", "6", "8", "10")


def test_no_name_is_defined_twice():
    names = re.findall(r"#define (\w+) ", c_header(CSRS))
    assert len(names) == len(set(names))


def test_the_header_of_the_programs_is_the_one_that_the_tables_give():
    assert (Path(__file__).parents[3] / "sw/include/csr.h").read_text() == c_header(CSRS), \
        "make it anew: python -m hyacinth.rtl.isa.header > sw/include/csr.h"

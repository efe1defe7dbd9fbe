"""Tests of the causes of traps."""

import pytest

from hyacinth.rtl.isa import causes
from hyacinth.rtl.isa.causes import GUEST_PAGE_FAULTS, INTERRUPT_ORDER, Cause, Interrupt


@pytest.mark.rule("H_cause")
def test_codes_are_the_manuals():
    assert [int(each) for each in Cause] == [*range(14), 15, 16, *range(18, 24)]
    assert [int(each) for each in Interrupt] == [1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 13]
    assert Cause.VIRTUAL_INSTRUCTION == 22 and Cause.ECALL_VS == 10


@pytest.mark.parametrize("each", (*Cause, *Interrupt), ids=lambda each: each.name)
def test_each_has_a_description(each):
    assert len(each.description) > 8


def test_every_interrupt_has_one_place_in_the_order():
    assert sorted(INTERRUPT_ORDER) == sorted(Interrupt)


def test_guest_page_faults_are_20_21_and_23():
    assert sorted(GUEST_PAGE_FAULTS) == [20, 21, 23]


def test_an_address_is_written_for_memory_faults_and_breakpoints_alone():
    assert sorted(causes.WRITES_ADDRESS) == [0, 1, 3, 4, 5, 6, 7, 12, 13, 15, 20, 21, 23]


@pytest.mark.rule("H_trap_xtinst_val")
def test_a_transformed_instruction_belongs_to_faults_of_loads_and_stores():
    assert sorted(causes.WRITES_TRANSFORMED) == [4, 5, 6, 7, 13, 15, 21, 23]


def test_delegation_masks_are_the_manuals():
    assert sum(1 << each for each in causes.MEDELEG) == 0xfcb7fe
    assert sum(1 << each for each in causes.HEDELEG) == 0xcb1ff

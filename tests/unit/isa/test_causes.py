"""Tests of the causes of traps."""

import pytest

from hyacinth.rtl.isa import causes
from hyacinth.rtl.isa.causes import GUEST_PAGE_FAULTS, INTERRUPT_ORDER, Cause, Interrupt
from hyacinth.rtl.payloads import Reach


@pytest.mark.rule("H_cause")
def test_codes_are_the_manuals():
    assert [int(each) for each in Cause] == [*range(14), 15, 16, *range(18, 24)]
    assert [int(each) for each in Interrupt] == [1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 13]
    assert Cause.VIRTUAL_INSTRUCTION == 22 and Cause.ECALL_VS == 10


@pytest.mark.parametrize("each", (*Cause, *Interrupt), ids=lambda each: each.name)
def test_each_has_a_description(each):
    assert len(each.description) > 8


def test_descriptions_are_those_of_the_manuals_table():
    assert {int(each): each.description for each in Cause} == {
        0: "Instruction address misaligned", 1: "Instruction access fault", 2: "Illegal instruction", 3: "Breakpoint",
        4: "Load address misaligned", 5: "Load access fault", 6: "Store/AMO address misaligned",
        7: "Store/AMO access fault", 8: "Environment call from U-mode or VU-mode",
        9: "Environment call from HS-mode", 10: "Environment call from VS-mode", 11: "Environment call from M-mode",
        12: "Instruction page fault", 13: "Load page fault", 15: "Store/AMO page fault", 16: "Double trap",
        18: "Software check", 19: "Hardware error", 20: "Instruction guest-page fault", 21: "Load guest-page fault",
        22: "Virtual instruction", 23: "Store/AMO guest-page fault"}
    assert {int(each): each.description for each in Interrupt} == {
        1: "Supervisor software interrupt", 2: "Virtual supervisor software interrupt", 3: "Machine software interrupt",
        5: "Supervisor timer interrupt", 6: "Virtual supervisor timer interrupt", 7: "Machine timer interrupt",
        9: "Supervisor external interrupt", 10: "Virtual supervisor external interrupt",
        11: "Machine external interrupt", 12: "Supervisor guest external interrupt",
        13: "Local counter-overflow interrupt"}


@pytest.mark.rule("intr_M_mode_pri", "hsint_priority")
def test_interrupts_have_the_manuals_order():
    assert [int(each) for each in INTERRUPT_ORDER] == [11, 3, 7, 9, 1, 5, 12, 10, 2, 6, 13]


def test_faults_come_in_the_order_of_the_three_kinds_of_accesses():
    assert [[int(each) for each in kinds] for kinds in (
        causes.ADDRESS_MISALIGNED, causes.ACCESS_FAULT, causes.PAGE_FAULT, causes.GUEST_PAGE_FAULT)] == [
        [0, 4, 6], [1, 5, 7], [12, 13, 15], [20, 21, 23]]
    assert [int(each) for each in Reach] == [Reach.FETCH, Reach.LOAD, Reach.STORE] == [0, 1, 2]


def test_what_exists_for_guests_alone():
    assert sorted(causes.VS_INTERRUPTS) == [2, 6, 10]
    assert sorted(causes.HYPERVISOR_CAUSES) == [10, 20, 21, 22, 23]
    assert sorted(causes.WRITES_PSEUDOINSTRUCTION) == [20, 21, 23]


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

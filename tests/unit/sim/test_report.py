"""Tests of the trap report: each says what a reader looks for in it."""

import pytest
from traces import retire, walk_step

from hyacinth.rtl.config import NO_H
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.refusal import Refusal
from hyacinth.rtl.payloads import Reach
from hyacinth.sim.trace.report import Reporter, report
from hyacinth.sim.trace.state import State
from hyacinth.sim.trace.walks import pte_words, refusal, step_words

MEDELEG, HEDELEG, HSTATUS, SSTATUS, MSTATUS = 0x302, 0x602, 0x600, 0x100, 0x300
MENVCFG, HENVCFG, DTE = 0x30a, 0x60a, 1 << 59


def write(csr, value, mode=Mode.M):
    return retire(mode=mode, writes_csr=1, csr=csr, csr_value=value)


def load_guest_page_fault(**fields):
    return retire(cycle=500, pc=0x8020_1040, bits=0x0005B503, mode=Mode.VS, mode_after=Mode.HS, trapped=1, code=21,
                  tval=0x4008, gva_valid=1, gpa=0x5008, next_pc=0x8000_0100, **fields)


def explained(record, *before, steps=(), **options):
    reporter = Reporter(**options)
    for each in before:
        assert reporter.take(each) is None
    for step in steps:
        reporter.take_step(step)
    return report(reporter.take(record))


def test_the_first_line_says_what_happened_and_when():
    assert explained(load_guest_page_fault(), write(MEDELEG, 1 << 21)).splitlines()[0] == (
        "trap 1 at cycle 500: Load guest-page fault (exception 21), VS -> HS")


def test_it_shows_the_instruction_and_where_the_handler_is():
    text = explained(load_guest_page_fault(), write(MEDELEG, 1 << 21))
    assert "at       0x80201040  ld a0, 0(a1)" in text
    assert "handler  0x80000100" in text


@pytest.mark.parametrize("mode, after, medeleg, hedeleg, why", [
    (Mode.M, Mode.M, 1, 1, "it happened in M, and a trap never goes to a less privileged mode"),
    (Mode.U, Mode.M, 0, 1, "medeleg[8] = 0: M keeps it"),
    (Mode.U, Mode.HS, 1, 1, "medeleg[8] = 1: M delegates it to HS; V was 0, so hedeleg has no say"),
    (Mode.VU, Mode.HS, 1, 0, "medeleg[8] = 1: M delegates it; hedeleg[8] = 0: HS keeps it from the guest"),
    (Mode.VU, Mode.VS, 1, 1, "medeleg[8] = 1 and hedeleg[8] = 1: M and HS delegate it to the guest"),
], ids=lambda value: "" if isinstance(value, str) else str(value))
def test_it_says_which_delegation_bits_decided(mode, after, medeleg, hedeleg, why):
    text = explained(retire(mode=mode, mode_after=after, trapped=1, code=8),
                     write(MEDELEG, medeleg << 8), write(HEDELEG, hedeleg << 8))
    assert why in text
    assert "disagree" not in text


def test_an_interrupt_is_delegated_by_the_other_two():
    text = explained(retire(mode=Mode.VS, mode_after=Mode.HS, trapped=1, interrupt=1, code=10))
    assert "mideleg[10] = 1: M delegates it; hideleg[10] = 0: HS keeps it from the guest" in text


def test_it_says_so_where_the_record_contradicts_the_csrs():
    assert "(by these values it would go to M: the record and the CSRs disagree)" in explained(load_guest_page_fault())


def test_it_shows_the_fields_that_changed():
    text = explained(load_guest_page_fault(), write(MEDELEG, 1 << 21), write(SSTATUS, 2, Mode.HS))
    assert "hstatus  0x200000000 -> 0x2000001c0  SPVP 0 -> 1, SPV 0 -> 1, GVA 0 -> 1" in text
    assert "SPP 0 -> 1, SPIE 0 -> 1, SIE 1 -> 0" in text


def test_it_shows_the_gpa_behind_htval():
    assert "htval    0x0 -> 0x1402  GPA 0x5008 shifted right by 2" in explained(load_guest_page_fault())


def test_a_trap_to_m_writes_what_m_has():
    text = explained(retire(mode=Mode.VU, mode_after=Mode.M, trapped=1, code=2, tval=0xFFFF, bits=0xFFFF))
    assert [word.split()[0] for word in text.partition("wrote\n")[2].splitlines()] == [
        "mstatus", "mepc", "mcause", "mtval", "mtval2", "mtinst"]
    assert "MPV 0 -> 1" in text


def double_trap(mode, **fields):
    return retire(mode=mode, mode_after=Mode.M, trapped=1, double=1, code=13, pc=0x8000_0040, bits=0x0005B503, **fields)


def test_a_double_trap_names_what_happened_and_whose_handler_was_not_ready():
    text = explained(double_trap(Mode.HS, tval=0x40), write(MEDELEG, 1 << 13), write(MENVCFG, DTE),
                     write(SSTATUS, 1 << 24))
    assert text.startswith("trap 1 at cycle 1: double trap, for Load page fault (exception 13), HS -> M")
    assert "M delegates it to HS; V was 0, so hedeleg has no say; but sstatus.SDT was 1, its handler not ready" in text
    assert "mcause   0x0 -> 0x10  Double trap" in text and "mtval2   0x0 -> 0xd  Load page fault" in text
    assert "disagree" not in text
    guest = explained(double_trap(Mode.VU), write(MEDELEG, 1 << 13), write(HEDELEG, 1 << 13))
    assert "but vsstatus.SDT was 1" in guest


def test_traps_and_returns_move_sdt():
    state = State()
    for each in (write(MENVCFG, DTE), write(HENVCFG, DTE)):
        state.take(each)
    state.take(retire(mode=Mode.U, mode_after=Mode.HS, trapped=1, code=8))
    assert state.field("mstatus", "SDT") == 1
    state.take(retire(mode=Mode.VU, mode_after=Mode.VS, trapped=1, code=8))
    assert state.field("vsstatus", "SDT") == 1
    state.take(retire(mode=Mode.M, mode_after=Mode.VU, bits=0x30200073))
    assert (state.field("mstatus", "SDT"), state.field("vsstatus", "SDT")) == (1, 1)
    state.take(retire(mode=Mode.HS, mode_after=Mode.VU, bits=0x10200073))
    assert (state.field("mstatus", "SDT"), state.field("vsstatus", "SDT")) == (0, 0)


def test_a_guest_sees_its_timer_interrupt_as_a_supervisor_one():
    text = explained(retire(mode=Mode.VS, mode_after=Mode.VS, trapped=1, interrupt=1, code=6), write(0x603, 0x444))
    assert "vscause  0x0 -> 0x8000000000000005  Virtual supervisor timer interrupt" in text


def test_without_h_the_mode_is_called_s_and_no_hypervisor_csr_is_named():
    text = explained(retire(mode=Mode.HS, mode_after=Mode.M, trapped=1, code=9), config=NO_H)
    assert "S -> M" in text
    assert "hs" not in text.replace("which", "") and "mtval2" not in text


def test_a_walk_is_shown_entry_by_entry():
    steps = [
        walk_step(first=1, va=0x4008, g_stage=1, level=2, gpa=0x8000_1000, hpa=0x9000_0010, pte=0x2400_0401),
        walk_step(va=0x4008, level=2, gpa=0x8000_1000, hpa=0x9100_1000, pte=0x2000_0801),
        walk_step(va=0x4008, g_stage=1, level=0, gpa=0x5008, hpa=0x9000_2028, pte=0, reason=1),
        walk_step(va=0x4008, g_stage=1, level=0, gpa=0x5008, hpa=0x9000_2028, pte=0, reason=1, last=1, cause=21)]
    text = explained(load_guest_page_fault(), write(MEDELEG, 1 << 21), steps=steps)
    assert "walk of 0x4008 for load as VS" in text
    assert "VS-stage level 2, entry at GPA 0x80001000, HPA 0x91001000: 0x0000000020000801 -------V PPN 0x80002" in text
    assert "  G-stage level 0 of GPA 0x5008, entry at HPA 0x90002028: 0x0000000000000000 -------- PPN 0x0" in text
    assert text.splitlines()[-1].strip() == "refused: V = 0: the entry is not valid"
    assert text.count("entry at") == 3


@pytest.mark.parametrize("reason, fields, words", [
    (Refusal.PERMISSION, {"reach": Reach.STORE, "pte": 0b1011}, "W = 0, which a store/AMO needs"),
    (Refusal.PERMISSION, {"reach": Reach.LOAD, "pte": 0b1001}, "R = 0 (MXR = 0), which a load needs"),
    (Refusal.PERMISSION, {"reach": Reach.FETCH, "pte": 0b0011}, "X = 0, which a fetch needs"),
    (Refusal.PERMISSION, {"hlvx": 1, "pte": 0b0011}, "X = 0, which HLVX needs"),
    (Refusal.PERMISSION, {"reach": Reach.FETCH, "pte": 0b1001, "implicit": 1},
     "R = 0, which the read of a table entry needs"),
    (Refusal.PERMISSION, {"reach": Reach.FETCH, "pte": 0b0011, "implicit": 1, "writes": 1},
     "W = 0, which setting A or D in a table entry needs"),
    (Refusal.USER, {"g_stage": 1}, "U = 0: the G-stage takes every access for a user's"),
    (Refusal.USER, {"mode": Mode.VU}, "U = 0: not a page of user mode"),
    (Refusal.USER, {"mode": Mode.VS}, "U = 1 and SUM = 0: a page of user mode"),
    (Refusal.USER, {"reach": Reach.FETCH}, "U = 1: a page of user mode, which S-mode may not execute"),
    (Refusal.DIRTY, {}, "D = 0 on a store, and ADUE = 0: software is to set it"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_refusal_names_the_bit(reason, fields, words):
    assert refusal(walk_step(reason=reason, **fields)) == f"refused: {words}"


@pytest.mark.parametrize("pte, words", [
    (0b1011 | 1 << 63 | 0x2000 << 10, "PPN 0x2000 N 0x1"), (1 << 61, "PBMT NC"), (2 << 61, "PBMT IO"),
    (3 << 61, "PBMT 3 (reserved)"), (1 << 54, "reserved 0x1")])
def test_the_upper_bits_of_an_entry_are_named(pte, words):
    assert pte_words(pte).endswith(words)


def test_an_entry_that_hardware_is_about_to_set_says_so():
    assert step_words(walk_step(level=0, pte=0b1111, updates=1)).endswith("; hardware sets A or D")
    assert not step_words(walk_step(level=0, pte=0b1111)).endswith("; hardware sets A or D")


def test_every_refusal_has_its_words():
    assert not [reason for reason in Refusal if reason and "reason" in refusal(walk_step(reason=reason))]


def test_a_walk_for_another_page_is_not_shown():
    step = walk_step(first=1, va=0x9000, level=0, pte=0, reason=1, last=1, cause=21)
    assert "walk of" not in explained(load_guest_page_fault(), steps=[step])


def test_a_write_by_a_guest_goes_to_its_own_csrs():
    state = State()
    state.take(write(SSTATUS, 1 << 18, Mode.VS))
    assert (state.field("vsstatus", "SUM"), state.field("sstatus", "SUM")) == (1, 0)


def test_sstatus_and_mstatus_are_one():
    state = State()
    state.take(write(MSTATUS, 1 << 19 | 1 << 3))
    state.take(write(SSTATUS, 1 << 18, Mode.HS))
    assert [state.field("mstatus", name) for name in ("MIE", "MXR", "SUM")] == [1, 0, 1]


def test_mret_restores_what_the_trap_saved():
    state = State()
    state.take(write(MSTATUS, 1 << 3))
    state.take(retire(mode=Mode.M, mode_after=Mode.M, trapped=1, code=2))
    assert [state.field("mstatus", name) for name in ("MIE", "MPIE", "MPP")] == [0, 1, 3]
    state.take(retire(bits=0x30200073))
    assert [state.field("mstatus", name) for name in ("MIE", "MPIE", "MPP")] == [1, 1, 0]


def test_sret_from_hs_clears_spv():
    state = State()
    state.take(retire(mode=Mode.VS, mode_after=Mode.HS, trapped=1, code=10))
    assert state.field("hstatus", "SPV") == 1
    state.take(retire(bits=0x10200073, mode=Mode.HS, mode_after=Mode.VS))
    assert state.field("hstatus", "SPV") == 0


def test_an_instruction_of_zeros_asks_for_the_fence_that_is_often_forgotten():
    text = explained(retire(mode=Mode.VS, mode_after=Mode.M, trapped=1, code=2, bits=0))
    assert "0x0000, which is no instruction (is there code in memory? Then a FENCE.I is missing)" in text
    assert "FENCE.I" not in explained(retire(mode=Mode.VS, mode_after=Mode.M, trapped=1, code=12))

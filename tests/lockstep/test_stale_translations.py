"""From a change of a page table to a fence the referee accepts the old and the new translation, then the new alone."""

from functools import cache

import pytest

pytest.importorskip("riscv")

from lockstep.recorder import BASE, Recorder, assemble
from lockstep.verdicts import verdict

from hyacinth.sim.lockstep.referee import Difference

PROGRAM = """
    .equ V, 0x01
    .equ LEAF, 0xcf
    .equ LEAF_U, 0xdf
    .macro entry table, index, target, flags
    la t0, \\table
    la t1, \\target
    srli t1, t1, 2
    ori t1, t1, \\flags
    sd t1, 8*(\\index)(t0)
    .endm
    .macro atp register, table, id
    la t0, \\table
    srli t0, t0, 12
    li t1, 8 << 60 | \\id << 44
    or t0, t0, t1
    csrw \\register, t0
    .endm
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    la t0, handler
    csrw mtvec, t0
    # Single stage and VS stage: 1 GiB identity at 0x80000000, 0x40000000 to page_a, 0x40001000 to the GPA 0x40000000.
    # G stage: identity, and 0x40000000 to page_a.
    li t2, 0x80000000 >> 2 | LEAF
    la t0, root
    sd t2, 16(t0)
    la t0, other_root
    sd t2, 16(t0)
    la t0, g_root
    ori t2, t2, LEAF_U
    sd t2, 16(t0)
    entry root, 1, middle, V
    entry other_root, 1, other_middle, V
    entry middle, 0, low, V
    entry other_middle, 0, other_low, V
    entry low, 0, page_a, LEAF | FLAGS
    la t0, low
    li t1, 0x40000000 >> 2 | LEAF
    sd t1, 8(t0)
    entry other_low, 0, page_b, LEAF
    entry g_root, 1, g_middle, V
    entry g_middle, 0, g_low, V
    entry g_low, 0, page_a, LEAF_U
    la t0, page_a
    li t1, 0x11
    sd t1, 0(t0)
    la t0, page_b
    li t1, 0x22
    sd t1, 0(t0)
    atp satp, root, 5
    atp vsatp, root, 5
    atp hgatp, g_root, 9
    li t0, 1 << 8 | 1 << 7
    csrw hstatus, t0
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11
    csrs mstatus, t0
    li t0, 1 << 61
    csrw menvcfg, t0
    li t0, 1 << 62
    csrw 0x30c, t0  # mstateen0.ENVCFG: HS may write henvcfg
    la t0, hs
    csrw mepc, t0
    li a0, 0x40000000
    li a1, 0x40001000
    li a5, 5
    li a6, 6
    li a7, 0x40000000 >> 2
    li s7, 0x40001000 >> 2
    mret
hs:
    BODY
    j .
    .balign 4
handler:
    j .
    .balign 16384
g_root: .zero 16384
other_g_root: .zero 16384
root: .zero 4096
other_root: .zero 4096
middle: .zero 4096
other_middle: .zero 4096
low: .zero 4096
other_low: .zero 4096
g_middle: .zero 4096
g_low: .zero 4096
page_a: .zero 4096
page_b: .zero 4096
"""
LEAF = "entry low, 0, page_b, LEAF | FLAGS"
GUEST_LEAF = "entry g_low, 0, page_b, LEAF_U"
NO_LEAF = "entry low, 0, page_a, 0"
TABLE = "entry middle, 0, other_low, V"
ROOT = "atp satp, other_root, 5"
SINGLE, VS, G = "ld s1, (a0)", "hlv.d s1, (a0)", "hlv.d s1, (a1)"


@cache
def recorded(*body, flags=0):
    segments = assemble(PROGRAM.replace("BODY", "\n".join(body)).replace("FLAGS", str(flags)))
    return segments, Recorder(segments).run()


def accesses(records, kind):
    """The indices of the loads (1) or stores (2) at the addresses that the tests are about."""
    return [i for i, r in enumerate(records) if r["memory"] == kind and 0x4000_0000 <= r["gva"] < 0x4100_0000]


def with_old_page(access, change, fence="", flags=0):
    """The verdict on a program whose last access goes where its first went, as if `change` had not yet been seen."""
    segments, records = recorded(access, change, fence, access, flags=flags)
    first, last = accesses(records, 1)
    old, new = records[first], records[last]
    assert old["data"] == 0x11 and new["data"] == 0x22
    changed = [*records[:last], new | {key: old[key] for key in ("hpa", "data", "rd_value")}, *records[last + 1:]]
    found = verdict(segments, changed)
    assert found == len(records) or (found.what, found.count) == ("register", last)
    return not isinstance(found, Difference)


CHANGES = [(SINGLE, LEAF), (SINGLE, TABLE), (SINGLE, ROOT), (VS, LEAF), (VS, TABLE), (G, GUEST_LEAF),
           (VS, "atp vsatp, other_root, 5")]


@pytest.mark.parametrize("access, change", CHANGES)
def test_the_old_translation_may_be_used_until_a_fence(access, change):
    assert with_old_page(access, change)


@pytest.mark.parametrize("access, change", CHANGES)
def test_the_new_translation_may_be_used_before_a_fence(access, change):
    segments, records = recorded(access, change, access)
    assert verdict(segments, records) == len(records)


FENCES = [
    (SINGLE, LEAF, 0, "sfence.vma a0, a5", "sfence.vma a1, a5"),
    (SINGLE, LEAF, 0, "sfence.vma x0, a5", "sfence.vma x0, a6"),
    (SINGLE, LEAF, 0x20, "sfence.vma a0, x0", "sfence.vma a0, a5"),
    (SINGLE, TABLE, 0, "sfence.vma x0, x0", "sfence.vma a0, x0"),
    (SINGLE, ROOT, 0, "sfence.vma x0, a5", "sfence.vma a0, a5"),
    (SINGLE, LEAF, 0, "sfence.vma", "hfence.vvma"),
    (VS, LEAF, 0, "hfence.vvma a0, a5", "hfence.vvma a0, a6"),
    (VS, LEAF, 0, "hfence.vvma", "sfence.vma"),
    (VS, TABLE, 0, "hfence.vvma", "hfence.gvma"),
    (VS, LEAF, 0, "hfence.vvma", "atp hgatp, g_root, 8\nhfence.vvma\natp hgatp, g_root, 9"),
    (G, GUEST_LEAF, 0, "hfence.gvma", "hfence.vvma"),
    (G, GUEST_LEAF, 0, "hfence.gvma a7, x0", "hfence.gvma s7, x0"),
    (G, GUEST_LEAF, 0, "li t0, 9\nhfence.gvma a7, t0", "hfence.gvma a7, a5"),
]


@pytest.mark.parametrize("access, change, flags, fence, other", FENCES)
def test_a_fence_ends_what_it_names_and_nothing_else(access, change, flags, fence, other):
    assert not with_old_page(access, change, fence, flags=flags)
    assert with_old_page(access, change, other, flags=flags)


def test_another_address_space_has_not_had_the_old_root():
    assert not with_old_page(SINGLE, "atp satp, other_root, 6")


def test_a_page_that_was_never_there_is_reported():
    segments, records = recorded(SINGLE, LEAF, SINGLE)
    last = accesses(records, 1)[-1]
    records = [*records[:last], records[last] | {"hpa": BASE, "data": 0x11, "rd_value": 0x11}, *records[last + 1:]]
    assert verdict(segments, records).what == "register"


def test_a_store_may_go_to_the_old_page_and_then_leaves_the_new_one_alone():
    segments, records = recorded(SINGLE, LEAF, "sd a5, (a0)", "sfence.vma", SINGLE)
    old, new = (records[i] for i in accesses(records, 1))
    [store] = accesses(records, 2)
    stale = records[store] | {"hpa": old["hpa"]}
    untouched = new | {"data": 0x22, "rd_value": 0x22}
    at = records.index(new)
    assert verdict(segments, [*records[:store], stale, *records[store + 1:at], untouched, *records[at + 1:]]) \
        == len(records)
    assert verdict(segments, [*records[:store], stale, *records[store + 1:]]).what == "register"


def test_code_may_still_come_from_the_old_page():
    segments, records = recorded(
        "la t0, page_a", "li t1, 0x00100493", "sw t1, (t0)", "la t0, page_b", "li t1, 0x00200493", "sw t1, (t0)",
        "li t2, 0x00008067", "sw t2, 4(t0)", "la t0, page_a", "sw t2, 4(t0)", "fence.i",
        "jalr a0", LEAF, "jalr a0")
    first, last = (i for i, r in enumerate(records) if r["pc"] == 0x4000_0000)
    stale = records[last] | {key: records[first][key] for key in ("bits", "rd_value")}
    assert (records[last]["rd_value"], stale["rd_value"]) == (2, 1)
    assert verdict(segments, [*records[:last], stale, *records[last + 1:]]) == len(records)


def test_a_page_that_is_gone_may_still_be_there_until_a_fence():
    segments, records = recorded(SINGLE, NO_LEAF, SINGLE)
    assert verdict(segments, records) == len(records)
    before = records[accesses(records, 1)[0]]
    gone = next(i for i, r in enumerate(records) if r["trapped"])
    pc = records[gone]["pc"]
    still_there = before | {"pc": pc, "next_pc": pc + before["next_pc"] - before["pc"]}
    assert verdict(segments, [*records[:gone], still_there]) == gone + 1


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma a0, a5", False)])
def test_a_page_that_is_new_may_be_missing_until_a_fence(fence, accepted):
    segments, records = recorded(SINGLE, NO_LEAF, "sfence.vma", LEAF, fence, SINGLE)
    handler = next(r["csr_value"] for r in records if r["csr"] == 0x305)
    there = accesses(records, 1)[-1]
    kept = {key: records[there][key] for key in ("cycle", "pc", "bits", "mode", "mip", "time")}
    missing = dict.fromkeys(records[there], 0) | kept | {
        "trapped": 1, "code": 13, "tval": 0x4000_0000, "mode_after": 3, "next_pc": handler}
    found = verdict(segments, [*records[:there], missing])
    assert found == there + 1 if accepted else found.what == "next pc"


READ_ONLY = "entry low, 0, page_a, LEAF & ~4"
STORE = "sd a5, (a0)"


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma a1, a5", True), ("sfence.vma a0, a5", False)])
def test_a_right_that_is_gone_may_still_be_there_until_a_fence(fence, accepted):
    segments, records = recorded(STORE, READ_ONLY, fence, STORE)
    before = records[accesses(records, 2)[0]]
    gone = next(i for i, r in enumerate(records) if r["trapped"])
    assert records[gone]["code"] == 15
    pc = records[gone]["pc"]
    still_there = before | {"pc": pc, "next_pc": pc + before["next_pc"] - before["pc"]}
    found = verdict(segments, [*records[:gone], still_there])
    assert found == gone + 1 if accepted else found.what == "next pc"


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma x0, a6", True), ("sfence.vma x0, a5", False)])
def test_a_right_that_is_new_may_be_missing_until_a_fence(fence, accepted):
    segments, records = recorded(READ_ONLY, "sfence.vma", LEAF, fence, STORE)
    handler = next(r["csr_value"] for r in records if r["csr"] == 0x305)
    [there] = accesses(records, 2)
    kept = {key: records[there][key] for key in ("cycle", "pc", "bits", "mode", "mip", "time")}
    missing = dict.fromkeys(records[there], 0) | kept | {
        "trapped": 1, "code": 15, "tval": 0x4000_0000, "mode_after": 3, "next_pc": handler}
    found = verdict(segments, [*records[:there], missing])
    assert found == there + 1 if accepted else found.what == "next pc"


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma x0, a6", True), ("sfence.vma", False)])
def test_a_global_mapping_of_another_address_space_may_be_used(fence, accepted):
    assert with_old_page(SINGLE, "atp satp, other_root, 6", fence, flags=0x20) == accepted
    assert not with_old_page(SINGLE, "atp satp, other_root, 6", fence)


def test_a_fence_of_an_address_space_spares_global_mappings_of_a_root_that_it_had():
    assert with_old_page(SINGLE, ROOT, "sfence.vma x0, a5", flags=0x20)
    assert not with_old_page(SINGLE, ROOT, "sfence.vma x0, a5")
    assert not with_old_page(SINGLE, ROOT, "sfence.vma", flags=0x20)


AWAY, HOME = "atp hgatp, g_root, 8", "atp hgatp, g_root, 9"


@pytest.mark.parametrize("fences, accepted", [
    (("", ""), True), (("hfence.vvma", ""), True), (("", "hfence.vvma"), False), (("", "hfence.vvma a0, a6"), True)])
def test_a_guest_that_was_left_may_come_back_to_the_root_that_it_had(fences, accepted):
    there, back = fences
    change = f"{AWAY}\natp vsatp, other_root, 5\n{there}\n{HOME}"
    assert with_old_page(VS, change, back) == accepted


@pytest.mark.parametrize("fence, accepted", [("", True), ("hfence.vvma\nhfence.gvma", False)])
def test_what_explains_an_access_is_one_value_of_each_entry_where_that_is_enough(fence, accepted):
    # By the root that the guest had in between the new page leads to the old one; its tables are not there.
    other = """
        entry other_g_root, 2, other_middle, V
        entry other_middle, 0, other_low, V
        la t0, page_b
        srli t0, t0, 12
        andi t0, t0, 511
        slli t0, t0, 3
        la t1, other_low
        add t0, t0, t1
        la t1, page_a
        srli t1, t1, 2
        ori t1, t1, LEAF_U
        sd t1, (t0)
        atp hgatp, other_g_root, 9
    """
    assert with_old_page(VS, f"{other}\n{HOME}\n{LEAF}", fence) == accepted


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma", False)])
def test_code_and_data_of_an_instruction_may_come_by_tables_of_different_age(fence, accepted):
    segments, records = recorded(
        "la t0, page_a", "li t1, 0x00053483", "sw t1, (t0)", "la t0, page_b", "li t1, 0x00053903", "sw t1, (t0)",
        "li t2, 0x00008067", "sw t2, 4(t0)", "la t0, page_a", "sw t2, 4(t0)", "fence.i",
        "jalr a0", TABLE, fence, "jalr a0")
    first, last = (i for i, r in enumerate(records) if r["pc"] == 0x4000_0000)
    assert (records[first]["bits"], records[last]["bits"]) == (0x53483, 0x53903)
    stale = records[last] | {key: records[first][key] for key in ("bits", "rd")}
    found = verdict(segments, [*records[:last], stale])
    assert found == last + 1 if accepted else found.what == "register"


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma", False)])
def test_code_may_still_come_from_the_old_page_where_the_new_entry_leads_to_no_memory(fence, accepted):
    segments, records = recorded(
        "la t0, page_a", "li t1, 0x00128293", "sw t1, (t0)", "li t1, 0x00008067", "sw t1, 4(t0)", "fence.i",
        "jalr a0", "la t0, low", "li t1, 0x40000000cb", "sd t1, (t0)", "mv t0, zero", fence, "jalr a0")
    first, last = (i for i, r in enumerate(records) if r["pc"] == 0x4000_0000)
    assert (records[last]["trapped"], records[last]["code"]) == (1, 1)
    kept = {key: records[last][key] for key in ("cycle", "mip", "time")}
    still = records[first] | kept | {"rd_value": 1}
    found = verdict(segments, [*records[:last], still])
    assert found == last + 1 if accepted else found.what == "next pc"


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma", False)])
def test_the_pages_of_an_access_may_come_by_tables_of_different_age(fence, accepted):
    segments, records = recorded(SINGLE, "li a2, 0x40000ffc", "entry middle, 0, other_middle, V", fence, "ld s1, (a2)")
    last = next(i for i, r in enumerate(records) if r["trapped"])
    assert (records[last]["code"], records[last]["tval"]) == (13, 0x4000_0ffc)
    second = records[last] | {"tval": 0x4000_1000}
    found = verdict(segments, [*records[:last], second])
    assert found == last + 1 if accepted else found.what == "xtval"


HARDWARE_SETS_A, HARDWARE_SETS_NOTHING = "li t0, 1 << 61\ncsrw henvcfg, t0", "csrw henvcfg, zero"
WITHOUT_A, WITH_A = (f"entry other_low, 0, page_a, {flags}" for flags in ("0x0f", "0x4f"))
NEW_ROOT = "atp vsatp, other_root, 5"


@pytest.mark.parametrize("between, accepted", [
    ((NEW_ROOT, VS), True),                         # it may have gone by the old root, and that sets nothing
    ((NEW_ROOT, VS, "hfence.vvma"), True),
    ((NEW_ROOT, "hfence.vvma", VS), False),         # it went by the new one
    ((NEW_ROOT, VS, "hfence.vvma", VS), False),
    ((NEW_ROOT, VS, WITH_A, "hfence.vvma"), False)])
def test_what_an_access_by_the_old_tables_did_not_set_may_be_missing_for_good(between, accepted):
    def program(parts):
        return recorded(HARDWARE_SETS_A, WITHOUT_A, VS, *parts, HARDWARE_SETS_NOTHING, VS)

    segments, records = program(between)
    assert verdict(segments, records) == len(records)
    there = accesses(records, 1)[-1]
    _, others = program({VS: ".4byte 0x13", WITH_A: WITHOUT_A}.get(each, each) for each in between)
    [missing] = [r for r in others if r["trapped"]]
    assert missing["pc"] == records[there]["pc"] and missing["code"] == 13
    kept = {key: records[there][key] for key in ("cycle", "mip", "time")}
    found = verdict(segments, [*records[:there], missing | kept])
    assert found == there + 1 if accepted else found.what == "next pc"


@pytest.mark.parametrize("parts, accepted", [
    ((WITHOUT_A, NEW_ROOT, "hfence.vvma", HARDWARE_SETS_A, HARDWARE_SETS_NOTHING, VS), True),
    ((WITHOUT_A, NEW_ROOT, "hfence.vvma", VS), False),              # nobody ever could
    ((NEW_ROOT, HARDWARE_SETS_A, HARDWARE_SETS_NOTHING, WITHOUT_A, "hfence.vvma", VS), False)])
def test_a_fetch_that_turned_out_to_be_wrong_may_have_set_a(parts, accepted):
    segments, records = recorded(*parts)
    there = next(i for i, r in enumerate(records) if r["trapped"])
    assert records[there]["code"] == 13 and verdict(segments, records) == len(records)
    _, others = recorded(*(WITH_A if each == WITHOUT_A else each for each in parts))
    kept = {key: records[there][key] for key in ("cycle", "mip", "time")}
    found = verdict(segments, [*records[:there], others[there] | kept])
    assert found == there + 1 if accepted else found.what == "next pc"


@pytest.mark.parametrize("fence, accepted", [("", True), ("sfence.vma", False)])
@pytest.mark.parametrize("first_is_old", (True, False))
def test_the_pages_of_an_access_may_come_by_different_values_of_one_entry(first_is_old, fence, accepted):
    across = "ld s1, (a2)"
    segments, records = recorded(
        "entry low, 1, page_b, LEAF", "entry other_low, 1, page_a, LEAF", "sfence.vma", "la t0, page_b", "li t1, 0x33",
        "sw t1, -4(t0)", "li t1, 0x44", "li t2, 4092", "add t0, t0, t2", "sw t1, (t0)", "li a2, 0x40000ffc", across,
        TABLE, fence, across)
    old, new = (records[i] for i in accesses(records, 1))
    assert (old["rd_value"], new["rd_value"]) == (0x22_0000_0033, 0x11_0000_0044)
    one, two = (old, new) if first_is_old else (new, old)
    value = two["rd_value"] >> 32 << 32 | one["rd_value"] & 0xffff_ffff
    mixed = new | {"hpa": one["hpa"], "hpa_next": two["hpa_next"], "rd_value": value, "data": value}
    last = records.index(new)
    found = verdict(segments, [*records[:last], mixed])
    assert found == last + 1 if accepted else found.what == "register"

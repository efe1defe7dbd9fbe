"""Tests of what PMP grants under mseccfg: the manual's truth table, and the Mmu that obeys it (Smepmp)."""

from dataclasses import replace
from itertools import product

import pytest
from amaranth.lib import data
from testbench import truth_table
from unit.mmu.harness import Guest, run
from unit.mmu.model import NAPOT, OFF, Access, Machine, Pmp

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.protection import granted, granted_by_default
from hyacinth.rtl.payloads import Reach

PAGE = 0x8123_4000
ALL = (1 << 54) - 1
MODES = (Mode.M, Mode.HS, Mode.U, Mode.VS, Mode.VU)

# The manual's table of Smepmp in its own words and order: L R W X, then what M-mode may, then S and U.
TABLE = """
    0000  Inaccessible        Inaccessible
    0001  Exception           Execute
    0010  Read/write          Read
    0011  Read/write          Read/write
    0100  Exception           Read
    0101  Exception           Read/Execute
    0110  Exception           Read/Write
    0111  Exception           Read/Write/Execute
    1000  Inaccessible        Inaccessible
    1001  Execute             Exception
    1010  Execute             Execute
    1011  Read/execute        Execute
    1100  Read                Exception
    1101  Read/Execute        Exception
    1110  Read/Write          Exception
    1111  Read                Read
"""
WORDS = {"read": "r", "write": "w", "execute": "x", "inaccessible": "", "exception": ""}


def table():
    """What the table grants, by (L, R, W, X): letters for M-mode, and for the others."""
    for line in TABLE.split("\n")[1:-1]:
        bits, *who = line.split()
        yield tuple(map(int, bits)), tuple("".join(WORDS[word] for word in each.lower().split("/")) for each in who)


GRANTS = dict(table())
ENTRY = data.StructLayout({"r": 1, "w": 1, "x": 1, "l": 1})


def number(letters):
    return sum(1 << "rwx".index(letter) for letter in letters)


@pytest.mark.rule("mml_truth_table", "mseccfg_mml_pmpcfg_L_op", "mseccfg_mml_M_rule_op", "mseccfg_mml_SorU_rule_op",
                  "mseccfg_mml_shared_rule_op", "mseccfg_mml_exec_code")
def test_while_mml_is_set_an_entry_grants_what_the_manuals_table_says():
    rows = [({"l": l, "r": r, "w": w, "x": x}, machine, 1)
            for (l, r, w, x), machine in product(GRANTS, (0, 1))]
    assert len(rows) == 32
    assert truth_table(granted, [ENTRY, 1, 1], rows) == [
        number(GRANTS[entry["l"], entry["r"], entry["w"], entry["x"]][0 if machine else 1])
        for entry, machine, _ in rows]


@pytest.mark.rule("smepmp_no_mml_limit", "smepmp_no_mml_behavior", "smepmp_machine_unlimited", "pmp_rwx_check",
                  "pmp_l_bit_m_mode_enforcement")
def test_while_mml_is_clear_an_entry_binds_m_mode_where_it_is_locked():
    rows = [({"l": l, "r": r, "w": w, "x": x}, machine, 0)
            for (l, r, w, x), machine in product(GRANTS, (0, 1))]
    assert truth_table(granted, [ENTRY, 1, 1], rows) == [
        7 if machine and not entry["l"] else entry["r"] | entry["w"] << 1 | entry["x"] << 2
        for entry, machine, _ in rows]


@pytest.mark.rule("pmp_no_entry_match", "mseccfg_mmwp_op", "mseccfg_mml_exec_code")
def test_where_no_entry_matches_m_mode_is_denied_by_mmwp_and_executes_nothing_by_mml():
    rows = list(product((0, 1), repeat=3))
    assert truth_table(granted_by_default, [1, 1, 1], rows) == [
        0 if not machine or mmwp else 0b011 if mml else 0b111 for machine, mml, mmwp in rows]


# In the Mmu.

def outcomes(machine, accesses):
    """What becomes of each access, twice: on a miss, and once the answer is kept where it can be."""
    results = []

    async def scenario(player):
        for access in (*accesses, *accesses):
            await player.check(access)
            page, fault = player.expect(access)
            results.append(page[0] if page else fault[0])
    run(scenario, machine, pmp_entries=16)
    assert results[:len(accesses)] == results[len(accesses):]
    return results[:len(accesses)]


FAULT = {Reach.FETCH: 1, Reach.LOAD: 5, Reach.STORE: 7}
REACHES = {Reach.FETCH: "x", Reach.LOAD: "r", Reach.STORE: "w"}


@pytest.mark.rule("mml_truth_table", "pmp_access_fault_exception")
@pytest.mark.parametrize("lrwx", GRANTS, ids=lambda lrwx: "".join(map(str, lrwx)))
def test_every_kind_of_entry_in_every_mode_for_every_access(lrwx):
    l, r, w, x = lrwx
    machine = Machine(pmp=(Pmp(PAGE >> 2 | 0x1ff, NAPOT, r, w, x, l),), mml=1)
    accesses = [Access(PAGE, mode, reach) for mode, reach in product(MODES, Reach)]
    assert outcomes(machine, accesses) == [
        PAGE if REACHES[each.reach] in GRANTS[lrwx][0 if each.mode == Mode.M else 1] else FAULT[each.reach]
        for each in accesses]


@pytest.mark.rule("mseccfg_mmwp_op", "mseccfg_mml_exec_code")
@pytest.mark.parametrize("mml, mmwp", [*product((0, 1), repeat=2)])
def test_memory_that_no_entry_names(mml, mmwp):
    machine = Machine(pmp=(Pmp(PAGE >> 2 | 0x1ff, NAPOT, 1, 1, 1),), mml=mml, mmwp=mmwp)
    accesses = [Access(PAGE + 0x1000, Mode.M, reach) for reach in Reach]
    assert outcomes(machine, accesses) == [
        FAULT[each.reach] if mmwp or mml and each.reach == Reach.FETCH else PAGE + 0x1000 for each in accesses]


@pytest.mark.rule("mseccfg_mmwp_op")
@pytest.mark.parametrize("pmp", ((), (Pmp(0, OFF),)), ids=("none", "off"))
def test_mmwp_denies_m_mode_all_where_every_entry_is_off(pmp):
    machine = Machine(pmp=pmp or (Pmp(),), mmwp=1)
    assert outcomes(machine, [Access(PAGE, Mode.M, reach) for reach in Reach]) == [1, 5, 7]


@pytest.mark.rule("pmp_check_pagetable_access", "mseccfg_mml_M_rule_op", "mseccfg_mml_SorU_rule_op")
@pytest.mark.parametrize("entry, reads", (((1, 1, 0, 0), False), ((1, 1, 1, 0), False), ((0, 1, 0, 0), True),
                                          ((0, 0, 1, 0), True), ((1, 1, 1, 1), True), ((1, 0, 1, 1), False)),
                         ids=lambda value: str(value))
def test_the_walker_reads_tables_as_s_mode_whatever_mode_asks(entry, reads):
    """A page table in memory that is M-mode's alone cannot be walked; one that S-mode may read can."""
    guest = Guest(8, 8)
    va, gpa = 0x12_3456_7000, 0x5_1234_5000
    guest.map_guest(gpa, PAGE, 0)
    places = guest.map(va, gpa, 0)
    l, r, w, x = entry
    table_page = Pmp(places[-1] >> 2 & ~0x1ff | 0x1ff, NAPOT, r, w, x, l)
    guest.machine.pmp, guest.machine.mml = (table_page, Pmp(ALL, NAPOT, 0, 1, 1)), 1
    accesses = [Access(va, Mode.VS), Access(va, Mode.VS, Reach.STORE), Access(va, Mode.VU, sum=1)]
    assert outcomes(guest.machine, accesses)[:2] == ([PAGE, PAGE] if reads else [5, 7])


@pytest.mark.rule("hlsv_u_op", "mml_truth_table")
def test_hlvx_reads_where_the_table_lets_s_mode_both_read_and_execute():
    for l, r, w, x in GRANTS:
        machine = Machine(pmp=(Pmp(PAGE >> 2 | 0x1ff, NAPOT, r, w, x, l),), mml=1)
        may = {"r", "x"} <= set(GRANTS[l, r, w, x][1])
        assert outcomes(machine, [Access(PAGE, Mode.VS, hlvx=1)]) == [PAGE if may else 5]


def test_what_was_kept_before_mml_is_not_used_after_it():
    machine = Machine(pmp=(Pmp(PAGE >> 2 | 0x1ff, NAPOT, 1, 1, 1),))
    accesses = [Access(PAGE, mode, reach) for mode, reach in product(MODES, Reach)]

    async def scenario(player):
        for access in accesses:
            await player.check(access)
        for changes in ({"mml": 1}, {"mml": 1, "mmwp": 1, "pmp": (Pmp(),)}):
            player.machine = changed = replace(machine, **changes)
            await player.flush_all()
            for access in accesses:
                refused = access.mode == Mode.M or "pmp" in changes
                assert (await player.check(access) == "fault") == refused, (access, changed)
    run(scenario, machine, pmp_entries=16)

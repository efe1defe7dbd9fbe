"""Tests of what an entry of a table says to an access, against the manual's steps in the words of plain numbers."""

import random
from itertools import product

import pytest
from testbench import Bench, assert_exports, truth_table

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.pte import Judge, demanded
from hyacinth.rtl.mmu.refusal import Refusal
from hyacinth.rtl.payloads import Context, Reach

from .model import PPN_SHIFT, A, D, N, R, U, V, W, X

PBMT_SHIFT = 61
FLAGS = (V | R | W | X | A | D, V | R | A | D, V | X | A | D, V | R | W | A | D, V, V | R | X | A)
TURNED = (*range(8), *range(8), 10, 13, 18, 19, 27, 28, 36, 37, 45, 46, 53, *range(54, 64))
"""Bits of an entry of which one or two are turned around."""
ELSEWHERE = {Refusal.RANGE, Refusal.PROTECTION, Refusal.ABSENT}
"""What is found without looking at an entry."""


def reason(entry, level, demand, pbmte, adue):
    """Why an entry refuses, in the order of the manual's steps."""
    leaf, ppn, pbmt = entry & (R | X), entry >> PPN_SHIFT & (1 << 44) - 1, entry >> PBMT_SHIFT & 3
    store = demand["w"]
    wanted = demand["r"] and entry & R or demand["w"] and entry & W or demand["x"] and entry & X
    for bad, why in (
        (not entry & V, Refusal.INVALID),
        (entry >> 54 & 127 or entry & (R | W) == W or not leaf and entry & (A | D | U), Refusal.RESERVED),
        (entry & N and (not leaf or ppn & 15 != 8), Refusal.NAPOT),
        (pbmt and (not pbmte or not leaf or pbmt == 3), Refusal.MEMORY_TYPE),
        (not leaf and level == 0, Refusal.NO_LEAF),
        (leaf and ppn & (1 << 9 * level) - 1, Refusal.MISALIGNED),
        (leaf and demand["supervisor" if entry & U else "user"], Refusal.USER),
        (leaf and not wanted, Refusal.PERMISSION),
        (leaf and not adue and not entry & A, Refusal.ACCESSED),
        (leaf and not adue and store and not entry & D, Refusal.DIRTY),
    ):
        if bad:
            return why
    return Refusal.NONE


def entries(chooser, count):
    """Entries of which few bits are wrong, levels, and what is asked of them."""
    for _ in range(count):
        level = chooser.choice((0, 0, 1, 2, 3, 4))
        entry = chooser.choice(FLAGS)
        entry |= chooser.choice((0, U)) if entry & (R | X) else 0
        entry |= chooser.getrandbits(44) >> 9 * level << 9 * level + PPN_SHIFT & (1 << 54) - 1
        if level == 0 and chooser.random() < .2:
            entry = entry & ~(15 << PPN_SHIFT) | 8 << PPN_SHIFT | N
        if chooser.random() < .2:
            entry |= chooser.choice((1, 2, 3)) << PBMT_SHIFT
        for _ in range(chooser.choice((0, 0, 0, 1, 1, 2))):
            entry ^= 1 << chooser.choice(TURNED)
        store = chooser.random() < .3
        reads = not store and chooser.random() < .6
        demand = {"w": store, "r": reads, "x": not store and (not reads or chooser.random() < .3),
                  "user": 0, "supervisor": 0} | {chooser.choice(("user", "supervisor", "w" if store else "user")): 1}
        if chooser.random() < .3:
            demand["user"] = demand["supervisor"] = 0
        yield entry, level, demand, chooser.getrandbits(64)


@pytest.mark.parametrize("config", [FULL, FULL.without("svnapot"), FULL.without("svpbmt"), FULL.without("svadu")],
                         ids=["full", "no-svnapot", "no-svpbmt", "no-svadu"])
@pytest.mark.rule("Sv39_pte_svnapot_rsv", "Sv39_pte_svpbmt_rsv", "Sv39_pte_future_rsv", "Sv39_superpage_align_fault",
                  "Svpbmt_leaf_pte_pbmt_reserved_3_fault", "Svpbmt_nonleaf_pte_pbmt_must_be_zero",
                  "Svnapot_reserved_encoding_fault")
def test_an_entry_is_judged_in_the_manuals_order(config):
    dut, chooser, seen = Judge(config), random.Random(1), set()

    async def process(ctx):
        for entry, level, demand, target in entries(chooser, 3000):
            pbmte, adue = chooser.randrange(2), chooser.randrange(2)
            if not config.has("svnapot"):
                entry &= ~N
            if not config.has("svpbmt"):
                pbmte = 0
            if not config.has("svadu"):
                adue = 0
            for port, value in (("pte", entry), ("level", level), ("target", target), ("pbmte", pbmte), ("adue", adue)):
                ctx.set(dut.pte.as_value() if port == "pte" else getattr(dut, port), value)
            ctx.set(dut.demand, demand)
            await ctx.delay(1e-9)
            why, what = reason(entry, level, demand, pbmte, adue), hex(entry)
            seen.add(why)
            assert (Refusal(ctx.get(dut.reason)), ctx.get(dut.refused)) == (why, why != Refusal.NONE), what
            leaf = bool(entry & (R | X))
            assert ctx.get(dut.leaf) == leaf
            if why == Refusal.NONE:
                lacks = leaf and adue and (not entry & A or demand["w"] and not entry & D)
                assert ctx.get(dut.lacks) == bool(lacks), what
                assert ctx.get(dut.updated) == entry & 255 | A | (D if demand["w"] else 0), what
                if leaf:
                    within = (1 << 12 + (4 if entry & N else 9 * level)) - 1
                    assert ctx.get(dut.page) == (entry >> PPN_SHIFT & (1 << 44) - 1) << 12 & ~within | target & within
                    assert ctx.get(dut.napot) == bool(entry & N)
                    assert ctx.get(dut.uncached) == bool(entry >> PBMT_SHIFT & 3), what

    Bench(dut, deadline=10_000).run(process)
    if config == FULL:
        assert seen == {*Refusal} - ELSEWHERE


@pytest.mark.rule("H_vm_gpapriv", "vsstatus_mxr_vm", "sstatus_mxr_op", "sstatus_sum_op", "mstatus_mxr_op",
                  "mstatus_sum_op")
def test_a_leaf_is_asked_for_what_its_stage_must_grant():
    fields = (Mode, Reach, (0, 1), (0, 1), (0, 1), (0, 1), (0, 1))
    rows = [row for row in product(*fields) if not row[2] or row[1] == Reach.LOAD]
    contexts = [({"mode": mode, "reach": reach, "hlvx": hlvx, "sum": sum_, "mxr": mxr, "vs_mxr": vs_mxr}, guest)
                for mode, reach, hlvx, sum_, mxr, vs_mxr, guest in rows]
    for (mode, reach, hlvx, sum_, mxr, vs_mxr, guest), demand in zip(
            rows, truth_table(demanded, (Context, 1), contexts), strict=True):
        load, is_user = reach == Reach.LOAD, mode in (Mode.U, Mode.VU)
        assert {name: demand[name] for name in ("r", "w", "x", "user", "supervisor")} == {
            "r": load and not hlvx, "w": reach == Reach.STORE,
            "x": reach == Reach.FETCH or load and bool(hlvx or mxr or vs_mxr and not guest),
            "user": bool(guest) or is_user,
            "supervisor": not guest and not is_user and not (sum_ and reach != Reach.FETCH)}, (mode, reach, guest)


def test_it_exports():
    assert_exports(Judge(FULL))


def test_no_two_reasons_have_one_number():
    assert len({*Refusal}) == len(Refusal.__members__)

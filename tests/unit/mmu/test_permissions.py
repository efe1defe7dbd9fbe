"""The one rule of permission, against the manual's sentences told another way: every context, many sets of rights."""

import random
from itertools import product

import pytest
from testbench import truth_table

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.mmu.permissions import (
    Rights,
    allowed,
    by_reach,
    first_stage_allows,
    g_stage_allows,
    memory_allows,
    user_allows,
)
from hyacinth.rtl.payloads import Context, Reach

BITS, GUEST_MODES = (0, 1), (Mode.VS, Mode.VU)


def legal(mode, reach, hlvx, vs_mxr):
    """HLVX is a load with V=1, and vsstatus.MXR matters where V=1."""
    return (not hlvx or reach == Reach.LOAD and mode in GUEST_MODES) and (not vs_mxr or mode in GUEST_MODES)


CONTEXTS = [{"mode": mode, "reach": reach, "hlvx": hlvx, "sum": sum_, "mxr": mxr, "vs_mxr": vs_mxr}
            for mode, reach, hlvx, sum_, mxr, vs_mxr in product(Mode, Reach, BITS, BITS, BITS, BITS)
            if legal(mode, reach, hlvx, vs_mxr)]


def asked(context):
    """The letters that an access asks of a stage without any MXR: HLVX is a fetch in all but its name."""
    return "X" if context["hlvx"] else {Reach.FETCH: "X", Reach.LOAD: "R", Reach.STORE: "W"}[context["reach"]]


def grants(letters, context, mxrs):
    """Whether a stage with `letters` allows `context`; `mxrs` are the MXR bits that speak at this stage."""
    widened = letters | ({"R"} if "X" in letters and any(context[mxr] for mxr in mxrs) else set())
    return int(asked(context) in widened)


def letters(r, w, x):
    return {letter for letter, bit in zip("RWX", (r, w, x), strict=True) if bit}


RIGHTS = list(product(BITS, repeat=3))


@pytest.mark.parametrize("function, mxrs", [(first_stage_allows, ("mxr", "vs_mxr")), (g_stage_allows, ("mxr",))],
                         ids=("vs-stage", "g-stage"))
def test_a_stage_grants_what_is_asked_and_only_the_mxr_that_speaks_there_widens_it(function, mxrs):
    rows = [(context, *rwx) for context in CONTEXTS for rwx in RIGHTS]
    assert truth_table(function, [Context, 1, 1, 1], rows) == [
        grants(letters(*rwx), context, mxrs) for context, *rwx in rows]


@pytest.mark.rule("sstatus_mxr_op")
def test_physical_memory_grants_no_load_for_mxr_and_hlvx_only_with_read_and_execute():
    rows = [(context, *rwx) for context in CONTEXTS for rwx in RIGHTS]
    needs = [{"R", "X"} if context["hlvx"] else {asked(context)} for context, *_ in rows]
    assert truth_table(memory_allows, [Context, 1, 1, 1], rows) == [
        int(need <= letters(*rwx)) for need, (_, *rwx) in zip(needs, rows, strict=True)]


def test_u_binds_users_to_user_pages_and_supervisors_to_others_but_for_sum():
    rows = [(context, u) for context in CONTEXTS if context["mode"] != Mode.M for u in BITS]

    def expected(context, u):
        if context["mode"] in (Mode.U, Mode.VU):
            return u
        return 1 if not u else int(context["sum"] and context["reach"] != Reach.FETCH)
    assert truth_table(user_allows, [Context, 1], rows) == [expected(*row) for row in rows]


@pytest.mark.parametrize("reach", Reach)
def test_each_kind_of_access_has_its_own_bit(reach):
    rows = [(reach, *rwx) for rwx in RIGHTS]
    assert truth_table(by_reach, [2, 1, 1, 1], rows) == [
        int({Reach.FETCH: "X", Reach.LOAD: "R", Reach.STORE: "W"}[reach] in letters(*rwx)) for rwx in RIGHTS]


def whole(context, rights):
    """The four checks together, as the walk makes them one after the other."""
    def of(stage):
        return letters(*(rights[f"{stage}_{letter}"] for letter in "rwx"))
    user = context["mode"] in (Mode.U, Mode.VU)
    u_suits = rights["s_off"] or (rights["s_u"] if user else not rights["s_u"]
                                  or context["sum"] and context["reach"] != Reach.FETCH)
    need = {"R", "X"} if context["hlvx"] else {asked(context)}
    return int(bool(u_suits) and grants(of("s"), context, ("mxr", "vs_mxr")) and grants(of("g"), context, ("mxr",))
               and need <= of("p"))


def test_an_access_is_allowed_where_both_stages_u_and_physical_memory_all_allow_it():
    chooser, names = random.Random(1), tuple(Rights.as_shape().members)
    rows = []
    for context in CONTEXTS:
        # All granted, each bit of all missing alone, and some of chance: so that no term hides another.
        full = dict.fromkeys(names, 1)
        rows += [(context, full | {"s_u": u, "s_off": off}) for u, off in product(BITS, BITS)]
        rows += [(context, full | {"s_u": int(context["mode"] in (Mode.U, Mode.VU)), "s_off": 0, name: 0})
                 for name in names]
        rows += [(context, {name: chooser.randrange(2) for name in names}) for _ in range(20)]
    answers = [whole(*row) for row in rows]
    assert truth_table(allowed, [Context, Rights], rows) == answers
    assert {0, 1} == set(answers)


@pytest.mark.rule("sstatus_sum_op")
@pytest.mark.rule("mstatus_sum_op_no-vm")
def test_a_stage_that_is_off_grants_everything_whatever_u_says():
    rows = [(context, dict.fromkeys(Rights.as_shape().members, 1) | {"s_off": 1, "s_u": u})
            for context in CONTEXTS for u in BITS]
    assert set(truth_table(allowed, [Context, Rights], rows)) == {1}

"""On whose behalf memory is reached: MPRV, MPP, MPV, SPVP, SUM and MXR."""

import random
from itertools import product

import pytest
from amaranth.hdl import Signal, Value
from amaranth.lib import data
from testbench import truth_table

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import Context, Reach
from hyacinth.rtl.pipeline.context import data_context, fetch_context
from hyacinth.rtl.ports import CsrStatus

LAYOUT = data.Layout.cast(CsrStatus)


def bits(**fields):
    return LAYOUT.const(fields).as_value().value


def contexts(function, rows):
    """`function(status, …)` of the rows, as dicts."""
    results = truth_table(lambda status, *rest: function(CsrStatus(Value.cast(status)), *rest).as_value(),
                          [len(Signal(CsrStatus).as_value()), Reach, 1, 1], rows)
    layout = data.Layout.cast(Context)
    found = []
    for result in results:
        const = layout.from_bits(result)
        found.append({name: int(const[name]) for name, _ in layout})
    return found


def of_data(hlsv=0, hlvx=0, reach=Reach.LOAD, **status):
    (context,) = contexts(data_context, [(bits(**status), reach, hlsv, hlvx)])
    return context


def test_a_context_is_that_of_the_current_mode():
    assert [of_data(mode=mode, mpp=0, mpv=1, spvp=1)["mode"] for mode in Mode] == list(Mode)


@pytest.mark.rule("mstatus_mprv_ldst_op")
def test_mprv_takes_mpp_and_mpv_in_m_mode():
    modes = {(0, 0): Mode.U, (1, 0): Mode.HS, (3, 0): Mode.M, (0, 1): Mode.VU, (1, 1): Mode.VS}
    for (mpp, mpv), mode in modes.items():
        assert of_data(mode=Mode.M, mprv=1, mpp=mpp, mpv=mpv)["mode"] == mode
        assert of_data(mode=Mode.M, mprv=0, mpp=mpp, mpv=mpv)["mode"] == Mode.M


def test_mprv_says_nothing_outside_m_mode():
    assert of_data(mode=Mode.HS, mprv=1, mpp=3)["mode"] == Mode.HS


def test_mpv_says_nothing_where_mpp_is_m():
    assert of_data(mode=Mode.M, mprv=1, mpp=3, mpv=1)["mode"] == Mode.M


@pytest.mark.rule("hlsv_priv", "mstatus_mprv_hlsv")
def test_hlv_and_hsv_are_made_as_if_by_the_guest_at_the_privilege_of_spvp():
    for mode, spvp, mprv in product((Mode.U, Mode.HS, Mode.M), (0, 1), (0, 1)):
        context = of_data(hlsv=1, mode=mode, spvp=spvp, mprv=mprv, mpp=3, mpv=0)
        assert context["mode"] == (Mode.VS if spvp else Mode.VU)


def test_the_override_of_hlv_ends_with_it():
    assert of_data(hlsv=0, mode=Mode.HS, spvp=1)["mode"] == Mode.HS


def test_sum_is_that_of_the_effective_v():
    for sum, vs_sum in ((0, 1), (1, 0)):
        assert of_data(mode=Mode.HS, sum=sum, vs_sum=vs_sum)["sum"] == sum
        assert of_data(mode=Mode.VS, sum=sum, vs_sum=vs_sum)["sum"] == vs_sum
        assert of_data(hlsv=1, mode=Mode.HS, spvp=1, sum=sum, vs_sum=vs_sum)["sum"] == vs_sum
        assert of_data(mode=Mode.M, mprv=1, mpp=1, mpv=1, sum=sum, vs_sum=vs_sum)["sum"] == vs_sum
        assert of_data(mode=Mode.M, mprv=1, mpp=1, mpv=0, sum=sum, vs_sum=vs_sum)["sum"] == sum


def test_mxr_of_vsstatus_counts_with_effective_v_alone_and_that_of_sstatus_always():
    for mode, hlsv, v in ((Mode.HS, 0, 0), (Mode.HS, 1, 1), (Mode.VS, 0, 1), (Mode.VU, 0, 1), (Mode.U, 0, 0)):
        context = of_data(mode=mode, hlsv=hlsv, vs_mxr=1)
        assert (context["mxr"], context["vs_mxr"]) == (0, v)
        assert of_data(mode=mode, hlsv=hlsv, mxr=1)["mxr"] == 1


def test_reach_and_hlvx_are_those_of_the_instruction():
    for reach, hlvx in product(Reach, (0, 1)):
        context = of_data(hlvx=hlvx, reach=reach, mode=Mode.HS)
        assert (context["reach"], context["hlvx"]) == (reach, hlvx)


@pytest.mark.rule("mstatus_mprv_inst_xlat_op")
def test_a_fetch_looks_at_the_mode_alone():
    chooser = random.Random(1)
    rows = []
    for mode in Mode:
        fields = {name: chooser.randrange(2) for name, _ in LAYOUT} | {"mode": mode, "mprv": 1, "mpp": 1, "mpv": 1}
        rows.append((bits(**fields), Reach.LOAD, 1, 1))
    found = contexts(lambda status, *_: fetch_context(status), rows)
    assert found == [{"mode": mode, "reach": Reach.FETCH, "hlvx": 0, "sum": 0, "mxr": 0, "vs_mxr": 0} for mode in Mode]

"""Pointer masking: whose register counts, and what becomes of an address."""

from itertools import product
from random import Random

import pytest
from amaranth.hdl import Cat, Signal, Value
from amaranth.lib import data
from testbench import truth_table

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.pipeline.context import data_mode
from hyacinth.rtl.pipeline.masking import Masking, data_masking, masked
from hyacinth.rtl.ports import CsrStatus

LAYOUT = data.Layout.cast(CsrStatus)
REGISTERS = ("mseccfg_pmm", "menvcfg_pmm", "senvcfg_pmm", "henvcfg_pmm", "hupmm")
ALL = (1 << 64) - 1


def maskings(rows):
    """The Masking of each (status fields, hlsv), as (seven, nine, sign)."""
    def function(status, hlsv):
        status = CsrStatus(Value.cast(status))
        return data_masking(status, data_mode(status, hlsv), hlsv).as_value()
    results = truth_table(function, [len(Signal(CsrStatus).as_value()), 1],
                          [(LAYOUT.const(status).as_value().value, hlsv) for status, hlsv in rows])
    return [(result & 1, result >> 1 & 1, result >> 2) for result in results]


@pytest.mark.rule("pm_ignore_va", "pm_ignore_pa", "pm_ignore_upper_bits", "pm_deterministic_effect",
                  "pmlen_supported_values")
def test_masked_bits_are_copies_of_the_bit_below_or_zeros_and_the_others_stay():
    random = Random(1)
    addresses = [0, ALL, *(1 << n for n in range(64)), *(ALL ^ 1 << n for n in range(64)),
                 *(random.getrandbits(64) for _ in range(100))]
    rows = [(address, *masking) for address in addresses
            for masking in ((0, 0, 0), (0, 0, 1), (1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 1, 1))]
    expected = []
    for address, seven, nine, sign in rows:
        pmlen = 16 if nine else 7 if seven else 0
        kept = address & ALL >> pmlen
        expected.append(kept | (ALL << 64 - pmlen & ALL if pmlen and sign and kept >> 63 - pmlen else 0))
    results = truth_table(lambda address, *fields: masked(address, Masking(Cat(*fields))), [64, 1, 1, 1], rows)
    assert results == expected


def governing(status, hlsv):
    """By the manual: which register says it, and whether MXR turns it off."""
    mode = status["mode"]
    if hlsv:
        effective = Mode.VS if status["spvp"] else Mode.VU
    elif mode == Mode.M and status["mprv"]:
        effective = Mode(status["mpp"] | (status["mpv"] << 2 if status["mpp"] != 3 else 0))
    else:
        effective = mode
    virtual = effective >= Mode.VU
    register = {Mode.M: "mseccfg_pmm", Mode.HS: "menvcfg_pmm", Mode.U: "senvcfg_pmm", Mode.VS: "henvcfg_pmm",
                Mode.VU: "hupmm" if hlsv and mode == Mode.U else "senvcfg_pmm"}[effective]
    off = effective != Mode.M and (status["mxr"] or virtual and status["vs_mxr"])
    paged = effective != Mode.M and status["vs_paged" if virtual else "paged"]
    return register, off, paged


@pytest.mark.rule("pm_per_mode_control", "pm_auto_apply_active_mode", "pm_config_next_higher", "pm_mprv_spvp",
                  "pm_mxr_exception", "pm_mode_only_dependency", "pm_all_priv_modes")
def test_the_register_of_the_effective_mode_alone_counts():
    rows, expected = [], []
    settings = [{"mprv": 0, "mpp": 0, "mpv": 0}, *({"mprv": 1, "mpp": mpp, "mpv": mpv}
                                                   for mpp in (0, 1, 3) for mpv in (0, 1))]
    for mode, setting, spvp, mxr, vs_mxr, paged, vs_paged in product(Mode, settings, *[(0, 1)] * 5):
        status = {"mode": mode, "spvp": spvp, "mxr": mxr, "vs_mxr": vs_mxr, "paged": paged, "vs_paged": vs_paged,
                  **setting}
        for hlsv in (0, 1) if mode < Mode.VU else (0,):
            register, off, sign = governing(status, hlsv)
            for pmm, others in ((0, 3), (2, 0), (3, 0)):
                fields = {name: pmm if name == register else others for name in REGISTERS}
                rows.append((status | fields, hlsv))
                expected.append((int(pmm > 0 and not off), int(pmm == 3 and not off), sign))
    assert maskings(rows) == expected

"""Tests of the line of a trap report that names the bit which refused an access of a CSR."""

import pytest
from traces import retire

from hyacinth.rtl.isa.csrs import CSRS
from hyacinth.rtl.isa.modes import Mode
from hyacinth.sim.trace.report import Reporter, report

ILLEGAL, VIRTUAL = 2, 22
ENVCFG, SE, TM, STCE = 1 << 62, 1 << 63, 1 << 1, 1 << 63


def because(csr, mode, code, **written):
    """What the report says after `because` of a CSRR of `csr` that traps; "" for no such line."""
    reporter = Reporter()
    for name, value in written.items():
        reporter.take(retire(writes_csr=1, csr=CSRS[name].address, csr_value=value))
    trap = reporter.take(retire(mode=mode, mode_after=Mode.M, trapped=1, code=code,
                                bits=CSRS[csr].address << 20 | 2 << 12 | 10 << 7 | 0x73))
    return next((line.removeprefix("  because  ") for line in report(trap).splitlines() if "because" in line), "")


@pytest.mark.parametrize("csr, mode, code, written, text", [
    ("senvcfg", Mode.HS, ILLEGAL, {"mstateen0": SE}, "mstateen0.ENVCFG is 0"),
    ("senvcfg", Mode.VS, ILLEGAL, {}, "mstateen0.ENVCFG is 0"),
    ("henvcfg", Mode.VS, ILLEGAL, {}, "mstateen0.ENVCFG is 0"),
    ("senvcfg", Mode.VS, VIRTUAL, {"mstateen0": ENVCFG}, "hstateen0.ENVCFG is 0"),
    ("sstateen2", Mode.VS, VIRTUAL, {"mstateen2": SE}, "hstateen2.SE2 is 0"),
    ("hstateen1", Mode.HS, ILLEGAL, {}, "mstateen1.SE1 is 0"),
    ("time", Mode.VU, VIRTUAL, {"mcounteren": TM}, "hcounteren.TM is 0"),
    ("time", Mode.VU, VIRTUAL, {"mcounteren": TM, "hcounteren": TM}, "scounteren.TM is 0"),
    ("hpmcounter9", Mode.U, ILLEGAL, {}, "mcounteren.HPM9 is 0"),
    ("stimecmp", Mode.HS, ILLEGAL, {"menvcfg": STCE}, "mcounteren.TM is 0"),
    ("stimecmp", Mode.VS, VIRTUAL, {"menvcfg": STCE, "mcounteren": TM}, "henvcfg.STCE is 0"),
    ("satp", Mode.HS, ILLEGAL, {"mstatus": 1 << 20}, "mstatus.TVM is 1"),
    ("satp", Mode.VS, VIRTUAL, {"hstatus": 1 << 20}, "hstatus.VTVM is 1"),
], ids=lambda value: str(value))
def test_the_bit_that_refused_is_named(csr, mode, code, written, text):
    assert because(csr, mode, code, **written) == text


@pytest.mark.parametrize("csr, mode, code, written", [
    ("senvcfg", Mode.U, ILLEGAL, {}),                       # U may not, whatever mstateen says
    ("henvcfg", Mode.VS, VIRTUAL, {"mstateen0": ENVCFG}),   # nor VS, whatever hstateen says
    ("mstatus", Mode.VS, ILLEGAL, {}), ("satp", Mode.VU, VIRTUAL, {}),
    ("senvcfg", Mode.HS, 13, {}),                           # another exception
])
def test_no_bit_is_named_where_the_mode_alone_is_to_blame(csr, mode, code, written):
    assert because(csr, mode, code, **written) == ""


def test_an_instruction_that_names_no_csr_has_no_such_line():
    for bits in (0x10500073, 0x00000073, 0x10a00013):
        trap = Reporter().take(retire(mode=Mode.HS, mode_after=Mode.M, trapped=1, code=ILLEGAL, bits=bits))
        assert "because" not in report(trap)

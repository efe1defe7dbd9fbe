"""A program that fails is told what it used that the core lacks."""

import pytest

from hyacinth.rtl.config import EVERY, FULL, NO_H, SMALL, named
from hyacinth.rtl.isa.csrs import CSRS
from hyacinth.rtl.isa.instructions import BY_NAME
from hyacinth.sim.cli import main
from hyacinth.sim.trace.lacking import lacking
from hyacinth.sw.build import build


def read(csr):
    """An instruction that reads a CSR."""
    return BY_NAME["csrrs"].encode(d=10, s=0, c=CSRS[csr].address)


HLV, CZERO, ADD = (BY_NAME["hlv.w"].encode(d=10, s=11), BY_NAME["czero.eqz"].encode(d=10, s=11, t=12),
                   BY_NAME["add"].encode(d=10, s=11, t=12))
C_ZEXT_B = 0x9D61


@pytest.mark.parametrize(("config", "bits", "text"), [
    (NO_H, HLV, "hlv.w, of the H extension"), (NO_H, read("hgatp"), "hgatp, of the H extension"),
    (NO_H, read("vstimecmp"), "vstimecmp, of the H extension"), (SMALL, read("hstateen0"), "hstateen0, of Smstateen"),
    (named("full-sstc"), read("stimecmp"), "stimecmp, of Sstc"), (SMALL, CZERO, "czero.eqz, of Zicond"),
    (SMALL, C_ZEXT_B, "c.zext.b, of Zcb"), (FULL, C_ZEXT_B, None), (FULL, HLV, None), (FULL, read("hgatp"), None),
    (NO_H, ADD, None), (NO_H, 0xFFFF_FFFF, None), (NO_H, 0, None)])
def test_what_the_core_lacks_is_named(config, bits, text):
    assert lacking(config, bits) == text


def test_a_csr_that_no_core_has_is_not_said_to_be_lacking():
    assert lacking(FULL, 0x5FF << 20 | BY_NAME["csrrs"].encode(d=10, s=0, c=0)) is None


def test_the_largest_core_lacks_nothing():
    assert not any(lacking(EVERY, read(name)) for name in CSRS)


@pytest.mark.parametrize("end", [1, 0])
def test_a_program_that_fails_is_told(tmp_path, capfd, end):
    source = tmp_path / "reads.S"
    source.write_text(f"""
    .globl main
main:
    la t0, 1f
    csrw mtvec, t0
    csrr a0, hgatp
    .align 2
1:
    la t0, 2f
    csrw mtvec, t0
first:
    nop
    csrr a0, vsatp
    .align 2
2:
    li a0, {end}
    csrw mtvec, zero
    lla t0, tohost
    slli a0, a0, 1
    ori a0, a0, 1
    sd a0, 0(t0)
3:  j 3b
""")
    status = main(["run", "--core", "no-h", "--engine", "pysim", str(build(source))])
    said = capfd.readouterr().err
    assert status == end
    assert ("first+0x2, it used vsatp, of the H extension, which this core lacks" in said) == bool(end)

"""Tests of the CSR tables."""

import re
from functools import reduce
from operator import or_

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.isa.csr import Field
from hyacinth.rtl.isa.csrs import CSRS, table

every_csr = pytest.mark.parametrize("csr", CSRS.values(), ids=CSRS)


@every_csr
def test_fields_do_not_overlap(csr):
    assert sum(field.mask for field in csr.fields) == reduce(or_, (field.mask for field in csr.fields))
    assert csr.mask < 1 << 64


@pytest.mark.rule("warl_rst")
@every_csr
def test_a_reset_value_fits_its_field_and_is_legal(csr):
    for field in csr.fields:
        assert field.reset < 1 << field.width
        assert field.legal is None or field.reset in field.legal


@every_csr
def test_what_a_csr_refers_to_exists(csr):
    for field in csr.fields:
        assert not field.yields_to or csr.field(field.yields_to).width == field.width == 1
        for path in filter(None, (field.needs, field.locked_by)):
            name, other = path.split(".")
            CSRS[name].field(other)
        assert not field.home or field.home in CSRS
    assert csr.source in CSRS
    if csr.stateen:
        register, bit = csr.stateen.split(".")
        CSRS[f"m{register}"].field(bit), CSRS[f"h{register}"].field(bit)
    assert not csr.twin or CSRS[csr.twin].address == csr.address + 0x100


@every_csr
def test_what_an_illegal_value_becomes_is_legal(csr):
    for field in csr.fields:
        if field.legal:
            assert {field.stored(value) for value in range(1 << field.width)} <= set(field.legal)


@pytest.mark.rule("ssstrict_no_nonconforming_extensions")
@every_csr
def test_no_csr_is_in_a_space_for_custom_use(csr):
    """Privileged manual, "CSR Address Mapping Conventions"."""
    access, least, upper = csr.address >> 10, csr.address >> 8 & 3, csr.address >> 6 & 3
    assert csr.address >> 8 != 8  # of U, read and written
    assert upper != 3 or not (access == 3 or access and least)


@pytest.mark.parametrize("config", (FULL, SMALL, NO_H), ids=("full", "small", "no-h"))
def test_no_two_csrs_have_one_address(config):
    csrs = table(config).values()
    assert len({csr.address for csr in csrs}) == len(csrs)


def test_addresses_are_the_manuals():
    known = {"sstatus": 0x100, "stimecmp": 0x14d, "satp": 0x180, "vsstatus": 0x200, "vsatp": 0x280, "mstatus": 0x300,
             "medeleg": 0x302, "mideleg": 0x303, "menvcfg": 0x30a, "mcountinhibit": 0x320, "mtinst": 0x34a,
             "mtval2": 0x34b, "pmpcfg2": 0x3a2, "pmpaddr15": 0x3bf, "hstatus": 0x600, "hedeleg": 0x602,
             "hideleg": 0x603, "hie": 0x604, "htimedelta": 0x605, "hcounteren": 0x606, "hgeie": 0x607,
             "henvcfg": 0x60a, "htval": 0x643, "hip": 0x644, "hvip": 0x645, "htinst": 0x64a, "hgatp": 0x680,
             "mhpmcounter31": 0xb1f, "hpmcounter3": 0xc03, "hgeip": 0xe12, "mconfigptr": 0xf15}
    assert {name: CSRS[name].address for name in known} == known


def test_without_the_h_extension_there_is_no_csr_nor_field_of_it():
    csrs = table(NO_H)
    assert CSRS.keys() - csrs.keys() == {
        "mtinst", "hstatus", "hedeleg", "hideleg", "hie", "htimedelta", "hcounteren", "hgeie", "hgeip",
        "henvcfg", "htval", "hip", "hvip", "htinst", "hgatp", "vsstatus", "vsie", "vstvec", "vsscratch", "vsepc",
        "vscause", "vstval", "vsip", "vstimecmp", "vsatp", "hstateen0", "hstateen1", "hstateen2", "hstateen3",
        "vsiselect", "vsireg", "vsireg2", "vsireg3", "vsireg4", "vsireg5", "vsireg6"}
    assert "MPV" not in {field.name for field in csrs["mstatus"].fields}
    assert csrs["mideleg"].reset == 0 and csrs["misa"].reset == 0x8000000000141107


@pytest.mark.rule("misa_b_op")
@pytest.mark.parametrize("lacks", ("", "zba", "zbb", "zbs", "zicond"))
def test_misa_b_says_that_all_of_zba_zbb_and_zbs_are_there(lacks):
    misa = table(FULL.without(lacks))["misa"]
    assert misa.reset >> 1 & 1 == (lacks in ("", "zicond"))
    assert not misa.writable >> 1 & 1


@pytest.mark.rule("henvcfg_stce", "stimecmp_exist", "vstimecmp_exist", "menvcfg_stce_exist", "henvcfg_stce_exist")
@pytest.mark.rule("menvcfg_stce_rdonly0")
def test_a_core_without_sstc_has_no_stimecmp_and_no_stce():
    csrs = table(FULL.without("sstc"))
    assert not {"stimecmp", "vstimecmp"} & csrs.keys()
    assert not {csr.field("STCE").writable for csr in (csrs["menvcfg"], csrs["henvcfg"])} - {0}


@pytest.mark.rule("menvcfg_cbze_rdonly0", "menvcfg_cbcfe_rdonly0", "menvcfg_cbie_rdonly0", "senvcfg_cbze",
                  "senvcfg_cbcfe", "senvcfg_cbie", "henvcfg_cbze", "henvcfg_cbcfe", "henvcfg_cbie")
@pytest.mark.parametrize("extension, fields", (("zicbom", ("CBIE", "CBCFE")), ("zicboz", ("CBZE",))))
def test_the_fields_of_a_cache_block_extension_are_read_only_zero_without_it(extension, fields):
    for name in ("menvcfg", "senvcfg", "henvcfg"):
        for field in fields:
            assert table(FULL)[name].field(field).writable
            absent = table(FULL.without(extension))[name].field(field)
            assert absent.writable == absent.reset == 0


@pytest.mark.rule("menvcfg_adue_rdonly0", "menvcfg_pbmte_rdonly0", "menvcfg_pmm_rdonly0", "mseccfg_pmm_rdonly0")
@pytest.mark.parametrize("extension, fields", [
    ("svadu", "menvcfg.ADUE henvcfg.ADUE"), ("svpbmt", "menvcfg.PBMTE henvcfg.PBMTE"), ("smnpm", "menvcfg.PMM"),
    ("ssnpm", "senvcfg.PMM henvcfg.PMM hstatus.HUPMM"), ("smmpm", "mseccfg.PMM")])
def test_a_field_of_an_extension_is_read_only_zero_without_it(extension, fields):
    without = table(FULL.without(extension))
    for csr, _, name in (each.partition(".") for each in fields.split()):
        assert CSRS[csr].field(name).writable
        for field in without[csr].fields if csr in without else ():
            assert field.name != name or (field.writable, field.reset) == (0, 0)


@pytest.mark.rule("pmlen_illegal_warl", "pmlen_supported_values", "pmlen_future_reserved", "menvcfg_pmm_enc",
                  "mseccfg_pmm_enc", "MENVCFG_PMM_WARL", "MSECCFG_PMM_WARL")
def test_pmm_holds_off_7_and_16_and_the_reserved_value_becomes_off():
    for csr, name in (("menvcfg", "PMM"), ("senvcfg", "PMM"), ("henvcfg", "PMM"), ("hstatus", "HUPMM"),
                      ("mseccfg", "PMM")):
        assert [CSRS[csr].field(name).stored(value) for value in range(4)] == [0, 0, 2, 3]


def test_a_core_without_pmp_has_no_pmp_registers():
    from dataclasses import replace
    assert not [name for name in table(replace(FULL, pmp_entries=0)) if name.startswith("pmp")]


def test_high_halves_and_odd_pmpcfg_do_not_exist():
    assert not [name for name in CSRS if re.fullmatch(r".*\dh|pmpcfg\d*[13579]|(htimedelta|mstatus|medeleg)h", name)]


def test_a_value_is_decoded_into_the_manuals_fields_highest_first():
    fields = CSRS["hstatus"].decode(0x2_0000_0180)
    assert [name for name in fields if name in ("VSBE", "VSXL", "VTSR")] == ["VSXL", "VTSR", "VSBE"]
    assert (fields["VSXL"], fields["SPV"], fields["SPVP"], fields["GVA"]) == (2, 1, 1, 0)


def test_a_field_that_does_not_exist_is_reported_with_its_csr():
    with pytest.raises(KeyError, match="hstatus has no field MPV"):
        CSRS["hstatus"].field("MPV")


def test_a_field_knows_what_a_written_value_becomes():
    field = Field("X", 0, 3, legal=(0, 1, 3, 4), becomes=((6, 4),))
    assert [field.stored(value) for value in range(8)] == [0, 1, 0, 3, 4, 0, 4, 0]

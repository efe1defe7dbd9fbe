"""What the manual says of single fields and registers, written down here once more, against the tables."""

from dataclasses import replace

import pytest

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.csr import Box, Guard, Kind, Void
from hyacinth.rtl.isa.csrs import CSRS, table
from hyacinth.rtl.isa.extensions import OPTIONAL
from hyacinth.rtl.isa.pmp import PMP_A, PMP_RWX

COUNTERS = [str(n) for n in range(3, 32)]


def names(*texts: str) -> set[str]:
    """Each "register.FIELD FIELD register" as register.FIELD or register, where a register that ends with # stands for
    those of the counters from 3 on, and one that ends with * for it and those that follow with 2 to 6."""
    found = set()
    for text in " ".join(texts).split():
        register, _, fields = text.partition(".")
        registers = [register.replace("#", n) for n in COUNTERS] if "#" in register else \
            [register.replace("*", n) for n in ("", "2", "3", "4", "5", "6")] if "*" in register else [register]
        found |= {f"{each}.{field}" for each in registers for field in fields.split("+")} if fields else {*registers}
    return found


def of_fields(fact) -> dict:
    """Fields by what `fact` says of them, where it says anything."""
    found = {}
    for csr in CSRS.values():
        for field in csr.fields:
            if value := fact(csr, field):
                found.setdefault(value, set()).add(f"{csr.name}.{field.name}" if field.name else csr.name)
    return found


def of_registers(fact) -> dict:
    """Registers by what `fact` says of them, where it says anything."""
    found = {}
    for csr in CSRS.values():
        if value := fact(csr):
            found.setdefault(value, set()).add(csr.name)
    return found


def test_fields_that_another_register_takes_away():
    assert of_fields(lambda _, field: field.needs) == {
        "mideleg.SSI": {"sie.SSIE", "sip.SSIP"}, "mideleg.STI": {"sie.STIE", "sip.STIP"},
        "mideleg.SEI": {"sie.SEIE", "sip.SEIP"}, "mideleg.LCOFI": {"sie.LCOFIE", "sip.LCOFIP"},
        "hideleg.VSSI": {"vsie.SSIE", "vsip.SSIP"}, "hideleg.VSTI": {"vsie.STIE", "vsip.STIP"},
        "hideleg.VSEI": {"vsie.SEIE", "vsip.SEIP"}, "menvcfg.DTE": {"sstatus.SDT", "mstatus.SDT", "henvcfg.DTE"},
        "henvcfg.DTE": {"vsstatus.SDT"}, "menvcfg.ADUE": {"henvcfg.ADUE"}, "menvcfg.PBMTE": {"henvcfg.PBMTE"},
        "menvcfg.STCE": {"henvcfg.STCE"}, "mstateen0.SE0": {"hstateen0.SE0"},
        "mstateen0.ENVCFG": {"hstateen0.ENVCFG"}, "mstateen0.CSRIND": {"hstateen0.CSRIND"},
        "mstateen1.SE1": {"hstateen1.SE1"}, "mstateen2.SE2": {"hstateen2.SE2"}, "mstateen3.SE3": {"hstateen3.SE3"}}


def test_fields_that_nobody_writes():
    assert of_fields(lambda _, field: field.kind is not Kind.STORED and field.reset) == {
        2: names("sstatus.UXL vsstatus.UXL mstatus.UXL+SXL misa.MXL hstatus.VSXL"),
        1: names("misa.A+B+C+I+M+S+U mideleg.VSSI+VSTI+VSEI+SGEI")}
    assert of_fields(lambda _, field: field.kind is Kind.COMPUTED) == {True: names(
        "sip.STIP+SEIP vsip.STIP+SEIP mip.MSIP+VSTIP+MTIP+VSEIP+MEIP+SGEIP hip.VSTIP+VSEIP+SGEIP cycle time instret",
        "hpmcounter# hgeip", " ".join(f"scountovf.OF{n}" for n in COUNTERS))}


def test_fields_that_are_read_only_zero():
    found = of_fields(lambda csr, field: field.kind is Kind.FIXED and not field.reset and csr.box is Box.TABLE)
    assert found == {True: names(
        "sstatus.UBE+VS+FS+XS+SD vsstatus.UBE+VS+FS+XS+SD mstatus.UBE+VS+FS+XS+SBE+MBE+SD hstatus.VSBE",
        "mstateen0.AIA+IMSIC+CONTEXT+P1P13+SRMCFG+CTR+JVT+FCSR+C hstateen0.AIA+IMSIC+CONTEXT+CTR+JVT+FCSR+C",
        "sstateen0.JVT+FCSR+C sstateen1 sstateen2 sstateen3 sireg* vsireg* mireg* miselect",
        "mvendorid marchid mimpid mhartid mconfigptr")}
    counters = of_fields(lambda csr, field: field.kind is Kind.FIXED and csr.box is Box.COUNTERS)
    assert counters == {True: {f"mhpm{each}" for n in range(7, 32) for each in (f"event{n}.event", f"counter{n}")}}


def test_fields_that_start_as_1():
    assert of_fields(lambda _, field: field.kind is Kind.STORED and field.reset) == {1: {"mstatus.MDT", "misa.H"}}


def test_fields_with_illegal_values():
    found = of_fields(lambda csr, field: (field.legal, field.becomes) if field.legal and csr.name[:3] != "mhp" else ())
    assert found == {
        ((0, 1), ((3, 1),)): names("stvec.MODE vstvec.MODE mtvec.MODE"),
        ((0, 1, 3), ()): names("senvcfg.CBIE menvcfg.CBIE henvcfg.CBIE mstatus.MPP"),
        ((0, 2, 3), ()): names("senvcfg.PMM menvcfg.PMM henvcfg.PMM hstatus.HUPMM mseccfg.PMM"),
        ((0, 8, 9, 10), ()): names("satp.MODE vsatp.MODE hgatp.MODE"), (tuple(range(9)), ()): {"hstatus.VGEIN"}}
    events = of_fields(lambda csr, field: field.legal if csr.name.startswith("mhpmevent") else ())
    assert events == {tuple(range(33)): {f"mhpmevent{n}.event" for n in range(3, 7)}}
    assert (PMP_RWX.lsb, PMP_RWX.width) == (0, 3) and PMP_A == {"OFF": 0, "TOR": 1, "NA4": 2, "NAPOT": 3}
    # W without R is reserved; what is written as that becomes no permission, but for execution.
    assert {value: PMP_RWX.stored(value) for value in range(8)} == {0: 0, 1: 1, 2: 0, 3: 3, 4: 4, 5: 5, 6: 4, 7: 7}


def test_fields_that_another_holds_or_keeps():
    assert of_fields(lambda _, field: field.home) == {"hvip": {"vsip.SSIP", "mip.VSSIP", "hip.VSSIP"}}
    assert of_fields(lambda _, field: field.locked_by) == {
        "menvcfg.STCE": {"mip.STIP"}, "mseccfg.MML": {"mseccfg.MML"}, "mseccfg.MMWP": {"mseccfg.MMWP"}}
    assert of_fields(lambda _, field: field.yields_to) == {
        "SDT": {"sstatus.SIE", "vsstatus.SIE", "mstatus.SIE"}, "MDT": {"mstatus.MIE"}}
    assert of_fields(lambda _, field: field.zeros) == {2: {"hgatp.PPN"}}


def test_fields_of_the_hypervisor_extension():
    assert of_fields(lambda _, field: field.hypervisor) == {True: names(
        "mstatus.GVA+MPV misa.H mideleg.VSSI+VSTI+VSEI+SGEI mie.VSSIE+VSTIE+VSEIE+SGEIE mip.VSSIP+VSTIP+VSEIP+SGEIP",
        "medeleg.ECALL_VS+INSTRUCTION_GUEST_PAGE_FAULT+LOAD_GUEST_PAGE_FAULT+VIRTUAL_INSTRUCTION"
        "+STORE_GUEST_PAGE_FAULT mcyclecfg.VUINH+VSINH minstretcfg.VUINH+VSINH",
        " ".join(f"mhpmevent{n}.VUINH+VSINH" for n in range(3, 7)))}
    assert of_registers(lambda csr: csr.needs_hypervisor) == {True: {"mtinst"}}  # mtval2 is Ssdbltrp's too


def test_registers_that_show_another_or_stand_for_it():
    assert of_registers(lambda csr: (csr.storage, csr.shift) if csr.storage else ()) == {
        ("mstatus", 0): {"sstatus"}, ("mie", 0): {"sie", "hie"}, ("mip", 0): {"sip", "hip"}, ("mie", 1): {"vsie"},
        ("mip", 1): {"vsip"}}
    assert of_registers(lambda csr: csr.twin) == {f"v{name}": {name} for name in names(
        "sstatus sie stvec sscratch sepc scause stval sip stimecmp siselect sireg* satp")}


def test_registers_that_are_guarded():
    states = "sstateen0 sstateen1 sstateen2 sstateen3 hstateen0 hstateen1 hstateen2 hstateen3"
    assert of_registers(lambda csr: csr.guard is not Guard.NONE and csr.guard) == {
        Guard.STATEEN: names("senvcfg henvcfg siselect vsiselect", states), Guard.STIMECMP: names("stimecmp vstimecmp"),
        Guard.SIREG: names("sireg*"), Guard.VSIREG: names("vsireg*"), Guard.NEVER: names("mireg*"),
        Guard.SATP: {"satp"}, Guard.HGATP: {"hgatp"}, Guard.COUNTER: names("cycle time instret hpmcounter#")}
    assert of_registers(lambda csr: csr.stateen) == {
        "stateen0.ENVCFG": names("senvcfg henvcfg"), "stateen0.CSRIND": names("siselect vsiselect sireg* vsireg*"),
        **{f"stateen{n}.SE{n}": names(f"sstateen{n} hstateen{n}") for n in range(4)}}
    assert of_registers(lambda csr: csr.void is not Void.NEVER and csr.void) == {
        Void.ALWAYS: {"satp"}, Void.IN_GUEST: {"vsatp"}}


def test_registers_that_are_counted_or_of_pmp():
    assert of_registers(lambda csr: csr.box is not Box.TABLE and csr.box) == {
        Box.COUNTERS: names("mhpmevent# mcycle minstret mhpmcounter# cycle instret hpmcounter#"),
        Box.PMP: names("pmpcfg0 pmpcfg2", " ".join(f"pmpaddr{n}" for n in range(16)))}


@pytest.mark.parametrize("name", CSRS)
def test_a_register_of_the_hypervisor_extension_has_its_address(name):
    csr = CSRS[name]
    assert csr.hypervisor == (csr.address >> 8 & 3 == 2 or name == "mtinst")
    assert csr.is_read_only == (csr.address >> 10 == 3) and (csr.writable == 0 or not csr.is_read_only)


@pytest.mark.parametrize("lines", (0, 1, 8))
def test_guest_external_interrupts_exist_where_there_is_a_line_for_one(lines):
    registers = table(replace(FULL, geilen=lines))
    for name, field in (("hie", "SGEIE"), ("hip", "SGEIP"), ("mie", "SGEIE"), ("mip", "SGEIP"), ("mideleg", "SGEI")):
        assert any(each.name == field for each in registers[name].fields) == (lines > 0), name
    assert registers["hgeie"].writable == registers["hgeip"].mask & ~1 == (1 << lines) - 1 << 1 or not lines


@pytest.mark.parametrize("extension", sorted(OPTIONAL))
def test_what_an_extension_adds_has_the_same_place_where_it_is_absent(extension):
    for name, csr in table(FULL.without(extension)).items():
        places = {field.name: (field.lsb, field.width) for field in CSRS[name].fields}
        assert all(places.get(field.name, (field.lsb, field.width)) == (field.lsb, field.width)
                   for field in csr.fields), name


@pytest.mark.rule("MHPMCOUNTER_N_RDONLY0", "MHPMEVENT_N_RDONLY0")
@pytest.mark.parametrize("count", (0, 1, 4, 28, 29))
def test_of_as_many_counters_as_there_are_each_is_writable_and_no_other(count):
    registers = table(replace(FULL, hpm_counters=count))
    for n in range(3, 32):
        for name in (f"mhpmcounter{n}", f"mhpmevent{n}"):
            assert bool(registers[name].writable) == (n < 3 + count), name

"""Proofs: who may do what, for every mode, instruction, CSR and gate, as the manual's text has it."""

import pytest
from amaranth.hdl import Const, Mux
from prover import Claim

from hyacinth.rtl.csr import access
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa.modes import Mode

pytestmark = pytest.mark.proof


def modes(claim):
    """Any mode that exists."""
    mode = claim.any(Mode, "mode")
    claim.is_mode(mode)
    return mode


def case(mode, **answers):
    """What the manual says, mode by mode."""
    result = Access.ILLEGAL
    for name, answer in answers.items():
        result = Mux(mode == Mode[name], answer, result)
    return result


@pytest.mark.rule("H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", "H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0")
def test_a_csr_is_reached_from_the_modes_that_its_address_names():
    claim = Claim("A CSR access is legal, illegal or virtual by address and mode alone where nothing else guards it")
    mode, address = modes(claim), claim.any(12, "address")
    exists, write = claim.any(1, "exists"), claim.any(1, "write")
    possible = exists & ~(write & (address[10:12] == 3))
    least = address[8:10]
    ok, illegal, virtual = Access.OK, Access.ILLEGAL, Access.VIRTUAL
    by_level = case(
        mode, M=ok, HS=Mux(least == 3, illegal, ok), U=Mux(least == 0, ok, illegal),
        VS=Mux(least <= 1, ok, Mux(least == 2, virtual, illegal)),
        VU=Mux(least == 0, ok, Mux(least <= 2, virtual, illegal)))
    claim.hold(access.csr_access(address, exists, write, mode) == Mux(possible, by_level, illegal))
    claim.prove()


@pytest.mark.rule("mstatus_tsr_op", "H_virtinst_vs_sret_vtsr1", "H_virtinst_vu_sret_sfence")
def test_sret():
    claim = Claim("SRET is refused in U, in HS with TSR, and is virtual in VU and in VS with VTSR")
    mode, tsr, vtsr = modes(claim), claim.any(1, "tsr"), claim.any(1, "vtsr")
    claim.hold(access.sret_access(mode, tsr, vtsr) == case(
        mode, M=Access.OK, HS=Mux(tsr, Access.ILLEGAL, Access.OK), U=Access.ILLEGAL,
        VS=Mux(vtsr, Access.VIRTUAL, Access.OK), VU=Access.VIRTUAL))
    claim.prove()


@pytest.mark.rule("mstatus_tw_op", "H_virtinst_vu_wfi_tw0", "H_virtinst_wfi_vtw1_tw0")
def test_wfi():
    claim = Claim("WFI is illegal below M with TW, and else virtual in VU and in VS with VTW")
    mode, tw, vtw = modes(claim), claim.any(1, "tw"), claim.any(1, "vtw")

    def unless_tw(answer):
        return Mux(tw, Access.ILLEGAL, answer)

    claim.hold(access.wfi_access(mode, tw, vtw) == case(
        mode, M=Access.OK, HS=unless_tw(Access.OK), U=Access.ILLEGAL,
        VS=unless_tw(Mux(vtw, Access.VIRTUAL, Access.OK)), VU=unless_tw(Access.VIRTUAL)))
    claim.prove()


@pytest.mark.rule("mstatus_tvm_op", "hstatus_vtvm_op", "Svinval_sfence_w_inval_inval_u_mode",
                  "Svinval_sfence_w_inval_inval_vu_mode", "Svinval_sfence_w_inval_inval_s_vs_mode")
def test_the_fences_of_translation():
    claim = Claim("SFENCE.VMA, the HFENCEs and those of Svinval are legal, illegal or virtual by mode, TVM and VTVM")
    mode, tvm, vtvm = modes(claim), claim.any(1, "tvm"), claim.any(1, "vtvm")
    ok, illegal, virtual = Access.OK, Access.ILLEGAL, Access.VIRTUAL
    claim.hold(access.sfence_vma_access(mode, tvm, vtvm) == case(
        mode, M=ok, HS=Mux(tvm, illegal, ok), U=illegal, VS=Mux(vtvm, virtual, ok), VU=virtual))
    claim.hold(access.sfence_inval_access(mode) == case(mode, M=ok, HS=ok, U=illegal, VS=ok, VU=virtual))
    claim.hold(access.hfence_vvma_access(mode) == case(mode, M=ok, HS=ok, U=illegal, VS=virtual, VU=virtual))
    claim.hold(access.hfence_gvma_access(mode, tvm) == case(
        mode, M=ok, HS=Mux(tvm, illegal, ok), U=illegal, VS=virtual, VU=virtual))
    claim.prove()


@pytest.mark.rule("hlsv_mode", "hlsv_virtinst", "hlsv_illegalinst")
def test_hlv_and_hsv():
    claim = Claim("HLV, HLVX and HSV are illegal in U without HU, and virtual where V=1")
    mode, hu = modes(claim), claim.any(1, "hu")
    claim.hold(access.hlsv_access(mode, hu) == case(
        mode, M=Access.OK, HS=Access.OK, U=Mux(hu, Access.OK, Access.ILLEGAL), VS=Access.VIRTUAL, VU=Access.VIRTUAL))
    claim.prove()


def test_what_is_refused_is_never_performed_for_a_reason_that_hs_would_share():
    claim = Claim("A virtual-instruction exception comes only where V=1, and only for what HS could do")
    mode, allowed, in_hs = modes(claim), claim.any(1, "allowed"), claim.any(1, "in_hs")
    said = access.answer(mode, allowed, in_hs)
    claim.hold((mode == Mode.VS) | (mode == Mode.VU), said == Access.VIRTUAL)
    claim.hold(in_hs & ~allowed, said == Access.VIRTUAL)
    claim.hold(allowed, said == Access.OK)
    claim.hold(said == Access.OK, allowed)
    claim.prove()


@pytest.mark.rule("stateen_illegal_state_access", "hypervisor_impl_csrs_access_control", "sscsrind_virtual_inst_fault",
                  "sireg_access_on_illegal_siselect", "sscsrind_csrs_access_control")
def test_what_the_state_enable_registers_control():
    claim = Claim("A CSR of S-mode whose bit is 0 in mstateen is illegal below M, and virtual in VS where it is 0 in "
                  "hstateen alone; an alias of siselect with nothing behind it is never legal, and virtual as often")
    mode, write = modes(claim), claim.any(1, "write")
    machine, hypervisor = claim.any(1, "machine"), claim.any(1, "hypervisor")
    ok, illegal, virtual = Access.OK, Access.ILLEGAL, Access.VIRTUAL

    def of(address, guard):
        return access.csr_access(Const(address, 12), Const(1), write, mode, guard)

    def unless_closed(**answers):
        return Mux((mode == Mode.M) | machine, case(mode, **answers), illegal)

    controlled = access.stateen_guard(mode, machine, hypervisor)
    claim.hold(of(0x10a, controlled) == unless_closed(M=ok, HS=ok, VS=Mux(hypervisor, ok, virtual), VU=virtual))
    claim.hold(of(0x60a, controlled) == unless_closed(M=ok, HS=ok, VS=virtual, VU=virtual))
    claim.hold(of(0x151, access.sireg_guard(mode, machine, hypervisor)) == unless_closed(
        VS=Mux(hypervisor, illegal, virtual), VU=virtual))
    claim.hold(of(0x251, access.vsireg_guard(machine)) == unless_closed(VS=virtual, VU=virtual))
    claim.prove()

"""Who may do what: one answer of three, for CSRs and for instructions alike (hypervisor chapter, "Trap Cause Codes").

Pure functions of plain Values. What needs misa.H=1 is illegal without it; that is for the caller to check, since with
misa.H=0 the address or instruction does not exist. SINVAL.VMA and HINVAL are judged as the fences of the same operands.
"""

from typing import NamedTuple

from amaranth.hdl import Const, Mux, Value
from amaranth.lib import enum

from ..isa.modes import Mode, privilege, v


class Access(enum.IntEnum, shape=2):
    """Whether an instruction may be executed, or the exception it raises instead."""
    OK = 0
    ILLEGAL = 1
    VIRTUAL = 2


class Facts(NamedTuple):
    """The two facts from which `answer` is made."""
    allowed: Value        # here and now
    allowed_in_hs: Value  # it would be, in HS, with mstatus.TVM=0 and TSR=0 ("HS-qualified")


ALWAYS = Facts(Const(1), Const(1))


def answer(mode, allowed, allowed_in_hs) -> Value:
    """The rule behind every virtual-instruction exception (rule H_cause_virtual_instruction).

    What a guest may not do, though HS could, is virtual; whatever else is not allowed is illegal.
    `allowed_in_hs` supposes mstatus.TVM=0 and TSR=0, as the manual does: these two speak of HS alone.
    """
    return Mux(allowed, Access.OK, Mux(v(mode) & allowed_in_hs, Access.VIRTUAL, Access.ILLEGAL))


def csr_access(address, exists, write, mode, guard: Facts = ALWAYS) -> Value:
    """An access of the CSR at `address`, as the instruction names it, 12 bits.

    exists   whether there is such a CSR, with misa as it is
    write    whether the access writes
    guard    what the CSR itself adds: one of the functions below

    Address bits 9:8 name the least mode (U, S, HS, M), 11:10 = 3 forbid writes (csrs chapter; rules
    H_virtinst_vu_vs_nonhigh_allowedhs_tvm0, H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0).
    """
    possible = exists & ~(write & address[10:12].all())
    least, rank = address[8:10], Mux(mode == Mode.HS, 2, privilege(mode))
    return answer(mode, possible & (least <= rank) & guard.allowed, possible & (least <= 2) & guard.allowed_in_hs)


def satp_guard(mode, tvm, vtvm) -> Facts:
    """satp: TVM forbids it in HS, VTVM in VS (rules mstatus_tvm_warl_op, hstatus_vtvm_op)."""
    return Facts(~((mode == Mode.HS) & tvm | (mode == Mode.VS) & vtvm), Const(1))


def hgatp_guard(mode, tvm) -> Facts:
    """hgatp: TVM forbids it in HS (rule hgatp_tvm_illegal)."""
    return Facts(~((mode == Mode.HS) & tvm), Const(1))


def counter_guard(mode, machine, hypervisor, supervisor) -> Facts:
    """cycle, time, instret, hpmcounter: its own bit of mcounteren, hcounteren and scounteren (rules
    mcounteren_clr_ill_inst_exc, hcounteren_op)."""
    return granted_from_above(mode, machine, hypervisor, supervisor)


def granted_from_above(mode, machine, hypervisor, supervisor) -> Facts:
    """Three bits, each given by the mode of its name: a mode needs that of every mode above it."""
    is_user = privilege(mode) == 0
    return Facts((mode == Mode.M) | machine & (hypervisor | ~v(mode)) & (supervisor | ~is_user), machine)


def counters_open(mode, machine, hypervisor) -> Value:
    """The bits of scountovf that `mode` may see, by mcounteren and hcounteren; the others read as zero (rules
    scountovf_mmode_read_access, scountovf_smode_read_access, scountovf_vsmode_read_access)."""
    return (machine | (mode == Mode.M).replicate(64)) & (hypervisor | ~v(mode).replicate(64))


def stateen_guard(mode, machine, hypervisor) -> Facts:
    """What a bit of mstateen and hstateen controls (rules stateen_op, stateen_illegal_state_access).

    A bit that is clear in mstateen makes it illegal, with V=1, too: HS could not do it either.
    """
    return granted_from_above(mode, machine, hypervisor, Const(1))


def sireg_guard(mode, machine, hypervisor) -> Facts:
    """sireg and its kin, while the select register names nothing that exists.

    Illegal where one may access what it would name; in VU, and where hstateen0.CSRIND is 0, virtual (rules
    sireg_access_on_illegal_siselect, sscsrind_virtual_inst_fault, hypervisor_impl_csrs_access_control).
    """
    return Facts(Const(0), machine & ((mode == Mode.VU) | ~hypervisor))


def vsireg_guard(machine) -> Facts:
    """vsireg and its kin by their own addresses, likewise: virtual in a guest, whatever hstateen0 has (rule
    sscsrind_csrs_access_control)."""
    return Facts(Const(0), machine)


def stimecmp_guard(mode, menvcfg_stce, mcounteren_tm, henvcfg_stce, hcounteren_tm) -> Facts:
    """stimecmp, and vstimecmp by its own address (rules menvcfg_stce_op2, mcounteren_tm_clr, henvcfg_stce,
    hcounteren_acc)."""
    in_hs = menvcfg_stce & mcounteren_tm
    return Facts((mode == Mode.M) | in_hs & (henvcfg_stce & hcounteren_tm | ~v(mode)), in_hs)


def mret_access(mode) -> Value:
    """MRET: M alone."""
    return Mux(mode == Mode.M, Access.OK, Access.ILLEGAL)


def sret_access(mode, tsr, vtsr) -> Value:
    """SRET (rules mstatus_tsr_op, H_virtinst_vs_sret_vtsr1, H_virtinst_vu_sret_sfence)."""
    allowed = (mode == Mode.M) | (mode == Mode.HS) & ~tsr | (mode == Mode.VS) & ~vtsr
    return answer(mode, allowed, 1)


def wfi_access(mode, tw, vtw) -> Value:
    """WFI waits in HS, and in VS where VTW=0 (rules mstatus_tw_op, mstatus_tw_umode_op, H_virtinst_vu_wfi_tw0,
    H_virtinst_wfi_vtw1_tw0)."""
    waits = (mode == Mode.HS) | (mode == Mode.VS) & ~vtw
    return answer(mode, (mode == Mode.M) | waits & ~tw, ~tw)


def wrs_nto_access(mode, tw, vtw) -> Value:
    """WRS.NTO that nothing ends in time (rules Zawrs_priv_illegal_instr_excp, Zawrs_virtual_instr_excp)."""
    return answer(mode, (mode == Mode.M) | ~(tw | v(mode) & vtw), ~tw)


def sfence_vma_access(mode, tvm, vtvm) -> Value:
    """SFENCE.VMA, SINVAL.VMA (rules mstatus_tvm_warl_op, H_virtinst_vs_sfence_sinval_satp_vtvm1,
    H_virtinst_vu_sret_sfence)."""
    return answer(mode, (privilege(mode) != 0) & satp_guard(mode, tvm, vtvm).allowed, 1)


def sfence_inval_access(mode) -> Value:
    """SFENCE.W.INVAL, SFENCE.INVAL.IR: neither TVM nor VTVM forbids them (rules Svinval_sfence_w_inval_inval_u_mode,
    Svinval_sfence_w_inval_inval_vu_mode, Svinval_sfence_w_inval_inval_s_vs_mode)."""
    return answer(mode, privilege(mode) != 0, 1)


def hfence_vvma_access(mode) -> Value:
    """HFENCE.VVMA: M and HS; neither TVM nor VTVM forbids it (rules hfence-vvma_mode, hfence-vvma_tvm)."""
    return answer(mode, (mode == Mode.M) | (mode == Mode.HS), 1)


def hfence_gvma_access(mode, tvm) -> Value:
    """HFENCE.GVMA: M, and HS where TVM=0 (rule hfence-vvma_hfence-gvma_exceptions)."""
    return answer(mode, (mode == Mode.M) | (mode == Mode.HS) & ~tvm, 1)


def cache_block_access(mode, machine, hypervisor, supervisor) -> Value:
    """CBO instructions: the bits are those of menvcfg, henvcfg and senvcfg that enable this one (rules cbo-inval,
    cbo-clean_cbo-flush, cbo-zero_basedon_xenvcfg-CBZE)."""
    return answer(mode, *granted_from_above(mode, machine, hypervisor, supervisor))


def hlsv_access(mode, hu) -> Value:
    """HLV, HLVX and HSV: M, HS, and U where hstatus.HU=1 (rules hlsv_mode, hlsv_virtinst, hlsv_illegalinst)."""
    return answer(mode, (mode == Mode.M) | (mode == Mode.HS) | (mode == Mode.U) & hu, 1)

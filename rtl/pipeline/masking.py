"""Pointer masking: upper bits of an effective address that count for nothing (chapter "Pointer Masking")."""

from amaranth.hdl import Cat, Mux, Value
from amaranth.lib import data

from ..isa.modes import Mode, v
from ..payloads import record
from ..ports import CsrStatus


class Masking(data.Struct):
    """What becomes of the upper bits of an address; all 0 leaves it as it is."""
    seven: 1   # bits 63:57 are masked: PMLEN is 7 or 16
    nine: 1    # bits 56:48, too: PMLEN is 16
    sign: 1    # by copies of the bit below, as a virtual address has them; else by zeros


def masked(address, masking) -> Value:
    """The transformed address, 64 bits (rules pm_ignore_va, pm_ignore_pa)."""
    fill = masking.sign & Mux(masking.nine, address[47], address[56])
    return Cat(address[:48], Mux(masking.nine, fill.replicate(9), address[48:57]),
               Mux(masking.seven, fill.replicate(7), address[57:]))


def data_masking(status: CsrStatus, mode, hlsv) -> Value:
    """The Masking of loads, stores and AMOs; fetches have none, and HLVX has none (rule pm_not_apply_implicit).

    mode    the effective Mode
    hlsv    whether it is HLV or HSV

    Each mode is governed by a register of the one above; U is by hstatus.HUPMM where it reaches VU by HLV or HSV. Where
    MXR counts there is no masking, of stores either (rules pm_per_mode_control, pm_mprv_spvp, pm_mxr_exception).
    """
    virtual, machine = v(mode), mode == Mode.M
    of_user = Mux(virtual & hlsv & (status.mode == Mode.U), status.hupmm, status.senvcfg_pmm)
    of_supervisor = Mux(virtual, status.henvcfg_pmm, status.menvcfg_pmm)
    pmm = Mux(machine, status.mseccfg_pmm, Mux(mode[0], of_supervisor, of_user))
    mxr = ~machine & (status.mxr | status.vs_mxr & virtual)
    return record(Masking, seven=pmm[1] & ~mxr, nine=pmm.all() & ~mxr,
                  sign=~machine & Mux(virtual, status.vs_paged, status.paged))

"""Proofs: pointer masking of every address, and by whose register, for every mode and setting."""

import pytest
from amaranth.hdl import Cat, Const, Mux, Signal
from prover import Claim

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.pipeline.context import data_mode
from hyacinth.rtl.pipeline.masking import Masking, data_masking, masked
from hyacinth.rtl.ports import CsrStatus

pytestmark = pytest.mark.proof


@pytest.mark.rule("pm_ignore_va", "pm_ignore_pa", "pm_deterministic_effect", "pm_misaligned_equivalence")
def test_an_address_is_transformed_as_the_manual_draws_it():
    claim = Claim("The upper 7 or 16 bits become copies of the bit below, or zeros; masked twice is masked once")
    address, sign = claim.any(64, "address"), claim.any(1, "sign")
    for pmlen, seven, nine in ((0, 0, 0), (7, 1, 0), (16, 1, 1)):
        result = masked(address, Masking(Cat(Const(seven, 1), Const(nine, 1), sign)))
        fill = (sign & address[63 - pmlen]).replicate(pmlen)
        claim.hold(result == Cat(address[:64 - pmlen], fill))
        claim.hold(masked(result, Masking(Cat(Const(seven, 1), Const(nine, 1), sign))) == result)
    claim.prove()


@pytest.mark.rule("pm_per_mode_control", "pm_config_next_higher", "pm_mprv_spvp", "pm_mxr_exception",
                  "pm_mode_only_dependency")
def test_the_register_of_the_effective_mode_alone_counts():
    claim = Claim("PMM of the register above the effective mode counts, HUPMM for HLV from U as VU; MXR turns it off")
    held, hlsv = claim.any(CsrStatus, "status"), claim.any(1, "hlsv")
    status, effective, result = Signal(CsrStatus), Signal(Mode), Signal(Masking)
    claim.m.d.comb += [status.eq(held), effective.eq(data_mode(status, hlsv)),
                       result.eq(data_masking(status, effective, hlsv))]
    claim.is_mode(status.mode)
    claim.suppose("MPP is no reserved value", status.mpp != 2)
    claim.suppose("PMM is no reserved value", Cat(*(status[name] != 1 for name in (
        "mseccfg_pmm", "menvcfg_pmm", "senvcfg_pmm", "henvcfg_pmm", "hupmm"))).all())
    users = Mux(hlsv & (status.mode == Mode.U) & (effective == Mode.VU), status.hupmm, status.senvcfg_pmm)
    governs = {Mode.M: status.mseccfg_pmm, Mode.HS: status.menvcfg_pmm, Mode.U: users, Mode.VS: status.henvcfg_pmm,
               Mode.VU: users}
    for mode, pmm in governs.items():
        virtual = mode >= Mode.VU
        off = Const(0) if mode == Mode.M else status.mxr | (status.vs_mxr if virtual else 0)
        paged = Const(0) if mode == Mode.M else status.vs_paged if virtual else status.paged
        claim.hold((result.seven == ((pmm != 0) & ~off)) & (result.nine == ((pmm == 3) & ~off))
                   & (result.sign == paged), effective == mode)
    claim.prove()

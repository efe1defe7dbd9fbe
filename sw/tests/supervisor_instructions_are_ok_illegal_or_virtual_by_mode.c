/* SRET, MRET, SFENCE.VMA, HFENCE and accesses of satp, hgatp and vsatp in each mode, with every setting of
   TVM, TSR, VTVM and VTSR. TVM and TSR speak of HS alone, VTVM and VTSR of VS.
   rules: mstatus_tvm_op, mstatus_tsr_op, sret_ill_inst_exc_rst, mret_in_S_mode, mret_in_U_mode, sret_in_U_mode,
   hstatus_vtsr_op, hstatus_vtvm_op, hfence-vvma_mode, hfence-vvma_tvm, hfence-gvma_op,
   hfence-vvma_hfence-gvma_exceptions, mstatus_modes, mstatus_tvm_hs, H_virtinst_vu_vs_hinst,
   H_virtinst_vu_sret_sfence, H_virtinst_vs_sret_vtsr1, H_virtinst_vs_sfence_sinval_satp_vtvm1,
   H_virtinst_vu_vs_nonhigh_allowedhs_tvm0, H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0, non_priv_exc */
#include "hyacinth.h"

enum what { SRET, MRET, SFENCE, HFENCE_VVMA, HFENCE_GVMA, SATP, HGATP, VSATP, KINDS };

static uint64_t answer(enum what what, enum mode mode, bool tvm, bool tsr, bool vtvm, bool vtsr)
{
    const uint64_t illegal = ILLEGAL_INSTRUCTION, virtual = VIRTUAL_INSTRUCTION;
    if (mode == MODE_M)
        return NO_TRAP;
    if (mode == MODE_U || what == MRET)
        return illegal;
    bool tvm_traps = what == SFENCE || what == HFENCE_GVMA || what == SATP || what == HGATP;
    bool traps_in_hs = what == SRET ? tsr : tvm_traps && tvm;
    bool traps_in_vs = what == SRET ? vtsr : what == SFENCE || what == SATP ? vtvm : true;
    if (mode == MODE_HS)
        return traps_in_hs ? illegal : NO_TRAP;
    return mode == MODE_VU || traps_in_vs ? virtual : NO_TRAP;
}

int main(void)
{
    const uint32_t words[KINDS] = {
        WORD("sret"), WORD("mret"), WORD("sfence.vma a0, a1"), WORD("hfence.vvma a0, a1"), WORD("hfence.gvma a0, a1"),
        WORD("csrrs a2, satp, a1"), WORD("csrr a2, hgatp"), WORD("csrr a2, vsatp"),
    };
    static const char *const names[KINDS] = {"SRET", "MRET", "SFENCE.VMA", "HFENCE.VVMA", "HFENCE.GVMA", "satp",
                                             "hgatp", "vsatp"};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned setting = 0; setting < 16; setting++) {
        bool tvm = setting & 1, tsr = setting & 2, vtvm = setting & 4, vtsr = setting & 8;
        for (unsigned what = 0; what < KINDS; what++)
            for (unsigned m = 0; m < 5; m++) {
                if (modes[m] == MODE_M && what == MRET)
                    continue; /* mepc is in use; MRET in M is every run_in */
                context(names[what], setting << 4 | modes[m]);
                csr_put(mstatus, MSTATUS_TVM | MSTATUS_TSR, (tvm ? MSTATUS_TVM : 0) | (tsr ? MSTATUS_TSR : 0));
                csr_write(hstatus, (vtvm ? HSTATUS_VTVM : 0) | (vtsr ? HSTATUS_VTSR : 0));
                /* Where SRET is allowed it goes to the next instruction, in the mode it came from (from M, in HS). */
                csr_write(sepc, after_attempt(words[what]));
                csr_write(vsepc, after_attempt(words[what]));
                csr_set(sstatus, MSTATUS_SPP);
                csr_set(vsstatus, MSTATUS_SPP);
                struct trap trap = attempt(modes[m], words[what], 0, 0);
                uint64_t cause = answer(what, modes[m], tvm, tsr, vtvm, vtsr);
                if (cause == NO_TRAP)
                    CHECK_NO_TRAP("allowed", trap);
                else
                    CHECK_TRAP("forbidden", trap, .in = MODE_M, .cause = cause, .tval = THE_INSTRUCTION);
            }
    }
    return 0;
}

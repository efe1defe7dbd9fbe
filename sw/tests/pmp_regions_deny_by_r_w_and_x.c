/* NAPOT, NA4 and TOR regions with each legal R, W, X: fetch, load and store of words in HS, U, VS and VU pass or raise
   an access fault; M passes whatever an unlocked entry says; the words right before and after are not concerned.
   rules: PMP_GRANULARITY, pmp_check_priv_modes, pmp_cfg_permissions, pmp_exec_fault, pmp_load_fault,
   pmp_store_fault, pmp_a_field_napot_na4, pmp_a_field_tor, pmp_napot_encoding_low_bits, pmp_rwx_check,
   pmp_access_fault_exception, pmp_violation_precise_trap, H_pmp */
#include "pmp.h"

#define AT 0x100

int main(void)
{
    const struct {
        enum reach reach;
        uint32_t word;
    } tries[] = {{FETCH, accesses[0].word}, {LOAD, WORD("lw a2, 0(a0)")}, {STORE, WORD("sw a1, 0(a0)")},
                 {LOAD, WORD("lr.w a2, (a0)")}, {STORE, WORD("amoor.w a2, a1, (a0)")}};
    static const uint64_t rights[] = {0, PMP_R, PMP_X, PMP_R | PMP_W, PMP_R | PMP_X, PMP_R | PMP_W | PMP_X};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    uint32_t *page = (uint32_t *)test_pages[0];
    uint64_t base = (uint64_t)page + AT;
    for (unsigned i = 0; i < 1024; i++)
        page[i] = RET;
    FENCE_I();
    for (unsigned kind = 0; kind < 3; kind++)
        for (unsigned r = 0; r < sizeof rights / sizeof *rights; r++) {
            unsigned size = kind == 0 ? 64 : kind == 1 ? 4 : 20;
            if (kind == 0) {
                csr_write(pmpaddr0, NAPOT_ADDRESS(base, 64));
                pmp_configure(PMP_NAPOT | rights[r], 0, 0, 0);
            } else if (kind == 1) {
                csr_write(pmpaddr0, base >> 2);
                pmp_configure(PMP_NA4 | rights[r], 0, 0, 0);
            } else {
                csr_write(pmpaddr0, base >> 2);
                csr_write(pmpaddr1, (base + size) >> 2);
                pmp_configure(0, PMP_TOR | rights[r], 0, 0);
            }
            for (unsigned m = 0; m < 5; m++)
                for (unsigned t = 0; t < sizeof tries / sizeof *tries; t++) {
                    context(mode_name(modes[m]), kind << 8 | rights[r] << 4 | t);
                    uint64_t needed = tries[t].reach == FETCH ? PMP_X : tries[t].reach == LOAD ? PMP_R : PMP_W;
                    for (unsigned last = 0; last < 2; last++) {
                        uint64_t inside = last ? base + size - 4 : base, outside = last ? base + size : base - 4;
                        struct trap trap = attempt(modes[m], tries[t].word, inside, RET);
                        if (modes[m] == MODE_M || rights[r] & needed)
                            CHECK_NO_TRAP("inside", trap);
                        else
                            check_fault("inside", trap, MODE_M, tries[t].reach, ACCESS_FAULT(tries[t].reach),
                                        modes[m] >= MODE_VU, 0, false);
                        CHECK_NO_TRAP("outside", attempt(modes[m], tries[t].word, outside, RET));
                    }
                }
        }
    return 0;
}

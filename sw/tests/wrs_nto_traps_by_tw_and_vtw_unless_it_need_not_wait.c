/* WRS.NTO that nothing ends in time is illegal below M where mstatus.TW is 1, else virtual in VS and VU where hstatus.VTW
   is 1. Where there is no reservation to wait for it does not trap; WRS.STO never does.

   needs: zawrs
   rules: Zawrs_priv_illegal_instr_excp, Zawrs_virtual_instr_excp */
#include "wait.h"

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned setting = 1; setting < 4; setting++) {
        bool tw = setting & 1, vtw = setting & 2;
        csr_put(mstatus, MSTATUS_TW, tw ? MSTATUS_TW : 0);
        csr_put(hstatus, HSTATUS_VTW, vtw ? HSTATUS_VTW : 0);
        for (unsigned m = 0; m < 5; m++) {
            context(mode_name(modes[m]), setting);
            uint64_t cause = modes[m] == MODE_M ? NO_TRAP : tw ? ILLEGAL_INSTRUCTION
                             : modes[m] >= MODE_VU ? VIRTUAL_INSTRUCTION : NO_TRAP;
            release(test_pages[0]);
            CHECK_NO_TRAP("WRS.NTO without a reservation", attempt(modes[m], WRS_NTO, 0, 0));
            reserve(test_pages[0]);
            CHECK_NO_TRAP("WRS.STO", attempt(modes[m], WRS_STO, 0, 0));
            if (cause == NO_TRAP)
                continue; /* it would wait */
            CHECK_TRAP("WRS.NTO", attempt(modes[m], WRS_NTO, 0, 0), .in = MODE_M, .cause = cause,
                       .tval = THE_INSTRUCTION);
        }
    }
    return 0;
}

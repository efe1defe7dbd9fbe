/* WRS.NTO and WRS.STO end at once where no reservation is valid, and where an interrupt is pending that is enabled in
   mie, whatever the global enables and the delegation say; WRS.STO ends by itself. They are there in every mode.

   needs: zawrs
   rules: Zawrs_wrs-nto_stall_exec, Zawrs_wrs-sto_stall_duration, Zawrs_exec_resume_rules */
#include "wait.h"

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned m = 0; m < 5; m++) {
        context(mode_name(modes[m]), 0);
        release(test_pages[0]);
        CHECK_NO_TRAP("WRS.NTO without a reservation", attempt(modes[m], WRS_NTO, 0, 0));
        CHECK_NO_TRAP("WRS.STO without a reservation", attempt(modes[m], WRS_STO, 0, 0));
        reserve(test_pages[0]);
        CHECK_NO_TRAP("WRS.STO with a reservation", attempt(modes[m], WRS_STO, 0, 0));
    }
    csr_write(mideleg, BIT(1));
    csr_write(mie, BIT(1)); /* SSIP, which HS would take only where sstatus.SIE is 1 */
    csr_write(mip, BIT(1));
    csr_clear(mstatus, MSTATUS_SIE);
    for (unsigned m = 1; m < 3; m++) {
        context(mode_name(modes[m]), 1);
        reserve(test_pages[0]);
        CHECK_NO_TRAP("WRS.NTO with an interrupt", attempt(modes[m], WRS_NTO, 0, 0));
        CHECK_NO_TRAP("WRS.STO with an interrupt", attempt(modes[m], WRS_STO, 0, 0));
    }
    return 0;
}

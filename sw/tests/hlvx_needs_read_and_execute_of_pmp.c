/* HLVX: physical memory protection must grant execute and read (hypervisor chapter, "Hypervisor Virtual-Machine Load
   and Store Instructions").
   rules: hlsv_u_op */
#include "pmp.h"

int main(void)
{
    static const uint64_t rights[] = {0, PMP_R, PMP_X, PMP_R | PMP_X, PMP_R | PMP_W};
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(guest.vs, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    csr_set(hstatus, HSTATUS_SPVP);
    test_pages[0][0] = 0x1234567;
    csr_write(pmpaddr0, NAPOT_ADDRESS(test_pages[0], PAGE));
    for (unsigned r = 0; r < sizeof rights / sizeof *rights; r++) {
        context("rights", rights[r]);
        pmp_configure(PMP_NAPOT | rights[r], 0, 0, 0);
        struct trap trap = attempt(MODE_HS, WORD("hlvx.wu a2, (a0)"), TEST_VA, 0);
        if ((rights[r] & (PMP_R | PMP_X)) == (PMP_R | PMP_X))
            CHECK_EQ("loaded", trap.value, 0x1234567);
        else
            check_fault("HLVX", trap, MODE_M, LOAD, LOAD_ACCESS_FAULT, true, 0, false);
    }
    return 0;
}

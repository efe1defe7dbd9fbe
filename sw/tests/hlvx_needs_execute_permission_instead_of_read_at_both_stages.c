/* HLVX reads where X is set, whatever R is, at the VS stage and at the G stage; a denial is a load's fault. What HLVX
   may reach is not thereby open to HLV.
   rules: hlsv_u_op */
#include "hyacinth.h"

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    csr_set(hstatus, HSTATUS_SPVP);
    test_pages[0][0] = 0x12345678deadbeef;
    static const uint64_t rights[] = {PTE_R, PTE_X, PTE_R | PTE_X, PTE_R | PTE_W};
    for (unsigned v = 0; v < 4; v++)
        for (unsigned g = 0; g < 4; g++) {
            context("rights", rights[v] << 8 | rights[g]);
            map(guest.vs, TEST_VA, TEST_GPA, 0, PTE_V | PTE_A | PTE_D | rights[v]);
            map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, PTE_V | PTE_A | PTE_D | PTE_U | rights[g]);
            fence_all();
            for (unsigned again = 0; again < 2; again++) {
                struct trap x = attempt(MODE_HS, WORD("hlvx.wu a2, (a0)"), TEST_VA, 0);
                if (!(rights[v] & PTE_X))
                    check_fault("HLVX", x, MODE_HS, LOAD, LOAD_PAGE_FAULT, true, 0, false);
                else if (!(rights[g] & PTE_X))
                    check_fault("HLVX", x, MODE_HS, LOAD, LOAD_GUEST_PAGE_FAULT, true, TEST_GPA >> 2, false);
                else
                    CHECK_EQ("HLVX.WU", x.value, 0xdeadbeef);
                struct trap r = attempt(MODE_HS, WORD("hlv.wu a2, (a0)"), TEST_VA, 0);
                if (!(rights[v] & PTE_R))
                    check_fault("HLV", r, MODE_HS, LOAD, LOAD_PAGE_FAULT, true, 0, false);
                else if (!(rights[g] & PTE_R))
                    check_fault("HLV", r, MODE_HS, LOAD, LOAD_GUEST_PAGE_FAULT, true, TEST_GPA >> 2, false);
                else
                    CHECK_EQ("HLV.WU", r.value, 0xdeadbeef);
            }
        }
    return 0;
}

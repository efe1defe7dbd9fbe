/* Svade: A=0, or D=0 on a store, is a fault at each stage; no page-table entry is written by the machine. Once software
   has set the bit, and fenced, the access passes.
   rules: svade_access_ad_bit_clear */
#include "hyacinth.h"

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(SV48_OR_SV39);
    struct guest guest = guest_on(&SV39, supported(&SV48X4) ? &SV48X4 : &SV39X4);
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    test_pages[0][0] = RET;
    FENCE_I();
    uint64_t *entries[] = {pte_of(own, TEST_VA, 0), pte_of(guest.vs, TEST_VA, 0), pte_of(guest.g, TEST_GPA, 0)};
    static const uint64_t states[] = {0, PTE_D, PTE_A, PTE_A | PTE_D};
    for (unsigned stage = 0; stage < 3; stage++)
        for (unsigned state = 0; state < 4; state++)
            for (unsigned a = 0; a < ACCESSES; a++) {
                enum reach reach = accesses[a].reach;
                uint64_t full = *entries[stage], entry = (full & ~(PTE_A | PTE_D)) | states[state];
                context(accesses[a].name, stage << 8 | states[state]);
                *entries[stage] = entry;
                fence_all();
                struct trap trap = attempt(stage ? MODE_VS : MODE_HS, accesses[a].word, TEST_VA, RET);
                bool fine = states[state] & PTE_A && (reach != STORE || states[state] & PTE_D);
                if (fine)
                    CHECK_NO_TRAP("allowed", trap);
                else
                    check_fault("forbidden", trap, MODE_HS, reach,
                                stage == 2 ? GUEST_PAGE_FAULT(reach) : PAGE_FAULT(reach), stage > 0,
                                stage == 2 ? TEST_GPA >> 2 : 0, false);
                CHECK_EQ("entry", *entries[stage], entry);
                *entries[stage] = full;
                fence_all();
                CHECK_NO_TRAP("with A and D", attempt(stage ? MODE_VS : MODE_HS, accesses[a].word, TEST_VA, RET));
            }
    return 0;
}

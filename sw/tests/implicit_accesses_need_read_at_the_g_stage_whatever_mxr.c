/* The G-stage page of a VS-stage table is read as a load of a user: R, A and U must be 1, W, X and D do not matter, and
   neither MXR lets an executable page pass. The fault has the cause of the original access and 0x3000.
   rules: H_vm_gstagetrans, H_vm_gpapriv */
#include "hyacinth.h"

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint64_t va = 3UL << 30, *table = test_pages[2];
    *pte_of(guest.vs, va, 1) = PTE_PPN(TEST_GPA) | PTE_V;
    table[0] = PTE_PPN(test_pages[0]) | LEAF;
    test_pages[0][0] = RET;
    FENCE_I();
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned bits = 0; bits < 64; bits++)
        for (unsigned mxr = 0; mxr < 4; mxr += 3) {
            uint64_t flags = PTE_V | (bits & 15) << 1 | (bits & 48) << 2;
            map(guest.g, TEST_GPA, (uint64_t)table, 0, flags);
            csr_put(sstatus, MSTATUS_MXR, mxr ? MSTATUS_MXR : 0);
            csr_write(vsstatus, mxr ? MSTATUS_MXR : 0);
            fence_all();
            bool allowed = flags & PTE_R && flags & PTE_A && flags & PTE_U;
            for (unsigned a = 0; a < 3; a++) {
                context(accesses[a].name, flags << 4 | mxr);
                struct trap trap = attempt(MODE_VS, accesses[a].word, va, RET);
                if (allowed)
                    CHECK_NO_TRAP("allowed", trap);
                else
                    check_fault("forbidden", trap, MODE_HS, accesses[a].reach, GUEST_PAGE_FAULT(accesses[a].reach),
                                true, TEST_GPA >> 2, true);
            }
        }
    return 0;
}

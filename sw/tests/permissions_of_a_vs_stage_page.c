/* Every combination of R, W, X, U, A and D in a VS-stage leaf with vsstatus.SUM, vsstatus.MXR and sstatus.MXR, in VS
   and VU. sstatus.SUM does not matter; either MXR makes an executable page readable.
   rules: sstatus_mxr_vm */
#include "hyacinth.h"

static bool allowed(uint64_t pte, enum reach reach, bool user, bool sum, bool mxr)
{
    bool r = pte & PTE_R, w = pte & PTE_W, x = pte & PTE_X, u = pte & PTE_U;
    if ((w && !r) || (!r && !x) || !(pte & PTE_A))
        return false;
    if (user ? !u : u && (reach == FETCH || !sum))
        return false;
    return reach == FETCH ? x : reach == LOAD ? r || (mxr && x) : w && pte & PTE_D;
}

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint64_t *pte = pte_of(guest.vs, TEST_VA, 0);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    delegate_exceptions(ALL_EXCEPTIONS, BIT(INSTRUCTION_PAGE_FAULT) | BIT(LOAD_PAGE_FAULT) | BIT(STORE_PAGE_FAULT));
    test_pages[0][0] = RET;
    FENCE_I();
    for (unsigned bits = 0; bits < 64; bits++) {
        uint64_t flags = PTE_V | (bits & 15) << 1 | (bits & 48) << 2;
        *pte = PTE_PPN(TEST_GPA) | flags;
        fence_all();
        for (unsigned setting = 0; setting < 8; setting++) {
            bool sum = setting & 1, vs_mxr = setting & 2, hs_mxr = setting & 4;
            csr_write(vsstatus, (sum ? MSTATUS_SUM : 0) | (vs_mxr ? MSTATUS_MXR : 0));
            csr_put(mstatus, MSTATUS_SUM | MSTATUS_MXR, (sum ? 0 : MSTATUS_SUM) | (hs_mxr ? MSTATUS_MXR : 0));
            for (unsigned user = 0; user < 2; user++)
                for (unsigned i = 0; i < 3; i++) {
                    enum reach reach = accesses[i].reach;
                    context(accesses[i].name, flags << 8 | setting << 4 | user);
                    struct trap trap = attempt(user ? MODE_VU : MODE_VS, accesses[i].word, TEST_VA, RET);
                    if (allowed(flags, reach, user, sum, vs_mxr || hs_mxr))
                        CHECK_NO_TRAP("allowed", trap);
                    else
                        check_fault("forbidden", trap, MODE_VS, reach, PAGE_FAULT(reach), false, 0, false);
                }
        }
    }
    return 0;
}

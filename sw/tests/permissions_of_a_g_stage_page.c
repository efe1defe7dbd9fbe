/* Every combination of R, W, X, U, A and D in a G-stage leaf with vsstatus.MXR and sstatus.MXR, in VS and VU. All
   accesses are a user's at this stage, SUM does not matter, and only sstatus.MXR makes an executable page readable.
   rules: vsstatus_mxr_vm, sstatus_mxr_vm, H_vm_gpatrans, H_vm_gpapriv */
#include "hyacinth.h"

static bool allowed(uint64_t pte, enum reach reach, bool hs_mxr)
{
    bool r = pte & PTE_R, w = pte & PTE_W, x = pte & PTE_X;
    if ((w && !r) || (!r && !x) || !(pte & PTE_A) || !(pte & PTE_U))
        return false;
    return reach == FETCH ? x : reach == LOAD ? r || (hs_mxr && x) : w && pte & PTE_D;
}

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint64_t *pte = pte_of(guest.g, TEST_GPA, 0);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.vs, TEST_VA + PAGE, TEST_GPA, 0, LEAF_U);
    delegate_exceptions(ALL_EXCEPTIONS, ALL_EXCEPTIONS);
    test_pages[0][0] = RET;
    FENCE_I();
    for (unsigned bits = 0; bits < 64; bits++) {
        uint64_t flags = PTE_V | (bits & 15) << 1 | (bits & 48) << 2;
        *pte = PTE_PPN(test_pages[0]) | flags;
        fence_all();
        for (unsigned setting = 0; setting < 4; setting++) {
            bool vs_mxr = setting & 1, hs_mxr = setting & 2, sum = vs_mxr;
            csr_write(vsstatus, (sum ? MSTATUS_SUM : 0) | (vs_mxr ? MSTATUS_MXR : 0));
            csr_put(mstatus, MSTATUS_SUM | MSTATUS_MXR, (sum ? MSTATUS_SUM : 0) | (hs_mxr ? MSTATUS_MXR : 0));
            for (unsigned user = 0; user < 2; user++)
                for (unsigned i = 0; i < 3; i++) {
                    enum reach reach = accesses[i].reach;
                    context(accesses[i].name, flags << 8 | setting << 4 | user);
                    struct trap trap = attempt(user ? MODE_VU : MODE_VS, accesses[i].word, TEST_VA + user * PAGE, RET);
                    if (allowed(flags, reach, hs_mxr))
                        CHECK_NO_TRAP("allowed", trap);
                    else
                        check_fault("forbidden", trap, MODE_HS, reach, GUEST_PAGE_FAULT(reach), true, TEST_GPA >> 2,
                                    false);
                }
        }
    }
    return 0;
}

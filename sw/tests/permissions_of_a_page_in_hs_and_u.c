/* Every combination of R, W, X, U, A and D with SUM and MXR, for fetch, load, store, LR, SC and AMO in HS
   and U.
   rules: sstatus_mxr_op, sstatus_sum_op, fetch_page_fault_no_x, load_page_fault_no_r, store_page_fault_no_w,
   mstatus_mxr_op, mstatus_sum_op, sc_retire_permission, sc_failed_as_store */
#include "hyacinth.h"

static bool allowed(uint64_t pte, enum reach reach, bool user, bool sum, bool mxr)
{
    bool r = pte & PTE_R, w = pte & PTE_W, x = pte & PTE_X, u = pte & PTE_U;
    if ((w && !r) || (!r && !x) || !(pte & PTE_A)) /* reserved; a pointer at level 0; Svade */
        return false;
    if (user ? !u : u && (reach == FETCH || !sum))
        return false;
    return reach == FETCH ? x : reach == LOAD ? r || (mxr && x) : w && pte & PTE_D;
}

int main(void)
{
    struct space space = supervisor_on(&SV39);
    uint64_t *pte = pte_of(space, TEST_VA, 0);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    test_pages[0][0] = RET;
    FENCE_I();
    for (unsigned bits = 0; bits < 64; bits++) {
        uint64_t flags = PTE_V | (bits & 15) << 1 | (bits & 48) << 2;
        *pte = PTE_PPN(test_pages[0]) | flags;
        fence_all();
        for (unsigned setting = 0; setting < 4; setting++)
            for (unsigned user = 0; user < 2; user++)
                for (unsigned i = 0; i < ACCESSES; i++) {
                    enum mode mode = user ? MODE_U : MODE_HS;
                    enum reach reach = accesses[i].reach;
                    context(accesses[i].name, flags << 8 | setting << 4 | user);
                    csr_put(mstatus, MSTATUS_SUM | MSTATUS_MXR, (uint64_t)setting << 18);
                    struct trap trap = attempt(mode, accesses[i].word, TEST_VA, RET);
                    if (allowed(flags, reach, user, setting & 1, setting & 2))
                        CHECK_NO_TRAP("allowed", trap);
                    else
                        check_fault("forbidden", trap, MODE_HS, reach, PAGE_FAULT(reach), false, 0, false);
                }
    }
    return 0;
}

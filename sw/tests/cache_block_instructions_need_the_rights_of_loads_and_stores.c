/* Every combination of R, W, X, U, A and D in a leaf of either stage, with MXR, in VS and VU: CBO.ZERO may do what a
   store may, the management of a block what a load or a store may; that looks at A, not at D. Whatever is missing, the
   fault is that of a store, at the address in rs1, wherever in the block that lies.

   needs: zicbom, zicboz
   rules: cbm_access, cbm_unperm_fault, cbm_unperm_translate, cbz_access, cbz_unperm_fault, cbz_unperm_translate,
   fault_excep_csr, h_trans_cache */
#include "blocks.h"

static bool allowed(uint64_t pte, bool zero, bool u, bool mxr)
{
    bool r = pte & PTE_R, w = pte & PTE_W, x = pte & PTE_X;
    if ((w && !r) || (!r && !x) || !(pte & PTE_A) || u != !!(pte & PTE_U))
        return false;
    return zero ? w && pte & PTE_D : r || (mxr && x);
}

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint64_t *vs_pte = pte_of(guest.vs, TEST_VA, 0), *g_pte = pte_of(guest.g, TEST_GPA, 0);
    delegate_exceptions(ALL_EXCEPTIONS, BIT(STORE_PAGE_FAULT));
    blocks_on();
    for (unsigned setting = 0; setting < 4; setting++)
        for (unsigned bits = 0; bits < 64; bits++) {
            bool user = setting & 1, mxr = setting & 2;
            uint64_t flags = PTE_V | (bits & 15) << 1 | (bits & 48) << 2, address = TEST_VA + 0x7fd;
            csr_put(mstatus, MSTATUS_MXR, mxr ? MSTATUS_MXR : 0);
            for (unsigned g = 0; g < 2; g++) {
                *vs_pte = PTE_PPN(TEST_GPA) | (g ? (user ? LEAF_U : LEAF) : flags);
                *g_pte = PTE_PPN(test_pages[0]) | (g ? flags : LEAF_U);
                fence_all();
                for (unsigned i = 0; i < BLOCK_INSTRUCTIONS; i++) {
                    context(block_instructions[i].name, flags << 8 | setting << 4 | g);
                    bool zero = block_instructions[i].word == CBO_ZERO;
                    test_pages[0][255] = 1;
                    struct trap trap = attempt(user ? MODE_VU : MODE_VS, block_instructions[i].word, address, 0);
                    if (allowed(flags, zero, g ? true : user, mxr)) {
                        CHECK_NO_TRAP("allowed", trap);
                        CHECK_EQ("memory", test_pages[0][255], zero ? 0 : 1);
                        continue;
                    }
                    if (g)
                        check_fault("forbidden by the G stage", trap, MODE_HS, STORE, GUEST_PAGE_FAULT(STORE), true,
                                    (TEST_GPA + 0x7fd) >> 2, false);
                    else
                        check_fault("forbidden by the VS stage", trap, MODE_VS, STORE, PAGE_FAULT(STORE), false, 0,
                                    false);
                    CHECK_EQ("memory", test_pages[0][255], 1);
                }
            }
        }
    return 0;
}

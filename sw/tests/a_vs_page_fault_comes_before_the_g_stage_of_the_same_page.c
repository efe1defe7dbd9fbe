/* Where the leaf of the VS stage denies and the G stage would, too, it is a page fault, whatever the TLB holds: cold,
   and after accesses that succeeded. */
#include "hyacinth.h"

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    /* Readable at both stages, so that a load fills the TLB; a store is denied by both. */
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF & ~(PTE_W | PTE_X));
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U & ~(PTE_W | PTE_X));
    for (unsigned round = 0; round < 4; round++) {
        context("round", round);
        if (round == 0 || round == 2)
            fence_all();
        if (round >= 2)
            CHECK_NO_TRAP("load", attempt(MODE_VS, WORD("ld a2, 0(a0)"), TEST_VA, 0));
        check_fault("store", attempt(MODE_VS, WORD("sd a1, 0(a0)"), TEST_VA, 0), MODE_HS, STORE, STORE_PAGE_FAULT,
                    true, 0, false);
        check_fault("fetch", attempt(MODE_VS, accesses[0].word, TEST_VA, 0), MODE_HS, FETCH, INSTRUCTION_PAGE_FAULT,
                    true, 0, false);
    }
    return 0;
}

/* Svvptc: an entry, leaf or pointer, that a store makes valid is found by the next access that needs it, though the
   access before it has faulted there.
   rules: Svvptc_explicit_stores_update_valid_bit */
#include "hyacinth.h"

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(SV48_OR_SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(own, TEST_VA + PAGE, (uint64_t)test_pages[0], 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.vs, TEST_VA + PAGE, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    test_pages[0][0] = RET;
    FENCE_I();
    for (unsigned stage = 0; stage < 3; stage++)
        for (unsigned level = 0; level < 3; level++)
            for (unsigned a = 0; a < ACCESSES; a++) {
                struct space space = stage == 0 ? own : stage == 1 ? guest.vs : guest.g;
                uint64_t *entry = pte_of(space, stage == 2 ? TEST_GPA : TEST_VA, level);
                enum reach reach = accesses[a].reach;
                enum mode mode = stage ? MODE_VS : MODE_HS;
                context(accesses[a].name, stage << 4 | level);
                *entry &= ~PTE_V;
                fence_all();
                if (level == 0)
                    attempt(mode, accesses[1].word, TEST_VA + PAGE, 0); /* brings the tables above */
                CHECK_EQ("before", attempt(mode, accesses[a].word, TEST_VA, RET).cause,
                         stage == 2 ? GUEST_PAGE_FAULT(reach) : PAGE_FAULT(reach));
                *entry |= PTE_V;
                CHECK_NO_TRAP("after", attempt(mode, accesses[a].word, TEST_VA, RET));
            }
    return 0;
}

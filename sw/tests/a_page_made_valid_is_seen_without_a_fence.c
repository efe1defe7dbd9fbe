/* V of a leaf, or of an entry above it, goes from 0 to 1 by a store: without any fence the page that faulted is there
   after a while, for fetch, load and store.
   rules: Svvptc_explicit_stores_update_valid_bit */
#include "hyacinth.h"

#define PATIENCE 100

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    test_pages[0][0] = RET;
    FENCE_I();
    for (unsigned s = 1; s < 4 && supported(VS_SCHEMES[s]); s++)
        for (unsigned level = 0; level < VS_SCHEMES[s]->levels; level++)
            for (unsigned a = 0; a < 3; a++) {
                uint64_t va = 3UL << (3 + 9 * VS_SCHEMES[s]->levels);
                struct space space = supervisor_on(VS_SCHEMES[s]);
                map(space, va, (uint64_t)test_pages[0], 0, LEAF);
                volatile uint64_t *entry = pte_of(space, va, level);
                *entry &= ~PTE_V;
                fence_all();
                context(accesses[a].name, s << 4 | level);
                for (unsigned i = 0; i < 2; i++)
                    check_fault("V=0", attempt(MODE_HS, accesses[a].word, va, RET), MODE_HS, accesses[a].reach,
                                PAGE_FAULT(accesses[a].reach), false, 0, false);
                *entry |= PTE_V;
                unsigned faults = 0;
                while (faults < PATIENCE && attempt(MODE_HS, accesses[a].word, va, RET).cause != NO_TRAP)
                    faults++;
                CHECK("V=1 is seen", faults < PATIENCE);
                translation_off();
            }
    return 0;
}

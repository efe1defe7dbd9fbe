/* Each level of the VS stage under each level of the G stage: the bytes are the right ones, and where the G stage
   forbids a store, the GPA reported is exact whatever the sizes of the two pages.
   rules: mtval2_htval_virtaddr, shtvala_htval_faulting_gpa */
#include "hyacinth.h"

int main(void)
{
    uint64_t pa = (uint64_t)test_pages[3] + 0x358;
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned pair = 5; pair < 16; pair++) {
        const struct scheme *vs = VS_SCHEMES[pair / 4], *g = G_SCHEMES[pair % 4];
        if (!g->levels || !vs->levels || !supported(vs) || !supported(g))
            continue;
        for (unsigned i = 0; i < vs->levels; i++)
            for (unsigned j = 0; j < g->levels; j++) {
                uint64_t vs_size = 1UL << (12 + 9 * i), g_size = 1UL << (12 + 9 * j);
                uint64_t gpa = (5UL << (3 + 9 * g->levels)) + pa;
                uint64_t va = (3UL << (3 + 9 * vs->levels)) + (gpa & ((1UL << (3 + 9 * vs->levels)) - 1));
                struct guest guest = guest_on(vs, g);
                map(guest.vs, va, gpa & -vs_size, i, LEAF);
                map(guest.g, gpa, pa & -g_size, j, LEAF_U & ~PTE_W);
                fence_all();
                context(vs->name, pair << 8 | i << 4 | j);
                test_pages[3][0x358 / 8] = va ^ gpa;
                struct trap load = attempt(MODE_VS, WORD("ld a2, 0(a0)"), va, 0);
                CHECK_NO_TRAP("load", load);
                CHECK_EQ("loaded", load.value, va ^ gpa);
                check_fault("store", attempt(MODE_VS, WORD("sd a1, 0(a0)"), va, 1), MODE_HS, STORE,
                            STORE_GUEST_PAGE_FAULT, true, gpa >> 2, false);
                CHECK_EQ("not stored", test_pages[3][0x358 / 8], va ^ gpa);
                translation_off();
            }
    }
    return 0;
}

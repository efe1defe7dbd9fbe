/* A leaf of satp's tables at each level of each scheme: it maps 2 MiB, 1 GiB, 512 GiB or 256 TiB, aligned to that, and
   the address below that size is kept; the pages before and after it are not concerned.
   rules: Sv39_leaf_any_level, Sv39_page_sizes, Sv39_superpage_align, Sv48_leaf_any_level, Sv48_page_sizes,
   Sv48_superpage_align, Sv57_leaf_any_level, Sv57_page_sizes, Sv57_superpage_align */
#include "hyacinth.h"

int main(void)
{
    uint64_t pa = (uint64_t)test_pages[3] + 0x358;
    const uint32_t load = WORD("ld a2, 0(a0)"), store = WORD("sd a1, 0(a0)");
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned s = 1; s < 4 && supported(VS_SCHEMES[s]); s++)
        for (unsigned level = 0; level < VS_SCHEMES[s]->levels; level++)
            for (unsigned user = 0; user < 2; user++) {
                uint64_t size = 1UL << (12 + 9 * level), within = (1UL << (3 + 9 * VS_SCHEMES[s]->levels)) - 1;
                uint64_t va = (5UL << (3 + 9 * VS_SCHEMES[s]->levels)) + (pa & within), page = va & -size;
                enum mode mode = user ? MODE_U : MODE_HS;
                struct space space = supervisor_on(VS_SCHEMES[s]);
                map(space, page, pa & -size, level, user ? LEAF_U : LEAF);
                asm volatile("sfence.vma" : : : "memory");
                context(VS_SCHEMES[s]->name, level << 4 | user);
                test_pages[3][0x358 / 8] = va;
                CHECK_EQ("loaded", attempt(mode, load, va, 0).value, va);
                CHECK_NO_TRAP("store", attempt(mode, store, va, level));
                CHECK_EQ("stored", test_pages[3][0x358 / 8], level);
                check_fault("before it", attempt(mode, load, page - 8, 0), MODE_HS, LOAD, LOAD_PAGE_FAULT, false, 0,
                            false);
                check_fault("after it", attempt(mode, load, page + size, 0), MODE_HS, LOAD, LOAD_PAGE_FAULT, false, 0,
                            false);
                translation_off();
            }
    return 0;
}

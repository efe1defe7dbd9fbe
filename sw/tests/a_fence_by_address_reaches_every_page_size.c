/* A superpage of either stage that was used in the middle: a fence that names an address within the page makes a change
   of its leaf visible, whatever the sizes of the two pages.
   rules: hfence-vvma_limits, hfence-gvma_op */
#include "hyacinth.h"

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint64_t pa = (uint64_t)test_pages[0], gpa = (5UL << 30) + (pa & 0x3fffffff), va = (3UL << 30) + (pa & 0x3fffffff);
    test_pages[0][0] = 0x11;
    for (unsigned i = 0; i < 3; i++)
        for (unsigned j = 0; j < 3; j++) {
            uint64_t vs_size = 1UL << (12 + 9 * i), g_size = 1UL << (12 + 9 * j);
            *pte_of(guest.vs, va, 2) = 0;
            *pte_of(guest.g, gpa, 2) = 0;
            map(guest.vs, va, gpa & -vs_size, i, LEAF);
            map(guest.g, gpa, pa & -g_size, j, LEAF_U);
            fence_all();
            context("levels", i << 4 | j);
            CHECK_EQ("before", attempt(MODE_VS, load, va, 0).value, 0x11);
            *pte_of(guest.vs, va, i) = 0;
            asm volatile("hfence.vvma %0, x0" : : "r"(va) : "memory");
            CHECK_EQ("VS leaf gone", attempt(MODE_VS, load, va, 0).cause, LOAD_PAGE_FAULT);
            map(guest.vs, va, gpa & -vs_size, i, LEAF);
            asm volatile("hfence.vvma %0, x0" : : "r"(va) : "memory");
            CHECK_EQ("VS leaf back", attempt(MODE_VS, load, va, 0).value, 0x11);
            *pte_of(guest.g, gpa, j) = 0;
            asm volatile("hfence.gvma %0, x0" : : "r"(gpa >> 2) : "memory");
            CHECK_EQ("G leaf gone", attempt(MODE_VS, load, va, 0).cause, LOAD_GUEST_PAGE_FAULT);
        }
    return 0;
}

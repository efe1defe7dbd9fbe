/* An AMO of a page-table entry by an NC page, while hardware sets A there for a fetch: both are in the entry.

   not disturbed: a fetch on a wrong path may set A before the entry is read
   needs: svadu, svpbmt, zicbom
   rules: rvwmo_atomicity_axiom, Svadu_hw_update_a_d_bits */
#include "page_end.h"

AT_A_PAGE_END("ld t4, (t0)\namoor.d a0, t1, (t0)\nsd t3, 0(t2)")

#define RSW (3UL << 8)

int main(void)
{
    csr_write(menvcfg, ENVCFG_PBMTE | ENVCFG_ADUE);
    struct space own = page_end_on();
    for (unsigned shift = 0; shift < 12; shift++) {
        static struct page_end arguments = {.first = RSW};
        uint64_t code, *entry = pte_of(own, TEST_VA, 0) + 8 + 8 * shift;
        context("instructions after it", shift);
        map(own, PAGE_END_DATA, (uint64_t)entry & -PAGE, 0, LEAF | PTE_NC);
        arguments.nc = PAGE_END_DATA + ((uint64_t)entry & (PAGE - 1));
        CHECK_EQ("entry", (uint64_t)page_end_at(own, shift, &arguments, &code), (uint64_t)entry);
        run_in(MODE_HS, (function *)code, (uint64_t)&arguments);
        CHECK_EQ("RSW and A", *entry & (RSW | PTE_A), RSW | PTE_A);
    }
    return 0;
}

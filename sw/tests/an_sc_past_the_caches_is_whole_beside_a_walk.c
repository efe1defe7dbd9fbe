/* An SC to an NC page that fails writes nothing, and one that succeeds writes its own value, while hardware sets A for
   the fetch of what follows: the walker's write may end the reservation, and the next store waits for its turn.

   needs: svadu, svpbmt, zicbom
   rules: rvwmo_sc_fail_no_memop */
#include "page_end.h"

AT_A_PAGE_END("lr.d t4, (t0)\nsc.d a0, t1, (t0)\nsd t3, 0(t2)")

int main(void)
{
    csr_write(menvcfg, ENVCFG_PBMTE | ENVCFG_ADUE);
    struct space own = page_end_on();
    for (unsigned shift = 0; shift < 12; shift++) {
        static struct page_end arguments = {.first = 0x1111111111111111, .then = 0x2222222222222222};
        uint64_t code, *word = &test_pages[2][16 + shift];
        context("instructions after it", shift);
        *word = 0x3333333333333333;
        arguments.nc = PAGE_END_DATA + 8 * (16 + shift);
        uint64_t *entry = page_end_at(own, shift, &arguments, &code);
        uint64_t failed = run_in(MODE_HS, (function *)code, (uint64_t)&arguments);
        CHECK_EQ("what it wrote", *word, failed ? 0x3333333333333333 : 0x1111111111111111);
        CHECK_EQ("the next store", *(uint64_t *)((uint64_t)test_pages[3] + 800), 0x2222222222222222);
        CHECK_EQ("A of the next page", *entry & PTE_A, PTE_A);
        *(uint64_t *)((uint64_t)test_pages[3] + 800) = 0;
    }
    return 0;
}

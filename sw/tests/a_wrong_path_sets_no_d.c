/* Svadu: D is set by stores that are performed. A store behind a branch that was not taken many times, and then is,
   leaves D of its page as it was, at each stage; so does a load. What is performed then sets it.
   rules: Svadu_hw_update_a_d_bits, menvcfg_adue_op, henvcfg_adue_op */
#include "hyacinth.h"

static __attribute__((noinline)) void store_unless(uint64_t odd, uint64_t address)
{
    asm volatile("bnez %0, 1f\nsd zero, 0(%1)\n1:" : : "r"(odd), "r"(address) : "memory");
}

/* 200 stores to a page that has its D; each time that the branch is taken, the address is `page`. */
static uint64_t run(uint64_t page)
{
    uint64_t good = page + PAGE;
    for (unsigned i = 0; i < 200; i++) {
        bool odd = i % 16 == 15;
        store_unless(odd, odd ? page : good);
    }
    return 0;
}

int main(void)
{
    csr_write(menvcfg, ENVCFG_ADUE);
    if (!(csr_read(menvcfg) & ENVCFG_ADUE))
        return 0; /* no Svadu */
    csr_write(henvcfg, ENVCFG_ADUE);
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    for (unsigned i = 0; i < 2; i++) {
        map(own, TEST_VA + i * PAGE, (uint64_t)test_pages[i], 0, LEAF);
        map(guest.vs, TEST_VA + i * PAGE, TEST_GPA + i * PAGE, 0, LEAF);
        map(guest.g, TEST_GPA + i * PAGE, (uint64_t)test_pages[i], 0, LEAF_U);
    }
    uint64_t *entries[] = {pte_of(own, TEST_VA, 0), pte_of(guest.vs, TEST_VA, 0), pte_of(guest.g, TEST_GPA, 0)};
    for (unsigned stage = 0; stage < 3; stage++) {
        enum mode mode = stage ? MODE_VS : MODE_HS;
        context("stage", stage);
        *entries[stage] &= ~PTE_D;
        fence_all();
        CHECK_NO_TRAP("load", attempt(mode, WORD("ld a2, 0(a0)"), TEST_VA, 0));
        CHECK_NO_TRAP("wrong path", trap_of(mode, run, TEST_VA));
        CHECK_EQ("D after a wrong path", *entries[stage] & PTE_D, 0);
        CHECK_NO_TRAP("store", attempt(mode, WORD("sd a1, 0(a0)"), TEST_VA, 0));
        CHECK_EQ("D after a store", *entries[stage] & PTE_D, PTE_D);
    }
    return 0;
}

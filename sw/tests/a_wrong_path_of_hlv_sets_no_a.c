/* Svadu: HLV, HLVX and HSV behind a branch that was not taken many times, and then is, leave A of their page at the VS
   stage as it was, in M, HS and U. One that is performed sets it.
   rules: vs_stage_speculative_a_bit */
#include "hyacinth.h"

static __attribute__((noinline)) uint64_t reach_unless(uint64_t odd, uint64_t address)
{
    uint64_t value = 0;
    asm volatile("bnez %1, 1f\nhlv.d %0, (%2)\nhlvx.wu %0, (%2)\nhsv.d zero, (%2)\n1:"
                 : "+r"(value) : "r"(odd), "r"(address) : "memory");
    return value;
}

/* 200 times to a page that has its A; each time that the branch is taken, the address is `page`. */
static uint64_t run(uint64_t page)
{
    uint64_t good = page + PAGE;
    for (unsigned i = 0; i < 200; i++) {
        bool odd = i % 16 == 15;
        reach_unless(odd, odd ? page : good);
    }
    return 0;
}

int main(void)
{
    csr_write(menvcfg, ENVCFG_ADUE);
    if (!(csr_read(menvcfg) & ENVCFG_ADUE))
        return 0; /* no Svadu */
    csr_write(henvcfg, ENVCFG_ADUE);
    struct guest guest = guest_on(&SV39, &SV39X4);
    for (unsigned i = 0; i < 2; i++)
        map(guest.vs, TEST_VA + i * PAGE, (uint64_t)test_pages[i], 0, LEAF);
    uint64_t *entry = pte_of(guest.vs, TEST_VA, 0);
    csr_write(hstatus, HSTATUS_SPVP | HSTATUS_HU);
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_U};
    for (unsigned m = 0; m < 3; m++) {
        context(mode_name(modes[m]), 0);
        *entry &= ~(PTE_A | PTE_D);
        fence_all();
        CHECK_NO_TRAP("wrong path", trap_of(modes[m], run, TEST_VA));
        CHECK_EQ("A after a wrong path", *entry & (PTE_A | PTE_D), 0);
        CHECK_NO_TRAP("HLV", attempt(modes[m], WORD("hlv.d a2, (a0)"), TEST_VA, 0));
        CHECK_EQ("A after HLV", *entry & (PTE_A | PTE_D), PTE_A);
    }
    return 0;
}

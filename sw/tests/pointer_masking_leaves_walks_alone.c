/* Pointer masking is of the addresses of instructions: those of page-table entries keep their upper bits. A guest's
   root table at a GPA of which PMLEN=16 would mask a bit is read there, and not where the address without the bit
   leads; a table of HS in memory that is not there is an access fault, though the bits below name one.
   rules: pm_cpu_only */
#include "hyacinth.h"

#define TAG BIT(60)

int main(void)
{
    csr_put(menvcfg, MENVCFG_PMM, 3UL << MENVCFG_PMM_SHIFT);
    csr_put(henvcfg, HENVCFG_PMM, 3UL << HENVCFG_PMM_SHIFT);
    if (!(csr_read(menvcfg) & MENVCFG_PMM) || !(csr_read(henvcfg) & HENVCFG_PMM) || !supported(&SV48X4))
        return 0; /* not all of Smnpm, Ssnpm and Sv48x4 */
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV48X4);
    test_pages[0][0] = 0x1111;
    test_pages[1][0] = 0x2222;
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(guest.vs, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);

    /* Another root, equal but for the page at TEST_VA. */
    struct space other = {&SV39, page_new()};
    for (unsigned i = 0; i < 512; i++)
        other.root[i] = i == TEST_VA >> 30 ? 0 : guest.vs.root[i];
    map(other, TEST_VA, (uint64_t)test_pages[1], 0, LEAF);
    uint64_t high = (uint64_t)guest.vs.root | BIT(49);
    map(guest.g, high, (uint64_t)other.root, 0, LEAF_U);
    fence_all();
    context("guest", 0);
    CHECK_EQ("the first root", attempt(MODE_VS, WORD("ld a2, 0(a0)"), TEST_VA ^ TAG, 0).value, 0x1111);
    csr_write(vsatp, SV39.mode << 60 | high >> 12);
    fence_all();
    CHECK_EQ("that of the high address", attempt(MODE_VS, WORD("ld a2, 0(a0)"), TEST_VA ^ TAG, 0).value, 0x2222);

    context("HS", 0);
    CHECK_EQ("masked", attempt(MODE_HS, WORD("ld a2, 0(a0)"), TEST_VA ^ TAG, 0).value, 0x1111);
    *pte_of(own, TEST_VA, 1) |= BIT(50 - 12 + 10); /* its PPN begins at bit 10 */
    fence_all();
    CHECK_EQ("a table that is not there", attempt(MODE_HS, WORD("ld a2, 0(a0)"), TEST_VA ^ TAG, 0).cause,
             LOAD_ACCESS_FAULT);
    return 0;
}

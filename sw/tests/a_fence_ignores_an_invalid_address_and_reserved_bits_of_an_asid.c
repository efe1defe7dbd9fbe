/* SFENCE.VMA with an address in rs1 that is none of the scheme: no exception, and nothing is wrong afterwards. Bits of
   rs2 above 16, and those of the 16 that the machine does not implement, do not matter: the fence does its work.
   rules: sfence_vma_invalid_va, sfence_vma_rs2_bits */
#include "hyacinth.h"

/* Pages away from those of the program, which would take their places in a small TLB. */
#define VA (TEST_VA + 37 * PAGE)
#define ASID 1UL

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    const uint32_t by_address = WORD("sfence.vma a0, x0"), by_both = WORD("sfence.vma a0, a1");
    const uint32_t by_asid = WORD("sfence.vma x0, a1");
    csr_write(satp, 0xffffUL << 44);
    uint64_t implemented = csr_read(satp) >> 44 & 0xffff;
    const uint64_t asids[] = {ASID, ASID | BIT(16), ASID | BIT(63), ASID | -BIT(16),
                              ASID | (0xffff & ~implemented), ASID | ~implemented};
    test_pages[0][0] = 0x11;
    test_pages[1][0] = 0x22;
    for (unsigned s = 1; s < 4 && supported(VS_SCHEMES[s]); s++) {
        unsigned width = 12 + 9 * VS_SCHEMES[s]->levels;
        const uint64_t invalid[] = {BIT(width - 1), BIT(width), BIT(63), ~BIT(width - 1), -BIT(width) ^ BIT(63),
                                    VA | BIT(width), VA | BIT(63)};
        struct space space = supervisor_on(VS_SCHEMES[s]);
        csr_write(satp, satp_of(space, ASID & implemented));
        uint64_t *entry = pte_of(space, VA, 0);
        *entry = PTE_PPN(test_pages[0]) | LEAF;
        fence_all();
        for (unsigned i = 0; i < sizeof invalid / sizeof *invalid; i++) {
            context(VS_SCHEMES[s]->name, invalid[i]);
            CHECK_EQ("before", attempt(MODE_HS, load, VA, 0).value, 0x11);
            CHECK_NO_TRAP("by address", attempt(MODE_HS, by_address, invalid[i], 0));
            CHECK_NO_TRAP("by both", attempt(MODE_HS, by_both, invalid[i], ASID));
            CHECK_EQ("after", attempt(MODE_HS, load, VA, 0).value, 0x11);
        }
        for (unsigned i = 0; i < sizeof asids / sizeof *asids; i++)
            for (unsigned both = 0; both < 2; both++) {
                context(VS_SCHEMES[s]->name, asids[i]);
                *entry = PTE_PPN(test_pages[0]) | LEAF;
                fence_and_wait();
                CHECK_EQ("before", attempt(MODE_HS, load, VA, 0).value, 0x11);
                *entry = PTE_PPN(test_pages[1]) | LEAF;
                CHECK_NO_TRAP("fence", attempt(MODE_HS, both ? by_both : by_asid, VA, asids[i]));
                CHECK_EQ("after", attempt(MODE_HS, load, VA, 0).value, 0x22);
            }
        translation_off();
    }
    return 0;
}

/* A virtual address whose high bits are not copies of its sign: a page fault. A guest physical address with a bit above
   41, 50 or 59 (the x4 schemes' width): a guest-page fault, of a Bare VS stage and of a leaf, and of a table's address.
   The highest legal addresses translate.
   rules: Sv39_va_signext, Sv48_va_signext, Sv57_va_signext, hgatp_mode_sv39x4, hgatp_mode_sv48x4, hgatp_mode_sv57x4 */
#include "hyacinth.h"

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    test_pages[0][0] = RET;
    FENCE_I();
    for (unsigned s = 1; s < 4 && supported(VS_SCHEMES[s]); s++) {
        const struct scheme *vs = VS_SCHEMES[s], *g = G_SCHEMES[s];
        unsigned va_bits = 12 + 9 * vs->levels, gpa_bits = va_bits + 2;
        uint64_t top = -PAGE, wrong_up = 1UL << (va_bits - 1), wrong_down = ~(1UL << (va_bits - 1)) & -PAGE;
        struct space own = supervisor_on(vs);
        map(own, top, (uint64_t)test_pages[0], 0, LEAF);
        for (unsigned i = 0; i < ACCESSES; i++) {
            enum reach reach = accesses[i].reach;
            context(accesses[i].name, s);
            if (i != 4)
                CHECK_NO_TRAP("highest", attempt(MODE_HS, accesses[i].word, top, RET));
            check_fault("wrong sign", attempt(MODE_HS, accesses[i].word, wrong_up, 0), MODE_HS, reach,
                        PAGE_FAULT(reach), false, 0, false);
            check_fault("wrong sign", attempt(MODE_HS, accesses[i].word, wrong_down, 0), MODE_HS, reach,
                        PAGE_FAULT(reach), false, 0, false);
        }
        translation_off();

        struct guest guest = guest_on(vs, g);
        uint64_t high = (1UL << gpa_bits) - PAGE, too_high = 1UL << gpa_bits, va = 3UL << (va_bits - 9);
        map(guest.g, high, (uint64_t)test_pages[0], 0, LEAF_U);
        bool fits = gpa_bits < 56; /* the PPN of a page-table entry ends there */
        map(guest.vs, va, fits ? high : TEST_GPA, 0, LEAF);
        map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
        map(guest.vs, va + PAGE, too_high | RAM, 0, LEAF);
        for (unsigned i = 0; i < ACCESSES; i++) {
            enum reach reach = accesses[i].reach;
            context(accesses[i].name, s);
            if (i != 4)
                CHECK_NO_TRAP("highest GPA", attempt(MODE_VS, accesses[i].word, va, RET));
            if (fits)
                check_fault("leaf", attempt(MODE_VS, accesses[i].word, va + PAGE + 8, 0), MODE_HS, reach,
                            GUEST_PAGE_FAULT(reach), true, ((too_high | RAM) + 8) >> 2, false);
            check_fault("wrong sign", attempt(MODE_VS, accesses[i].word, wrong_up, 0), MODE_HS, reach,
                        PAGE_FAULT(reach), true, 0, false);
        }
        if (fits) {
            *pte_of(guest.vs, va, 1) = PTE_PPN(too_high | RAM) | PTE_V;
            fence_all();
            for (unsigned i = 0; i < ACCESSES; i++) {
                enum reach reach = accesses[i].reach;
                context(accesses[i].name, s);
                check_fault("table", attempt(MODE_VS, accesses[i].word, va, 0), MODE_HS, reach,
                            GUEST_PAGE_FAULT(reach), true, ((too_high | RAM) + (va >> 12 & 511) * 8) >> 2, true);
            }
        }
        csr_write(vsatp, 0);
        for (unsigned i = 0; i < ACCESSES; i++) {
            enum reach reach = accesses[i].reach;
            context(accesses[i].name, s);
            if (i != 4)
                CHECK_NO_TRAP("highest, VS bare", attempt(MODE_VS, accesses[i].word, high, RET));
            check_fault("VS bare", attempt(MODE_VS, accesses[i].word, too_high | RAM, 0), MODE_HS, reach,
                        GUEST_PAGE_FAULT(reach), true, (too_high | RAM) >> 2, false);
            check_fault("VS bare, sign", attempt(MODE_VS, accesses[i].word, -PAGE, 0), MODE_HS, reach,
                        GUEST_PAGE_FAULT(reach), true, -PAGE >> 2, false);
        }
        translation_off();
    }
    return 0;
}

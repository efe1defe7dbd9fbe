/* AMOCAS raises the faults of a store where its page may be read alone, though nothing would be swapped, and is refused
   where it is not aligned to its size. AMOCAS.Q with an odd register is illegal.

   needs: zacas
   rules: Zacas_amocas_w_permission, Zacas_amocas_rs1_addr_alignment, Zacas_rv64_amocas-q_frst_pair_entry_reg_even */
#include "cas.h"

int main(void)
{
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_VS};
    /* Each expects 0 and finds something else, but for the Q, which finds what x0 expects. */
    const uint32_t words[] = {AMOCAS(2, 0, 11), AMOCAS(3, 0, 11), AMOCAS(4, 0, 0)};
    for (unsigned m = 0; m < 3; m++)
        for (unsigned w = 0; w < 3; w++) {
            unsigned size = 4U << w;
            for (unsigned offset = 0; offset < 2 * size; offset++) {
                context(mode_name(modes[m]), w << 8 | offset);
                test_pages[0][0] = test_pages[0][1] = test_pages[0][2] = test_pages[0][3] = w == 2 ? 0 : ~0UL;
                struct trap trap = attempt(modes[m], words[w], (uint64_t)test_pages[0] + offset, 0x5a);
                if (offset % size)
                    CHECK_TRAP("misaligned", trap, .in = MODE_M, .tval = trap.a0, .gva = modes[m] == MODE_VS,
                               .cause = trap.cause == STORE_MISALIGNED ? STORE_MISALIGNED : ACCESS_FAULT(STORE),
                               .tinst = TRANSFORMED(0));
                else
                    CHECK_NO_TRAP("aligned", trap);
            }
        }
    for (unsigned word = 0; word < 4; word++) {
        unsigned d = 12 + (word & 1), t = 14 + (word >> 1);
        context("registers", d << 8 | t);
        test_pages[0][0] = test_pages[0][1] = 0x77;
        if (word)
            CHECK_TRAP("odd", attempt(MODE_M, AMOCAS(4, d, t), (uint64_t)test_pages[0], 0), .in = MODE_M,
                       .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
        CHECK_EQ("memory", test_pages[0][0], 0x77);
    }
    struct guest guest = guest_on(&SV39, &SV39X4);
    delegate_exceptions(ALL_EXCEPTIONS, BIT(STORE_PAGE_FAULT));
    map(guest.vs, TEST_VA, TEST_GPA, 0, PTE_V | PTE_R | PTE_A | PTE_D);
    map(guest.vs, TEST_VA + PAGE, TEST_GPA + PAGE, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    map(guest.g, TEST_GPA + PAGE, (uint64_t)test_pages[0], 0, PTE_V | PTE_R | PTE_U | PTE_A | PTE_D);
    fence_all();
    test_pages[0][0] = ~0UL;
    for (unsigned w = 0; w < 3; w++) {
        context("word", w);
        check_fault("a page that VS may read alone", attempt(MODE_VS, words[w], TEST_VA, 0), MODE_VS, STORE,
                    PAGE_FAULT(STORE), false, 0, false);
        check_fault("a page that the guest may read alone", attempt(MODE_VS, words[w], TEST_VA + PAGE, 0), MODE_HS, STORE,
                    GUEST_PAGE_FAULT(STORE), true, (TEST_GPA + PAGE) >> 2, false);
        CHECK_EQ("memory", test_pages[0][0], ~0UL);
    }
    return 0;
}

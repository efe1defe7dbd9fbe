/* A misaligned AMO, LR or SC raises address-misaligned or, which the manual also allows, an access fault; it is not
   done.
   rules: pma_mag_op_amo, PMA_MAG_EXC, pma_mag_op_rsrv, sstvala_stval_faulting_vaddr, LR_SC_ALIGNMENT,
   amo_alignment, MISALIGNED_ATOMICITY_GRANULE_SIZE */
#include "hyacinth.h"

int main(void)
{
    const struct {
        uint32_t word;
        enum reach reach;
    } rows[] = {
        /* doublewords have even numbers, words odd ones */
        {WORD("amoadd.d a2, a1, (a0)"), STORE}, {WORD("amoswap.w a2, a1, (a0)"), STORE}, {WORD("lr.d a2, (a0)"), LOAD},
        {WORD("lr.w a2, (a0)"), LOAD}, {WORD("sc.d a2, a1, (a0)"), STORE}, {WORD("sc.w a2, a1, (a0)"), STORE},
    };
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_VS};
    for (unsigned m = 0; m < 3; m++)
        for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
            for (unsigned offset = 1; offset < 8; offset++) {
                if (offset == 4 && r & 1) /* aligned for a word */
                    continue;
                context(mode_name(modes[m]), r << 4 | offset);
                test_pages[0][0] = test_pages[0][1] = 0x5a5a;
                struct trap trap = attempt(modes[m], rows[r].word, (uint64_t)test_pages[0] + offset, 1);
                uint64_t misaligned = rows[r].reach == LOAD ? LOAD_MISALIGNED : STORE_MISALIGNED;
                CHECK_TRAP("trap", trap, .in = MODE_M, .tval = trap.a0, .gva = modes[m] == MODE_VS,
                           .cause = trap.cause == misaligned ? misaligned : ACCESS_FAULT(rows[r].reach),
                           .tinst = TRANSFORMED(0));
                CHECK_EQ("memory", test_pages[0][0], 0x5a5a);
                CHECK_EQ("memory after", test_pages[0][1], 0x5a5a);
            }
    return 0;
}

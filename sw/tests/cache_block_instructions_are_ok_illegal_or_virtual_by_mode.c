/* CBO.INVAL, CBO.CLEAN and CBO.FLUSH, and CBO.ZERO below M need CBIE, CBCFE and CBZE of menvcfg; in a user mode those of
   senvcfg as well, and where V=1 those of henvcfg. What a guest may not do though HS could is virtual, else illegal.
   CBIE holds 0, 1 and 3, and no field depends on its namesakes in the other registers.

   needs: zicbom, zicboz
   rules: cbo-inval, cbo-clean_cbo-flush, cbo-zero_basedon_xenvcfg-CBZE, cbxe_unaffected, menvcfg_cbze_op,
   menvcfg_cbcfe_op, menvcfg_cbie_op, menvcfg_cbie_cbo-inval_op, senvcfg_cbze, senvcfg_cbcfe, senvcfg_cbie,
   henvcfg_cbze, henvcfg_cbcfe, henvcfg_cbie, cbo-inval_h-mode_veq1_op, cbo-inval_h-mode_op, cbo-inval_s-mode_op,
   MENVCFG_CBIE_WARL, SENVCFG_CBIE_WARL, HENVCFG_CBIE_WARL */
#include "blocks.h"

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    uint64_t all = MENVCFG_CBIE | MENVCFG_CBCFE | MENVCFG_CBZE;
    csr_write(menvcfg, 2UL << MENVCFG_CBIE_SHIFT);
    CHECK("CBIE is not 2", (csr_read(menvcfg) & MENVCFG_CBIE) != 2UL << MENVCFG_CBIE_SHIFT);
    for (unsigned setting = 0; setting < 16; setting++)
        for (unsigned i = 0; i < BLOCK_INSTRUCTIONS; i++) {
            uint64_t enable = block_instructions[i].enable, others = all & ~enable;
            bool m = setting & 1, h = setting & 2, s = setting & 4;
            /* CBIE is 1 or 3; all that is not looked at says the opposite. */
            uint64_t on = enable == MENVCFG_CBIE && setting & 8 ? 1UL << MENVCFG_CBIE_SHIFT : enable;
            uint64_t values[] = {m ? on : others, h ? on : others, s ? on : others};
            csr_write(menvcfg, values[0]);
            csr_write(henvcfg, values[1]);
            csr_write(senvcfg, values[2]);
            CHECK_EQ("menvcfg", csr_read(menvcfg), values[0]);
            CHECK_EQ("henvcfg", csr_read(henvcfg), values[1]);
            CHECK_EQ("senvcfg", csr_read(senvcfg), values[2]);
            for (unsigned n = 0; n < 5; n++) {
                enum mode mode = modes[n];
                bool user = mode == MODE_U || mode == MODE_VU;
                uint64_t cause = NO_TRAP;
                if (mode != MODE_M && (!m || (mode == MODE_U && !s)))
                    cause = ILLEGAL_INSTRUCTION;
                else if (mode >= MODE_VU && (!h || (user && !s)))
                    cause = VIRTUAL_INSTRUCTION;
                context(block_instructions[i].name, setting << 4 | mode);
                struct trap trap = attempt(mode, block_instructions[i].word, (uint64_t)test_pages[0], 0);
                if (cause == NO_TRAP)
                    CHECK_NO_TRAP("enabled", trap);
                else
                    CHECK_TRAP("not enabled", trap, .in = MODE_M, .cause = cause, .tval = THE_INSTRUCTION);
            }
        }
    return 0;
}

/* stimecmp and vstimecmp below M need menvcfg.STCE and mcounteren.TM, else illegal; stimecmp in VS needs henvcfg.STCE
   and hcounteren.TM as well, else virtual. henvcfg.STCE reads 0 while menvcfg.STCE is 0.
   rules: mcounteren_tm_clr, mcounteren_tm_set, menvcfg_stce_op, menvcfg_op, henvcfg_op, henvcfg_stce,
   hcounteren_acc */
#include "hyacinth.h"

int main(void)
{
    const uint32_t words[] = {WORD("csrr a2, stimecmp"), WORD("csrr a2, vstimecmp")};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned setting = 0; setting < 16; setting++) {
        bool m_stce = setting & 1, h_stce = setting & 2, m_tm = setting & 4, h_tm = setting & 8;
        csr_write(menvcfg, ENVCFG_STCE);
        csr_write(henvcfg, h_stce ? ENVCFG_STCE : 0);
        csr_write(menvcfg, m_stce ? ENVCFG_STCE : 0);
        csr_write(mcounteren, m_tm ? COUNTEREN_TM : 0);
        csr_write(hcounteren, h_tm ? COUNTEREN_TM : 0);
        context("setting", setting);
        CHECK_EQ("henvcfg.STCE", csr_read(henvcfg) >> 63, h_stce && m_stce);
        for (unsigned vs = 0; vs < 2; vs++)
            for (unsigned m = 0; m < 5; m++) {
                enum mode mode = modes[m];
                bool in_hs = m_stce && m_tm;
                uint64_t cause = NO_TRAP;
                if (mode == MODE_U || (mode != MODE_M && !in_hs))
                    cause = ILLEGAL_INSTRUCTION;
                else if (mode == MODE_VU || (mode == MODE_VS && (vs || !h_stce || !h_tm)))
                    cause = VIRTUAL_INSTRUCTION;
                context(mode_name(mode), setting << 4 | vs);
                struct trap trap = attempt(mode, words[vs], 0, 0);
                if (cause == NO_TRAP)
                    CHECK_NO_TRAP("open", trap);
                else
                    CHECK_TRAP("closed", trap, .in = MODE_M, .cause = cause, .tval = THE_INSTRUCTION);
            }
    }
    return 0;
}

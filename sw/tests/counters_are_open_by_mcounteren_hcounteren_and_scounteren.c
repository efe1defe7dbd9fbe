/* cycle, time and instret below M: illegal where mcounteren forbids; else with V=1 virtual where hcounteren forbids;
   else in U illegal, and in VU virtual, where scounteren forbids.
   rules: mcounteren_op, mcounteren_clr_ill_inst_exc, mcounteren_set_nxt_priv, scounteren_op, H_scsrs_nomatch,
   hcounteren_op, H_virtinst_vs_nonhighctr_h0_m1, H_virtinst_vu_nonhighctr_h0_s0_m1, H_cause_virtual_instruction */
#include "hyacinth.h"

int main(void)
{
    const uint32_t words[] = {WORD("rdcycle a2"), WORD("rdtime a2"), WORD("rdinstret a2")};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned counter = 0; counter < 3; counter++)
        for (unsigned setting = 0; setting < 8; setting++)
            for (unsigned m = 0; m < 5; m++) {
                uint64_t bit = BIT(counter);
                enum mode mode = modes[m];
                bool by_m = setting & 1, by_h = setting & 2, by_s = setting & 4, user = !(mode & 1), guest = mode & 4;
                csr_write(mcounteren, by_m ? bit : 7 & ~bit);
                csr_write(hcounteren, by_h ? bit : 7 & ~bit);
                csr_write(scounteren, by_s ? bit : 7 & ~bit);
                uint64_t cause = NO_TRAP;
                if (mode != MODE_M) {
                    if (!by_m)
                        cause = ILLEGAL_INSTRUCTION;
                    else if (guest && !by_h)
                        cause = VIRTUAL_INSTRUCTION;
                    else if (user && !by_s)
                        cause = guest ? VIRTUAL_INSTRUCTION : ILLEGAL_INSTRUCTION;
                }
                context(mode_name(mode), counter << 4 | setting);
                struct trap trap = attempt(mode, words[counter], 0, 0);
                if (cause == NO_TRAP)
                    CHECK_NO_TRAP("open", trap);
                else
                    CHECK_TRAP("closed", trap, .in = MODE_M, .cause = cause, .tval = THE_INSTRUCTION);
            }
    return 0;
}

/* mtval and stval of an illegal instruction: its bits, 32 or 16 of them, and zeros above.
   rules: mtval_instr_bits, mtval_ill_instr_exc_in_low_bits */
#include "hyacinth.h"

int main(void)
{
    static const uint32_t words[] = {
        0xffffff8b, 0x0000000b, 0xfff5f673 /* a CSR that nobody has */, 0x80000057, /* of 32 bits */
        0x8002 /* C.JR x0 */, 0x2001 /* C.ADDIW x0 */, 0x6001 /* C.LUI x0, 0 */, 0x9c45, 0x9c65,
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned to_hs = 0; to_hs < 2; to_hs++)
        for (unsigned m = 0; m < 5; m++)
            for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
                delegate_exceptions(to_hs ? BIT(ILLEGAL_INSTRUCTION) : 0, 0);
                context(mode_name(modes[m]), words[i]);
                CHECK_TRAP("illegal", attempt(modes[m], words[i], 0, 0), .cause = ILLEGAL_INSTRUCTION,
                           .in = to_hs && modes[m] != MODE_M ? MODE_HS : MODE_M, .tval = words[i]);
            }
    return 0;
}

/* PREFETCH.I, PREFETCH.R and PREFETCH.W, whose encodings are ORI with rd=x0, do nothing that a program sees, wherever
   their address leads: to memory, to nowhere, to a device, to a page that may not be reached.

   rules: cbp_access, cbp_unperm_noexcep, cbp_unperm_translate, prefetch_operating_block, prefetch-i_op, prefetch-r_op,
   prefetch-w_op */
#include "hyacinth.h"

#define PREFETCH(kind, offset) ((uint32_t)(offset) << 20 | (kind) << 20 | 10 << 15 | 6 << 12 | 0x13)

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    static const unsigned kinds[] = {0, 1, 3}; /* I, R, W */
    guest_on(&SV39, &SV39X4);
    const uint64_t addresses[] = {(uint64_t)test_pages[0], 0, TEST_VA, UART, 1UL << 40, 1UL << 63, ~0UL};
    for (unsigned m = 0; m < 5; m++)
        for (unsigned k = 0; k < 3; k++)
            for (unsigned a = 0; a < sizeof addresses / sizeof *addresses; a++) {
                context(mode_name(modes[m]), kinds[k] << 4 | a);
                test_pages[0][0] = 0x5a5a;
                struct trap trap = attempt(modes[m], PREFETCH(kinds[k], a * 32), addresses[a], 0);
                CHECK_NO_TRAP("prefetch", trap);
                CHECK_EQ("memory", test_pages[0][0], 0x5a5a);
            }
    return 0;
}

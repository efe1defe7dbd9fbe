/* time in VS and VU is mtime plus htimedelta, which wraps; in HS and U it is mtime.
   rules: htimedelta_acc, htimedelta_op, time_htimedelta_req */
#include "hyacinth.h"

int main(void)
{
    static const uint64_t deltas[] = {0, 0x100000000, -5000UL, 0x8000000000000000};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    csr_write(mcounteren, 7);
    csr_write(hcounteren, 7);
    csr_write(scounteren, 7);
    for (unsigned i = 0; i < 4; i++)
        for (unsigned m = 0; m < 4; m++) {
            context(mode_name(modes[m]), deltas[i]);
            csr_write(htimedelta, deltas[i]);
            uint64_t before = csr_read(time);
            struct trap trap = attempt(modes[m], WORD("rdtime a2"), 0, 0);
            uint64_t after = csr_read(time), seen = trap.value - (modes[m] >= MODE_VU ? deltas[i] : 0);
            CHECK_NO_TRAP("RDTIME", trap);
            CHECK("time is between a read before and one after", seen >= before && seen <= after);
        }
    return 0;
}

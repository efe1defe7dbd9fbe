/* mcounteren says who may read a counter, mcountinhibit whether it counts, and neither says anything about the other:
   a counter that HS and U may not read goes on there, one that stands still can be read.
   rules: mcounteren_inc_inaccessible, mcountinhibit_only_inc, mcountinhibit_op */
#include "hyacinth.h"

#define STEPS 3000 /* many more than it takes to get there and back */

static uint64_t spend(uint64_t unused)
{
    (void)unused;
    for (unsigned i = 0; i < STEPS; i++)
        asm volatile("");
    return 0;
}

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    const uint32_t reads[] = {WORD("rdcycle a2"), WORD("rdinstret a2")};
    for (unsigned m = 0; m < 4; m++) {
        context(mode_name(modes[m]), 0);
        csr_write(mcounteren, 0);
        csr_write(hcounteren, 0);
        csr_write(scounteren, 0);
        uint64_t cycles = csr_read(mcycle), instructions = csr_read(minstret);
        run_in(modes[m], spend, 0);
        CHECK("mcycle goes on", csr_read(mcycle) - cycles >= STEPS);
        CHECK("minstret goes on", csr_read(minstret) - instructions >= STEPS);

        csr_write(mcounteren, COUNTEREN_CY | COUNTEREN_IR);
        csr_write(hcounteren, COUNTEREN_CY | COUNTEREN_IR);
        csr_write(scounteren, COUNTEREN_CY | COUNTEREN_IR);
        csr_write(mcountinhibit, COUNTEREN_CY | COUNTEREN_IR);
        cycles = csr_read(mcycle), instructions = csr_read(minstret);
        run_in(modes[m], spend, 0);
        struct trap cycle = attempt(modes[m], reads[0], 0, 0), instret = attempt(modes[m], reads[1], 0, 0);
        CHECK_NO_TRAP("cycle can be read", cycle);
        CHECK_NO_TRAP("instret can be read", instret);
        CHECK_EQ("mcycle stands still", csr_read(mcycle), cycles);
        CHECK_EQ("minstret stands still", csr_read(minstret), instructions);
        CHECK_EQ("cycle", cycle.value, cycles);
        CHECK_EQ("instret", instret.value, instructions);
        csr_write(mcountinhibit, 0);
    }
    return 0;
}

/* mcyclecfg and minstretcfg: a mode whose bit is set is not counted. What is counted in one mode, and what in all but
   that mode, is together what is counted without filters; an xRET counts in the mode that it leaves.
   needs: smcntrpmf
   rules: mcyclecfg_op, all_xinh_zero, counter_inhibited_behavior, cycle_counting, instret_non_inhibited,
   instret_exception, instret_xret, transition_counting_defined */
#include "hyacinth.h"

#define LOOPS 500

static const struct {
    enum mode mode;
    uint64_t inhibit;
} rows[] = {{MODE_U, MINSTRETCFG_UINH}, {MODE_HS, MINSTRETCFG_SINH}, {MODE_VU, MINSTRETCFG_VUINH},
            {MODE_VS, MINSTRETCFG_VSINH}, {MODE_M, MINSTRETCFG_MINH}};

static uint64_t work(uint64_t loops)
{
    asm volatile("1: addi %0, %0, -1\nbnez %0, 1b" : "+r"(loops));
    return 0;
}

/* What minstret and mcycle count of `work` in `mode`, with these filters. */
static uint64_t instructions(enum mode mode, uint64_t filters)
{
    csr_write(minstretcfg, filters);
    uint64_t before = csr_read(minstret);
    run_in(mode, work, LOOPS);
    uint64_t after = csr_read(minstret);
    csr_write(minstretcfg, 0);
    return after - before;
}

static uint64_t cycles(enum mode mode, uint64_t filters)
{
    csr_write(mcyclecfg, filters);
    uint64_t before = csr_read(mcycle);
    run_in(mode, work, LOOPS);
    uint64_t after = csr_read(mcycle);
    csr_write(mcyclecfg, 0);
    return after - before;
}

int main(void)
{
    uint64_t all = 0;
    for (unsigned row = 0; row < 5; row++)
        all |= rows[row].inhibit;
    for (unsigned row = 0; row < 5; row++) {
        enum mode mode = rows[row].mode;
        uint64_t own = rows[row].inhibit;
        context(mode_name(mode), 0);
        run_in(mode, work, 1);
        uint64_t total = instructions(mode, 0), of_mode = instructions(mode, all & ~own);
        CHECK("the loop is counted", of_mode >= 2 * LOOPS);
        CHECK_EQ("the rest is counted", instructions(mode, own), total - of_mode);
        CHECK_EQ("nothing is counted", instructions(mode, all), 0);
        if (mode != MODE_M)
            CHECK("M is not counted with it", total - of_mode < 400 && total - of_mode > 20);
        /* ECALL comes in between: it does not retire. One MRET leads there, and is M's. */
        CHECK("the loop takes cycles", cycles(mode, all & ~own) >= 2 * LOOPS);
        CHECK("the others take few", mode == MODE_M || cycles(mode, own) < cycles(mode, 0) - 2 * LOOPS + 200);
        CHECK_EQ("no cycles are counted", cycles(mode, all), 0);
    }
    return 0;
}

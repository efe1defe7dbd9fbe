/* A computation in each mode, under translation, is interrupted again and again by the machine timer, at distances that
   shift against it: its result is the same as without. */
#include "hyacinth.h"

static volatile uint64_t interrupts, distance;
static uint64_t table[64];

static bool again(struct frame *frame, const struct trap *trap)
{
    (void)frame;
    if (trap->cause != INTERRUPT(MTI))
        return false;
    interrupts = interrupts + 1;
    distance = distance * 5 % 13;
    CLINT_MTIMECMP = interrupts < 200 ? CLINT_MTIME + distance : ~0UL;
    return true;
}

static uint64_t compute(uint64_t rounds)
{
    uint64_t sum = 1;
    for (uint64_t i = 1; i <= rounds; i++) {
        table[i % 64] += sum * i;
        sum = sum / (i | 1) + table[i * 7 % 64] % (i + 3);
        asm volatile("amoadd.d zero, %0, (%1)" : : "r"(sum), "r"(&table[i % 61]) : "memory");
    }
    return sum;
}

static uint64_t compute_with_mie(uint64_t rounds)
{
    csr_set(mstatus, MSTATUS_MIE);
    uint64_t sum = compute(rounds);
    csr_clear(mstatus, MSTATUS_MIE);
    return sum;
}

static void clear_table(void)
{
    for (unsigned i = 0; i < 64; i++)
        table[i] = 0;
}

int main(void)
{
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_VS, MODE_VU, MODE_U};
    supervisor_on(&SV39);
    guest_on(SV48_OR_SV39, &SV39X4);
    trap_hook = again;
    for (unsigned m = 0; m < 5; m++) {
        context(mode_name(modes[m]), 0);
        clear_table();
        uint64_t expected = run_in(modes[m], compute, 4000), last = table[5];
        clear_table();
        interrupts = 0;
        distance = 1;
        csr_write(mie, BIT(MTI));
        CLINT_MTIMECMP = 0;
        CHECK_EQ("result", run_in(modes[m], modes[m] == MODE_M ? compute_with_mie : compute, 4000), expected);
        csr_write(mie, 0);
        CLINT_MTIMECMP = ~0UL;
        CHECK_EQ("memory", table[5], last);
        CHECK("there were interrupts", interrupts >= 10);
    }
    return 0;
}

/* Runs the program a second time: memory as at the start, CSRs as near to their reset as they let themselves be. */
#include "hyacinth.h"
#include "internal.h"

#ifdef TWICE
extern uint64_t data_start[], tohost[], end_of_program[];
void _start(void);

static uint64_t passes __attribute__((section(".pages"))); /* 0 at reset, and not cleared at the start */

void keep_or_restore(void)
{
    uint64_t *image = (uint64_t *)RAM, *copy = end_of_program;
    for (; image < tohost; image++, copy++)
        if (passes)
            *image = *copy;
        else
            *copy = *image;
    passes = passes + 1;
    FENCE_I();
}

/* What `start` does not write anyway. On a machine without one of these the attempt traps. */
static void reset_csrs(void)
{
    const uint32_t to_zero[] = {
        WORD("csrw menvcfg, a1"), WORD("csrw senvcfg, a1"), WORD("csrw henvcfg, a1"), WORD("csrw hgeie, a1"),
        WORD("csrw mcountinhibit, a1"), WORD("csrw mseccfg, a1"), WORD("csrw mcyclecfg, a1"),
        WORD("csrw minstretcfg, a1"), WORD("csrw mhpmevent3, a1"), WORD("csrw mhpmevent4, a1"),
        WORD("csrw mhpmevent5, a1"), WORD("csrw mhpmevent6, a1"), WORD("csrw mip, a1"), WORD("csrw pmpcfg2, a1"),
        WORD("csrw pmpcfg0, a1"),
    };
    for (unsigned i = 0; i < sizeof to_zero / sizeof *to_zero; i++)
        attempt(MODE_M, to_zero[i], 0, 0);
    attempt(MODE_M, WORD("csrw stimecmp, a1"), 0, ~0UL);
    attempt(MODE_M, WORD("csrw vstimecmp, a1"), 0, ~0UL);
}

void once_more(void)
{
    if (passes == 2)
        return;
    trap_hook = 0;
    csr_write(mstatus, 0);
    csr_write(mie, 0);
    csr_write(medeleg, 0);
    csr_write(mideleg, 0);
    reset_csrs();
    register uint64_t hart asm("a0") = 0;
    register uint64_t tree asm("a1") = device_tree;
    asm volatile("jr %2" : : "r"(hart), "r"(tree), "r"(_start) : "memory");
    __builtin_unreachable();
}
#endif

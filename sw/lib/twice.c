/* Runs the program a second time: memory as at the start, CSRs and devices as near to their reset as they can be. */
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

static void reset_devices(void)
{
    CLINT_MSIP = 0;
    PLIC_SOURCES_CLEAR = ~0UL;
    EXTERNAL_CLEAR = ~0UL;
    GUEST_EXTERNAL_CLEAR = ~0UL;
    for (unsigned context = 0; context < 2; context++) {
        uint64_t enable = PLIC + 0x2000 + 0x80 * context, threshold = PLIC + 0x200000 + 0x1000 * context;
        MEMORY32(enable) = ~0U; /* else nothing can be completed */
        for (unsigned source = 1; source < 32; source++) {
            MEMORY32(PLIC + 4 * source) = 0;
            MEMORY32(threshold + 4) = source;
        }
        MEMORY32(enable) = 0;
        MEMORY32(threshold) = 0;
    }
}

void reset_rest(void)
{
    reset_devices();
    /* On a machine without one of these the attempt traps. */
    const uint32_t to_zero[] = {
        WORD("csrw menvcfg, a1"), WORD("csrw senvcfg, a1"), WORD("csrw henvcfg, a1"), WORD("csrw hgeie, a1"),
        WORD("csrw mcountinhibit, a1"), WORD("csrw mseccfg, a1"), WORD("csrw mcyclecfg, a1"),
        WORD("csrw minstretcfg, a1"), WORD("csrw mhpmevent3, a1"), WORD("csrw mhpmevent4, a1"),
        WORD("csrw mhpmevent5, a1"), WORD("csrw mhpmevent6, a1"), WORD("csrw mip, a1"),
        WORD("csrw pmpcfg2, a1"),
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
    csr_write(mstatus, 0);
    csr_write(mie, 0);
    register uint64_t hart asm("a0") = 0;
    register uint64_t tree asm("a1") = device_tree;
    asm volatile("jr %2" : : "r"(hart), "r"(tree), "r"(_start) : "memory");
    __builtin_unreachable();
}
#endif

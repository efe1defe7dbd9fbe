/* Interrupts that a program raises itself. */
#pragma once
#include "hyacinth.h"

/* Makes interrupt `code` (VSSI, VSTI, VSEI, SSI, STI, SEI, MSI, MTI, MEI) pending, or not. In M-mode. */
static inline void raise(unsigned code, bool pending)
{
    switch (code) {
    case MSI: CLINT_MSIP = pending; break;
    case MTI: CLINT_MTIMECMP = pending ? 0 : ~0UL; break;
    case MEI: if (pending) EXTERNAL_SET = EXTERNAL_M; else EXTERNAL_CLEAR = EXTERNAL_M; break;
    case SSI: case STI: case SEI: if (pending) csr_set(mip, BIT(code)); else csr_clear(mip, BIT(code)); break;
    default: if (pending) csr_set(hvip, BIT(code)); else csr_clear(hvip, BIT(code));
    }
}

/* A function of run_in: waits until `count` traps were taken, or for a while; with `sie`, which is for HS and VS,
   sstatus.SIE is 1 meanwhile. */
#define WAIT_FOR(count, sie) ((count) << 1 | (sie))
static inline uint64_t wait_for(uint64_t count_and_sie)
{
    uint64_t count = count_and_sie >> 1;
    if (count_and_sie & 1)
        csr_set(sstatus, MSTATUS_SIE);
    for (unsigned i = 0; i < 300 && trap_count < count; i++)
        asm volatile("");
    if (count_and_sie & 1)
        csr_clear(sstatus, MSTATUS_SIE);
    return 0;
}

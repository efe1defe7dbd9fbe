/* PMP entries of programs: 0 to 14 for what is tried, 15 lets everything else pass. */
#pragma once
#include "hyacinth.h"

#define NAPOT_ADDRESS(base, size) (((uint64_t)(base) | ((size) / 2 - 1)) >> 2)
#define PMP_ALL (PMP_NAPOT | PMP_R | PMP_W | PMP_X)

/* Configuration bytes of entries 0 to 3; the others are off, but for the last. */
static inline void pmp_configure(uint64_t e0, uint64_t e1, uint64_t e2, uint64_t e3)
{
    csr_write(pmpaddr15, ~0UL);
    csr_write(pmpcfg2, (uint64_t)PMP_ALL << 56);
    csr_write(pmpcfg0, e0 | e1 << 8 | e2 << 16 | e3 << 24);
    fence_all();
}

/* Instructions on the cache block around a0, as words: an assembler may not know them. */
#pragma once
#include "hyacinth.h"

#define BLOCK 64UL /* bytes */
#define CBO(operation) ((uint32_t)(operation) << 20 | 10 << 15 | 2 << 12 | 0x0f)
#define CBO_INVAL CBO(0)
#define CBO_CLEAN CBO(1)
#define CBO_FLUSH CBO(2)
#define CBO_ZERO CBO(4)

/* What enables each in menvcfg, senvcfg and henvcfg. */
static const struct block_instruction {
    const char *name;
    uint32_t word;
    uint64_t enable;
} block_instructions[] = {
    {"cbo.inval", CBO_INVAL, MENVCFG_CBIE}, {"cbo.clean", CBO_CLEAN, MENVCFG_CBCFE},
    {"cbo.flush", CBO_FLUSH, MENVCFG_CBCFE}, {"cbo.zero", CBO_ZERO, MENVCFG_CBZE},
};
#define BLOCK_INSTRUCTIONS (sizeof block_instructions / sizeof *block_instructions)

/* All of them, in every mode. */
static inline void blocks_on(void)
{
    uint64_t all = MENVCFG_CBIE | MENVCFG_CBCFE | MENVCFG_CBZE;
    csr_put(menvcfg, all, all);
    csr_put(senvcfg, all, all);
    csr_put(henvcfg, all, all);
}

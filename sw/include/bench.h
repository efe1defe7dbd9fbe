/* A measured region: prints `name cycles instructions`. */
#pragma once
#include "hyacinth.h"

/* Runs `work` and checks its result. */
static inline void measure(const char *name, uint64_t (*work)(void), uint64_t expected)
{
    uint64_t cycles = csr_read(mcycle), instructions = csr_read(minstret);
    uint64_t result = work();
    instructions = csr_read(minstret) - instructions;
    cycles = csr_read(mcycle) - cycles;
    put_string(name);
    put_char(' ');
    put_decimal(cycles);
    put_char(' ');
    put_decimal(instructions);
    put_char('\n');
    CHECK_EQ("result", result, expected);
}

/* Numbers without pattern, the same each time (xorshift). */
static inline uint64_t next_number(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Compare and swap, as words: an assembler may not know it. */
#pragma once
#include "hyacinth.h"

#define AMOCAS(funct3, d, t) (0x2fU | (d) << 7 | (funct3) << 12 | 10 << 15 | (t) << 20 | 5U << 27) /* at a0 */

/* AMOCAS of 2**`funct3` bytes, up to 8, in M-mode: what rd gets. */
#define AMOCAS_(funct3) \
    asm volatile(".insn r 0x2f, " #funct3 ", 0x14, %0, %1, %2" \
                 : "+r"(expected) : "r"(place), "r"(swap) : "memory"); \
    return expected
static inline uint64_t amocas_b(const void *place, uint64_t expected, uint64_t swap) { AMOCAS_(0); }
static inline uint64_t amocas_h(const void *place, uint64_t expected, uint64_t swap) { AMOCAS_(1); }
static inline uint64_t amocas_w(const void *place, uint64_t expected, uint64_t swap) { AMOCAS_(2); }
static inline uint64_t amocas_d(const void *place, uint64_t expected, uint64_t swap) { AMOCAS_(3); }

struct pair { uint64_t low, high; };

/* AMOCAS.Q, in M-mode: what rd and the register after it get. */
static inline struct pair amocas_q(const void *place, struct pair expected, struct pair swap)
{
    register uint64_t d0 asm("a2") = expected.low, d1 asm("a3") = expected.high;
    register uint64_t t0 asm("a4") = swap.low, t1 asm("a5") = swap.high;
    asm volatile(".insn r 0x2f, 4, 0x14, %0, %4, %2" : "+r"(d0), "+r"(d1) : "r"(t0), "r"(t1), "r"(place) : "memory");
    return (struct pair){d0, d1};
}

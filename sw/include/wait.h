/* Waiting for a store to what is reserved, as words: an assembler may not know them. */
#pragma once
#include "hyacinth.h"

#define WRS_NTO 0x00d00073U
#define WRS_STO 0x01d00073U

/* Makes a reservation of `place`. In M-mode. */
static inline void reserve(const uint64_t *place)
{
    uint64_t value;
    asm volatile("lr.d %0, (%1)" : "=r"(value) : "r"(place) : "memory");
}

/* Ends any reservation. In M-mode. */
static inline void release(uint64_t *place)
{
    uint64_t failed;
    asm volatile("sc.d %0, zero, (%1)" : "=&r"(failed) : "r"(place) : "memory");
}

/* The nine AMOs, words and doublewords, on pairs of values that tell signed from unsigned.
   rules: PMA_CACHE_MM_ALL_ATOMICS, pma_amo_levels, pma_amo_sz_support */
#include "hyacinth.h"

static uint64_t memory __attribute__((aligned(8)));

static uint64_t computed(unsigned operation, uint64_t old, uint64_t b, bool word)
{
    int64_t sa = word ? (int32_t)old : (int64_t)old, sb = word ? (int32_t)b : (int64_t)b;
    uint64_t ua = word ? (uint32_t)old : old, ub = word ? (uint32_t)b : b;
    switch (operation) {
    case 0: return b;
    case 1: return old + b;
    case 2: return old ^ b;
    case 3: return old & b;
    case 4: return old | b;
    case 5: return sa < sb ? old : b;
    case 6: return sa > sb ? old : b;
    case 7: return ua < ub ? old : b;
    default: return ua > ub ? old : b;
    }
}

int main(void)
{
#define BOTH(name) {WORD(name ".d a2, a1, (a0)"), WORD(name ".w a2, a1, (a0)")}
    const uint32_t words[9][2] = {
        BOTH("amoswap"), BOTH("amoadd"), BOTH("amoxor"), BOTH("amoand"), BOTH("amoor"),
        BOTH("amomin"), BOTH("amomax"), BOTH("amominu"), BOTH("amomaxu"),
    };
    static const uint64_t values[] = {0, 1, -1UL, 0x7fffffff, 0x80000000, 0x7fffffffffffffff, 0x8000000000000000,
                                      0x123456789abcdef0};
    for (unsigned operation = 0; operation < 9; operation++)
        for (unsigned i = 0; i < 8; i++)
            for (unsigned j = 0; j < 8; j++)
                for (unsigned word = 0; word < 2; word++) {
                    uint64_t old = values[i], b = values[j], expected = computed(operation, old, b, word);
                    context("operation and operands", operation << 12 | i << 8 | j << 4 | word);
                    memory = old;
                    struct trap trap = attempt(MODE_M, words[operation][word], (uint64_t)&memory, b);
                    CHECK_EQ("old value", trap.value, word ? (uint64_t)(int64_t)(int32_t)old : old);
                    CHECK_EQ("new value", memory, word ? (old & ~0xffffffffUL) | (uint32_t)expected : expected);
                }
    return 0;
}

/* Every AMO of a byte and of a halfword, at each place in a doubleword: rd gets the old value, sign-extended, whatever
   the upper bits of rs2 hold, and nothing beside the bytes changes. One that is not aligned is not done.

   needs: zabha
   rules: Zabha_rd_sign_extension, Zabha_amocas-BH_ignore_bits, Zabha_rs1_align_addr */
#include "hyacinth.h"

#define AMO(funct5, funct3) (0x2fU | 12 << 7 | (funct3) << 12 | 10 << 15 | 11 << 20 | (uint32_t)(funct5) << 27)

enum { SWAP = 1, ADD = 0, XOR = 4, AND = 12, OR = 8, MIN = 16, MAX = 20, MINU = 24, MAXU = 28 };

static uint64_t extended(uint64_t value, unsigned bits)
{
    return (uint64_t)((int64_t)(value << (64 - bits)) >> (64 - bits));
}

static uint64_t computed(unsigned funct5, uint64_t old, uint64_t b, unsigned bits)
{
    uint64_t mask = (1UL << bits) - 1, x = old & mask, y = b & mask;
    int64_t s = (int64_t)extended(old, bits), t = (int64_t)extended(b, bits);
    switch (funct5) {
    case SWAP: return y;
    case ADD: return (x + y) & mask;
    case XOR: return x ^ y;
    case AND: return x & y;
    case OR: return x | y;
    case MIN: return s < t ? x : y;
    case MAX: return s > t ? x : y;
    case MINU: return x < y ? x : y;
    default: return x > y ? x : y;
    }
}

int main(void)
{
    static const unsigned operations[] = {SWAP, ADD, XOR, AND, OR, MIN, MAX, MINU, MAXU};
    static const uint64_t operands[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0xfedcba9876543210, ~0UL};
    const uint64_t before = 0x80017ffe00ff8340;
    for (unsigned o = 0; o < sizeof operations / sizeof *operations; o++)
        for (unsigned half = 0; half < 2; half++)
            for (unsigned i = 0; i < sizeof operands / sizeof *operands; i++)
                for (unsigned at = 0; at < 8; at++) {
                    unsigned bits = half ? 16 : 8;
                    uint64_t mask = ((1UL << bits) - 1) << 8 * at, old = before >> 8 * at;
                    uint32_t word = AMO(operations[o], half);
                    context("operation, size, operand, place", o << 12 | half << 8 | i << 4 | at);
                    test_pages[0][0] = before;
                    struct trap trap = attempt(MODE_M, word, (uint64_t)test_pages[0] + at, operands[i]);
                    if (half && at & 1) {
                        CHECK_TRAP("misaligned", trap, .in = MODE_M, .tval = trap.a0, .tinst = TRANSFORMED(0),
                                   .cause = trap.cause == STORE_MISALIGNED ? STORE_MISALIGNED : ACCESS_FAULT(STORE));
                        CHECK_EQ("memory", test_pages[0][0], before);
                        continue;
                    }
                    CHECK_NO_TRAP("AMO", trap);
                    CHECK_EQ("rd", trap.value, extended(old, bits));
                    CHECK_EQ("memory", test_pages[0][0],
                             (before & ~mask) | computed(operations[o], old, operands[i], bits) << 8 * at);
                }
    return 0;
}

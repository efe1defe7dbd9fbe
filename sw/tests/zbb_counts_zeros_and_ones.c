/* Zbb: leading zeros, trailing zeros and ones, of 64 bits and of the low word; of zero, all of its bits.
   rules: clz_enc, clz_op, clzw_enc, clzw_op, ctz_enc, ctz_op, ctzw_enc, ctzw_op, cpop_enc, cpop_op, cpopw_enc, cpopw_op,
   bitmanip_w_suffix_semantics */
#include "hyacinth.h"
#include "operate.h"

static void check(uint64_t a)
{
    uint64_t leading[2] = {0}, trailing[2] = {0}, ones[2] = {0};
    for (int of_word = 0; of_word < 2; of_word++) {
        int bits = of_word ? 32 : 64;
        while (leading[of_word] < (uint64_t)bits && !(a >> (bits - 1 - leading[of_word]) & 1))
            leading[of_word]++;
        while (trailing[of_word] < (uint64_t)bits && !(a >> trailing[of_word] & 1))
            trailing[of_word]++;
        for (int bit = 0; bit < bits; bit++)
            ones[of_word] += a >> bit & 1;
    }
    CHECK_EQ("clz", OPERATE_1("clz", a), leading[0]);
    CHECK_EQ("clzw", OPERATE_1("clzw", a), leading[1]);
    CHECK_EQ("ctz", OPERATE_1("ctz", a), trailing[0]);
    CHECK_EQ("ctzw", OPERATE_1("ctzw", a), trailing[1]);
    CHECK_EQ("cpop", OPERATE_1("cpop", a), ones[0]);
    CHECK_EQ("cpopw", OPERATE_1("cpopw", a), ones[1]);
}

int main(void)
{
    FOR_EACH_A
        check(a);
    for (int bit = 0; bit < 64; bit++) {
        context("bit", bit);
        check(1UL << bit);
        check(-1UL << bit);
        check(~(1UL << bit));
    }
    return 0;
}

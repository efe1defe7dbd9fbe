/* Zbb: the low byte or half sign-extended, the low half zero-extended; each byte made of its bits' OR; the order of bytes
   reversed.
   rules: sext_b_enc, sext_b_op, sext_h_enc, sext_h_op, zext_h_enc, zext_h_op, orc_b_enc, orc_b_op, rev8_enc, rev8_op,
   zbb_sign_zero_extension_function, zbb_orc_b_semantics, bitmanip_bhw_suffix_semantics */
#include "hyacinth.h"
#include "operate.h"

static void check(uint64_t a)
{
    uint64_t combined = 0, reversed = 0;
    for (int byte = 0; byte < 8; byte++) {
        uint64_t value = a >> 8 * byte & 0xff;
        combined |= value ? 0xffUL << 8 * byte : 0;
        reversed |= value << (56 - 8 * byte);
    }
    CHECK_EQ("sext.b", OPERATE_1("sext.b", a), (int64_t)(int8_t)a);
    CHECK_EQ("sext.h", OPERATE_1("sext.h", a), (int64_t)(int16_t)a);
    CHECK_EQ("zext.h", OPERATE_1("zext.h", a), (uint16_t)a);
    CHECK_EQ("orc.b", OPERATE_1("orc.b", a), combined);
    CHECK_EQ("rev8", OPERATE_1("rev8", a), reversed);
}

int main(void)
{
    FOR_EACH_A
        check(a);
    for (int bit = 0; bit < 64; bit++) {
        context("bit", bit);
        check(1UL << bit);
        check(~(1UL << bit));
    }
    return 0;
}

/* Zba: rs2 and rs1 times 1, 2, 4 or 8, all of rs1 or its low word; the low word shifted to the left.
   rules: add_uw_enc, add_uw_op, sh1add_enc, sh1add_op, sh1add_uw_enc, sh1add_uw_op, sh2add_enc, sh2add_op,
   sh2add_uw_enc, sh2add_uw_op, sh3add_enc, sh3add_op, sh3add_uw_enc, sh3add_uw_op, slli_uw_enc, slli_uw_op,
   bitmanip_uw_suffix_semantics, bitmanip_rv32_rv64 */
#include "hyacinth.h"
#include "operate.h"

int main(void)
{
    FOR_EACH_A_AND_B {
        uint64_t word = (uint32_t)a;
        CHECK_EQ("sh1add", OPERATE("sh1add", a, b), a * 2 + b);
        CHECK_EQ("sh2add", OPERATE("sh2add", a, b), a * 4 + b);
        CHECK_EQ("sh3add", OPERATE("sh3add", a, b), a * 8 + b);
        CHECK_EQ("add.uw", OPERATE("add.uw", a, b), word + b);
        CHECK_EQ("sh1add.uw", OPERATE("sh1add.uw", a, b), word * 2 + b);
        CHECK_EQ("sh2add.uw", OPERATE("sh2add.uw", a, b), word * 4 + b);
        CHECK_EQ("sh3add.uw", OPERATE("sh3add.uw", a, b), word * 8 + b);
    }
    FOR_EACH_A {
        uint64_t word = (uint32_t)a;
        CHECK_EQ("slli.uw by 0", OPERATE_I("slli.uw", a, 0), word);
        CHECK_EQ("slli.uw by 1", OPERATE_I("slli.uw", a, 1), word << 1);
        CHECK_EQ("slli.uw by 31", OPERATE_I("slli.uw", a, 31), word << 31);
        CHECK_EQ("slli.uw by 32", OPERATE_I("slli.uw", a, 32), word << 32);
        CHECK_EQ("slli.uw by 63", OPERATE_I("slli.uw", a, 63), word << 63);
    }
    return 0;
}

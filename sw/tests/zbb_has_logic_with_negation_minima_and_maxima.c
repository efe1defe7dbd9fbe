/* Zbb: AND, OR and XOR with the complement of rs2, or of the result; the smaller and the larger of two numbers, signed
   or not.
   rules: andn_enc, andn_op, orn_enc, orn_op, xnor_enc, xnor_op, min_enc, min_op, minu_enc, minu_op, max_enc, max_op,
   maxu_enc, maxu_op */
#include "hyacinth.h"
#include "operate.h"

int main(void)
{
    FOR_EACH_A_AND_B {
        CHECK_EQ("andn", OPERATE("andn", a, b), a & ~b);
        CHECK_EQ("orn", OPERATE("orn", a, b), a | ~b);
        CHECK_EQ("xnor", OPERATE("xnor", a, b), ~(a ^ b));
        CHECK_EQ("min", OPERATE("min", a, b), (int64_t)a < (int64_t)b ? a : b);
        CHECK_EQ("minu", OPERATE("minu", a, b), a < b ? a : b);
        CHECK_EQ("max", OPERATE("max", a, b), (int64_t)a < (int64_t)b ? b : a);
        CHECK_EQ("maxu", OPERATE("maxu", a, b), a < b ? b : a);
    }
    return 0;
}

/* Zbs: the bit is the one that the low 6 bits of rs2 or of the number name. With Zba, Zbb and Zbs misa.B is 1.
   rules: bset_enc, bset_op, bseti_enc, bseti_op, bclr_enc, bclr_op, bclri_enc, bclri_op, binv_enc, binv_op, binvi_enc,
   binvi_op, bext_enc, bext_op, bexti_enc, bexti_op, zbs_single_bit_functionality, b_extension_composition, misa_b_op */
#include "hyacinth.h"
#include "operate.h"

#define CHECK_NUMBER(n) \
    CHECK_EQ("bseti", OPERATE_I("bseti", a, n), a | 1UL << n); \
    CHECK_EQ("bclri", OPERATE_I("bclri", a, n), a & ~(1UL << n)); \
    CHECK_EQ("binvi", OPERATE_I("binvi", a, n), a ^ 1UL << n); \
    CHECK_EQ("bexti", OPERATE_I("bexti", a, n), a >> n & 1)

int main(void)
{
    CHECK("misa.B", csr_read(misa) & MISA_B);
    FOR_EACH_A {
        for (uint64_t n = 0; n < 64; n++) {
            uint64_t noise = n | 0xfedcba9876543210 << 6;  /* above the bits that count */
            CHECK_EQ("bset", OPERATE("bset", a, noise), a | 1UL << n);
            CHECK_EQ("bclr", OPERATE("bclr", a, noise), a & ~(1UL << n));
            CHECK_EQ("binv", OPERATE("binv", a, noise), a ^ 1UL << n);
            CHECK_EQ("bext", OPERATE("bext", a, noise), a >> n & 1);
        }
        CHECK_NUMBER(0);
        CHECK_NUMBER(31);
        CHECK_NUMBER(32);
        CHECK_NUMBER(63);
    }
    return 0;
}

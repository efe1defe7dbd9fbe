/* Zbb: what a rotation moves out on one side comes in on the other; by the low 6 bits of rs2 or of the number, of a word
   by the low 5, and then the result is sign-extended.
   rules: rol_enc, rol_op, rolw_enc, rolw_op, ror_enc, ror_op, rorw_enc, rorw_op, rori_enc, rori_op, roriw_enc, roriw_op,
   zbb_rotate_semantics */
#include "hyacinth.h"
#include "operate.h"

/* To the left by n bits, one after the other. */
static uint64_t left(uint64_t a, unsigned n)
{
    while (n--)
        a = a << 1 | a >> 63;
    return a;
}

static uint64_t left_word(uint32_t a, unsigned n)
{
    while (n--)
        a = a << 1 | a >> 31;
    return (int64_t)(int32_t)a;
}

#define CHECK_NUMBER(n) \
    CHECK_EQ("rori", OPERATE_I("rori", a, n), left(a, 64 - n)); \
    CHECK_EQ("roriw", OPERATE_I("roriw", a, n % 32), left_word(a, 32 - n % 32))

int main(void)
{
    FOR_EACH_A {
        for (uint64_t n = 0; n < 64; n += n < 4 || n > 28 ? 1 : 3) {
            uint64_t noise = n | 0xabcdef0123456780 << 6;  /* above the bits that count */
            CHECK_EQ("rol", OPERATE("rol", a, noise), left(a, n));
            CHECK_EQ("ror", OPERATE("ror", a, noise), left(a, 64 - n));
            CHECK_EQ("rolw", OPERATE("rolw", a, noise), left_word(a, n % 32));
            CHECK_EQ("rorw", OPERATE("rorw", a, noise), left_word(a, 32 - n % 32));
        }
        CHECK_NUMBER(0);
        CHECK_NUMBER(1);
        CHECK_NUMBER(17);
        CHECK_NUMBER(31);
        CHECK_NUMBER(32);
        CHECK_NUMBER(63);
    }
    return 0;
}

/* Zicond: CZERO.EQZ gives 0 where rs2 is 0, CZERO.NEZ where it is not, and rs1 otherwise; all 64 bits of rs2 count.
   rules: czero-eqz_op, czero-nez_op */
#include "hyacinth.h"
#include "operate.h"

int main(void)
{
    FOR_EACH_A_AND_B {
        CHECK_EQ("czero.eqz", OPERATE("czero.eqz", a, b), b == 0 ? 0 : a);
        CHECK_EQ("czero.nez", OPERATE("czero.nez", a, b), b != 0 ? 0 : a);
    }
    for (int bit = 0; bit < 64; bit++) {
        context("bit", bit);
        CHECK_EQ("czero.eqz", OPERATE("czero.eqz", 5, 1UL << bit), 5);
        CHECK_EQ("czero.nez", OPERATE("czero.nez", 5, 1UL << bit), 0);
    }
    return 0;
}

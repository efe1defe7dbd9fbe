/* hip.VSTIP without a write of vstimecmp: henvcfg.STCE=0 or menvcfg.STCE=0 leaves hvip alone, a change of htimedelta
   changes the outcome of the comparison.
   rules: henvcfg_stce */
#include "interrupts.h"

/* hip.VSTIP, given some time: the manual wants the comparison shown eventually. */
static bool pending(bool expected)
{
    bool seen = !expected;
    for (unsigned i = 0; i < 100 && seen != expected; i++)
        seen = !!(csr_read(hip) & BIT(VSTI));
    return seen;
}

int main(void)
{
    csr_write(menvcfg, ENVCFG_STCE);
    csr_write(henvcfg, ENVCFG_STCE);
    csr_write(vstimecmp, csr_read(time));
    CHECK_EQ("past", pending(1), 1);
    csr_write(henvcfg, 0);
    CHECK_EQ("henvcfg.STCE=0", pending(0), 0);
    csr_write(henvcfg, ENVCFG_STCE);
    CHECK_EQ("henvcfg.STCE=1", pending(1), 1);
    csr_write(menvcfg, 0);
    CHECK_EQ("menvcfg.STCE=0", pending(0), 0);
    csr_write(menvcfg, ENVCFG_STCE);
    csr_write(henvcfg, ENVCFG_STCE);
    csr_write(vstimecmp, csr_read(time) + 0x100000);
    CHECK_EQ("far away", pending(0), 0);
    csr_write(htimedelta, 0x200000);
    CHECK_EQ("htimedelta brings it near", pending(1), 1);
    csr_write(htimedelta, 0);
    CHECK_EQ("and away", pending(0), 0);
    return 0;
}

/* henvcfg.STCE=1: hip.VSTIP is hvip.VSTIP or time + htimedelta >= vstimecmp. VS and VU take it as 5; in WFI, it ends
   the wait.
   rules: hip_vstip_vstie_op, hip_vstip_op, hip_vstip_clear, hip_vstip_enable, sstc_vs_facility, vstimecmp_exist */
#include "interrupts.h"

#ifndef DELTA
#define DELTA 0UL
#endif

static uint64_t wait_long(uint64_t sie)
{
    for (unsigned i = 0; i < 20 && !trap_count; i++)
        wait_for(WAIT_FOR(1UL, sie));
    return 0;
}

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
    csr_write(vstimecmp, ~0UL);
    csr_write(menvcfg, ENVCFG_STCE);
    csr_write(henvcfg, ENVCFG_STCE);
    csr_write(htimedelta, DELTA);
    delegate_interrupts(0, BIT(VSTI));
    CHECK_EQ("not yet", pending(0), 0);
    csr_write(vstimecmp, csr_read(time) + DELTA - 10);
    CHECK_EQ("past", pending(1), 1);
    CHECK_EQ("mip", csr_read(mip) & BIT(VSTI), BIT(VSTI));
    CHECK_EQ("vsip", csr_read(vsip), BIT(STI));
    CHECK_EQ("hvip holds only what was written", csr_read(hvip), 0);
    csr_write(vstimecmp, ~0UL);
    CHECK_EQ("no longer", pending(0), 0);
    csr_write(hvip, BIT(VSTI));
    CHECK_EQ("hvip alone", pending(1), 1);
    csr_write(hvip, 0);
    for (unsigned user = 0; user < 2; user++) {
        enum mode mode = user ? MODE_VU : MODE_VS;
        context(mode_name(mode), 0);
        csr_write(vsstatus, 0);
        csr_write(hie, BIT(VSTI));
        csr_write(vstimecmp, csr_read(time) + DELTA + 20);
        CHECK_TRAP("a timer that runs out", trap_of(mode, wait_long, !user), .in = MODE_VS, .cause = INTERRUPT(STI));
    }
    context("WFI", 0);
    csr_write(vsstatus, 0);
    csr_write(hie, BIT(VSTI));
    csr_write(vstimecmp, csr_read(time) + DELTA + 20);
    CHECK_NO_TRAP("ends", attempt(MODE_VS, WORD("wfi"), 0, 0));
    CHECK_EQ("by the timer", pending(1), 1);
    return 0;
}

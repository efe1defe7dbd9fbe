/* menvcfg.STCE=1: mip.STIP is time >= stimecmp, read-only; HS takes 5. stimecmp written in VS is vstimecmp.
   rules: mip_stip_stimecmp_acc, mip_stip_stimecmp_op, mip_stip_stimecmp_clr, sip_stip_op, mip_stip_op,
   supervisor_timer_scheduling, sstc_purpose, stimecmp_exist */
#include "interrupts.h"

static uint64_t wait_long(uint64_t sie)
{
    for (unsigned i = 0; i < 20 && !trap_count; i++)
        wait_for(WAIT_FOR(1UL, sie));
    return 0;
}

int main(void)
{
    csr_write(stimecmp, ~0UL);
    csr_write(vstimecmp, ~0UL);
    csr_write(menvcfg, ENVCFG_STCE);
    csr_write(henvcfg, ENVCFG_STCE);
    csr_write(mcounteren, COUNTEREN_TM);
    csr_write(hcounteren, COUNTEREN_TM);
    delegate_interrupts(BIT(STI), 0);
    CHECK_EQ("STIP before", csr_read(mip) & BIT(STI), 0);
    csr_set(mip, BIT(STI));
    CHECK_EQ("STIP is read-only", csr_read(mip) & BIT(STI), 0);
    csr_write(mie, BIT(STI));
    csr_write(stimecmp, csr_read(time) + 20);
    CHECK_TRAP("a timer that runs out", trap_of(MODE_HS, wait_long, 1), .in = MODE_HS, .cause = INTERRUPT(STI));
    CHECK_EQ("STIP stays", csr_read(sip) & BIT(STI), BIT(STI));
    csr_clear(mip, BIT(STI));
    CHECK_EQ("STIP stays though cleared", csr_read(mip) & BIT(STI), BIT(STI));
    csr_write(stimecmp, ~0UL);
    CHECK_EQ("STIP goes with a later stimecmp", csr_read(mip) & BIT(STI), 0);
    CHECK_NO_TRAP("write in VS", attempt(MODE_VS, WORD("csrw stimecmp, a1"), 0, 0x123456));
    CHECK_EQ("stimecmp", csr_read(stimecmp), ~0UL);
    CHECK_EQ("vstimecmp", csr_read(vstimecmp), 0x123456);
    CHECK_EQ("read in VS", attempt(MODE_VS, WORD("csrr a2, stimecmp"), 0, 0).value, 0x123456);
    return 0;
}

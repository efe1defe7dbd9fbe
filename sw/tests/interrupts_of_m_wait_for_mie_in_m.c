/* In M: those of M wait while MIE=0 and are taken when it is set; those delegated to HS are never taken in M.
   rules: mstatus_mie_op, mtime_intr_taken, trap_del_intr_priv_lvl */
#include "interrupts.h"

static uint64_t with_mie(uint64_t count)
{
    csr_set(mstatus, MSTATUS_MIE);
    wait_for(WAIT_FOR(count, 0));
    csr_clear(mstatus, MSTATUS_MIE);
    return 0;
}

int main(void)
{
    static const unsigned codes[] = {SSI, STI, SEI, MSI, MTI, MEI};
    for (unsigned i = 0; i < 6; i++) {
        context("code", codes[i]);
        csr_write(mie, BIT(codes[i]));
        raise(codes[i], true);
        CHECK_NO_TRAP("MIE=0", trap_of(MODE_M, wait_for, WAIT_FOR(1UL, 0)));
        CHECK_TRAP("MIE=1", trap_of(MODE_M, with_mie, 1), .in = MODE_M, .cause = INTERRUPT(codes[i]));
        csr_write(mie, BIT(codes[i]));
        csr_write(mideleg, ~0UL);
        if (csr_read(mideleg) & BIT(codes[i]))
            CHECK_NO_TRAP("delegated", trap_of(MODE_M, with_mie, 1));
        csr_write(mideleg, 0);
        raise(codes[i], false);
        csr_write(mie, 0);
    }
    context("for guests", 0);
    csr_write(mie, ~0UL);
    csr_write(hvip, ~0UL);
    CHECK_NO_TRAP("VS interrupts in M", trap_of(MODE_M, with_mie, 1));
    return 0;
}

/* hvip bits 2, 6 and 10 are interrupts 1, 5 and 9 of VS; hvip holds what software wrote, hip and mip show it, only
   hip.VSSIP is writable in hip, and vsie enables it.
   rules: hideleg_trans, hvip_op, hvip_acc, HVIP_WARL, hip_acc, hip_op, hie_op, hip_vssip_vssie_op */
#include "interrupts.h"

int main(void)
{
    static const unsigned codes[] = {VSSI, VSTI, VSEI};
    const uint64_t all = BIT(VSSI) | BIT(VSTI) | BIT(VSEI);
    csr_write(hvip, ~0UL);
    CHECK_EQ("hvip holds three bits", csr_read(hvip), all);
    CHECK_EQ("hip shows them", csr_read(hip) & all, all);
    CHECK_EQ("mip shows them", csr_read(mip) & all, all);
    csr_write(hip, 0);
    CHECK_EQ("hip is read-only but for VSSIP", csr_read(hvip), all & ~BIT(VSSI));
    csr_write(hvip, 0);
    csr_write(hip, all);
    CHECK_EQ("hip.VSSIP is hvip.VSSIP", csr_read(hvip), BIT(VSSI));
    csr_write(hvip, 0);

    for (unsigned i = 0; i < 3; i++)
        for (unsigned user = 0; user < 2; user++) {
            enum mode mode = user ? MODE_VU : MODE_VS;
            unsigned code = codes[i];
            context(mode_name(mode), code);
            delegate_interrupts(0, all);
            csr_write(hvip, BIT(code));
            csr_write(vsstatus, 0);
            csr_write(vsie, 0);
            CHECK_EQ("vsip", csr_read(vsip), BIT(code - 1));
            CHECK_NO_TRAP("not enabled in vsie", trap_of(mode, wait_for, WAIT_FOR(1UL, !user)));
            csr_write(vsie, BIT(code - 1));
            CHECK_EQ("hie", csr_read(hie) & all, BIT(code));
            if (!user)
                CHECK_NO_TRAP("vsstatus.SIE=0", trap_of(mode, wait_for, WAIT_FOR(1UL, 0)));
            CHECK_NO_TRAP("in HS", trap_of(MODE_HS, wait_for, WAIT_FOR(1UL, 1)));
            CHECK_NO_TRAP("in U", trap_of(MODE_U, wait_for, WAIT_FOR(1UL, 0)));
            CHECK_TRAP("injected", trap_of(mode, wait_for, WAIT_FOR(1UL, !user)),
                       .in = MODE_VS, .cause = INTERRUPT(code - 1));
            CHECK_EQ("vscause", csr_read(vscause), INTERRUPT(code - 1));

            delegate_interrupts(0, 0);
            csr_write(hie, BIT(code));
            CHECK_TRAP("not delegated", trap_of(mode, wait_for, WAIT_FOR(1UL, 0)),
                       .in = MODE_HS, .cause = INTERRUPT(code));
            CHECK_EQ("vsip shows nothing that HS keeps", csr_read(vsip), 0);
        }
    return 0;
}

/* Guest external lines are hgeip bits 1 to GEILEN. hip.VSEIP shows the one that hstatus.VGEIN selects, none for
   0; hip.SGEIP, interrupt 12 of HS, is any of those in hgeie.
   rules: hstatus_vgein_op, HSTATUS_VGEIN_WLRL, hip_sgeip_sgeie_acc, hip_sgeip_sgeie_op, hip_vseip_vseie_op, hgeip_op,
   hgeie_acc, hgeip_hgeie_fields, GEILEN, hgeie_op, HGEIE_WARL, mideleg_acc_h */
#include "interrupts.h"

int main(void)
{
    csr_write(hgeie, ~0UL);
    uint64_t lines = csr_read(hgeie), last = 0;
    CHECK("hgeie holds bits from 1 on", lines && !(lines & 1) && !(lines & (lines + 2)));
    while (lines >> last >> 1)
        last++;
    csr_write(hgeie, 0);
    csr_set(hstatus, HSTATUS_VGEIN);
    CHECK("VGEIN names a line that exists, or none", (csr_read(hstatus) >> 12 & 63) <= last);
    CHECK_EQ("mideleg has SGEI always", csr_read(mideleg) & BIT(SGEI), BIT(SGEI));
    csr_write(hideleg, ~0UL);
    CHECK_EQ("hideleg never has SGEI", csr_read(hideleg) & BIT(SGEI), 0);
    for (uint64_t line = 1; line <= last; line++) {
        context("line", line);
        GUEST_EXTERNAL_SET = BIT(line);
        CHECK_EQ("hgeip", csr_read(hgeip), BIT(line));
        for (uint64_t vgein = 0; vgein <= last; vgein++) {
            csr_put(hstatus, HSTATUS_VGEIN, vgein << 12);
            CHECK_EQ("VGEIN", csr_read(hstatus) >> 12 & 63, vgein);
            CHECK_EQ("VSEIP where VGEIN selects the line", !!(csr_read(hip) & BIT(VSEI)), vgein == line);
        }
        csr_put(hstatus, HSTATUS_VGEIN, line << 12);
        CHECK_EQ("hvip holds only what was written", csr_read(hvip), 0);
        csr_write(vsstatus, 0);
        csr_write(hie, BIT(VSEI));
        CHECK_TRAP("VS", trap_of(MODE_VS, wait_for, WAIT_FOR(1UL, 1)), .in = MODE_VS, .cause = INTERRUPT(SEI));
        CHECK_EQ("SGEIP where hgeie has not the line", csr_read(hip) & BIT(SGEI), 0);
        csr_write(hgeie, BIT(line));
        CHECK_EQ("SGEIP where it has", csr_read(hip) & BIT(SGEI), BIT(SGEI));
        csr_write(hip, 0);
        CHECK_EQ("SGEIP and VSEIP are read-only", csr_read(hip), BIT(SGEI) | BIT(VSEI));
        csr_write(hgeie, ~BIT(line));
        csr_write(hip, BIT(SGEI));
        CHECK_EQ("SGEIP where hgeie has all others", csr_read(hip) & BIT(SGEI), 0);
        csr_write(hgeie, BIT(line));
        CHECK_EQ("mip", csr_read(mip) & BIT(SGEI), BIT(SGEI));
        csr_write(hie, BIT(SGEI));
        CHECK_EQ("mie", csr_read(mie) & BIT(SGEI), BIT(SGEI));
        CHECK_TRAP("HS", trap_of(MODE_HS, wait_for, WAIT_FOR(1UL, 1)), .in = MODE_HS, .cause = INTERRUPT(SGEI));
        csr_write(hie, BIT(SGEI));
        CHECK_TRAP("HS from VS", trap_of(MODE_VS, wait_for, WAIT_FOR(1UL, 0)), .in = MODE_HS,
                   .cause = INTERRUPT(SGEI));
        csr_write(hgeie, 0);
        GUEST_EXTERNAL_CLEAR = BIT(line);
        CHECK_EQ("hgeip after", csr_read(hgeip), 0);
        CHECK_EQ("VSEIP after", csr_read(hip) & BIT(VSEI), 0);
    }
    return 0;
}

/* VS reads and writes of sstatus, sie, stvec, sscratch, sepc, scause, stval, sip and satp reach vsstatus, vsie, vstvec
   and so on; the HS ones keep what they held. sie and sip show hie and hip one bit lower where hideleg lets them, and
   nothing that is for HS.
   rules: H_vscsrs_sub, vsstatus_acc, vsstatus_op, vsip_vsie_acc, vsip_vsie_op, vsip_vsie_sei, vsip_vsie_ssi,
   vstvec_acc, vsscratch_acc, vsscratch_op, vspec_acc, vscause_acc, vstval_acc, vsatp_acc */
#include "hyacinth.h"

#define NAMES(row) \
    row(sstatus, vsstatus, MSTATUS_SUM, MSTATUS_MXR) \
    row(sie, vsie, BIT(SSI), BIT(STI)) \
    row(stvec, vstvec, 0x80001230, 0x80004560) \
    row(sscratch, vsscratch, 0x123456789abcdef0, 0xfedcba9876543210) \
    row(sepc, vsepc, 0x80001234, 0x80005678) \
    row(scause, vscause, 3, 5) \
    row(stval, vstval, 0x1111111111111111, 0x2222222222222222)

int main(void)
{
#define READ_AND_WRITE(s, vs, first, second) { \
        uint64_t own = csr_read(s), guests = csr_read(vs); \
        context(#s, 0); \
        csr_write(s, first); \
        csr_write(vs, second); \
        uint64_t hold = csr_read(s), seen = csr_read(vs); \
        struct trap trap = attempt(MODE_VS, WORD("csrr a2, " #s), 0, 0); \
        CHECK_NO_TRAP("read in VS", trap); \
        CHECK_EQ("what VS reads", trap.value, seen); \
        CHECK("the two differ", hold != seen); \
        CHECK_NO_TRAP("write in VS", attempt(MODE_VS, WORD("csrw " #s ", a1"), 0, first)); \
        CHECK_EQ("the HS register after a write in VS", csr_read(s), hold); \
        CHECK("the VS register after a write in VS", csr_read(vs) != seen); \
        CHECK_EQ("what VS reads after", attempt(MODE_VS, WORD("csrr a2, " #s), 0, 0).value, csr_read(vs)); \
        csr_write(s, own); \
        csr_write(vs, guests); \
    }
    delegate_interrupts(BIT(SSI) | BIT(STI) | BIT(SEI), BIT(VSSI) | BIT(VSTI) | BIT(VSEI));
    NAMES(READ_AND_WRITE)

    context("satp", 0);
    struct guest guest = guest_on(&SV39, &BARE);
    csr_write(satp, 0);
    CHECK_EQ("satp read in VS", attempt(MODE_VS, WORD("csrr a2, satp"), 0, 0).value, satp_of(guest.vs, 0));
    CHECK_NO_TRAP("satp written in VS", attempt(MODE_VS, WORD("csrw satp, a1"), 0, satp_of(guest.vs, 7)));
    CHECK_EQ("vsatp after", csr_read(vsatp), satp_of(guest.vs, 7));
    CHECK_EQ("satp after", csr_read(satp), 0);
    translation_off();

    context("sip", 0);
    csr_write(hvip, BIT(VSSI) | BIT(VSEI));
    CHECK_EQ("sip in VS", attempt(MODE_VS, WORD("csrr a2, sip"), 0, 0).value, BIT(SSI) | BIT(SEI));
    CHECK_NO_TRAP("clear SSIP in VS", attempt(MODE_VS, WORD("csrc sip, a1"), 0, BIT(SSI)));
    CHECK_EQ("hvip after", csr_read(hvip), BIT(VSEI));
    CHECK_NO_TRAP("set SSIP in VS", attempt(MODE_VS, WORD("csrs sip, a1"), 0, BIT(SSI) | BIT(STI)));
    CHECK_EQ("hvip after", csr_read(hvip), BIT(VSSI) | BIT(VSEI));
    csr_set(mip, BIT(SSI) | BIT(STI));
    CHECK_EQ("sip in VS has nothing of HS", attempt(MODE_VS, WORD("csrr a2, sip"), 0, 0).value, BIT(SSI) | BIT(SEI));
    csr_write(hvip, BIT(VSEI));
    CHECK_EQ("sip in VS has no SSI of HS", attempt(MODE_VS, WORD("csrr a2, sip"), 0, 0).value, BIT(SEI));
    CHECK_EQ("sip of HS", csr_read(sip) & (BIT(SSI) | BIT(STI)), BIT(SSI) | BIT(STI));
    csr_clear(mip, BIT(SSI) | BIT(STI));
    csr_write(hvip, BIT(VSSI) | BIT(VSEI));
    csr_write(hideleg, BIT(VSEI));
    CHECK_EQ("sip in VS where hideleg hides VSSI", attempt(MODE_VS, WORD("csrr a2, sip"), 0, 0).value, BIT(SEI));
    csr_write(hie, BIT(VSSI) | BIT(VSTI) | BIT(VSEI));
    CHECK_EQ("sie in VS", attempt(MODE_VS, WORD("csrr a2, sie"), 0, 0).value, BIT(SEI));
    csr_write(hvip, 0);
    return 0;
}

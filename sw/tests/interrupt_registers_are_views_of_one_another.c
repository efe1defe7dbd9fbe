/* sie and sip show mie and mip where mideleg delegates to S; hie and hip show the bits for guests; vsie and vsip those
   of hie and hip that hideleg names, one lower.
   rules: mip_acc, mie_acc, mie_bits_wr, mip_ssip_acc, mip_seip_acc, sip_op, sip_seip_acc, sip_stip_acc,
   sip_ssip_acc, sie_seie_acc, sie_stie_acc, sie_ssie_acc, hip_hie_acc, hip_op, hie_op, sie_hip_hie_mutex, hie_acc,
   vsip_vsie_sei, vsip_vsie_sti, vsip_vsie_ssi, mip_mie_vs, mip_mie_alias */
#include "hyacinth.h"

int main(void)
{
    const uint64_t guests = BIT(VSSI) | BIT(VSTI) | BIT(VSEI), supervisor = BIT(SSI) | BIT(STI) | BIT(SEI);
    csr_write(mideleg, supervisor);
    csr_write(mie, ~0UL);
    uint64_t sgeie = csr_read(hie) & BIT(SGEI);
    CHECK_EQ("mie", csr_read(mie) & 0xfff, guests | supervisor | BIT(MSI) | BIT(MTI) | BIT(MEI));
    CHECK_EQ("sie", csr_read(sie) & 0x1fff, supervisor);
    CHECK_EQ("hie", csr_read(hie), guests | sgeie);
    csr_write(sie, 0);
    CHECK_EQ("mie after sie", csr_read(mie) & 0xfff, guests | BIT(MSI) | BIT(MTI) | BIT(MEI));
    csr_write(hie, BIT(VSTI));
    CHECK_EQ("mie after hie", csr_read(mie) & 0x1fff, BIT(VSTI) | BIT(MSI) | BIT(MTI) | BIT(MEI));
    csr_write(mideleg, BIT(STI));
    csr_write(mie, supervisor);
    CHECK_EQ("sie where mideleg has STI alone", csr_read(sie) & 0x1fff, BIT(STI));
    csr_write(sie, 0);
    CHECK_EQ("sie writes what it shows", csr_read(mie) & 0xfff, BIT(SSI) | BIT(SEI));
    csr_write(mie, 0);

    csr_write(hideleg, guests);
    csr_write(vsie, ~0UL);
    CHECK_EQ("hie after vsie", csr_read(hie), guests);
    CHECK_EQ("vsie", csr_read(vsie) & 0x1fff, supervisor);
    csr_write(hideleg, BIT(VSSI));
    CHECK_EQ("vsie where hideleg has VSSI alone", csr_read(vsie) & 0x1fff, BIT(SSI));
    csr_write(vsie, 0);
    CHECK_EQ("vsie writes what it shows", csr_read(hie), BIT(VSTI) | BIT(VSEI));

    csr_write(mideleg, BIT(SSI));
    csr_write(mip, supervisor);
    CHECK_EQ("mip", csr_read(mip) & supervisor, supervisor);
    CHECK_EQ("sip", csr_read(sip) & 0x1fff, BIT(SSI));
    CHECK_EQ("hip has none of S-mode's", csr_read(hip), 0);
    csr_write(sip, 0);
    CHECK_EQ("mip after sip", csr_read(mip) & supervisor, BIT(STI) | BIT(SEI));
    csr_write(mideleg, supervisor);
    csr_write(sip, 0);
    CHECK_EQ("STIP and SEIP are read-only in sip", csr_read(mip) & supervisor, BIT(STI) | BIT(SEI));
    csr_write(mip, 0);
    csr_write(hvip, guests);
    csr_write(hideleg, BIT(VSSI));
    csr_write(vsip, 0);
    CHECK_EQ("vsip clears hvip.VSSIP", csr_read(hvip), BIT(VSTI) | BIT(VSEI));
    csr_write(mip, BIT(VSSI));
    CHECK_EQ("mip.VSSIP is hvip.VSSIP", csr_read(hvip), guests);
    csr_write(hvip, 0);
    return 0;
}

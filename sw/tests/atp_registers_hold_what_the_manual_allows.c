/* satp: an unsupported MODE voids the whole write; vsatp in VS likewise. hgatp: its other fields are written all the
   same, PPN bits 1:0 are zero. ASID has up to 16, VMID up to 14 bits, contiguous from 0.
   rules: satp_sz, satp_acc, satp_mode_sz, satp_mode_acc, satp_mode_op_unsupported, ASIDLEN, svbare_satp_mode_bare,
   hgatp_acc, HGATP_MODE_WARL, hgatp_ppn_op, HGATP_VMID, hgatp_vmid_lsbs, vsatp_mode_unsupported_v1,
   shgatpa_satp_hgatp_mode_support, shgatpa_hgatp_bare_mode, shvsatpa_satp_vsatp_modes */
#include "hyacinth.h"

#define ASID (0xffffUL << 44)
#define VMID (0x3fffUL << 44)

int main(void)
{
    static const uint64_t reserved[] = {1, 2, 5, 7, 11, 13, 14, 15};
    csr_write(satp, ASID);
    uint64_t asids = csr_read(satp) >> 44 & 0xffff;
    CHECK_EQ("ASID bits are contiguous", asids & (asids + 1), 0);
    csr_write(hgatp, VMID);
    uint64_t vmids = csr_read(hgatp) >> 44 & 0xffff;
    CHECK_EQ("VMID bits are contiguous", vmids & (vmids + 1), 0);
    CHECK("VMID has no more than 14 bits", vmids <= 0x3fff);
    for (unsigned i = 0; i < 4 && supported(VS_SCHEMES[i]); i++) {
        uint64_t mode = VS_SCHEMES[i]->mode << 60, held = mode | 3UL << 44 | 0x80123;
        context(VS_SCHEMES[i]->name, 0);
        csr_write(satp, held);
        CHECK_EQ("satp", csr_read(satp), held);
        csr_write(vsatp, held);
        CHECK_EQ("vsatp", csr_read(vsatp), held);
        csr_write(hgatp, held);
        CHECK_EQ("hgatp", csr_read(hgatp), held & ~3UL);
    }
    for (unsigned i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        context("MODE", reserved[i]);
        csr_write(satp, 5UL << 44 | 0x80456);
        csr_write(satp, reserved[i] << 60 | 6UL << 44 | 0x80999);
        CHECK_EQ("satp", csr_read(satp), 5UL << 44 | 0x80456);
        csr_write(vsatp, 5UL << 44 | 0x80456);
        csr_write(hgatp, 0);
        attempt(MODE_VS, WORD("csrw satp, a1"), 0, reserved[i] << 60 | 6UL << 44 | 0x80999);
        CHECK_EQ("vsatp in VS", csr_read(vsatp), 5UL << 44 | 0x80456);
        csr_write(hgatp, 5UL << 44 | 0x80454);
        csr_write(hgatp, reserved[i] << 60 | 6UL << 44 | 0x80998);
        CHECK_EQ("hgatp but for MODE", csr_read(hgatp) & ~(0xfUL << 60), 6UL << 44 | 0x80998);
        CHECK("hgatp.MODE is a legal one", csr_read(hgatp) >> 60 != reserved[i]);
    }
    csr_write(satp, 0);
    csr_write(vsatp, 0);
    csr_write(hgatp, 0);
    return 0;
}

/* vsatp.PPN is not cut to the machine's physical width: all 44 bits are held, and a root table that lies beyond what
   the G stage can translate is a guest-page fault with its own GPA. hgatp.PPN and satp.PPN may be narrower.
   rules: vsatp_ppn_sv39_sv48_sv57_sz, vsatp_sz */
#include "hyacinth.h"

int main(void)
{
    const uint64_t ppn = (1UL << 44) - 1;
    guest_on(&SV39, &SV39X4);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    csr_set(hstatus, HSTATUS_SPVP);
    for (unsigned bit = 0; bit < 44; bit++) {
        context("PPN", BIT(bit));
        csr_write(vsatp, SV39.mode << 60 | BIT(bit));
        CHECK_EQ("vsatp", csr_read(vsatp), SV39.mode << 60 | BIT(bit));
    }
    context("fault", 0);
    csr_write(vsatp, SV39.mode << 60 | ppn);
    fence_all();
    check_fault("HLV", attempt(MODE_HS, WORD("hlv.d a2, (a0)"), TEST_VA, 0), MODE_HS, LOAD, LOAD_GUEST_PAGE_FAULT, true,
                ((ppn << 12) + (TEST_VA >> 30) * 8) >> 2, true);
    check_fault("HLVX", attempt(MODE_HS, WORD("hlvx.wu a2, (a0)"), TEST_VA, 0), MODE_HS, LOAD, LOAD_GUEST_PAGE_FAULT,
                true, ((ppn << 12) + (TEST_VA >> 30) * 8) >> 2, true);
    csr_write(vsatp, 0);
    return 0;
}

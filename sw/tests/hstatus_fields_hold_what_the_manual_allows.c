/* VSXL is 2 and VSBE 0, both read-only here; SPV, SPVP, HU, VTVM, VTW and VTSR hold both values; HS writes hstatus,
   VS does not. */
#include "hyacinth.h"

int main(void)
{
    static const uint64_t fields[] = {HSTATUS_SPV, HSTATUS_SPVP, HSTATUS_HU, HSTATUS_VTVM, HSTATUS_VTW, HSTATUS_VTSR,
                                      HSTATUS_GVA};
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        context("field", fields[i]);
        csr_write(hstatus, fields[i]);
        CHECK_EQ("set", csr_read(hstatus) & ~(HSTATUS_VSXL | HSTATUS_VSBE), fields[i]);
        csr_clear(hstatus, fields[i]);
        CHECK_EQ("cleared", csr_read(hstatus) & ~(HSTATUS_VSXL | HSTATUS_VSBE), 0);
    }
    context("VSXL", 0);
    for (uint64_t value = 0; value < 4; value++) {
        csr_put(hstatus, HSTATUS_VSXL, value << 32);
        CHECK_EQ("VSXL", csr_read(hstatus) >> 32 & 3, 2);
    }
    CHECK_EQ("vsstatus.UXL", csr_read(vsstatus) >> 32 & 3, 2);
    CHECK_EQ("sstatus.UXL", csr_read(sstatus) >> 32 & 3, 2);
    context("access", 0);
    CHECK_NO_TRAP("HS", attempt(MODE_HS, WORD("csrw hstatus, a1"), 0, HSTATUS_HU));
    CHECK_EQ("written by HS", csr_read(hstatus) & HSTATUS_HU, HSTATUS_HU);
    CHECK_TRAP("VS", attempt(MODE_VS, WORD("csrw hstatus, a1"), 0, 0), .in = MODE_M, .cause = VIRTUAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    CHECK_EQ("not written by VS", csr_read(hstatus) & HSTATUS_HU, HSTATUS_HU);
    return 0;
}

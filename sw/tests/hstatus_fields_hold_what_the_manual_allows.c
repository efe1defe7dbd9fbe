/* VSXL is 2 and VSBE 0, both read-only here, as are vsstatus.UXL and UBE: VS and VU compute with 64 bits and store
   their lowest byte first. SPV, SPVP, HU, VTVM, VTW and VTSR hold both values; HS writes hstatus, VS does not.
   rules: VSXLEN, hstatus_acc, hstatus_op, hstatus_vsxl_op, hstatus_vsxl_64, HSTATUS_VSXL_64_WARL, VSXL_RO,
   hstatus_vsbe_op, HSTATUS_VSBE_WARL, vsstatus_uxl_op, VSSTATUS_UXL_WARL */
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
    for (uint64_t value = 0; value < 4; value++) {
        csr_put(vsstatus, VSSTATUS_UXL, value << 32);
        CHECK_EQ("vsstatus.UXL", csr_read(vsstatus) >> 32 & 3, 2);
    }
    CHECK_EQ("sstatus.UXL", csr_read(sstatus) >> 32 & 3, 2);
    context("endianness", 0);
    csr_set(hstatus, HSTATUS_VSBE);
    csr_set(vsstatus, VSSTATUS_UBE);
    CHECK_EQ("VSBE", csr_read(hstatus) & HSTATUS_VSBE, 0);
    CHECK_EQ("vsstatus.UBE", csr_read(vsstatus) & VSSTATUS_UBE, 0);
    static const enum mode guests[] = {MODE_VU, MODE_VS};
    for (unsigned m = 0; m < 2; m++) {
        context(mode_name(guests[m]), 0);
        CHECK_EQ("64 bits", attempt(guests[m], WORD("addi a2, a0, 1"), 0x7fffffffffffffff, 0).value, 1UL << 63);
        CHECK_NO_TRAP("store", attempt(guests[m], WORD("sd a1, 0(a0)"), (uint64_t)test_pages[0], 0x0102030405060708));
        CHECK_EQ("lowest byte first", *(volatile uint8_t *)test_pages[0], 8);
        CHECK_EQ("loaded", attempt(guests[m], WORD("lhu a2, 0(a0)"), (uint64_t)test_pages[0], 0).value, 0x0708);
    }
    context("access", 0);
    CHECK_NO_TRAP("HS", attempt(MODE_HS, WORD("csrw hstatus, a1"), 0, HSTATUS_HU));
    CHECK_EQ("written by HS", csr_read(hstatus) & HSTATUS_HU, HSTATUS_HU);
    CHECK_TRAP("VS", attempt(MODE_VS, WORD("csrw hstatus, a1"), 0, 0), .in = MODE_M, .cause = VIRTUAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    CHECK_EQ("not written by VS", csr_read(hstatus) & HSTATUS_HU, HSTATUS_HU);
    return 0;
}

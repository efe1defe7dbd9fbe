/* pmpcfg: R, W and X but for W without R, every A, bits 6:5 are 0. pmpaddr: 54 bits, address bits 55:2, of which all
   can be set while A is OFF, so the grain is four bytes; what it reads as does not depend on A. A machine has 0, 16 or
   64 entries; pmpcfg1 and pmpcfg3 do not exist.
   rules: PMP_GRANULARITY, pmp_entry_structure, PMPCFG_WARL, pmp_cfg_rv64_layout, pmp_cfg_rv64_illegal,
   pmp_addr_encoding, PMPADDR_WARL, pmp_a_field_encoding, pmp_region_granularity_g */
#include "pmp.h"

int main(void)
{
    const uint64_t all = 0x3fffffffffffff;
    csr_write(pmpaddr1, ~0UL);
    if (!csr_read(pmpaddr1))
        return 0; /* no entries */
    CHECK_EQ("pmpaddr1", csr_read(pmpaddr1), all);
    csr_write(pmpaddr14, 0x15a5a5a5a5a5a5a5);
    CHECK_EQ("pmpaddr14", csr_read(pmpaddr14), 0x15a5a5a5a5a5a5a5 & all);
    csr_write(pmpaddr15, 0x1234);
    CHECK_EQ("pmpaddr15", csr_read(pmpaddr15), 0x1234);
    csr_write(pmpaddr14, 0);
    csr_write(pmpaddr15, ~0UL);
    for (uint64_t written = 0; written < 128; written++) {
        uint64_t rwx = written & 7, a = written >> 3 & 3;
        context("pmp1cfg", written);
        csr_write(pmpaddr1, (uint64_t)test_pages >> 2 | 0x155);
        uint64_t address = csr_read(pmpaddr1);
        csr_write(pmpcfg0, PMP_ALL | written << 8);
        uint64_t held = csr_read(pmpcfg0) >> 8;
        CHECK_EQ("A", held >> 3 & 3, a);
        CHECK_EQ("bits 6:5", held >> 5 & 3, 0);
        CHECK("W only with R", (held & 3) != PMP_W);
        if ((rwx & 3) != PMP_W)
            CHECK_EQ("R, W and X", held & 7, rwx);
        CHECK_EQ("the bytes beside it", csr_read(pmpcfg0) & ~0xff00UL, PMP_ALL);
        CHECK_EQ("pmpaddr1", csr_read(pmpaddr1), address);
    }
    csr_write(pmpcfg0, PMP_ALL);
    csr_write(pmpcfg2, (uint64_t)(PMP_TOR | PMP_R) << 56);
    CHECK_EQ("pmp15cfg", csr_read(pmpcfg2), (uint64_t)(PMP_TOR | PMP_R) << 56);
    context(0, 0);
    CHECK_TRAP("pmpcfg1", attempt(MODE_M, 0x3a102673, 0, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    CHECK_TRAP("pmpcfg3", attempt(MODE_M, 0x3a302673, 0, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    return 0;
}

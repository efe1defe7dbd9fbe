/* sstatus is mstatus seen through a window: SIE, SPIE, SPP, SUM and MXR hold either value, whichever of the two is
   written; UXL is 2 whatever is written. UBE is 0: users too see memory as little-endian, and so it is for fetches and
   page tables. Fields of mstatus that sstatus has not are neither shown nor changed by it, and what no field names is 0.
   rules: sstatus_sz, sstatus_acc, sstatus_spp_sz, sstatus_spp_acc, sstatus_sie_sz, sstatus_sie_acc, sstatus_spie_sz,
   sstatus_spie_acc, sstatus_mxr_sz, sstatus_mxr_acc, sstatus_sum_sz, sstatus_sum_acc, sstatus_uxl_acc, sstatus_uxl_op,
   sstatus_uxl_sz, SSTATUS_UXL_WARL, ssu64xl_uxl_sstatus, SSTATUS_UBE_WARL, sstatus_ube_sz, sstatus_ube_acc,
   sstatus_ube_op, sstatus_ube_implicit, Zicsr_wpri_roz, Zicsr_write_ro, ZICSR_WARL */
#include "hyacinth.h"

#define BOTH (SSTATUS_SIE | SSTATUS_SPIE | SSTATUS_SPP | SSTATUS_SUM | SSTATUS_MXR)
#define MACHINES (MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP | MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR)
#define XLENS (3UL << 32 | 3UL << 34) /* UXL and SXL */
#define WITHOUT_F (SSTATUS_FS | SSTATUS_SD) /* the manual lets them be writable even so */

int main(void)
{
    static const uint64_t fields[] = {SSTATUS_SIE, SSTATUS_SPIE, SSTATUS_SPP, SSTATUS_SUM, SSTATUS_MXR};
    for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
        context("field", fields[i]);
        csr_write(mstatus, fields[i]);
        CHECK_EQ("sstatus after a write of mstatus", csr_read(sstatus) & BOTH, fields[i]);
        csr_write(sstatus, BOTH & ~fields[i]);
        CHECK_EQ("mstatus after a write of sstatus", csr_read(mstatus) & BOTH, BOTH & ~fields[i]);
        CHECK_NO_TRAP("set in HS", attempt(MODE_HS, WORD("csrw sstatus, a1"), 0, fields[i]));
        CHECK_EQ("mstatus after that", csr_read(mstatus) & BOTH, fields[i]);
        CHECK_EQ("read in HS", attempt(MODE_HS, WORD("csrr a2, sstatus"), 0, 0).value & BOTH, fields[i]);
        CHECK_NO_TRAP("cleared in HS", attempt(MODE_HS, WORD("csrc sstatus, a1"), 0, fields[i]));
        CHECK_EQ("mstatus after that", csr_read(mstatus) & BOTH, 0);
    }

    context("other fields", 0);
    csr_write(mstatus, 0);
    csr_write(sstatus, ~0UL);
    CHECK_EQ("sstatus after all ones", csr_read(sstatus) & ~WITHOUT_F, BOTH | 2UL << 32);
    CHECK_EQ("mstatus after that", csr_read(mstatus) & ~(WITHOUT_F | XLENS), BOTH);
    csr_write(mstatus, MACHINES);
    CHECK_EQ("sstatus does not show M's fields", csr_read(sstatus) & ~WITHOUT_F, 2UL << 32);
    csr_write(sstatus, 0);
    CHECK_EQ("nor change them", csr_read(mstatus) & ~(WITHOUT_F | XLENS), MACHINES);
    csr_write(mstatus, 0);

    context("UXL", 0);
    for (uint64_t value = 0; value < 4; value++) {
        csr_put(sstatus, SSTATUS_UXL, value << 32);
        CHECK_EQ("by sstatus", csr_read(sstatus) >> 32 & 3, 2);
        csr_put(mstatus, SSTATUS_UXL, value << 32);
        CHECK_EQ("by mstatus", csr_read(sstatus) >> 32 & 3, 2);
    }
    CHECK_EQ("registers of U", attempt(MODE_U, WORD("srli a2, a1, 63"), 0, 1UL << 63).value, 1);

    context("UBE", 0);
    supervisor_on(&SV39);
    csr_set(sstatus, SSTATUS_UBE);
    CHECK_EQ("never 1", csr_read(sstatus) & SSTATUS_UBE, 0);
    test_pages[0][0] = 0x0102030405060708;
    uint64_t address = (uint64_t)test_pages[0] + USER_ALIAS;
    CHECK_EQ("LD in U", attempt(MODE_U, WORD("ld a2, 0(a0)"), address, 0).value, 0x0102030405060708);
    CHECK_EQ("LBU in U", attempt(MODE_U, WORD("lbu a2, 0(a0)"), address, 0).value, 0x08);
    CHECK_NO_TRAP("SH in U", attempt(MODE_U, WORD("sh a1, 2(a0)"), address, 0x1122));
    CHECK_EQ("stored", test_pages[0][0], 0x0102030411220708);
    return 0;
}

/* Loads and stores have the least significant byte at the lowest address, in each mode, whatever was written to MBE,
   SBE and UBE, which are read-only 0. So have instructions, and the entries of page tables.
   rules: mstatus_mbe_op, mstatus_sbe_op, mstatus_sbe_implicit, MSTATUS_SBE_ROCOPY, mstatus_ube_op,
   MSTATUS_UBE_ROCOPY, endianness_inst_fetch_little, ENDIANNESS, ldst_endian_byte_op, ldst_little_endian_op,
   ldst_endian_byte_invariant */
#include "hyacinth.h"

static uint64_t store_and_load(uint64_t address)
{
    volatile uint8_t *bytes = (volatile uint8_t *)address;
    MEMORY64(address) = 0x0807060504030201;
    MEMORY32(address + 8) = 0x0c0b0a09;
    MEMORY16(address + 12) = 0x0e0d;
    for (unsigned i = 0; i < 14; i++)
        if (bytes[i] != i + 1)
            return i + 1;
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = 8 - i;
    for (unsigned i = 0; i < 8; i++)
        if (bytes[i] != 8 - i)
            return 50 + i;
    return MEMORY64(address) == 0x0102030405060708 && MEMORY32(address + 4) == 0x01020304 ? 0 : 99;
}

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    static const uint8_t li_a0_7_ret[] = {0x13, 0x05, 0x70, 0x00, 0x82, 0x80};
    uint8_t *page = (uint8_t *)test_pages[0];
    csr_set(mstatus, MSTATUS_MBE | MSTATUS_SBE | MSTATUS_UBE);
    csr_set(hstatus, HSTATUS_VSBE);
    csr_set(vsstatus, MSTATUS_UBE);
    CHECK_EQ("MBE, SBE and UBE", csr_read(mstatus) & (MSTATUS_MBE | MSTATUS_SBE | MSTATUS_UBE), 0);
    for (unsigned i = 0; i < sizeof li_a0_7_ret; i++)
        page[i] = li_a0_7_ret[i];
    FENCE_I();
    for (unsigned m = 0; m < 5; m++) {
        context(mode_name(modes[m]), 0);
        CHECK_EQ("bytes of data", run_in(modes[m], store_and_load, (uint64_t)test_pages[1]), 0);
        CHECK_EQ("bytes of code", run_in(modes[m], (function *)page, 0), 7);
    }

    struct space own = supervisor_on(&SV39);
    uint64_t entry = PTE_PPN(test_pages[2]) | LEAF, *place = pte_of(own, TEST_VA, 0);
    for (unsigned i = 0; i < 8; i++)
        ((uint8_t *)place)[i] = entry >> (8 * i);
    fence_all();
    test_pages[2][1] = 0x1234;
    context("page table", 0);
    CHECK_EQ("loaded", attempt(MODE_HS, WORD("ld a2, 0(a0)"), TEST_VA + 8, 0).value, 0x1234);
    return 0;
}

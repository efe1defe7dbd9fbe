/* mvendorid, marchid, mimpid, mhartid and mconfigptr can be read in M; a write is illegal, also of what they hold.
   mvendorid has 32 bits, this hart's number is 0, and mconfigptr is aligned to 64 bits.
   rules: mvendorid_sz, mvendorid_acc, mvendorid_always_rd, marchid_sz, marchid_acc, marchid_always_rd,
   mimpid_always_rd, mhartid_sz, mhartid_acc, mhartid_op, mhartid_always_rd, mhartid_one_is_zero, HART_ID,
   mconfigptr_sz, mconfigptr_acc, mconfigptr_align, mconfigptr_mandatory, mconfigptr_enc */
#include "hyacinth.h"

int main(void)
{
    static const uint32_t numbers[] = {0xf11, 0xf12, 0xf13, 0xf14, 0xf15};
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        context("CSR", numbers[i]);
        uint32_t csr_a2 = numbers[i] << 20 | 12 << 7 | 0x73, a1 = 11 << 15;
        struct trap read = attempt(MODE_M, csr_a2 | 2 << 12, 0, 0);
        CHECK_NO_TRAP("CSRRS with x0", read);
        CHECK_TRAP("CSRRW", attempt(MODE_M, csr_a2 | 1 << 12 | a1, 0, read.value), .in = MODE_M,
                   .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
        CHECK_TRAP("CSRRS", attempt(MODE_M, csr_a2 | 2 << 12 | a1, 0, 0), .in = MODE_M,
                   .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
        CHECK_EQ("value", attempt(MODE_M, csr_a2 | 2 << 12, 0, 0).value, read.value);
        CHECK_TRAP("in HS", attempt(MODE_HS, csr_a2 | 2 << 12, 0, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION,
                   .tval = THE_INSTRUCTION);
    }
    context(0, 0);
    CHECK_EQ("mvendorid above 32 bits", csr_read(mvendorid) >> 32, 0);
    CHECK_EQ("mhartid", csr_read(mhartid), 0);
    CHECK_EQ("alignment of mconfigptr", csr_read(mconfigptr) & 7, 0);
    return 0;
}

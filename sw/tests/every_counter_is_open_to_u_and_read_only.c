/* cycle, time, instret and hpmcounter3 to hpmcounter31, CSRs 0xc00 to 0xc1f: each is read in U where its own bits of
   mcounteren and scounteren are 1, and forbidden by scounteren's alone; nobody can write it. One that counts nothing,
   because it is not there or has no event, reads as a constant. The high halves of RV32 do not exist.
   rules: zihpm_op_sz_mode_acc_count, zihpm_op_sz_mode_acc_priv, zihpm_op_sz_mode_acc_partition, hpmcounter_op_sz_mode,
   HPM_UNIMPLEMENTED_COUNTER_ACCESS, scounteren_op, sscounterenw_hpmcounter_scounteren,
   zicntr_rdcycleh_op, zicntr_rdtimeh_op, zicntr_rdinstreth_op */
#include "hyacinth.h"

#define READ_OF(csr) ((csr) << 20 | 2 << 12 | 12 << 7 | 0x73)
#define WRITE_OF(csr) ((csr) << 20 | 1 << 12 | 12 << 7 | 0x73)

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M};
    csr_write(mcounteren, ~0UL);
    for (uint32_t n = 0; n < 32; n++) {
        context("counter", n);
        csr_write(scounteren, BIT(n));
        struct trap first = attempt(MODE_U, READ_OF(0xc00 + n), 0, 0);
        CHECK_NO_TRAP("open to U", first);
        if (n > 2)
            CHECK_EQ("constant", attempt(MODE_U, READ_OF(0xc00 + n), 0, 0).value, first.value);
        for (unsigned m = 0; m < 3; m++) {
            CHECK_TRAP("write", attempt(modes[m], WRITE_OF(0xc00 + n), 0, 0), .in = MODE_M,
                       .cause = ILLEGAL_INSTRUCTION, .tval = WRITE_OF(0xc00 + n));
            CHECK_TRAP("high half", attempt(modes[m], READ_OF(0xc80 + n), 0, 0), .in = MODE_M,
                       .cause = ILLEGAL_INSTRUCTION, .tval = READ_OF(0xc80 + n));
        }
        csr_write(scounteren, ~BIT(n));
        CHECK_TRAP("closed to U", attempt(MODE_U, READ_OF(0xc00 + n), 0, 0), .in = MODE_M,
                   .cause = ILLEGAL_INSTRUCTION, .tval = READ_OF(0xc00 + n));
        CHECK_NO_TRAP("open to HS", attempt(MODE_HS, READ_OF(0xc00 + n), 0, 0));
    }
    return 0;
}

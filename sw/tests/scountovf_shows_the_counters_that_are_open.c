/* scountovf shows M every OF, HS those whose bit in mcounteren is set, VS those set in hcounteren as well. It is
   read-only, and not for users.
   needs: sscofpmf
   rules: scountovf_op, scountovf_mmode_read_access, scountovf_smode_read_access, scountovf_vsmode_read_access,
   scountovf_smode_read_access_control */
#include "hyacinth.h"

#define COUNTERS 0x78 /* those that count */

int main(void)
{
    const uint32_t read = WORD("csrr a2, scountovf"), write = WORD("csrs scountovf, a0");
    csr_write(mhpmevent3, MHPMEVENT3_OF);
    csr_write(mhpmevent4, MHPMEVENT3_OF);
    csr_write(mhpmevent5, MHPMEVENT3_OF);
    csr_write(mhpmevent6, MHPMEVENT3_OF);
    for (unsigned by_m = 0; by_m < 16; by_m += 5)
        for (unsigned by_h = 0; by_h < 16; by_h++) {
            context("mcounteren and hcounteren", by_m << 4 | by_h);
            csr_write(mcounteren, by_m << 3);
            csr_write(hcounteren, by_h << 3);
            CHECK_EQ("M", csr_read(scountovf), COUNTERS);
            CHECK_EQ("HS", attempt(MODE_HS, read, 0, 0).value, by_m << 3);
            CHECK_EQ("VS", attempt(MODE_VS, read, 0, 0).value, (by_m & by_h) << 3);
        }
    CHECK_TRAP("U", attempt(MODE_U, read, 0, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    CHECK_TRAP("VU", attempt(MODE_VU, read, 0, 0), .in = MODE_M, .cause = VIRTUAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    CHECK_TRAP("written", attempt(MODE_HS, write, 8, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    return 0;
}

/* The management of a block may reach a device, since loads may; a device need not take CBO.ZERO, and then that is an
   access fault.

   needs: zicbom, zicboz
   rules: cbm_access, cbz_access, cbz_unperm_fault, fault_excep_csr */
#include "blocks.h"

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    blocks_on();
    CLINT_MTIMECMP = 0x5a5a;
    for (unsigned m = 0; m < 5; m++)
        for (unsigned i = 0; i < BLOCK_INSTRUCTIONS; i++) {
            context(block_instructions[i].name, modes[m]);
            struct trap trap = attempt(modes[m], block_instructions[i].word, CLINT + 0x4005, 0);
            if (block_instructions[i].word == CBO_ZERO)
                check_fault("device", trap, MODE_M, STORE, ACCESS_FAULT(STORE), modes[m] >= MODE_VU, 0, false);
            else
                CHECK_NO_TRAP("device", trap);
            CHECK_EQ("mtimecmp", CLINT_MTIMECMP, 0x5a5a);
        }
    return 0;
}

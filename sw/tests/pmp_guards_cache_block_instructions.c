/* A PMP region that a block lies in lets CBO.ZERO pass with W, the management of the block with R; else they raise a
   store's access fault, at the address in rs1, and memory stays as it was.

   needs: zicbom, zicboz
   rules: cbm_access, cbm_unperm_fault, cbz_access, cbz_unperm_fault, fault_excep_csr */
#include "blocks.h"
#include "pmp.h"

int main(void)
{
    static const uint64_t rights[] = {0, PMP_R, PMP_R | PMP_W, PMP_R | PMP_X, PMP_R | PMP_W | PMP_X};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    uint64_t base = (uint64_t)test_pages[0] + 2 * BLOCK;
    blocks_on();
    csr_write(pmpaddr0, NAPOT_ADDRESS(base, BLOCK));
    for (unsigned r = 0; r < sizeof rights / sizeof *rights; r++) {
        pmp_configure(PMP_NAPOT | rights[r], 0, 0, 0);
        for (unsigned m = 0; m < 5; m++)
            for (unsigned i = 0; i < BLOCK_INSTRUCTIONS; i++) {
                bool zero = block_instructions[i].word == CBO_ZERO;
                context(block_instructions[i].name, r << 4 | modes[m]);
                for (unsigned n = 0; n < 32; n++)
                    test_pages[0][n] = n + 1;
                struct trap trap = attempt(modes[m], block_instructions[i].word, base + 35, 0);
                bool passes = modes[m] == MODE_M || rights[r] & (zero ? PMP_W : PMP_R);
                if (passes)
                    CHECK_NO_TRAP("inside", trap);
                else
                    check_fault("inside", trap, MODE_M, STORE, ACCESS_FAULT(STORE), modes[m] >= MODE_VU, 0, false);
                CHECK_NO_TRAP("before", attempt(modes[m], block_instructions[i].word, base - 1, 0));
                CHECK_NO_TRAP("after", attempt(modes[m], block_instructions[i].word, base + BLOCK, 0));
                for (unsigned n = 0; n < 32; n++)
                    CHECK_EQ("memory", test_pages[0][n], zero && (n / 8 & 1 || (n / 8 == 2 && passes)) ? 0 : n + 1);
            }
    }
    return 0;
}

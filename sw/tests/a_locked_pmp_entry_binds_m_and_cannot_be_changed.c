/* L=1: the rights hold for M, too; configuration and address, and for TOR the address below, are not writable.
   rules: pmp_mmode_locking, pmp_l_bit_function, pmp_l_bit_write_protection, pmp_l_bit_m_mode_enforcement */
#include "pmp.h"

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)"), store = WORD("sd a1, 0(a0)");
    uint64_t page = (uint64_t)test_pages[0];
    csr_write(pmpaddr0, NAPOT_ADDRESS(page, PAGE));
    csr_write(pmpaddr2, (page + PAGE) >> 2);
    csr_write(pmpaddr3, (page + 2 * PAGE) >> 2);
    pmp_configure(PMP_NAPOT | PMP_R | PMP_L, 0, 0, PMP_TOR | PMP_L);
    CHECK_NO_TRAP("load", attempt(MODE_M, load, page, 0));
    check_fault("store", attempt(MODE_M, store, page, 0), MODE_M, STORE, STORE_ACCESS_FAULT, false, 0, false);
    check_fault("load in TOR", attempt(MODE_M, load, page + PAGE, 0), MODE_M, LOAD, LOAD_ACCESS_FAULT, false, 0, false);
    check_fault("fetch", attempt(MODE_M, accesses[0].word, page, 0), MODE_M, FETCH, INSTRUCTION_ACCESS_FAULT, false, 0,
                false);
    uint64_t configuration = csr_read(pmpcfg0), address0 = csr_read(pmpaddr0), address2 = csr_read(pmpaddr2);
    csr_write(pmpcfg0, 0);
    csr_write(pmpaddr0, 0);
    csr_write(pmpaddr2, 0);
    csr_write(pmpaddr3, 0);
    fence_all();
    CHECK_EQ("configuration", csr_read(pmpcfg0), configuration);
    CHECK_EQ("address of a locked entry", csr_read(pmpaddr0), address0);
    CHECK_EQ("address below a locked TOR", csr_read(pmpaddr2), address2);
    check_fault("store still", attempt(MODE_M, store, page, 0), MODE_M, STORE, STORE_ACCESS_FAULT, false, 0, false);
    csr_write(pmpaddr1, 0x1234);
    CHECK_EQ("an entry that is not locked", csr_read(pmpaddr1), 0x1234);
    return 0;
}

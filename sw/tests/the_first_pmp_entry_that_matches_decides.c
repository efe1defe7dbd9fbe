/* Entries are in order of their numbers, the first that matches any byte decides; it must match all bytes of an access,
   else the access fails, even in M. Without a match S and U fail where any entry is implemented.
   rules: pmp_entry_priority, pmp_full_match_required, pmp_rwx_check, pmp_no_entry_match */
#include "pmp.h"

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)"), load_word = WORD("lw a2, 0(a0)"), store = WORD("sd a1, 0(a0)");
    uint64_t page = (uint64_t)test_pages[0];
    csr_write(pmpaddr0, NAPOT_ADDRESS(page + 0x200, 512));
    csr_write(pmpaddr1, NAPOT_ADDRESS(page, PAGE));
    pmp_configure(PMP_NAPOT | PMP_R, PMP_NAPOT | PMP_R | PMP_W, 0, 0);
    CHECK_NO_TRAP("load by entry 0", attempt(MODE_HS, load, page + 0x200, 0));
    check_fault("store by entry 0", attempt(MODE_HS, store, page + 0x200, 0), MODE_M, STORE, STORE_ACCESS_FAULT, false,
                0, false);
    CHECK_NO_TRAP("store by entry 1", attempt(MODE_HS, store, page + 0x400, 0));
    pmp_configure(PMP_NAPOT | PMP_R | PMP_W, PMP_NAPOT, 0, 0);
    CHECK_NO_TRAP("store by entry 0", attempt(MODE_HS, store, page + 0x200, 0));
    check_fault("load by entry 1", attempt(MODE_HS, load, page + 0x1f8, 0), MODE_M, LOAD, LOAD_ACCESS_FAULT, false, 0,
                false);

    csr_write(pmpaddr0, (page + 0x104) >> 2);
    pmp_configure(PMP_NA4 | PMP_R | PMP_W | PMP_X, 0, 0, 0);
    CHECK_NO_TRAP("the word that matches", attempt(MODE_HS, load_word, page + 0x104, 0));
    CHECK_NO_TRAP("the word beside it", attempt(MODE_HS, load_word, page + 0x100, 0));
    check_fault("HS, half matched", attempt(MODE_HS, load, page + 0x100, 0), MODE_M, LOAD, LOAD_ACCESS_FAULT, false, 0,
                false);
    check_fault("M, half matched", attempt(MODE_M, load, page + 0x100, 0), MODE_M, LOAD, LOAD_ACCESS_FAULT, false, 0,
                false);
    CHECK_NO_TRAP("not matched at all", attempt(MODE_M, load, page + 0x108, 0));

    csr_write(pmpaddr1, RAM >> 2);
    csr_write(pmpaddr2, (RAM + RAM_FOR_PROGRAMS) >> 2);
    pmp_configure(0, 0, PMP_TOR | PMP_R | PMP_W | PMP_X, 0);
    csr_write(pmpcfg2, 0);
    fence_all();
    CHECK_NO_TRAP("matched by TOR", attempt(MODE_HS, load, page, 0));
    check_fault("no entry matches", attempt(MODE_HS, load, CLINT + 0xbff8, 0), MODE_M, LOAD, LOAD_ACCESS_FAULT, false,
                0, false);
    CHECK_NO_TRAP("no entry matches, M", attempt(MODE_M, load, CLINT + 0xbff8, 0));
    return 0;
}

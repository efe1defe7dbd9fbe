/* SUM and MXR speak of page-table entries: without page tables they change nothing, and what PMP denies they do not
   let through, with page tables or without.
   rules: mstatus_sum_op_no-vm, MSTATUS_MXR_SUM_OP_ACC_FAULT, pmp_sfence_required */
#include "pmp.h"

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)"), store = WORD("sd a1, 0(a0)");
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    uint64_t page = (uint64_t)test_pages[0];
    csr_write(pmpaddr0, NAPOT_ADDRESS(page, PAGE));
    for (unsigned paging = 0; paging < 2; paging++) {
        if (paging) {
            struct space own = supervisor_on(&SV39);
            map(own, TEST_VA, page, 0, LEAF_U);
        }
        for (unsigned setting = 0; setting < 4; setting++)
            for (unsigned m = 0; m < 5; m++) {
                uint64_t bits = (uint64_t)setting << 18;
                if (paging && modes[m] != MODE_HS)
                    continue;
                uint64_t address = paging ? TEST_VA : page;
                csr_put(mstatus, MSTATUS_SUM | MSTATUS_MXR, bits);
                csr_put(vsstatus, MSTATUS_SUM | MSTATUS_MXR, bits);
                context(mode_name(modes[m]), paging << 4 | setting);
                pmp_configure(PMP_NAPOT | PMP_R | PMP_W, 0, 0, 0);
                bool user_page = paging && !(setting & 1); /* SUM=0 */
                if (!user_page) {
                    CHECK_NO_TRAP("load", attempt(modes[m], load, address, 0));
                    CHECK_NO_TRAP("store", attempt(modes[m], store, address, 0));
                }
                pmp_configure(PMP_NAPOT | PMP_X, 0, 0, 0);
                if (modes[m] == MODE_M) {
                    CHECK_NO_TRAP("M", attempt(modes[m], load, address, 0));
                    continue;
                }
                check_fault("load, X alone", attempt(modes[m], load, address, 0), MODE_M, LOAD,
                            user_page ? LOAD_PAGE_FAULT : LOAD_ACCESS_FAULT, modes[m] >= MODE_VU, 0, false);
                check_fault("store, X alone", attempt(modes[m], store, address, 0), MODE_M, STORE,
                            user_page ? STORE_PAGE_FAULT : STORE_ACCESS_FAULT, modes[m] >= MODE_VU, 0, false);
            }
    }
    return 0;
}

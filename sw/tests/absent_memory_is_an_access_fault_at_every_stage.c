/* An address where nothing is: access fault of the kind of access; in M, HS and U, through page tables and without, in
   VS through either stage, by HLV, and where a table of any stage lies there. A guest's has GVA; no GPA is reported.
   rules: MEPC_INV_ADDR_CONV, MTVAL_INV_ADDR_CONV, mcause_exccode_ld_ldrsv, mcause_exccode_st_sc_amo,
   mtval_vaddr_wr1, mtval_vaddr_not_paddr, pma_chk_paddr, pma_precise_recom, sstvala_stval_faulting_vaddr */
#include "hyacinth.h"

#define ABSENT 0x20000000UL

/* Whether the fault of a walk has the transformed instruction is left open. */
static void check_access_fault(const char *name, struct trap trap, enum reach reach, bool gva)
{
    CHECK_TRAP(name, trap, .in = MODE_M, .cause = ACCESS_FAULT(reach), .tval = trap.a0, .gva = gva,
               .tinst = reach != FETCH && trap.tinst ? TRANSFORMED(0) : 0);
}

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned a = 0; a < ACCESSES; a++) {
        enum reach reach = accesses[a].reach;
        for (unsigned m = 0; m < 5; m++) {
            context(accesses[a].name, modes[m]);
            check_fault("bare", attempt(modes[m], accesses[a].word, ABSENT + 0x40, 0), MODE_M, reach,
                        ACCESS_FAULT(reach), modes[m] >= MODE_VU, 0, false);
            check_fault("high", attempt(modes[m], accesses[a].word, 1UL << 50, 0), MODE_M, reach,
                        ACCESS_FAULT(reach), modes[m] >= MODE_VU, 0, false);
        }
    }
    context("HLV, both stages bare", 0);
    check_fault("HLV", attempt(MODE_HS, WORD("hlv.d a2, (a0)"), ABSENT, 0), MODE_M, LOAD, LOAD_ACCESS_FAULT, true, 0,
                false);
    check_fault("HSV", attempt(MODE_HS, WORD("hsv.d a1, (a0)"), ABSENT, 0), MODE_M, STORE, STORE_ACCESS_FAULT, true, 0,
                false);

    uint64_t va = 3UL << 30, gpa = 5UL << 30;
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(own, TEST_VA, ABSENT, 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, ABSENT, 0, LEAF_U);
    *pte_of(own, va, 2) = PTE_PPN(ABSENT) | PTE_V;
    *pte_of(guest.vs, va, 2) = PTE_PPN(TEST_GPA) | PTE_V;
    map(guest.vs, va + 0x40000000, gpa, 2, LEAF);
    *pte_of(guest.g, gpa, 2) = PTE_PPN(ABSENT) | PTE_V;
    fence_all();
    for (unsigned a = 0; a < ACCESSES; a++) {
        enum reach reach = accesses[a].reach;
        context(accesses[a].name, 0);
        check_access_fault("page of HS", attempt(MODE_HS, accesses[a].word, TEST_VA, 0), reach, false);
        check_access_fault("table of satp", attempt(MODE_HS, accesses[a].word, va, 0), reach, false);
        check_access_fault("page of VS", attempt(MODE_VS, accesses[a].word, TEST_VA, 0), reach, true);
        check_access_fault("table of the VS stage", attempt(MODE_VS, accesses[a].word, va, 0), reach, true);
        check_access_fault("table of the G stage", attempt(MODE_VS, accesses[a].word, va + 0x40000000, 0), reach, true);
    }
    return 0;
}

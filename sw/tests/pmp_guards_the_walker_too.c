/* A page table in a region that S-mode may not read: an access fault of the original kind of access, from a table of
   satp, of the VS stage and of the G stage; a guest's has GVA, none has a GPA.
   rules: pmp_check_pagetable_access, pmp_with_paging, H_pmp */
#include "pmp.h"

static void check_access_fault(const char *name, struct trap trap, enum reach reach, bool gva)
{
    /* The manual does not say whether the fault of a walk is the explicit access's own. */
    CHECK_TRAP(name, trap, .in = MODE_M, .cause = ACCESS_FAULT(reach), .tval = trap.a0, .gva = gva,
               .tinst = reach != FETCH && trap.tinst ? TRANSFORMED(0) : 0);
}

int main(void)
{
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint64_t va = 3UL << 30, gpa = 5UL << 30, *table = test_pages[0];
    csr_write(pmpaddr0, NAPOT_ADDRESS(table, PAGE));
    test_pages[1][0] = RET;
    FENCE_I();
    for (unsigned stage = 0; stage < 3; stage++) {
        for (unsigned i = 0; i < 512; i++)
            table[i] = PTE_PPN(test_pages[1]) | (stage == 2 ? LEAF_U : LEAF);
        *pte_of(own, va, 1) = PTE_PPN(table) | PTE_V;
        *pte_of(guest.g, gpa, 1) = PTE_PPN(table) | PTE_V;
        if (stage == 1)
            *pte_of(guest.vs, va, 1) = PTE_PPN(table) | PTE_V;
        else
            *pte_of(guest.vs, va, 1) = 0, map(guest.vs, va, gpa, 0, LEAF);
        for (unsigned denied = 0; denied < 3; denied++)
            for (unsigned a = 0; a < ACCESSES; a++) {
                enum reach reach = accesses[a].reach;
                context(accesses[a].name, stage << 4 | denied);
                pmp_configure(denied == 0 ? PMP_NAPOT | PMP_R : denied == 1 ? PMP_NAPOT : PMP_NAPOT | PMP_X, 0, 0, 0);
                struct trap trap = attempt(stage ? MODE_VS : MODE_HS, accesses[a].word, va, RET);
                if (!denied)
                    CHECK_NO_TRAP("read-only table", trap);
                else
                    check_access_fault("unreadable table", trap, reach, stage > 0);
            }
    }
    context("page", 0);
    csr_write(pmpaddr0, NAPOT_ADDRESS(test_pages[1], PAGE));
    pmp_configure(PMP_NAPOT, 0, 0, 0);
    for (unsigned a = 0; a < ACCESSES; a++)
        check_access_fault(accesses[a].name, attempt(MODE_VS, accesses[a].word, va, 0), accesses[a].reach, true);
    return 0;
}

/* A VS-stage table that the G stage does not map, at every level: the cause is that of the original access, xtval its
   virtual address, mtval2 and htval the GPA of the table entry shifted right by 2, mtinst and htinst the
   pseudoinstruction of a 64-bit read.
   rules: mtval2_trapval_vstrans, H_trap_xtinst_guestpage, H_vm_gpapriv, shtvala_htval_faulting_gpa */
#include "hyacinth.h"

int main(void)
{
    for (unsigned pair = 0; pair < 16; pair++) {
        const struct scheme *vs = VS_SCHEMES[pair / 4], *g = G_SCHEMES[pair % 4];
        if (!g->levels || !vs->levels || !supported(vs) || !supported(g))
            continue;
        struct guest guest = guest_on(vs, g);
        uint64_t va = (3UL << (3 + 9 * vs->levels)) + 0x7654320; /* root index 3: the program lies elsewhere */
        for (unsigned delegated = 0; delegated < 2; delegated++)
            for (unsigned level = 1; level < vs->levels; level++) {
                uint64_t entry = TEST_GPA + ((va >> (12 + 9 * (level - 1)) & 511) << 3);
                *pte_of(guest.vs, va, level) = PTE_PPN(TEST_GPA) | PTE_V;
                fence_all();
                delegate_exceptions(delegated ? ALL_EXCEPTIONS : 0, delegated ? ALL_EXCEPTIONS : 0);
                for (unsigned i = 0; i < ACCESSES; i++) {
                    enum reach reach = accesses[i].reach;
                    context(accesses[i].name, pair << 8 | level << 4 | delegated);
                    check_fault("implicit access", attempt(MODE_VS, accesses[i].word, va, 0),
                                delegated ? MODE_HS : MODE_M, reach, GUEST_PAGE_FAULT(reach), true, entry >> 2, true);
                }
                *pte_of(guest.vs, va, level) = 0;
            }
        /* The root: only what runs outside the guest can still be fetched. */
        csr_write(vsatp, vs->mode << 60 | TEST_GPA >> 12);
        fence_all();
        csr_set(hstatus, HSTATUS_SPVP);
        uint64_t entry = TEST_GPA + 3 * 8;
        delegate_exceptions(ALL_EXCEPTIONS, 0);
        context("root", pair);
        check_fault("HLV", attempt(MODE_HS, WORD("hlv.d a2, (a0)"), va, 0), MODE_HS, LOAD, LOAD_GUEST_PAGE_FAULT, true,
                    entry >> 2, true);
        check_fault("HSV", attempt(MODE_HS, WORD("hsv.d a1, (a0)"), va, 0), MODE_HS, STORE, STORE_GUEST_PAGE_FAULT,
                    true, entry >> 2, true);
        check_fault("HLVX", attempt(MODE_HS, WORD("hlvx.wu a2, (a0)"), va, 0), MODE_HS, LOAD, LOAD_GUEST_PAGE_FAULT,
                    true, entry >> 2, true);
    }
    return 0;
}

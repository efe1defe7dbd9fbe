/* A GPA that the G stage does not map: 20, 21 or 23 by the kind of access, in M or by delegation in HS, from VS and
   VU; xtval is the virtual address, GVA 1, mtval2 and htval the GPA shifted right by 2, mtinst and htinst the
   transformed instruction.
   rules: H_mtval_nrz, htval_op, HTVAL_TRAPVAL, htinst_op, mtval2_op, mtinst_op, MTVAL2_TRAPVAL, H_guest_page_fault,
   mtval2_htval_virtaddr, shtvala_htval_faulting_gpa */
#include "hyacinth.h"

int main(void)
{
    for (unsigned pair = 0; pair < 16; pair++) {
        const struct scheme *vs = VS_SCHEMES[pair / 4], *g = G_SCHEMES[pair % 4];
        if (!g->levels || !supported(vs) || !supported(g))
            continue;
        struct guest guest = guest_on(vs, g);
        for (unsigned user = 0; user < 2; user++) {
            uint64_t gpa = TEST_GPA + user * PAGE, va = vs->levels ? TEST_VA + user * PAGE : gpa;
            if (vs->levels)
                map(guest.vs, va, gpa, 0, user ? LEAF_U : LEAF);
            for (unsigned delegated = 0; delegated < 2; delegated++)
                for (unsigned i = 0; i < ACCESSES; i++) {
                    enum reach reach = accesses[i].reach;
                    context(accesses[i].name, pair << 8 | user << 4 | delegated);
                    delegate_exceptions(delegated ? ALL_EXCEPTIONS : 0, delegated ? ALL_EXCEPTIONS : 0);
                    check_fault("guest-page fault", attempt(user ? MODE_VU : MODE_VS, accesses[i].word, va + 0x128, 0),
                                delegated ? MODE_HS : MODE_M, reach, GUEST_PAGE_FAULT(reach), true,
                                (gpa + 0x128) >> 2, false);
                }
        }
    }
    return 0;
}

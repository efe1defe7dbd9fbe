/* {Bare, Sv39, Sv48, Sv57} under {Bare, Sv39x4, Sv48x4, Sv57x4}: fetch, load, store and atomics reach the page that
   both stages name.
   rules: H_vm_supported, hgatp_op, hgatp_mode_bare, hgatp_mode_sv, vsatp_op, H_vm_twostage, hgatp_mode_bare_trans,
   hgatp_mode_x4, shgatpa_hgatp_bare_mode */
#include "hyacinth.h"

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned pair = 0; pair < 16; pair++) {
        const struct scheme *vs = VS_SCHEMES[pair / 4], *g = G_SCHEMES[pair % 4];
        if (!supported(vs) || !supported(g))
            continue;
        struct guest guest = guest_on(vs, g);
        CHECK_EQ("vsatp", csr_read(vsatp), satp_of(guest.vs, 0));
        CHECK_EQ("hgatp", csr_read(hgatp), hgatp_of(guest.g, 0));
        for (unsigned user = 0; user < 2; user++) {
            enum mode mode = user ? MODE_VU : MODE_VS;
            uint64_t gpa = g->levels ? TEST_GPA + user * PAGE : (uint64_t)test_pages[user];
            uint64_t va = vs->levels ? TEST_VA + user * PAGE : gpa;
            context(vs->name, pair);
            if (g->levels)
                map(guest.g, gpa, (uint64_t)test_pages[user], 0, LEAF_U);
            if (vs->levels)
                map(guest.vs, va, gpa, 0, user ? LEAF_U : LEAF);
            test_pages[user][0] = RET;
            FENCE_I();
            for (unsigned i = 0; i < ACCESSES; i++)
                if (i != 4)
                    CHECK_NO_TRAP(accesses[i].name, attempt(mode, accesses[i].word, va, RET | (pair + 1) << 16));
            CHECK_EQ("stored", test_pages[user][0], RET | (pair + 1) << 16);
            CHECK_EQ("loaded", attempt(mode, WORD("ld a2, 0(a0)"), va, 0).value, RET | (pair + 1) << 16);
        }
    }
    return 0;
}

/* Svadu: with menvcfg.ADUE=1 an access sets A, and a store D, in the leaf of the single stage and of the G stage; with
   henvcfg.ADUE=1 as well in that of the VS stage. Where ADUE=0, A=0 or D=0 faults in that stage and nothing is written.
   rules: Svadu_hw_update_a_d_bits, Svadu_hypervisor_adue_writable, Svadu_disabled_hw_update_falls_back_to_svade,
   menvcfg_adue_op, menvcfg_adue_fence, menvcfg_adue_henvcfg_adue_rdonly0, henvcfg_adue_op, svade_access_ad_bit_clear */
#include "hyacinth.h"

int main(void)
{
    csr_write(menvcfg, ENVCFG_ADUE);
    if (!(csr_read(menvcfg) & ENVCFG_ADUE))
        return 0; /* no Svadu */
    csr_write(henvcfg, ENVCFG_ADUE);
    CHECK_EQ("henvcfg.ADUE", csr_read(henvcfg) & ENVCFG_ADUE, ENVCFG_ADUE);
    csr_write(menvcfg, 0);
    CHECK_EQ("henvcfg.ADUE without that of menvcfg", csr_read(henvcfg) & ENVCFG_ADUE, 0);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(SV48_OR_SV39);
    struct guest guest = guest_on(&SV39, supported(&SV48X4) ? &SV48X4 : &SV39X4);
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    test_pages[0][0] = RET;
    FENCE_I();
    uint64_t *entries[] = {pte_of(own, TEST_VA, 0), pte_of(guest.vs, TEST_VA, 0), pte_of(guest.g, TEST_GPA, 0)};
    static const uint64_t states[] = {0, PTE_D, PTE_A, PTE_A | PTE_D};
    for (unsigned setting = 0; setting < 4; setting++)
        for (unsigned stage = 0; stage < 3; stage++)
            for (unsigned state = 0; state < 4; state++)
                for (unsigned a = 0; a < ACCESSES; a++) {
                    enum reach reach = accesses[a].reach;
                    uint64_t full = *entries[stage], entry = (full & ~(PTE_A | PTE_D)) | states[state];
                    context(accesses[a].name, setting << 12 | stage << 8 | states[state]);
                    csr_write(menvcfg, ENVCFG_ADUE);
                    csr_write(henvcfg, setting & 2 ? ENVCFG_ADUE : 0);
                    csr_write(menvcfg, setting & 1 ? ENVCFG_ADUE : 0);
                    *entries[stage] = entry;
                    fence_all();
                    struct trap trap = attempt(stage ? MODE_VS : MODE_HS, accesses[a].word, TEST_VA, RET);
                    bool sets = setting & 1 && (stage != 1 || setting & 2);
                    bool fine = states[state] & PTE_A && (reach != STORE || states[state] & PTE_D);
                    if (fine || sets) {
                        CHECK_NO_TRAP("allowed", trap);
                        CHECK_EQ("entry", *entries[stage], entry | PTE_A | (reach == STORE ? PTE_D : 0));
                    } else {
                        check_fault("forbidden", trap, MODE_HS, reach,
                                    stage == 2 ? GUEST_PAGE_FAULT(reach) : PAGE_FAULT(reach), stage > 0,
                                    stage == 2 ? TEST_GPA >> 2 : 0, false);
                        CHECK_EQ("entry", *entries[stage], entry);
                    }
                    *entries[stage] = full;
                }
    return 0;
}

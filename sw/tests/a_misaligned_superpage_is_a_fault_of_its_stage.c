/* A leaf above level 0 whose low PPN bits are not zero: page fault from satp and the VS stage, guest-page fault from
   the G stage.
   rules: Sv39_superpage_align_fault, Sv48_superpage_align_fault, Sv57_superpage_align_fault */
#include "hyacinth.h"

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned s = 1; s < 4 && supported(VS_SCHEMES[s]); s++)
        for (unsigned level = 1; level < VS_SCHEMES[s]->levels; level++)
            for (unsigned i = 0; i < ACCESSES; i++) {
                enum reach reach = accesses[i].reach;
                context(accesses[i].name, s << 4 | level);
                uint64_t va = 3UL << (3 + 9 * VS_SCHEMES[s]->levels);
                struct space space = supervisor_on(VS_SCHEMES[s]);
                map(space, va, 1UL << (3 + 9 * level), level, LEAF);
                check_fault("satp", attempt(MODE_HS, accesses[i].word, va, 0), MODE_HS, reach, PAGE_FAULT(reach),
                            false, 0, false);
                translation_off();

                struct guest guest = guest_on(VS_SCHEMES[s], G_SCHEMES[s]);
                map(guest.vs, va, 1UL << (3 + 9 * level), level, LEAF);
                check_fault("VS stage", attempt(MODE_VS, accesses[i].word, va, 0), MODE_HS, reach, PAGE_FAULT(reach),
                            true, 0, false);
                *pte_of(guest.vs, va, level) = PTE_PPN(va) | LEAF;
                map(guest.g, va, 1UL << (3 + 9 * level), level, LEAF_U);
                fence_all();
                check_fault("G stage", attempt(MODE_VS, accesses[i].word, va, 0), MODE_HS, reach,
                            GUEST_PAGE_FAULT(reach), true, va >> 2, false);
                translation_off();
            }
    return 0;
}

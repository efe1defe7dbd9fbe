/* V=0, W without R, reserved bits 63:54, a pointer with A, D or U set, and a pointer at level 0: page fault at the VS
   stage and in satp, guest-page fault at the G stage.
   rules: Sv39_pte_svnapot_rsv, Sv39_pte_svpbmt_rsv, Sv39_pte_future_rsv */
#include "hyacinth.h"

int main(void)
{
    uint64_t table = PTE_PPN(test_pages[2]), page = PTE_PPN(test_pages[0]);
    const struct {
        const char *name;
        uint64_t entry;
        unsigned level;
    } rows[] = {
        {"V=0", page | (LEAF & ~PTE_V), 0},
        {"W without R", page | (LEAF & ~PTE_R), 0},
        {"W without R or X", page | (LEAF & ~(PTE_R | PTE_X)), 0},
        {"bit 54", page | LEAF | BIT(54), 0},
        {"bit 60", page | LEAF | BIT(60), 0},
        {"bit 61", page | LEAF | BIT(61), 0},
        {"bit 63", page | LEAF | BIT(63), 0},
        {"pointer at level 0", page | PTE_V, 0},
        {"pointer with A", table | PTE_V | PTE_A, 1},
        {"pointer with D", table | PTE_V | PTE_D, 1},
        {"pointer with U", table | PTE_V | PTE_U, 1},
        {"pointer with bit 54", table | PTE_V | BIT(54), 1},
        {"pointer with bit 61", table | PTE_V | BIT(61), 1},
        {"pointer with bit 63", table | PTE_V | BIT(63), 1},
    };
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned i = 0; i < 512; i++)
        test_pages[2][i] = page | LEAF;
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
        for (unsigned a = 0; a < ACCESSES; a++) {
            enum reach reach = accesses[a].reach;
            unsigned level = rows[r].level;
            context(rows[r].name, a);
            pte_of(own, TEST_VA, 0), pte_of(guest.vs, TEST_VA, 0), pte_of(guest.g, TEST_GPA, 0);
            uint64_t pointers[] = {*pte_of(own, TEST_VA, 1), *pte_of(guest.vs, TEST_VA, 1),
                                   *pte_of(guest.g, TEST_GPA, 1)};
            *pte_of(own, TEST_VA, level) = rows[r].entry;
            *pte_of(guest.vs, TEST_VA, level) = rows[r].entry;
            fence_all();
            check_fault("satp", attempt(MODE_HS, accesses[a].word, TEST_VA, 0), MODE_HS, reach, PAGE_FAULT(reach),
                        false, 0, false);
            check_fault("VS stage", attempt(MODE_VS, accesses[a].word, TEST_VA, 0), MODE_HS, reach, PAGE_FAULT(reach),
                        true, 0, false);
            *pte_of(guest.vs, TEST_VA, 1) = pointers[1];
            map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
            *pte_of(guest.g, TEST_GPA, level) = rows[r].entry | (level ? 0 : PTE_U);
            fence_all();
            check_fault("G stage", attempt(MODE_VS, accesses[a].word, TEST_VA, 0), MODE_HS, reach,
                        GUEST_PAGE_FAULT(reach), true, TEST_GPA >> 2, false);
            *pte_of(own, TEST_VA, 1) = pointers[0];
            *pte_of(guest.g, TEST_GPA, 1) = pointers[2];
        }
    return 0;
}

/* The write that sets A or D in a VS-stage entry is an implicit store to its page: the G stage must grant W, and gets A
   and D there. Without W it is a guest-page fault of the original access, with the entry's GPA and the
   pseudo-instruction of a write; a read of the entry alone needs no W, and sets A alone.
   rules: Svadu_hw_update_a_d_bits, H_vm_gpapriv, H_trap_xtinst_guestpage_rw */
#include "hyacinth.h"

int main(void)
{
    csr_write(menvcfg, ENVCFG_ADUE);
    if (!(csr_read(menvcfg) & ENVCFG_ADUE))
        return 0; /* no Svadu */
    csr_write(henvcfg, ENVCFG_ADUE);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    test_pages[0][0] = RET;
    FENCE_I();
    uint64_t *leaf = pte_of(guest.vs, TEST_VA, 0), table = (uint64_t)leaf & -PAGE;
    /* The guest's tables lie at their own addresses, in a page of 1 GiB; that of this one gets a leaf of its own. */
    uint64_t megapage = table & -(512 * PAGE);
    *pte_of(guest.g, RAM, 2) = 0;
    for (uint64_t page = RAM; page < RAM + RAM_FOR_PROGRAMS; page += 512 * PAGE)
        if (page != megapage)
            map(guest.g, page, page, 1, LEAF_U);
    for (uint64_t page = megapage; page < megapage + 512 * PAGE; page += PAGE)
        map(guest.g, page, page, 0, LEAF_U);
    uint64_t *page = pte_of(guest.g, table, 0);
    for (unsigned a = 0; a < ACCESSES; a++)
        for (unsigned lacks = 0; lacks < 2; lacks++)
            for (unsigned writable = 0; writable < 2; writable++) {
                enum reach reach = accesses[a].reach;
                context(accesses[a].name, lacks << 4 | writable);
                *leaf = PTE_PPN(TEST_GPA) | (LEAF & ~(lacks ? PTE_A | PTE_D : 0));
                *page = PTE_PPN(table) | PTE_V | PTE_R | PTE_X | PTE_U | (writable ? PTE_W : 0);
                uint64_t entry = *leaf, gpa = (uint64_t)leaf;
                fence_all();
                struct trap trap = attempt(MODE_VS, accesses[a].word, TEST_VA, RET);
                if (!lacks || writable) {
                    CHECK_NO_TRAP("allowed", trap);
                    CHECK_EQ("leaf", *leaf, entry | PTE_A | (reach == STORE ? PTE_D : 0));
                    CHECK_EQ("its page", *page & (PTE_A | PTE_D), lacks ? PTE_A | PTE_D : PTE_A);
                } else {
                    CHECK_TRAP("forbidden", trap, .in = MODE_HS, .cause = GUEST_PAGE_FAULT(reach), .tval = TEST_VA,
                               .gva = 1, .tval2 = gpa >> 2, .tinst = PSEUDO_WRITE);
                    CHECK_EQ("leaf", *leaf, entry);
                    CHECK_EQ("its page", *page & (PTE_A | PTE_D), PTE_A);
                }
            }
    return 0;
}

/* SFENCE.VMA in HS and in VS, HFENCE.VVMA and HFENCE.GVMA, each with and without address and with and without ASID or
   VMID: after it, an entry that was used and then changed is read anew. What is seen before the fence may be either and
   is printed.
   rules: sfence_vma_op, sfence_vma_ordering, sfence_vma_invalidation, sfence_vma_all_asid_va, sfence_vma_asid_only,
   sfence_vma_va_all_asid, sfence_vma_va_asid, sfence_vma_ordering_semantics, hfence-vvma_hfence-gvma_op,
   hfence-vvma_mode, hfence-vvma_limits, hfence-gvma_op, sfence_vma_v1 */
#include "hyacinth.h"

/* Pages away from those of the program, which would take their places in a small TLB. */
#define VA (TEST_VA + 37 * PAGE)
#define GPA (TEST_GPA + 37 * PAGE)
#define ASID 5UL
#define VMID 9UL

static uint64_t *entry;

/* Uses VA in `mode`, changes `*entry` to the other page, uses it again, fences by `word` in `fencer`, uses it. */
static void check_form(const char *name, enum mode mode, enum mode fencer, uint32_t word, uint64_t address, uint64_t id,
                       uint64_t flags)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    context(name, 0);
    test_pages[0][0] = 0x11;
    test_pages[1][0] = 0x22;
    *entry = PTE_PPN(test_pages[0]) | flags;
    fence_and_wait();
    CHECK_EQ("before", attempt(mode, load, VA, 0).value, 0x11);
    *entry = PTE_PPN(test_pages[1]) | flags;
    uint64_t seen = attempt(mode, load, VA, 0).value;
    CHECK("either before the fence", seen == 0x11 || seen == 0x22);
    put_string(name);
    put_string(seen == 0x11 ? ": the old page until the fence\n" : ": the new page before the fence\n");
    CHECK_NO_TRAP("fence", attempt(fencer, word, address, id));
    CHECK_EQ("after", attempt(mode, load, VA, 0).value, 0x22);
}

int main(void)
{
    struct space own = space_new(&SV39);
    map_program(own);
    csr_write(satp, satp_of(own, ASID));
    entry = pte_of(own, VA, 0);
    check_form("SFENCE.VMA x0, x0", MODE_HS, MODE_HS, WORD("sfence.vma x0, x0"), VA, ASID, LEAF);
    check_form("SFENCE.VMA va, x0", MODE_HS, MODE_HS, WORD("sfence.vma a0, x0"), VA, ASID, LEAF);
    check_form("SFENCE.VMA x0, asid", MODE_HS, MODE_HS, WORD("sfence.vma x0, a1"), VA, ASID, LEAF);
    check_form("SFENCE.VMA va, asid", MODE_HS, MODE_HS, WORD("sfence.vma a0, a1"), VA, ASID, LEAF);
    check_form("SFENCE.VMA va + 0xff8, asid", MODE_HS, MODE_HS, WORD("sfence.vma a0, a1"), VA + 0xff8, ASID, LEAF);
    check_form("SFENCE.VMA va, x0, global", MODE_HS, MODE_HS, WORD("sfence.vma a0, x0"), VA, ASID, LEAF | PTE_G);
    check_form("SFENCE.VMA x0, x0, global", MODE_HS, MODE_M, WORD("sfence.vma x0, x0"), VA, ASID, LEAF | PTE_G);

    struct guest guest = guest_on(&SV39, &SV39X4);
    csr_write(vsatp, satp_of(guest.vs, ASID));
    csr_write(hgatp, hgatp_of(guest.g, VMID));
    entry = pte_of(guest.vs, VA, 0);
    check_form("SFENCE.VMA x0, x0 in VS", MODE_VS, MODE_VS, WORD("sfence.vma x0, x0"), VA, ASID, LEAF);
    check_form("SFENCE.VMA va, x0 in VS", MODE_VS, MODE_VS, WORD("sfence.vma a0, x0"), VA, ASID, LEAF);
    check_form("SFENCE.VMA x0, asid in VS", MODE_VS, MODE_VS, WORD("sfence.vma x0, a1"), VA, ASID, LEAF);
    check_form("SFENCE.VMA va, asid in VS", MODE_VS, MODE_VS, WORD("sfence.vma a0, a1"), VA, ASID, LEAF);
    check_form("HFENCE.VVMA x0, x0", MODE_VS, MODE_HS, WORD("hfence.vvma x0, x0"), VA, ASID, LEAF);
    check_form("HFENCE.VVMA va, x0", MODE_VS, MODE_HS, WORD("hfence.vvma a0, x0"), VA, ASID, LEAF);
    check_form("HFENCE.VVMA x0, asid", MODE_VS, MODE_HS, WORD("hfence.vvma x0, a1"), VA, ASID, LEAF);
    check_form("HFENCE.VVMA va, asid", MODE_VS, MODE_HS, WORD("hfence.vvma a0, a1"), VA, ASID, LEAF);
    check_form("HFENCE.VVMA va, x0, global", MODE_VS, MODE_M, WORD("hfence.vvma a0, x0"), VA, ASID, LEAF | PTE_G);

    map(guest.vs, VA, GPA, 0, LEAF);
    entry = pte_of(guest.g, GPA, 0);
    uint64_t gpa = GPA >> 2;
    check_form("HFENCE.GVMA x0, x0", MODE_VS, MODE_HS, WORD("hfence.gvma x0, x0"), gpa, VMID, LEAF_U);
    check_form("HFENCE.GVMA gpa, x0", MODE_VS, MODE_HS, WORD("hfence.gvma a0, x0"), gpa, VMID, LEAF_U);
    check_form("HFENCE.GVMA x0, vmid", MODE_VS, MODE_HS, WORD("hfence.gvma x0, a1"), gpa, VMID, LEAF_U);
    check_form("HFENCE.GVMA gpa, vmid", MODE_VS, MODE_HS, WORD("hfence.gvma a0, a1"), gpa, VMID, LEAF_U);
    check_form("HFENCE.GVMA gpa, vmid, global", MODE_VS, MODE_HS, WORD("hfence.gvma a0, a1"), gpa, VMID,
               LEAF_U | PTE_G);
    csr_write(vsatp, 0);
    map(guest.g, VA, (uint64_t)test_pages[0], 0, LEAF_U);
    entry = pte_of(guest.g, VA, 0);
    gpa = VA >> 2;
    check_form("HFENCE.GVMA gpa, vmid, VS bare", MODE_VS, MODE_HS, WORD("hfence.gvma a0, a1"), gpa, VMID, LEAF_U);
    return 0;
}

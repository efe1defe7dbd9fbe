/* The bits of rs2 above the widest ASID, of HFENCE.VVMA and of SFENCE.VMA in VS, and above the widest VMID, of
   HFENCE.GVMA, do not matter, nor do those that the machine does not implement: the fence is that of the number below.
   rules: hfence-vvma_asid, hfence-gvma_vmid */
#include "hyacinth.h"

static uint64_t *entry;

/* Uses TEST_VA, changes `*entry` to the other page, fences by `word` with `id`, and uses it again. */
static void check_fence(const char *name, enum mode fencer, uint32_t word, uint64_t address, uint64_t id)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    uint64_t flags = *entry & 0x3ff;
    context(name, id);
    *entry = PTE_PPN(test_pages[0]) | flags;
    fence_all();
    CHECK_EQ("before", attempt(MODE_VS, load, TEST_VA, 0).value, 0x11);
    *entry = PTE_PPN(test_pages[1]) | flags;
    CHECK_NO_TRAP("fence", attempt(fencer, word, address, id));
    CHECK_EQ("after", attempt(MODE_VS, load, TEST_VA, 0).value, 0x22);
}

int main(void)
{
    struct guest guest = guest_on(&SV39, &SV39X4);
    csr_set(vsatp, 0xffffUL << 44);
    csr_set(hgatp, 0x3fffUL << 44);
    uint64_t asids = csr_read(vsatp) >> 44 & 0xffff, vmids = csr_read(hgatp) >> 44 & 0x3fff;
    uint64_t asid = asids & 5, vmid = vmids & 9;
    csr_write(vsatp, satp_of(guest.vs, asid));
    csr_write(hgatp, hgatp_of(guest.g, vmid));
    test_pages[0][0] = 0x11;
    test_pages[1][0] = 0x22;

    /* All bits that do not matter, and the lowest of them alone. */
    const uint64_t not_asid[] = {~asids, asids + 1, 1UL << 16, 1UL << 63};
    const uint64_t not_vmid[] = {~vmids, vmids + 1, 1UL << 14, 1UL << 63};
    map(guest.vs, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    entry = pte_of(guest.vs, TEST_VA, 0);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t id = asid | not_asid[i];
        check_fence("HFENCE.VVMA x0, asid", MODE_HS, WORD("hfence.vvma x0, a1"), TEST_VA, id);
        check_fence("HFENCE.VVMA va, asid", MODE_HS, WORD("hfence.vvma a0, a1"), TEST_VA, id);
        check_fence("SFENCE.VMA x0, asid in VS", MODE_VS, WORD("sfence.vma x0, a1"), TEST_VA, id);
        check_fence("SFENCE.VMA va, asid in VS", MODE_VS, WORD("sfence.vma a0, a1"), TEST_VA, id);
    }
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    entry = pte_of(guest.g, TEST_GPA, 0);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t id = vmid | not_vmid[i];
        check_fence("HFENCE.GVMA x0, vmid", MODE_HS, WORD("hfence.gvma x0, a1"), TEST_GPA >> 2, id);
        check_fence("HFENCE.GVMA gpa, vmid", MODE_HS, WORD("hfence.gvma a0, a1"), TEST_GPA >> 2, id);
    }
    return 0;
}

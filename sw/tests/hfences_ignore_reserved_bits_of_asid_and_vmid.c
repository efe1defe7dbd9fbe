/* The bits of rs2 above the widest ASID, of HFENCE.VVMA and of SFENCE.VMA in VS, and above the widest VMID, of
   HFENCE.GVMA, do not matter, nor do those that the machine does not implement: the fence is that of the number below.
   rules: hfence-vvma_asid, hfence-gvma_vmid */
#include "hyacinth.h"

/* Some pages, far apart in a TLB, so that the program's own do not evict all of them. */
#define PAGES 8
#define OFFSET(i) ((5 + 7UL * (i)) * PAGE)

static struct space stage;
static uint64_t first; /* address of which the pages are mapped by `stage` */

static void map_all(unsigned target, uint64_t flags)
{
    for (unsigned i = 0; i < PAGES; i++)
        map(stage, first + OFFSET(i), (uint64_t)test_pages[target], 0, flags);
}

static void check_all(const char *name, uint64_t expected)
{
    for (unsigned i = 0; i < PAGES; i++)
        CHECK_EQ(name, attempt(MODE_VS, WORD("ld a2, 0(a0)"), TEST_VA + OFFSET(i), 0).value, expected);
}

/* Uses the pages, maps them elsewhere, fences by `word` with `id`, and uses them again. `shift`: of the address. */
static void check_fence(const char *name, enum mode fencer, uint32_t word, unsigned shift, uint64_t id, uint64_t flags)
{
    context(name, id);
    map_all(0, flags);
    fence_all();
    check_all("before", 0x11);
    map_all(1, flags);
    for (unsigned i = 0; i < PAGES; i++)
        CHECK_NO_TRAP("fence", attempt(fencer, word, (first + OFFSET(i)) >> shift, id));
    check_all("after", 0x22);
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

    /* All bits that do not matter, and some alone. */
    const uint64_t not_asid[] = {~asids, asids + 1, 1UL << 16, 1UL << 63};
    const uint64_t not_vmid[] = {~vmids, vmids + 1, 1UL << 14, 1UL << 63};
    stage = guest.vs;
    first = TEST_VA;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t id = asid | not_asid[i];
        check_fence("HFENCE.VVMA x0, asid", MODE_HS, WORD("hfence.vvma x0, a1"), 0, id, LEAF);
        check_fence("HFENCE.VVMA va, asid", MODE_HS, WORD("hfence.vvma a0, a1"), 0, id, LEAF);
        check_fence("SFENCE.VMA x0, asid in VS", MODE_VS, WORD("sfence.vma x0, a1"), 0, id, LEAF);
        check_fence("SFENCE.VMA va, asid in VS", MODE_VS, WORD("sfence.vma a0, a1"), 0, id, LEAF);
    }
    for (unsigned i = 0; i < PAGES; i++)
        map(guest.vs, TEST_VA + OFFSET(i), TEST_GPA + OFFSET(i), 0, LEAF);
    stage = guest.g;
    first = TEST_GPA;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t id = vmid | not_vmid[i];
        check_fence("HFENCE.GVMA x0, vmid", MODE_HS, WORD("hfence.gvma x0, a1"), 2, id, LEAF_U);
        check_fence("HFENCE.GVMA gpa, vmid", MODE_HS, WORD("hfence.gvma a0, a1"), 2, id, LEAF_U);
    }
    return 0;
}

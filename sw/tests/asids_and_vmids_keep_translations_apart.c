/* Spaces that differ in ASID, VMID or V alone are switched without a fence; each sees its own page at the same address.
   Numbers that differ in their highest bit are different. A global VS page is common to ASIDs, not to VMIDs.
   rules: sfence_vma_asid_effect */
#include "hyacinth.h"

/* Pages away from those of the program, which would take their places in a small TLB. */
#define VA (TEST_VA + 37 * PAGE)
#define GPA (TEST_GPA + 37 * PAGE)

static uint64_t asids[] = {1, 0}, vmids[] = {1, 0};

/* The highest bit of a number of ones. */
static uint64_t highest(uint64_t ones)
{
    return ones & ~(ones >> 1);
}

int main(void)
{
    const uint32_t word = WORD("ld a2, 0(a0)");
    struct space own[2], vs[2], g[2];
    csr_write(satp, 0xffffUL << 44);
    csr_write(hgatp, 0xffffUL << 44);
    asids[1] = 1 | highest(csr_read(satp) >> 44 & 0xffff);
    vmids[1] = 1 | highest(csr_read(hgatp) >> 44 & 0xffff);
    for (unsigned i = 0; i < 2; i++) {
        own[i] = space_new(&SV39);
        map_program(own[i]);
        map(own[i], VA, (uint64_t)test_pages[i], 0, LEAF);
        vs[i] = space_new(&SV39);
        map_program(vs[i]);
        map(vs[i], VA, GPA + i * PAGE, 0, LEAF);
        map(vs[i], VA + PAGE, GPA, 0, LEAF | PTE_G);
        g[i] = space_new(&SV39X4);
        map_machine(g[i]);
        for (unsigned j = 0; j < 2; j++)
            map(g[i], GPA + j * PAGE, (uint64_t)test_pages[2 + 2 * i + j], 0, LEAF_U);
    }
    for (unsigned i = 0; i < 6; i++)
        test_pages[i][0] = 0x100 + i;
    fence_all();
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 4; i++) {
            csr_write(satp, satp_of(own[i % 2], asids[i % 2]));
            context("HS, ASID", asids[i % 2]);
            CHECK_EQ("loaded", attempt(MODE_HS, word, VA, 0).value, 0x100 + i % 2);
        }
        for (unsigned j = 0; j < 2; j++)
            for (unsigned k = 0; k < 2; k++) {
                csr_write(vsatp, satp_of(vs[j], asids[j]));
                csr_write(hgatp, hgatp_of(g[k], vmids[k]));
                context("VS, VMID and ASID", vmids[k] << 16 | asids[j]);
                CHECK_EQ("loaded", attempt(MODE_VS, word, VA, 0).value, 0x102 + 2 * k + j);
                CHECK_EQ("global", attempt(MODE_VS, word, VA + PAGE, 0).value, 0x102 + 2 * k);
            }
    }
    return 0;
}

/* Code that maps its own page to another one, or goes to another address space, by SFENCE.VMA or a write of satp: the
   very next instruction is that of the new page, in HS and in VS, whatever was fetched ahead.
   rules: sfence_vma_op, sfence_vma_ordering, sfence_vma_asid_effect, satp_op */
#include "hyacinth.h"

/* Pages away from those of the program, which would take their places in a small TLB. */
#define VA (TEST_VA + 37 * PAGE)
#define LI_A0(value) ((uint32_t)(value) << 20 | 10 << 7 | 0x13)

static uint64_t *entry; /* of VA */
static uint64_t value;  /* to be written to it, or to satp */

/* Two pages of the same code, but for the number that comes after `change`: 1 and 2. */
static void write_code(uint32_t store, uint32_t change)
{
    for (unsigned i = 0; i < 2; i++) {
        uint32_t *code = (uint32_t *)test_pages[i];
        code[0] = store;
        code[1] = change;
        code[2] = LI_A0(1 + i);
        code[3] = RET;
    }
    FENCE_I();
}

static uint64_t execute(uint64_t at)
{
    register uint64_t a0 asm("a0") = (uint64_t)entry;
    register uint64_t a1 asm("a1") = value;
    register uint64_t address asm("t0") = at, asid asm("t1") = 0; /* what the fences name */
    asm volatile("jalr %2" : "+r"(a0) : "r"(a1), "r"(address), "r"(asid) : "ra", "memory");
    return a0;
}

int main(void)
{
    const struct {
        const char *name;
        uint32_t word;
    } fences[] = {{"SFENCE.VMA x0, x0", WORD("sfence.vma x0, x0")}, {"SFENCE.VMA va, x0", WORD("sfence.vma t0, x0")},
                  {"SFENCE.VMA x0, asid", WORD("sfence.vma x0, t1")},
                  {"SFENCE.VMA va, asid", WORD("sfence.vma t0, t1")}};
    const uint64_t page0 = PTE_PPN(test_pages[0]) | LEAF, page1 = PTE_PPN(test_pages[1]) | LEAF;
    struct space spaces[2] = {supervisor_on(&SV39), space_new(&SV39)};
    struct guest guest = {space_new(&SV39), {&BARE, 0}};
    map_program(guest.vs);
    if (hypervisor)
        csr_write(vsatp, satp_of(guest.vs, 0));
    for (unsigned f = 0; f < 4; f++) {
        write_code(WORD("sd a1, 0(a0)"), fences[f].word);
        for (unsigned m = 0; m < (hypervisor ? 2 : 1); m++) {
            entry = pte_of(m ? guest.vs : spaces[0], VA, 0);
            *entry = page0;
            fence_all();
            context(fences[f].name, m);
            for (unsigned round = 0; round < 6; round++) {
                value = round & 1 ? page0 : page1;
                CHECK_EQ("after the fence", run_in(m ? MODE_VS : MODE_HS, execute, VA), round & 1 ? 1 : 2);
            }
        }
    }

    map_program(spaces[1]);
    write_code(WORD("nop"), WORD("csrw satp, a1"));
    *pte_of(spaces[0], VA, 0) = page0;
    *pte_of(spaces[1], VA, 0) = page1;
    csr_write(satp, satp_of(spaces[0], 1));
    if (csr_read(satp) != satp_of(spaces[0], 1))
        return 0; /* a machine without ASIDs */
    fence_all();
    for (unsigned round = 0; round < 6; round++) {
        context("satp", round);
        value = satp_of(spaces[~round & 1], round & 1);
        CHECK_EQ("after the write", run_in(MODE_HS, execute, VA), round & 1 ? 1 : 2);
    }
    return 0;
}

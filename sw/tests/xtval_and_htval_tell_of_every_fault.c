/* stval and vstval have the virtual address of every page fault, access fault and misaligned access, and the instruction
   of one that is illegal or virtual; htval has the guest physical address of every guest-page fault, explicit or not.
   rules: sstvala_stval_faulting_vaddr, sstvala_stval_faulting_instruction, shvstvala_vstval_written,
   shtvala_htval_faulting_gpa */
#include "hyacinth.h"

#define ABSENT 0x20000000UL
#define OFFSET 0x128UL /* not zero, so that more than the page is told */

static void check_instructions(enum mode mode)
{
    const uint32_t words[] = {0xffffffff, WORD("csrr a2, mscratch"), WORD("mret"), WORD_C(".2byte 0x9c7d")};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        context(mode_name(mode), i);
        CHECK_TRAP("illegal", attempt(mode, words[i], 0, 0), .in = mode, .cause = ILLEGAL_INSTRUCTION,
                   .tval = THE_INSTRUCTION);
    }
}

static void check_addresses(enum mode mode)
{
    for (unsigned a = 0; a < ACCESSES; a++) {
        enum reach reach = accesses[a].reach;
        context(accesses[a].name, mode);
        struct trap trap = attempt(mode, accesses[a].word, TEST_VA + OFFSET, 0);
        CHECK_EQ("page fault", trap.cause, PAGE_FAULT(reach));
        CHECK_EQ("taken in", trap.in, mode);
        CHECK_EQ("its address", trap.tval, TEST_VA + OFFSET);
        trap = attempt(mode, accesses[a].word, TEST_VA + PAGE + OFFSET, 0);
        CHECK_EQ("access fault", trap.cause, ACCESS_FAULT(reach));
        CHECK_EQ("its address", trap.tval, TEST_VA + PAGE + OFFSET);
        if (a < 3)
            continue;
        trap = attempt(mode, accesses[a].word, (uint64_t)test_pages + OFFSET + 1, 0);
        CHECK("misaligned, or not allowed", trap.cause == (reach == LOAD ? LOAD_MISALIGNED : STORE_MISALIGNED)
              || trap.cause == ACCESS_FAULT(reach));
        CHECK_EQ("its address", trap.tval, (uint64_t)test_pages + OFFSET + 1);
    }
}

int main(void)
{
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(own, TEST_VA + PAGE, ABSENT, 0, LEAF);
    map(guest.vs, TEST_VA + PAGE, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, ABSENT, 0, LEAF_U);
    map(guest.vs, TEST_VA + 2 * PAGE, TEST_GPA + PAGE, 0, LEAF);
    *pte_of(guest.vs, 3UL << 30, 2) = PTE_PPN(TEST_GPA + 3 * PAGE) | PTE_V;
    fence_all();

    delegate_exceptions(ALL_EXCEPTIONS, 0);
    check_instructions(MODE_HS);
    check_addresses(MODE_HS);
    context("a guest's, in HS", 0);
    CHECK_TRAP("virtual", attempt(MODE_VS, WORD("hfence.gvma"), 0, 0), .in = MODE_HS, .cause = VIRTUAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    for (unsigned a = 0; a < ACCESSES; a++) {
        enum reach reach = accesses[a].reach;
        context(accesses[a].name, 0);
        check_fault("explicit", attempt(MODE_VS, accesses[a].word, TEST_VA + 2 * PAGE + OFFSET, 0), MODE_HS, reach,
                    GUEST_PAGE_FAULT(reach), true, (TEST_GPA + PAGE + OFFSET) >> 2, false);
        check_fault("implicit", attempt(MODE_VS, accesses[a].word, (3UL << 30) + OFFSET, 0), MODE_HS, reach,
                    GUEST_PAGE_FAULT(reach), true, (TEST_GPA + 3 * PAGE) >> 2, true);
    }
    delegate_exceptions(ALL_EXCEPTIONS, ALL_EXCEPTIONS);
    check_instructions(MODE_VS);
    check_addresses(MODE_VS);
    return 0;
}

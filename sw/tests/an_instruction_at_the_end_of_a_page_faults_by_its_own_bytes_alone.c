/* Two bytes at the end of a page: a compressed instruction there needs no next page. One of four bytes needs both; a
   fault of the next one has its own pc in xepc and the next page's address in xtval, and as GPA in htval.
   rules: stval_faulting_address_variable_instr, H_straddle, mepc_varlen_wr, MTVAL_VARLEN_WR */
#include "hyacinth.h"

#define ABSENT 0x20000000UL
#define LI_A0_7 0x451dU /* C.LI a0, 7 */
#define ADDI_A0_9 0x00900513U

/* `first` and `second`: the entries of the stage under test for the two pages. */
static void check_end(enum mode mode, uint64_t *first, uint64_t *second, uint64_t cause, uint64_t tval2)
{
    uint64_t address = TEST_VA + PAGE - 2, full = *second;
    uint16_t *end = (uint16_t *)(test_pages[1]) - 1, *next = (uint16_t *)test_pages[3];
    context(mode_name(mode), cause);
    *second = 0;
    fence_all();
    end[-1] = LI_A0_7;
    end[0] = RET;
    FENCE_I();
    CHECK_EQ("compressed", run_in(mode, (function *)(address - 2), 0), 7);
    end[0] = ADDI_A0_9 & 0xffff;
    next[0] = ADDI_A0_9 >> 16;
    next[1] = RET;
    FENCE_I();
    for (unsigned before = 0; before < 3; before += 2) /* jumped to, and reached in sequence */
        CHECK_TRAP("second half", attempt(mode, WORD("jalr ra, 0(a0)"), address - before, 0), .in = MODE_HS,
                   .cause = cause, .epc = address, .tval = TEST_VA + PAGE, .gva = mode == MODE_VS, .tval2 = tval2);
    *second = PTE_PPN(ABSENT) | (full & (BIT(10) - 1));
    fence_all();
    CHECK_TRAP("second half absent", attempt(mode, WORD("jalr ra, 0(a0)"), address, 0), .in = MODE_HS,
               .cause = INSTRUCTION_ACCESS_FAULT, .epc = address, .tval = TEST_VA + PAGE, .gva = mode == MODE_VS);
    *second = full;
    fence_all();
    CHECK_EQ("mapped", run_in(mode, (function *)address, 0), 9);
    /* The first page gone: the fault is the instruction's own address. */
    full = *first;
    *first = 0;
    fence_all();
    CHECK_TRAP("first half", attempt(mode, WORD("jalr ra, 0(a0)"), address, 0), .in = MODE_HS, .cause = cause,
               .tval = address, .gva = mode == MODE_VS, .tval2 = tval2 ? (TEST_GPA + PAGE - 2) >> 2 : 0);
    *first = full;
    fence_all();
}

int main(void)
{
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned i = 0; i < 2; i++) {
        map(own, TEST_VA + i * PAGE, (uint64_t)test_pages[3 * i], 0, LEAF);
        map(guest.vs, TEST_VA + i * PAGE, TEST_GPA + 2 * i * PAGE, 0, LEAF);
        map(guest.g, TEST_GPA + 2 * i * PAGE, (uint64_t)test_pages[3 * i], 0, LEAF_U);
    }
    uint64_t *own_first = pte_of(own, TEST_VA, 0), *vs_first = pte_of(guest.vs, TEST_VA, 0);
    uint64_t *g_first = pte_of(guest.g, TEST_GPA, 0);
    check_end(MODE_HS, own_first, own_first + 1, INSTRUCTION_PAGE_FAULT, 0);
    check_end(MODE_VS, vs_first, vs_first + 1, INSTRUCTION_PAGE_FAULT, 0);
    check_end(MODE_VS, g_first, g_first + 2, INSTRUCTION_GUEST_PAGE_FAULT, (TEST_GPA + 2 * PAGE) >> 2);
    return 0;
}

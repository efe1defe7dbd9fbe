/* One instruction, two reasons to trap: a fault of its fetch comes before an illegal instruction, that before a fault
   of its access; the first fault of the walk before one of the page that it leads to.
   rules: mepc_varlen_wr, MTVAL_VARLEN_WR, mcause_exccode_pri, exc_priority */
#include "hyacinth.h"

#define ABSENT 0x20000000UL

int main(void)
{
    struct space own = supervisor_on(&SV39);
    uint64_t va = 3UL << 30;
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(own, TEST_VA + PAGE, (uint64_t)test_pages[1], 0, 0);
    *((uint16_t *)test_pages[1] - 1) = 0x000b; /* an opcode that nobody has; the rest lies on the next page */
    FENCE_I();
    fence_all();
    uint64_t end = TEST_VA + PAGE - 2;
    CHECK_TRAP("its second half cannot be fetched", attempt(MODE_HS, WORD("jalr ra, 0(a0)"), end, 0), .in = MODE_M,
               .cause = INSTRUCTION_PAGE_FAULT, .epc = end, .tval = TEST_VA + PAGE);
    map(own, TEST_VA + PAGE, ABSENT, 0, LEAF);
    fence_all();
    CHECK_TRAP("its second half is nowhere", attempt(MODE_HS, WORD("jalr ra, 0(a0)"), end, 0), .in = MODE_M,
               .cause = INSTRUCTION_ACCESS_FAULT, .epc = end, .tval = TEST_VA + PAGE);
    map(own, TEST_VA + PAGE, ABSENT, 0, LEAF & ~PTE_X);
    fence_all();
    CHECK_TRAP("fetch, X=0 and absent", attempt(MODE_HS, WORD("jalr ra, 0(a0)"), TEST_VA + PAGE, 0), .in = MODE_M,
               .cause = INSTRUCTION_PAGE_FAULT, .tval = TEST_VA + PAGE);

    CHECK_TRAP("illegal, unmapped", attempt(MODE_U, WORD("hlv.d a2, (a0)"), va, 0), .in = MODE_M,
               .cause = ILLEGAL_INSTRUCTION, .tval = THE_INSTRUCTION);
    CHECK_TRAP("virtual, unmapped", attempt(MODE_VS, WORD("hsv.d a1, (a0)"), va, 0), .in = MODE_M,
               .cause = VIRTUAL_INSTRUCTION, .tval = THE_INSTRUCTION);

    const struct {
        uint32_t word;
        enum reach reach;
    } rows[] = {{WORD("ld a2, 0(a0)"), LOAD}, {WORD("sd a1, 0(a0)"), STORE}, {WORD("lr.d a2, (a0)"), LOAD},
                {WORD("amoadd.d a2, a1, (a0)"), STORE}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        context("access", i);
        map(own, TEST_VA + PAGE, ABSENT, 0, LEAF & ~(PTE_R | PTE_W));
        *pte_of(own, va, 2) = PTE_PPN(ABSENT) | PTE_V; /* what lies there cannot be valid either */
        fence_all();
        check_fault("no right, and absent", attempt(MODE_HS, rows[i].word, TEST_VA + PAGE, 0), MODE_M, rows[i].reach,
                    PAGE_FAULT(rows[i].reach), false, 0, false);
        struct trap walk = attempt(MODE_HS, rows[i].word, va, 0);
        CHECK_EQ("a table that is absent", walk.cause, ACCESS_FAULT(rows[i].reach));
        map(own, TEST_VA + PAGE, ABSENT, 0, LEAF);
        fence_all();
        check_fault("absent alone", attempt(MODE_HS, rows[i].word, TEST_VA + PAGE, 0), MODE_M, rows[i].reach,
                    ACCESS_FAULT(rows[i].reach), false, 0, false);
    }
    return 0;
}

/* One fault, many times over: with empty TLBs, right after an access that succeeded, after the same fault, after others
   that evict, from other modes between. Each time the record is the same. */
#include "hyacinth.h"

#define FILL 192 /* pages of accesses that evict: more than the TLBs hold */

static bool same(const struct trap *a, const struct trap *b)
{
    return a->in == b->in && a->cause == b->cause && a->epc == b->epc && a->tval == b->tval && a->tval2 == b->tval2
        && a->tinst == b->tinst && a->gva == b->gva && a->pv == b->pv && a->pp == b->pp && a->spvp == b->spvp;
}

static uint64_t touch(uint64_t address)
{
    for (unsigned i = 0; i < FILL; i++)
        *(volatile uint64_t *)(address + i * PAGE);
    return 0;
}

int main(void)
{
    struct guest guest = guest_on(SV48_OR_SV39, &SV39X4);
    struct space own = space_new(&SV39);
    map_program(own);
    csr_write(satp, satp_of(own, 0));
    delegate_exceptions(ALL_EXCEPTIONS, BIT(LOAD_PAGE_FAULT) | BIT(STORE_PAGE_FAULT));
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF & ~PTE_W);            /* VS stage: no store */
    map(guest.vs, TEST_VA + PAGE, TEST_GPA + PAGE, 0, LEAF);       /* G stage: no store, no fetch */
    map(guest.vs, TEST_VA + 2 * PAGE, TEST_GPA + 2 * PAGE, 0, LEAF); /* G stage: nothing */
    map(guest.g, TEST_GPA, (uint64_t)test_pages[0], 0, LEAF_U);
    map(guest.g, TEST_GPA + PAGE, (uint64_t)test_pages[1], 0, LEAF_U & ~(PTE_W | PTE_X));
    uint64_t fill = TEST_VA + 0x10000000;
    for (unsigned i = 0; i < FILL; i++)
        map(guest.vs, fill + i * PAGE, RAM + i % 64 * PAGE, 0, LEAF);
    *pte_of(guest.vs, TEST_VA + 0x8000000, 1) = PTE_PPN(TEST_GPA + 5 * PAGE) | PTE_V; /* a table out of reach */
    fence_all();
    const struct {
        const char *name;
        uint32_t word;
        uint64_t address;
        uint64_t cause;
    } rows[] = {
        {"store, VS stage", WORD("sd a1, 0(a0)"), TEST_VA + 8, STORE_PAGE_FAULT},
        {"AMO, VS stage", WORD("amoor.d a2, a1, (a0)"), TEST_VA + 8, STORE_PAGE_FAULT},
        {"store, G stage", WORD("sw a1, 0(a0)"), TEST_VA + PAGE + 4, STORE_GUEST_PAGE_FAULT},
        {"fetch, G stage", WORD("jalr ra, 0(a0)"), TEST_VA + PAGE + 4, INSTRUCTION_GUEST_PAGE_FAULT},
        {"load, G stage", WORD("lb a2, 0(a0)"), TEST_VA + 2 * PAGE + 3, LOAD_GUEST_PAGE_FAULT},
        {"load, table", WORD("lh a2, 0(a0)"), TEST_VA + 0x8000000 + 0x3458, LOAD_GUEST_PAGE_FAULT},
        {"store, table", WORD("sh a1, 0(a0)"), TEST_VA + 0x8000000 + 0x3458, STORE_GUEST_PAGE_FAULT},
        {"load, unmapped", WORD("ld a2, 0(a0)"), TEST_VA + 7 * PAGE, LOAD_PAGE_FAULT},
    };
    const uint32_t load = WORD("ld a2, 0(a0)");
    for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++) {
        fence_all();
        struct trap first = attempt(MODE_VS, rows[r].word, rows[r].address, 0);
        context(rows[r].name, 0);
        CHECK_EQ("cause", first.cause, rows[r].cause);
        for (unsigned round = 1; round < 16; round++) {
            context(rows[r].name, round);
            if (round & 1)
                attempt(MODE_VS, load, TEST_VA, 0);
            if (round & 2)
                attempt(MODE_VS, load, TEST_VA + PAGE, 0);
            if (round & 4)
                run_in(MODE_VS, touch, fill);
            if (round & 8) {
                attempt(MODE_HS, WORD("hlv.d a2, (a0)"), rows[r].address & ~7UL, 0);
                attempt(MODE_HS, load, RAM, 0);
            }
            if (round == 9)
                fence_all();
            struct trap again = attempt(MODE_VS, rows[r].word, rows[r].address, 0);
            CHECK("the same record", same(&first, &again));
            again = attempt(MODE_VS, rows[r].word, rows[r].address, 0);
            CHECK("the same record at once", same(&first, &again));
        }
    }
    return 0;
}

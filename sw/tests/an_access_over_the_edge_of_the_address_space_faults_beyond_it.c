/* A load, a store and an instruction that begin at the last bytes of the lower half of the address space, or of the
   upper one, and reach beyond: a page fault, xtval the first address beyond, which after the last address is 0. What ends
   there is fine.
   rules: Sv39_va_signext, Sv48_va_signext, Sv57_va_signext, stval_op_load_store_fault,
   stval_faulting_address_variable_instr */
#include "hyacinth.h"

#define ADDI_A0_9 0x00900513U

/* `edge` is the first address that is not mapped. */
static void check_edge(const char *name, uint64_t edge, uint64_t *page)
{
    uint16_t *last = (uint16_t *)(page + 512) - 1;
    context(name, edge);
    page[511] = 0x1122334455667788;
    CHECK_EQ("LD that ends there", attempt(MODE_HS, WORD("ld a2, 0(a0)"), edge - 8, 0).value, page[511]);
    CHECK_TRAP("LD", attempt(MODE_HS, WORD("ld a2, 0(a0)"), edge - 4, 0), .in = MODE_HS, .cause = LOAD_PAGE_FAULT,
               .tval = edge, .tinst = TRANSFORMED(4));
    CHECK_TRAP("LH", attempt(MODE_HS, WORD("lh a2, 0(a0)"), edge - 1, 0), .in = MODE_HS, .cause = LOAD_PAGE_FAULT,
               .tval = edge, .tinst = TRANSFORMED(1));
    CHECK_TRAP("SD", attempt(MODE_HS, WORD("sd a1, 0(a0)"), edge - 4, 0), .in = MODE_HS, .cause = STORE_PAGE_FAULT,
               .tval = edge, .tinst = TRANSFORMED(4));
    last[0] = RET;
    FENCE_I();
    CHECK_NO_TRAP("two bytes of code", attempt(MODE_HS, WORD("jalr ra, 0(a0)"), edge - 2, 0));
    last[0] = ADDI_A0_9 & 0xffff;
    FENCE_I();
    CHECK_TRAP("four bytes of code", attempt(MODE_HS, WORD("jalr ra, 0(a0)"), edge - 2, 0), .in = MODE_HS,
               .cause = INSTRUCTION_PAGE_FAULT, .tval = edge);
}

int main(void)
{
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    for (unsigned s = 1; s < 4 && supported(VS_SCHEMES[s]); s++) {
        uint64_t half = 1UL << (11 + 9 * VS_SCHEMES[s]->levels);
        struct space space = supervisor_on(VS_SCHEMES[s]);
        *pte_of(space, 0, 2) = 0;
        map(space, half - PAGE, (uint64_t)test_pages[1], 0, LEAF);
        map(space, -half, (uint64_t)test_pages[2], 0, LEAF);
        map(space, -PAGE, (uint64_t)test_pages[1], 0, LEAF);
        fence_all();
        check_edge(VS_SCHEMES[s]->name, half, test_pages[1]);
        check_edge(VS_SCHEMES[s]->name, 0, test_pages[1]);
        context(VS_SCHEMES[s]->name, -half);
        CHECK_NO_TRAP("first of the upper half", attempt(MODE_HS, WORD("ld a2, 0(a0)"), -half, 0));
        CHECK_TRAP("before it", attempt(MODE_HS, WORD("ld a2, 0(a0)"), -half - 4, 0), .in = MODE_HS,
                   .cause = LOAD_PAGE_FAULT, .tval = -half - 4, .tinst = TRANSFORMED(0));
        translation_off();
    }
    return 0;
}

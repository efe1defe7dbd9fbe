/* Loads and stores across two pages: where the second one faults, xtval is that page's first byte, htval its GPA, and
   the transformed instruction has the difference in place of rs1; where the first one faults, it is the access's own
   address and 0. HLV and HSV likewise.
   rules: mtval_vaddr_wr2 */
#include "hyacinth.h"

int main(void)
{
    const struct {
        uint32_t word;
        enum reach reach;
        unsigned bytes;
    } rows[] = {
        {WORD("lh a2, 0(a0)"), LOAD, 2}, {WORD("lw a2, 0(a0)"), LOAD, 4}, {WORD("ld a2, 0(a0)"), LOAD, 8},
        {WORD("sh a1, 0(a0)"), STORE, 2}, {WORD("sw a1, 0(a0)"), STORE, 4}, {WORD("sd a1, 0(a0)"), STORE, 8},
        {WORD_C("c.ld a2, 0(a0)"), LOAD, 8}, {WORD_C("c.sw a1, 0(a0)"), STORE, 4},
        {WORD("hlv.d a2, (a0)"), LOAD, 8}, {WORD("hsv.w a1, (a0)"), STORE, 4},
    };
    struct guest guest = guest_on(&SV39, &SV39X4);
    csr_set(hstatus, HSTATUS_SPVP);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    uint64_t border = TEST_VA + PAGE;
    for (unsigned which = 0; which < 4; which++) {
        /* 0: VS stage of the second page; 1: of the first; 2 and 3: G stage likewise. */
        for (unsigned i = 0; i < 2; i++) {
            bool fault = i != (which & 1);
            map(guest.vs, TEST_VA + i * PAGE, TEST_GPA + 3 * i * PAGE, 0, fault && which < 2 ? 0 : LEAF);
            map(guest.g, TEST_GPA + 3 * i * PAGE, (uint64_t)test_pages[i], 0, fault && which >= 2 ? 0 : LEAF_U);
        }
        fence_all();
        for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
            for (unsigned below = 1; below < rows[r].bytes; below++) {
                context("which page, row, bytes below the border", which << 16 | r << 8 | below);
                uint64_t address = border - below, where = which & 1 ? address : border;
                bool hlv = r >= 8;
                uint64_t gpa = which & 1 ? TEST_GPA + PAGE - below : TEST_GPA + 3 * PAGE;
                CHECK_TRAP("fault", attempt(hlv ? MODE_HS : MODE_VS, rows[r].word, address, 0),
                           .in = MODE_HS, .gva = 1, .tval = where,
                           .cause = which < 2 ? PAGE_FAULT(rows[r].reach) : GUEST_PAGE_FAULT(rows[r].reach),
                           .tval2 = which < 2 ? 0 : gpa >> 2, .tinst = TRANSFORMED(where - address));
            }
    }
    return 0;
}

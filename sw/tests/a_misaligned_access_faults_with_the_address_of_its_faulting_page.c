/* Loads and stores across two pages: where the second one faults, xtval is that page's first byte, mtval2 or htval its
   GPA, and the transformed instruction has the difference in place of rs1; where the first one faults, it is the
   access's own address and 0. Where there is no memory behind a page, it is an access fault without a GPA. HLV and HSV
   likewise.
   rules: mtval2_trapval_other, H_straddle, H_tinst_addr_offset, mtval2_htval_virtaddr, stval_op_load_store_fault,
   mtval_vaddr_wr2 */
#include "hyacinth.h"

#define ABSENT 0x20000000UL

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
    uint64_t border = TEST_VA + PAGE;
    for (unsigned setting = 0; setting < 12; setting++) {
        unsigned which = setting % 6;
        bool delegated = setting / 6;
        delegate_exceptions(delegated ? ALL_EXCEPTIONS : 0, 0);
        /* 0: VS stage of the second page; 1: of the first; 2 and 3: G stage likewise; 4 and 5: no memory there. */
        for (unsigned i = 0; i < 2; i++) {
            bool fault = i != (which & 1);
            map(guest.vs, TEST_VA + i * PAGE, TEST_GPA + 3 * i * PAGE, 0, fault && which < 2 ? 0 : LEAF);
            map(guest.g, TEST_GPA + 3 * i * PAGE, fault && which >= 4 ? ABSENT : (uint64_t)test_pages[i], 0,
                fault && which / 2 == 1 ? 0 : LEAF_U);
        }
        fence_all();
        for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
            for (unsigned below = 1; below < rows[r].bytes; below++) {
                context("which page, row, bytes below the border", setting << 16 | r << 8 | below);
                uint64_t address = border - below, where = which & 1 ? address : border;
                bool hlv = r >= 8;
                uint64_t gpa = which & 1 ? TEST_GPA + PAGE - below : TEST_GPA + 3 * PAGE;
                CHECK_TRAP("fault", attempt(hlv ? MODE_HS : MODE_VS, rows[r].word, address, 0),
                           .in = delegated ? MODE_HS : MODE_M, .gva = 1, .tval = where,
                           .cause = which < 2 ? PAGE_FAULT(rows[r].reach)
                               : which < 4 ? GUEST_PAGE_FAULT(rows[r].reach) : ACCESS_FAULT(rows[r].reach),
                           .tval2 = which / 2 == 1 ? gpa >> 2 : 0, .tinst = TRANSFORMED(where - address));
            }
    }
    return 0;
}

/* Svnapot: an entry with N=1 and a PPN that ends in 1000 maps its 4 KiB piece of an aligned 64 KiB, whatever the other
   pieces' entries say of theirs; each other encoding is a page fault of its stage, and so is N=1 in larger pages and in
   pointers. A fence by any address within the page reaches every piece.
   rules: Svnapot_pte_N, Svnapot_range_napot, Svnapot_valid_encoding, Svnapot_implicit_read_ppn_subst,
   Svnapot_reserved_encoding_fault, Svnapot_cache_entries, Svnapot_hyp_gstage */
#include "hyacinth.h"

#define SIZE 0x10000UL
/* Away from the pages of the program, which would take their places in a small TLB. */
#define APART (TEST_VA + 3 * SIZE)

int main(void)
{
    const uint32_t load = WORD("ld a2, 0(a0)");
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(SV48_OR_SV39);
    struct guest guest = guest_on(SV48_OR_SV39, &SV39X4);
    uint64_t pa = (uint64_t)test_pages[0];
    for (unsigned i = 0; i < TEST_PAGES; i++)
        test_pages[i][0] = 0x100 + i;
    for (unsigned kind = 0; kind < 4; kind++) { /* bit 0: of the VS or the single stage, bit 1: of the G stage */
        uint64_t first = kind & 1 ? PTE_64K : 0, second = kind & 2 ? PTE_64K : 0;
        for (unsigned i = 0; i < TEST_PAGES; i++) {
            uint64_t piece = i * PAGE;
            map(own, TEST_VA + piece, pa + (first ? 0 : piece), 0, LEAF | first);
            map(guest.vs, TEST_VA + piece, TEST_GPA + (first ? 0 : piece), 0, LEAF | first);
            map(guest.g, TEST_GPA + piece, pa + (second ? 0 : piece), 0, LEAF_U | second);
        }
        fence_all();
        if (kind == 1 && attempt(MODE_HS, load, TEST_VA, 0).cause == LOAD_PAGE_FAULT)
            return 0; /* no Svnapot */
        for (unsigned i = 0; i < TEST_PAGES; i++) {
            context("piece", kind << 4 | i);
            CHECK_EQ("HS", attempt(MODE_HS, load, TEST_VA + i * PAGE, 0).value, 0x100 + i);
            CHECK_EQ("VS", attempt(MODE_VS, load, TEST_VA + i * PAGE, 0).value, 0x100 + i);
        }
    }
    for (unsigned i = 0; i < TEST_PAGES; i++) {
        context("after a fence by address", i);
        for (unsigned j = 0; j < TEST_PAGES; j++)
            map(guest.vs, APART + j * PAGE, TEST_GPA, 0, LEAF | PTE_64K);
        fence_and_wait();
        CHECK_EQ("before", attempt(MODE_VS, load, APART + i * PAGE, 0).value, 0x100 + i);
        for (unsigned j = 0; j < TEST_PAGES; j++)
            *pte_of(guest.vs, APART + j * PAGE, 0) = 0;
        asm volatile("hfence.vvma %0, x0" : : "r"(APART + (TEST_PAGES - 1 - i) * PAGE) : "memory");
        CHECK_EQ("a piece that it does not name", attempt(MODE_VS, load, APART + i * PAGE, 0).cause, LOAD_PAGE_FAULT);
    }
    for (unsigned low = 0; low < 16; low++)
        for (unsigned stage = 0; stage < 3; stage++) {
            struct space space = stage == 0 ? own : stage == 1 ? guest.vs : guest.g;
            uint64_t address = stage == 2 ? TEST_GPA : TEST_VA, base = stage == 1 ? TEST_GPA : pa;
            uint64_t *entry = pte_of(space, address, 0), kept;
            context("low bits of PPN", stage << 8 | low);
            map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
            kept = *entry;
            *entry = PTE_PPN(base) | low << 10 | PTE_N | LEAF | (stage == 2 ? PTE_U : 0);
            fence_all();
            struct trap trap = attempt(stage ? MODE_VS : MODE_HS, load, TEST_VA, 0);
            if (low == 8)
                CHECK_NO_TRAP("64 KiB", trap);
            else
                check_fault("reserved", trap, MODE_HS, LOAD, stage == 2 ? LOAD_GUEST_PAGE_FAULT : LOAD_PAGE_FAULT,
                            stage > 0, stage == 2 ? TEST_GPA >> 2 : 0, false);
            *entry = kept;
        }
    for (unsigned level = 1; level < 3; level++)
        for (unsigned stage = 0; stage < 3; stage++) {
            struct space space = stage == 0 ? own : stage == 1 ? guest.vs : guest.g;
            uint64_t address = stage == 2 ? TEST_GPA : TEST_VA, *entry = pte_of(space, address, level), kept = *entry;
            context("pointer", stage << 8 | level);
            *entry |= PTE_N;
            fence_all();
            check_fault("reserved", attempt(stage ? MODE_VS : MODE_HS, load, TEST_VA, 0), MODE_HS, LOAD,
                        stage == 2 ? LOAD_GUEST_PAGE_FAULT : LOAD_PAGE_FAULT, stage > 0,
                        stage == 2 ? TEST_GPA >> 2 : 0, false);
            *entry = kept;
        }
    return 0;
}

/* Instructions that could raise two exceptions raise the one that is higher in the manual's table: what denies the
   fetch, then what makes the instruction illegal or virtual, then the faults of translation as the walk meets them,
   then those of the physical address.
   rules: H_exception_priority, mcause_exccode_pri, exc_priority */
#include "hyacinth.h"

#define ABSENT 0x20000000UL
#define VA(n) (TEST_VA + (n) * PAGE)
#define GPA(n) (TEST_GPA + (n) * PAGE)

/* The page VA(n) with `flags` at GPA(n), and that at `target` with `g_flags`. */
static void map_both(struct guest guest, unsigned n, uint64_t flags, uint64_t target, uint64_t g_flags)
{
    map(guest.vs, VA(n), GPA(n), 0, flags);
    map(guest.g, GPA(n), target, 0, g_flags);
}

int main(void)
{
    const uint32_t fetch = accesses[0].word, load = WORD("ld a2, 0(a0)"), store = WORD("sd a1, 0(a0)");
    const uint32_t amo = WORD("amoadd.d a2, a1, (a0)"), lr_with_rs2 = WORD("lr.d a2, (a0)") | 1U << 20;
    const uint64_t page = (uint64_t)test_pages[0];
    const struct {
        const char *name;
        uint32_t word;
        uint64_t address, cause;
    } rows[] = {
        {"fetch: VS page fault, absent page", fetch, VA(1), INSTRUCTION_PAGE_FAULT},
        {"fetch: VS page fault, nothing at the G stage", fetch, VA(0), INSTRUCTION_PAGE_FAULT},
        {"fetch: guest-page fault, absent page", fetch, VA(2), INSTRUCTION_GUEST_PAGE_FAULT},
        {"fetch: absent page of illegal instructions", fetch, VA(3), INSTRUCTION_ACCESS_FAULT},
        {"fetch: VS table out of reach, leaf unknown", fetch, VA(512), INSTRUCTION_GUEST_PAGE_FAULT},
        {"fetch: VS table absent", fetch, VA(1024), INSTRUCTION_ACCESS_FAULT},
        {"illegal atomic, VS page fault", lr_with_rs2, VA(0), ILLEGAL_INSTRUCTION},
        {"illegal atomic, misaligned", lr_with_rs2, page + 1, ILLEGAL_INSTRUCTION},
        {"virtual HLV, VS page fault", WORD("hlv.d a2, (a0)"), VA(0), VIRTUAL_INSTRUCTION},
        {"virtual HSV, absent page", WORD("hsv.d a1, (a0)"), VA(3), VIRTUAL_INSTRUCTION},
        {"load: VS page fault, nothing at the G stage", load, VA(0), LOAD_PAGE_FAULT},
        {"load: VS page fault, absent page", load, VA(1), LOAD_PAGE_FAULT},
        {"store: VS page fault, G stage denies", store, VA(4), STORE_PAGE_FAULT},
        {"load: guest-page fault, absent page", load, VA(2), LOAD_GUEST_PAGE_FAULT},
        {"AMO: guest-page fault, absent page", amo, VA(2), STORE_GUEST_PAGE_FAULT},
        {"load: absent page", load, VA(3), LOAD_ACCESS_FAULT},
        {"load: VS table out of reach, leaf unknown", load, VA(512), LOAD_GUEST_PAGE_FAULT},
        {"store: VS table absent", store, VA(1024), STORE_ACCESS_FAULT},
        {"store: table of the G stage absent", store, VA(5), STORE_ACCESS_FAULT},
        {"store: VS page fault, table of the G stage absent", store, VA(6), STORE_PAGE_FAULT},
        {"load: misaligned, VS page fault", load, VA(0) + 1, LOAD_PAGE_FAULT},
        {"store: misaligned, guest-page fault", store, VA(2) + 1, STORE_GUEST_PAGE_FAULT},
    };
    struct guest guest = guest_on(&SV39, &SV39X4);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    /* Denied as a page of users in VS, and at the G stage as one that is not of users. */
    map(guest.vs, VA(0), GPA(0), 0, LEAF_U);
    map_both(guest, 1, LEAF_U, ABSENT, LEAF_U);
    map_both(guest, 2, LEAF, ABSENT, LEAF);
    map_both(guest, 3, LEAF, ABSENT, LEAF_U);
    map_both(guest, 4, LEAF & ~PTE_W, page, LEAF_U & ~PTE_W);
    *pte_of(guest.g, 5UL << 30, 2) = PTE_PPN(ABSENT) | PTE_V;
    map(guest.vs, VA(5), 5UL << 30, 0, LEAF);
    map(guest.vs, VA(6), 5UL << 30, 0, LEAF & ~PTE_W);
    *pte_of(guest.vs, VA(512), 1) = PTE_PPN(GPA(7)) | PTE_V;
    *pte_of(guest.vs, VA(1024), 1) = PTE_PPN(GPA(3)) | PTE_V;
    fence_all();
    for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
        for (unsigned again = 0; again < 2; again++) {
            context(rows[r].name, again);
            struct trap trap = attempt(MODE_VS, rows[r].word, rows[r].address, 0);
            CHECK_EQ("cause", trap.cause, rows[r].cause);
        }
    return 0;
}

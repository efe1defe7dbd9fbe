/* A guest walks through memory that the G stage does not map yet; HS maps page by page, by htval, and goes on at the
   same instruction; likewise VS maps for VU. No access is lost or done twice. */
#include "hyacinth.h"

#define PAGES 12

static struct guest guest;
static volatile uint64_t g_faults, vs_faults;

static bool give(struct frame *frame, const struct trap *trap)
{
    (void)frame;
    if (trap->in == MODE_HS && (trap->cause == LOAD_GUEST_PAGE_FAULT || trap->cause == STORE_GUEST_PAGE_FAULT)) {
        uint64_t gpa = trap->tval2 << 2;
        unsigned page = (gpa - TEST_GPA) / PAGE;
        check_eq("GPA is one of the guest's", page < PAGES, 1);
        map(guest.g, gpa, (uint64_t)test_pages[page], 0, LEAF_U);
        asm volatile("hfence.gvma %0, x0" : : "r"(trap->tval2) : "memory");
        g_faults = g_faults + 1;
        return true;
    }
    if (trap->in == MODE_VS && (trap->cause == LOAD_PAGE_FAULT || trap->cause == STORE_PAGE_FAULT)) {
        uint64_t page = trap->tval & -PAGE;
        map(guest.vs, page, TEST_GPA + (page - TEST_VA), 0, LEAF_U);
        asm volatile("sfence.vma %0, x0" : : "r"(page) : "memory");
        vs_faults = vs_faults + 1;
        return true;
    }
    return false;
}

static uint64_t walk(uint64_t address)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < PAGES * 64; i++) {
        volatile uint64_t *word = (uint64_t *)(address + 64 * i + 4);
        uint64_t old;
        *word += i; /* misaligned to the doubleword, and across the pages' borders */
        asm volatile("amoadd.w %0, %1, (%2)" : "=r"(old) : "r"(1), "r"(address + 64 * i) : "memory");
        sum += *word + old;
    }
    return sum;
}

int main(void)
{
    for (unsigned p = 0; p < PAGES; p++)
        for (unsigned i = 0; i < 512; i++)
            test_pages[p][i] = 0;
    guest = guest_on(&SV39, &SV39X4);
    trap_hook = give;
    delegate_exceptions(ALL_EXCEPTIONS, BIT(LOAD_PAGE_FAULT) | BIT(STORE_PAGE_FAULT));
    CHECK_EQ("sum", run_in(MODE_VU, walk, TEST_VA), (PAGES * 64UL) * (PAGES * 64UL - 1) / 2);
    CHECK_EQ("faults of the G stage", g_faults, PAGES);
    CHECK_EQ("faults of the VS stage", vs_faults, PAGES);
    CHECK_EQ("sum again", run_in(MODE_VU, walk, TEST_VA), (PAGES * 64UL) * (PAGES * 64UL - 1) + PAGES * 64);
    CHECK_EQ("faults of the G stage after", g_faults, PAGES);
    return 0;
}

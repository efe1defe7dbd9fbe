/* The override of HLV ends with the instruction: the very next load and store translate as HS does, at the same
   virtual address, back to back, and HLV sees the store right before it. */
#include "hyacinth.h"

static uint64_t back_to_back(uint64_t address)
{
    uint64_t a, b, c, d;
    asm volatile("ld %0, 0(%4)\nhlv.d %1, (%4)\nld %2, 0(%4)\nhlv.d %3, (%4)"
                 : "=&r"(a), "=&r"(b), "=&r"(c), "=&r"(d) : "r"(address) : "memory");
    return a << 24 | b << 16 | c << 8 | d;
}

static uint64_t store_between(uint64_t address)
{
    uint64_t a, b, c;
    asm volatile("hsv.d %3, (%4)\nsd %5, 0(%4)\nhlv.d %0, (%4)\nld %1, 0(%4)\nhsv.d %5, (%4)\nhlv.d %2, (%4)"
                 : "=&r"(a), "=&r"(b), "=&r"(c) : "r"(0x21UL), "r"(address), "r"(0x42UL) : "memory");
    return a << 16 | b << 8 | c;
}

int main(void)
{
    struct space own = supervisor_on(&SV39);
    struct guest guest = {space_new(&SV39), space_new(&SV39X4)};
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, 0x80000000, 0x80000000, 2, LEAF_U);
    map(guest.g, TEST_GPA, (uint64_t)test_pages[1], 0, LEAF_U);
    csr_write(vsatp, satp_of(guest.vs, 0));
    csr_write(hgatp, hgatp_of(guest.g, 0));
    csr_set(hstatus, HSTATUS_SPVP);
    for (unsigned cold = 0; cold < 4; cold++) {
        if (cold & 1)
            fence_all();
        test_pages[0][0] = 0x11;
        test_pages[1][0] = 0x22;
        CHECK_EQ("own, guest's, own, guest's", run_in(MODE_HS, back_to_back, TEST_VA), 0x11221122);
        CHECK_EQ("after stores", run_in(MODE_HS, store_between, TEST_VA), 0x214242);
        CHECK_EQ("own page", test_pages[0][0], 0x42);
        CHECK_EQ("guest's page", test_pages[1][0], 0x42);
    }
    return 0;
}

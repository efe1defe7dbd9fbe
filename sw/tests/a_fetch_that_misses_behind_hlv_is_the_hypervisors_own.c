/* HLV, HSV and HLVX as the last instruction of a page, the next page's translation not known: the instruction fetched
   there is that of HS, though the guest has a page at the same address; and the guest's fetch after it is its own. */
#include "hyacinth.h"

#define LI_A0(value) ((uint32_t)(value) << 20 | 10 << 7 | 0x13)

int main(void)
{
    const uint32_t last[] = {WORD("hlv.d a1, (a0)"), WORD("hlvx.wu a1, (a0)"), WORD("hsv.d a0, (a0)"), WORD("nop")};
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint32_t *pages[4];
    for (unsigned i = 0; i < 4; i++)
        pages[i] = (uint32_t *)test_pages[2 * i];
    map(own, TEST_VA, (uint64_t)pages[0], 0, LEAF);
    map(own, TEST_VA + PAGE, (uint64_t)pages[1], 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.vs, TEST_VA + PAGE, TEST_GPA + PAGE, 0, LEAF);
    map(guest.vs, TEST_VA + 2 * PAGE, TEST_GPA + 2 * PAGE, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)pages[2], 0, LEAF_U);
    map(guest.g, TEST_GPA + PAGE, (uint64_t)pages[3], 0, LEAF_U);
    map(guest.g, TEST_GPA + 2 * PAGE, (uint64_t)test_pages[9], 0, LEAF_U);
    csr_set(hstatus, HSTATUS_SPVP);
    pages[1][0] = LI_A0(0x11);
    pages[3][0] = LI_A0(0x22);
    pages[1][1] = pages[3][1] = RET;
    pages[2][1023] = WORD("nop");
    for (unsigned i = 0; i < sizeof last / sizeof *last; i++) {
        pages[0][1023] = last[i];
        FENCE_I();
        for (unsigned round = 0; round < 4; round++) {
            context("instruction and round", i << 4 | round);
            if (round & 1)
                fence_all();
            if (round & 2)
                CHECK_EQ("guest", run_in(MODE_VS, (function *)(TEST_VA + PAGE - 4), 0), 0x22);
            CHECK_EQ("HS", run_in(MODE_HS, (function *)(TEST_VA + PAGE - 4), TEST_VA + 2 * PAGE), 0x11);
            CHECK_EQ("guest after", run_in(MODE_VS, (function *)(TEST_VA + PAGE - 4), 0), 0x22);
        }
    }
    return 0;
}

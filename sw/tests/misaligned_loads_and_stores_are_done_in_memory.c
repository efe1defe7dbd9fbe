/* Every size at every offset, within a line, across lines, and across two pages that lie apart: in M, HS and VS.
   rules: pma_mm_rw, PMA_MAG_OP_LDST, MISALIGNED_LDST_HW_SUPPORT, MISALIGNED_LDST_EEI_DEPENDENT_BEHAVIOR */
#include "hyacinth.h"

static uint8_t byte_at(const uint8_t *low, const uint8_t *high, unsigned offset)
{
    return offset < PAGE ? low[offset] : high[offset - PAGE];
}

int main(void)
{
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_VS};
    const uint32_t loads[] = {WORD("lbu a2, 0(a0)"), WORD("lhu a2, 0(a0)"), WORD("lwu a2, 0(a0)"),
                              WORD("ld a2, 0(a0)")};
    const uint32_t stores[] = {WORD("sb a1, 0(a0)"), WORD("sh a1, 0(a0)"), WORD("sw a1, 0(a0)"),
                               WORD("sd a1, 0(a0)")};
    static const unsigned places[] = {0, 56, PAGE - 8};
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint8_t *pages[] = {(uint8_t *)test_pages[0], (uint8_t *)test_pages[5]};
    for (unsigned i = 0; i < 2; i++) {
        map(own, TEST_VA + i * PAGE, (uint64_t)pages[i], 0, LEAF);
        map(guest.vs, TEST_VA + i * PAGE, TEST_GPA + 2 * i * PAGE, 0, LEAF);
        map(guest.g, TEST_GPA + 2 * i * PAGE, (uint64_t)pages[i], 0, LEAF_U);
        for (unsigned j = 0; j < PAGE; j++)
            pages[i][j] = 37 * j + 11 * i + (j >> 8);
    }
    fence_all();
    for (unsigned m = 0; m < 3; m++)
        for (unsigned p = 0; p < 3; p++)
            for (unsigned offset = 0; offset < 8; offset++)
                for (unsigned size = 0; size < 4; size++) {
                    unsigned at = places[p] + offset;
                    uint8_t *high = m ? pages[1] : pages[0] + PAGE;
                    uint64_t address = m ? TEST_VA + at : (uint64_t)pages[0] + at, expected = 0;
                    for (unsigned i = 0; i < 1U << size; i++)
                        expected |= (uint64_t)byte_at(pages[0], high, at + i) << (8 * i);
                    context(mode_name(modes[m]), at << 4 | size);
                    struct trap load = attempt(modes[m], loads[size], address, 0);
                    CHECK_NO_TRAP("load", load);
                    CHECK_EQ("loaded", load.value, expected);
                    uint8_t before = byte_at(pages[0], high, at - (at > 0));
                    uint8_t after = byte_at(pages[0], high, at + (1 << size));
                    uint64_t value = 0x9f8e7d6c5b4a3928 * (at + 1);
                    CHECK_NO_TRAP("store", attempt(modes[m], stores[size], address, value));
                    for (unsigned i = 0; i < 1U << size; i++)
                        CHECK_EQ("stored byte", byte_at(pages[0], high, at + i), value >> (8 * i) & 0xff);
                    if (at)
                        CHECK_EQ("byte before", byte_at(pages[0], high, at - 1), before);
                    CHECK_EQ("byte after", byte_at(pages[0], high, at + (1 << size)), after);
                }
    return 0;
}

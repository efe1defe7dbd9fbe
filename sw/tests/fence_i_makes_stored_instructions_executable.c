/* A function is written over and over, at one place and at many, and executed after FENCE.I: in M, HS and VS, through
   the same and through another virtual address, and written by the mode that executes it.
   rules: fence_i_op */
#include "hyacinth.h"

#define LI_A0(value) ((uint32_t)(value) << 20 | 10 << 7 | 0x13)

static uint64_t rewrite(uint64_t address)
{
    uint32_t *code = (uint32_t *)address;
    uint64_t sum = 0;
    for (unsigned i = 1; i <= 20; i++) {
        code[0] = LI_A0(i);
        code[1] = RET;
        FENCE_I();
        sum = sum * 3 + ((uint64_t(*)(void))code)();
    }
    return sum;
}

static uint64_t execute(uint64_t address)
{
    FENCE_I();
    return ((uint64_t(*)(void))address)();
}

int main(void)
{
    uint64_t expected = 0;
    for (unsigned i = 1; i <= 20; i++)
        expected = expected * 3 + i;
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_VS};
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    uint32_t *code = (uint32_t *)test_pages[0];
    map(own, TEST_VA, (uint64_t)code, 0, LEAF);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.g, TEST_GPA, (uint64_t)code, 0, LEAF_U);
    fence_all();
    for (unsigned m = 0; m < 3; m++) {
        context(mode_name(modes[m]), 0);
        uint64_t address = m ? TEST_VA : (uint64_t)code;
        CHECK_EQ("one place", run_in(modes[m], rewrite, address), expected);
        CHECK_EQ("across two lines", run_in(modes[m], rewrite, address + 62), expected);
        for (unsigned i = 0; i < 16; i++) {
            code[16 * i] = LI_A0(100 * m + i);
            code[16 * i + 1] = RET;
        }
        for (unsigned i = 0; i < 16; i++)
            CHECK_EQ("many places, written in M", run_in(modes[m], execute, address + 64 * i), 100 * m + i);
    }
    return 0;
}

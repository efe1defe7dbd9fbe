/* CBO.ZERO stores zeros to the 64 bytes of the cache block that its address lies in, wherever in it, in every mode, with
   and without translation; what is beside the block stays.

   needs: zicboz
   rules: cbo-zero_op, cbo-zero_unaligned, cbo-zero_specified_block, no_addr_misaligned_excep, CACHE_BLOCK_SIZE,
   zic64b_cache_block_size */
#include "blocks.h"

static void check_block(enum mode mode, uint64_t seen_at)
{
    uint64_t *page = test_pages[1];
    static const unsigned offsets[] = {0, 1, 7, 8, 63, 64 * 31 + 33, PAGE - 1};
    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        for (unsigned n = 0; n < 512; n++)
            page[n] = ~(uint64_t)n;
        test_pages[0][511] = test_pages[2][0] = 0x5a5a;
        context(mode_name(mode), offsets[i]);
        CHECK_NO_TRAP("CBO.ZERO", attempt(mode, CBO_ZERO, seen_at + offsets[i], 0));
        for (unsigned n = 0; n < 512; n++)
            CHECK_EQ("memory", page[n], n / 8 == offsets[i] / BLOCK ? 0 : ~(uint64_t)n);
        CHECK_EQ("before the page", test_pages[0][511], 0x5a5a);
        CHECK_EQ("after the page", test_pages[2][0], 0x5a5a);
    }
}

int main(void)
{
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    blocks_on();
    for (unsigned m = 0; m < 5; m++)
        check_block(modes[m], (uint64_t)test_pages[1]);
    supervisor_on(&SV39);
    check_block(MODE_HS, (uint64_t)test_pages[1]);
    check_block(MODE_U, seen_by(MODE_U, test_pages[1]));
    translation_off();
    guest_on(&SV39, &SV39X4);
    check_block(MODE_VS, (uint64_t)test_pages[1]);
    check_block(MODE_VU, seen_by(MODE_VU, test_pages[1]));
    return 0;
}

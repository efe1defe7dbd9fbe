/* A misaligned access that begins where PMP allows it and ends where PMP denies it, in the next page or in the same
   one: it traps, as misaligned or by an access fault, and what is denied is not written. PMP judges each operation by
   itself: across two pages that both allow it, the access is done or raises misaligned; within a page it may be one
   operation, which no entry matches as a whole.
   rules: pmp_misaligned_access_behavior */
#include "pmp.h"

int main(void)
{
    const struct {
        uint32_t word;
        enum reach reach;
        unsigned bytes;
    } rows[] = {{WORD("lh a2, 0(a0)"), LOAD, 2}, {WORD("lw a2, 0(a0)"), LOAD, 4}, {WORD("ld a2, 0(a0)"), LOAD, 8},
                {WORD("sh a1, 0(a0)"), STORE, 2}, {WORD("sw a1, 0(a0)"), STORE, 4}, {WORD("sd a1, 0(a0)"), STORE, 8}};
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VS};
    static const unsigned offsets[] = {PAGE, 0x140}; /* the border: of two pages, and within one */
    for (unsigned o = 0; o < 2; o++) {
        uint64_t border = (uint64_t)test_pages[0] + offsets[o], size = o ? 64 : PAGE;
        volatile uint64_t *denied = (volatile uint64_t *)border;
        csr_write(pmpaddr0, NAPOT_ADDRESS(border, size));
        csr_write(pmpaddr1, NAPOT_ADDRESS(border - size, size));
        for (unsigned m = 0; m < 3; m++)
            for (unsigned r = 0; r < sizeof rows / sizeof *rows; r++)
                for (unsigned below = 1; below < rows[r].bytes; below++) {
                    uint64_t misaligned = rows[r].reach == LOAD ? LOAD_MISALIGNED : STORE_MISALIGNED;
                    context(mode_name(modes[m]), o << 16 | r << 8 | below);
                    *denied = 0x1122334455667788;
                    pmp_configure(PMP_NAPOT, PMP_NAPOT | PMP_R | PMP_W, 0, 0);
                    struct trap trap = attempt(modes[m], rows[r].word, border - below, ~0UL);
                    CHECK("cause", trap.cause == misaligned || trap.cause == ACCESS_FAULT(rows[r].reach));
                    if (trap.cause == misaligned || (o && trap.tval != border))
                        CHECK_EQ("tval", trap.tval, border - below);
                    else
                        CHECK_EQ("tval", trap.tval, border);
                    CHECK_EQ("what is denied", *denied, 0x1122334455667788);
                    pmp_configure(PMP_NAPOT | PMP_R | PMP_W, PMP_NAPOT | PMP_R | PMP_W, 0, 0);
                    trap = attempt(modes[m], rows[r].word, border - below, ~0UL);
                    CHECK("both allow it", trap.cause == NO_TRAP || trap.cause == misaligned
                          || (o && trap.cause == ACCESS_FAULT(rows[r].reach)));
                    if (trap.cause == NO_TRAP && rows[r].reach == STORE)
                        CHECK_EQ("stored", *denied & 0xff, 0xff);
                }
    }
    return 0;
}

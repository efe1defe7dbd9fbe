/* What happens in M is taken in M whatever medeleg says; what happens in HS and is delegated is taken in HS itself,
   whatever hedeleg says.
   rules: trap_never_trans_lower, trap_horiz */
#include "hyacinth.h"

int main(void)
{
    const struct {
        const char *name;
        uint32_t word;
        uint64_t address, cause;
        enum reach reach;
    } rows[] = {
        {"load", WORD("ld a2, 0(a0)"), 0x20000000, LOAD_ACCESS_FAULT, LOAD},
        {"store", WORD("sd a1, 0(a0)"), 0x20000000, STORE_ACCESS_FAULT, STORE},
        {"fetch", WORD("jalr ra, 0(a0)"), 0x20000000, INSTRUCTION_ACCESS_FAULT, FETCH},
        {"illegal", 0xffffff8b, 0, ILLEGAL_INSTRUCTION, FETCH},
        {"EBREAK", WORD("ebreak"), 0, BREAKPOINT, FETCH},
    };
    delegate_exceptions(ALL_EXCEPTIONS, ALL_EXCEPTIONS);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
        for (unsigned m = 0; m < 2; m++) {
            enum mode mode = m ? MODE_M : MODE_HS;
            context(rows[i].name, mode);
            struct trap trap = attempt(mode, rows[i].word, rows[i].address, 0);
            if (rows[i].address)
                check_fault("fault", trap, mode, rows[i].reach, rows[i].cause, false, 0, false);
            else
                CHECK_TRAP("trap", trap, .in = mode, .cause = rows[i].cause,
                           .tval = rows[i].cause == ILLEGAL_INSTRUCTION ? THE_INSTRUCTION : 0);
        }
    return 0;
}

/* mhpmcounter3 to 31 and mhpmevent3 to 31 exist, with their shadows hpmcounter3 to 31, which no mode can write. Event 0
   is no event: such a counter stands still.
   rules: mhpmcounter_num, mhpmcounter_mandatory, mhpmevent_enc, hpmcounter_op, hpmcounter_rdonly */
#include "hyacinth.h"

#define CSRR 2U
#define CSRRW 1U

static struct trap access(uint32_t number, uint32_t funct3, uint64_t operand)
{
    return attempt(MODE_M, number << 20 | (funct3 == CSRRW ? 11 << 15 : 0) | funct3 << 12 | 12 << 7 | 0x73, 0, operand);
}

int main(void)
{
    for (unsigned n = 3; n < 32; n++) {
        uint32_t counter = 0xb00 + n, event = 0x320 + n, shadow = 0xc00 + n;
        context("counter", n);
        CHECK_NO_TRAP("mhpmevent", access(event, CSRRW, 0));
        CHECK_EQ("no event", access(event, CSRR, 0).value, 0);
        CHECK_NO_TRAP("mhpmcounter", access(counter, CSRRW, 0x123456789abcdef0));
        uint64_t held = access(counter, CSRR, 0).value;
        CHECK("64 bits, or none", held == 0x123456789abcdef0 || held == 0);
        CHECK_EQ("it stands still", access(counter, CSRR, 0).value, held);
        CHECK_EQ("hpmcounter", access(shadow, CSRR, 0).value, held);
        CHECK_TRAP("write of hpmcounter", access(shadow, CSRRW, 0), .in = MODE_M, .cause = ILLEGAL_INSTRUCTION,
                   .tval = THE_INSTRUCTION);
    }
    return 0;
}

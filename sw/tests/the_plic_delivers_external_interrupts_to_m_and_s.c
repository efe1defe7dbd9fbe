/* A source of the PLIC with a priority above the threshold of a context raises MEI or SEI there; claim names it, and
   complete lets it come again.
   rules: mip_meip_op, mip_meip_rdonly, mip_seip_op, sip_seip_op, sip_op */
#include "interrupts.h"

#define PRIORITY(source) MEMORY32(PLIC + 4 * (source))
#define ENABLE(target) MEMORY32(PLIC + 0x2000 + 0x80 * (target))
#define THRESHOLD(target) MEMORY32(PLIC + 0x200000 + 0x1000 * (target))
#define CLAIM(target) MEMORY32(PLIC + 0x200004 + 0x1000 * (target))

static bool becomes(uint64_t bit, bool pending)
{
    for (unsigned i = 0; i < 100; i++)
        if (!!(csr_read(mip) & bit) == pending)
            return true;
    return false;
}

int main(void)
{
    delegate_interrupts(BIT(SEI), 0);
    for (unsigned target = 0; target < 2; target++) {
        uint64_t code = target ? SEI : MEI;
        context("context", target);
        PRIORITY(3) = 1;
        PRIORITY(7) = 2;
        ENABLE(target) = BIT(3) | BIT(7);
        ENABLE(!target) = 0;
        THRESHOLD(target) = 0;
        PLIC_SOURCES_SET = BIT(3) | BIT(7) | BIT(9);
        CHECK("pending", becomes(BIT(code), true));
        csr_write(mie, BIT(code));
        CHECK_TRAP("taken", trap_of(MODE_HS, wait_for, WAIT_FOR(1UL, 1)), .in = target ? MODE_HS : MODE_M,
                   .cause = INTERRUPT(code));
        CHECK_EQ("the highest priority first", CLAIM(target), 7);
        CHECK_EQ("then the other", CLAIM(target), 3);
        CHECK_EQ("then none", CLAIM(target), 0);
        CHECK("not pending while claimed", becomes(BIT(code), false));
        PLIC_SOURCES_CLEAR = BIT(3) | BIT(9);
        CLAIM(target) = 3;
        CLAIM(target) = 7;
        CHECK("source 7 again", becomes(BIT(code), true));
        THRESHOLD(target) = 2;
        CHECK("not above the threshold", becomes(BIT(code), false));
        THRESHOLD(target) = 1;
        CHECK("above the threshold", becomes(BIT(code), true));
        PLIC_SOURCES_CLEAR = BIT(7);
        CLAIM(target);
        CLAIM(target) = 7;
        CHECK("gone", becomes(BIT(code), false));
    }
    return 0;
}

/* A load to x0 of every width traps where the memory is absent, and claims an interrupt from the PLIC where it is not;
   x0 stays 0.
   rules: load_exc_x0, x0eq0 */
#include "interrupts.h"

#define ABSENT 0x20000000UL
#define SOURCE 3

static bool becomes_pending(bool pending)
{
    for (unsigned i = 0; i < 100; i++)
        if (!!(csr_read(mip) & BIT(MEI)) == pending)
            return true;
    return false;
}

int main(void)
{
    const uint32_t words[] = {WORD("lb zero, 0(a0)"), WORD("lbu zero, 0(a0)"), WORD("lh zero, 0(a0)"),
                              WORD("lhu zero, 0(a0)"), WORD("lw zero, 0(a0)"), WORD("lwu zero, 0(a0)"),
                              WORD("ld zero, 0(a0)"), WORD("lr.w zero, (a0)"), WORD("lr.d zero, (a0)")};
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        context("load to x0", i);
        CHECK_TRAP("fault", attempt(MODE_M, words[i], ABSENT, 0), .in = MODE_M, .cause = ACCESS_FAULT(LOAD),
                   .tval = ABSENT, .tinst = TRANSFORMED(0));
    }
    context(0, 0);
    static uint64_t memory = 7;
    uint64_t zero;
    asm volatile("ld zero, (%1)\nmv %0, zero" : "=r"(zero) : "r"(&memory));
    CHECK_EQ("x0 after a load to it", zero, 0);
    asm volatile("amoadd.d zero, %1, (%1)\nmv %0, zero" : "=r"(zero) : "r"(&memory) : "memory");
    CHECK_EQ("x0 after an AMO to it", zero, 0);
    CHECK_EQ("which adds", memory, (uint64_t)&memory + 7);

    MEMORY32(PLIC + 4 * SOURCE) = 1;
    MEMORY32(PLIC + 0x2000) = BIT(SOURCE);
    MEMORY32(PLIC + 0x200000) = 0;
    PLIC_SOURCES_SET = BIT(SOURCE);
    CHECK("an interrupt is pending", becomes_pending(true));
    asm volatile("lw zero, (%0)" : : "r"(PLIC + 0x200004) : "memory");
    CHECK("it was claimed by a load to x0", becomes_pending(false));
    return 0;
}

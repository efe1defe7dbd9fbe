/* SC succeeds (0) after LR of the same address, fails (not 0, and stores nothing) without a reservation, for another
   address, and when a reservation was used already.
   rules: pma_rsrv_levels */
#include "hyacinth.h"

static uint64_t memory[2] __attribute__((aligned(64)));

#define LR_SC(width, lr_at, sc_at, value) ({ \
    uint64_t read_, failed_; \
    asm volatile("lr." width " %0, (%2)\nsc." width " %1, %4, (%3)" \
                 : "=&r"(read_), "=&r"(failed_) : "r"(lr_at), "r"(sc_at), "r"((uint64_t)(value)) : "memory"); \
    failed_; })
#define SC(width, at, value) ({ \
    uint64_t failed_; \
    asm volatile("sc." width " %0, %2, (%1)" : "=&r"(failed_) : "r"(at), "r"((uint64_t)(value)) : "memory"); \
    failed_; })

static uint64_t in_any_mode(uint64_t address)
{
    return LR_SC("d", address, address, 77);
}

int main(void)
{
    SC("d", memory, 1); /* ends whatever reservation there was */
    memory[0] = memory[1] = 10;
    CHECK("SC without LR fails", SC("d", memory, 11) != 0);
    CHECK_EQ("and stores nothing", memory[0], 10);
    CHECK_EQ("SC after LR", LR_SC("d", memory, memory, 12), 0);
    CHECK_EQ("stores", memory[0], 12);
    CHECK("a second SC fails", SC("d", memory, 13) != 0);
    CHECK_EQ("and stores nothing", memory[0], 12);
    CHECK_EQ("words", LR_SC("w", memory, memory, -2), 0);
    CHECK_EQ("of the lower half alone", memory[0], 0xfffffffe);
    CHECK_EQ("upper word", LR_SC("w", (char *)memory + 4, (char *)memory + 4, 5), 0);
    CHECK_EQ("of the upper half alone", memory[0], 0x5fffffffe);
    CHECK("SC at another line fails", LR_SC("d", memory, test_pages[0], 14) != 0);
    CHECK("and ends the reservation", SC("d", memory, 15) != 0);
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    for (unsigned i = 0; i < 4; i++) {
        context(mode_name(modes[i]), 0);
        memory[1] = 0;
        CHECK_EQ("SC after LR", run_in(modes[i], in_any_mode, (uint64_t)&memory[1]), 0);
        CHECK_EQ("stored", memory[1], 77);
    }
    context("word", 0);
    memory[0] = 0x80000000;
    uint64_t read;
    asm volatile("lr.w %0, (%1)" : "=r"(read) : "r"(memory) : "memory");
    CHECK_EQ("LR.W extends the sign", read, 0xffffffff80000000);
    return 0;
}

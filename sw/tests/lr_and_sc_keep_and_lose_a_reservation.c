/* SC succeeds (0) after LR of the same address, fails (1, and stores nothing) without a reservation, for another
   address, and when a reservation was used already; of two LRs it belongs to the later. It is a store for memory
   protection, whether it fails or not. aq and rl change nothing of this.
   What the implementation chooses: an SC fails for an address other than that of the LR, in the same line too; its size
   may be another.
   rules: pma_rsrv_levels, lr_w_op, sc_w_success, sc_w_failure, sc_retire_permission, sc_failed_as_store, lr_sc_rv64,
   sc_failure_code, sc_pairs_latest_lr, sc_success_conditions, sc_addr_not_in_reservation_fail,
   sc_intervening_sc_fail, sc_reservation_invalidate, LR_RESERVATION_SET_SIZE, a_aq_rl_bits */
#include "hyacinth.h"

static uint64_t memory[2] __attribute__((aligned(64)));

#define ABSENT 0x20000000UL

#define LR_SC(width, lr_at, sc_at, value) LR_SC_OF("lr." width, "sc." width, lr_at, sc_at, value)
#define LR_SC_OF(lr, sc, lr_at, sc_at, value) ({ \
    uint64_t read_, failed_; \
    asm volatile(lr " %0, (%2)\n" sc " %1, %4, (%3)" \
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

/* An SC that has no reservation traps where it might not store. */
static void check_permissions(void)
{
    const uint32_t words[] = {WORD("sc.w a2, a1, (a0)"), WORD("sc.d a2, a1, (a0)")};
    struct space own = supervisor_on(&SV39);
    map(own, TEST_VA, (uint64_t)test_pages[1], 0, LEAF & ~PTE_W);
    fence_all();
    for (unsigned i = 0; i < 2; i++) {
        context("SC without a reservation", i);
        CHECK_TRAP("to absent memory", attempt(MODE_M, words[i], ABSENT, 0), .in = MODE_M,
                   .cause = ACCESS_FAULT(STORE), .tval = ABSENT, .tinst = TRANSFORMED(0));
        CHECK_TRAP("to a page that is read-only", attempt(MODE_HS, words[i], TEST_VA, 0), .in = MODE_M,
                   .cause = PAGE_FAULT(STORE), .tval = TEST_VA, .tinst = TRANSFORMED(0));
    }
    context(0, 0);
    translation_off();
}

static void check_ordering_bits(void)
{
    const uint32_t lr = WORD("lr.d a2, (a0)"), sc = WORD("sc.d a2, a1, (a0)"), add = WORD("amoadd.d a2, a1, (a0)");
    for (unsigned bits = 0; bits < 4; bits++) {
        context("aq and rl", bits);
        memory[0] = 100;
        CHECK_EQ("LR", attempt(MODE_M, lr | bits << 25, (uint64_t)memory, 0).value, 100);
        CHECK_EQ("AMO", attempt(MODE_M, add | bits << 25, (uint64_t)memory, 7).value, 100);
        CHECK_EQ("sum", memory[0], 107);
        SC("d", memory, 0); /* ends the reservation, which the traps of `attempt` keep */
        memory[0] = 107;
        CHECK_EQ("SC", attempt(MODE_M, sc | bits << 25, (uint64_t)memory, 9).value, 1);
        CHECK_EQ("not stored", memory[0], 107);
    }
    context(0, 0);
    CHECK_EQ("LR.AQ, SC.RL", LR_SC_OF("lr.d.aq", "sc.d.rl", memory, memory, 1), 0);
    CHECK_EQ("LR.AQRL, SC.AQRL", LR_SC_OF("lr.d.aqrl", "sc.d.aqrl", memory, memory, 2), 0);
    CHECK_EQ("stored", memory[0], 2);
}

int main(void)
{
    SC("d", memory, 1); /* ends whatever reservation there was */
    memory[0] = memory[1] = 10;
    CHECK_EQ("SC without LR fails", SC("d", memory, 11), 1);
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
    CHECK_EQ("and ends the reservation", SC("d", memory, 15), 1);
    CHECK_EQ("SC beside it fails", LR_SC("d", memory, &memory[1], 16), 1);
    CHECK_EQ("and stores nothing", memory[1], 10);
    CHECK_EQ("SC.W of the other half fails", LR_SC("w", memory, (char *)memory + 4, 17), 1);
    memory[0] = 0;
    uint64_t read, failed;
    asm volatile("lr.d %0, (%2)\nsc.w %1, %3, (%2)" : "=&r"(read), "=&r"(failed) : "r"(memory), "r"(18UL) : "memory");
    CHECK_EQ("SC.W after LR.D", failed, 0);
    CHECK_EQ("stored", memory[0], 18);
    asm volatile("lr.w %0, (%2)\nsc.d %1, %3, (%2)" : "=&r"(read), "=&r"(failed) : "r"(memory), "r"(-1UL) : "memory");
    CHECK_EQ("SC.D after LR.W", failed, 0);
    CHECK_EQ("stored", memory[0], -1UL);
    asm volatile("lr.d %0, (%2)\nlr.d %0, (%3)\nsc.d %1, %3, (%2)" : "=&r"(read), "=&r"(failed)
                 : "r"(memory), "r"(&memory[1]) : "memory");
    CHECK_EQ("SC of the former of two LRs fails", failed, 1);
    CHECK_EQ("and stores nothing", memory[0], -1UL);
    asm volatile("lr.d %0, (%2)\nlr.d %0, (%3)\nsc.d %1, %2, (%3)" : "=&r"(read), "=&r"(failed)
                 : "r"(memory), "r"(&memory[1]) : "memory");
    CHECK_EQ("SC of the latter", failed, 0);
    CHECK_EQ("stored", memory[1], (uint64_t)memory);
    check_permissions();
    check_ordering_bits();
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
    for (unsigned i = 0; i < 4; i++) {
        context(mode_name(modes[i]), 0);
        memory[1] = 0;
        CHECK_EQ("SC after LR", run_in(modes[i], in_any_mode, (uint64_t)&memory[1]), 0);
        CHECK_EQ("stored", memory[1], 77);
    }
    context("word", 0);
    memory[0] = 0x80000000;
    asm volatile("lr.w %0, (%1)" : "=r"(read) : "r"(memory) : "memory");
    CHECK_EQ("LR.W extends the sign", read, 0xffffffff80000000);
    return 0;
}

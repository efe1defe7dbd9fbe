/* PAUSE is a FENCE of writes before and of nothing after, an NTL instruction an addition to x0, short or long. In every
   mode they do nothing, an NTL nothing to the access after it either: its value, its trap, and the reservation of an LR
   are those without the hint.
   not uncompressed: its compressed instructions are what it tests
   rules: pause_op, pause_enc_fence, NTL-P1_op, NTL-P1_enc, NTL-PALL_op, NTL-PALL_enc, NTL-S1_op, NTL-S1_enc, NTL-ALL_op,
   NTL-ALL_enc, C-NTL_availability, C-NTL-P1_op, C-NTL-P1_enc, C-NTL-PALL_op, C-NTL-PALL_enc, C-NTL-S1_op, C-NTL-S1_enc,
   C-NTL-ALL_op, C-NTL-ALL_enc, NTL_target_definition, NTL_range, NTL_TRAP_BEHAVIOR, NTL-LR_SC_exception */
#include "hyacinth.h"
#include "operate.h"

#define HINT(text) WORD(WITH_EXTENSIONS text "\n.option pop")
#define HINT_C(text) WORD_C(WITH_EXTENSIONS text "\n.option pop")

/* Before the access `text`, which has its address in %1 and its result in %0. */
#define AFTER(hint, text) ({ \
    uint64_t value_ = 0; \
    asm volatile(WITH_EXTENSIONS hint "\n" text "\n.option pop" : "+r"(value_) : "r"(&memory), "r"(7UL) : "memory"); \
    value_; })

static uint64_t memory;

#define CHECK_BEFORE_ACCESSES(hint) do { \
    memory = 0x8877665544332211; \
    CHECK_EQ(hint ", load", AFTER(hint, "ld %0, (%1)"), 0x8877665544332211); \
    AFTER(hint, "sb %2, 1(%1)"); \
    CHECK_EQ(hint ", store", memory, 0x8877665544330711); \
    CHECK_EQ(hint ", AMO", AFTER(hint, "amoadd.d %0, %2, (%1)"), 0x8877665544330711); \
    CHECK_EQ(hint ", AMO", memory, 0x8877665544330718); \
    CHECK_EQ(hint ", LR and SC", AFTER("lr.d %0, (%1)\n" hint, "sc.d %0, %2, (%1)"), 0); \
    CHECK_EQ(hint ", SC", memory, 7); \
} while (0)

static struct trap taken;

/* Keeps the record of a trap, and goes on after the instruction, which has 4 bytes. */
static bool keep_and_skip(struct frame *frame, const struct trap *trap)
{
    taken = *trap;
    frame->epc += 4;
    return true;
}

int main(void)
{
    const struct {
        const char *name;
        uint32_t word, encoding;
    } hints[] = {
        {"pause", HINT("pause"), 0x0100000f}, {"ntl.p1", HINT("ntl.p1"), 0x00200033},
        {"ntl.pall", HINT("ntl.pall"), 0x00300033}, {"ntl.s1", HINT("ntl.s1"), 0x00400033},
        {"ntl.all", HINT("ntl.all"), 0x00500033}, {"c.ntl.p1", HINT_C("c.ntl.p1"), 0x900a},
        {"c.ntl.pall", HINT_C("c.ntl.pall"), 0x900e}, {"c.ntl.s1", HINT_C("c.ntl.s1"), 0x9012},
        {"c.ntl.all", HINT_C("c.ntl.all"), 0x9016},
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    for (unsigned i = 0; i < sizeof hints / sizeof *hints; i++) {
        context(hints[i].name, 0);
        CHECK_EQ("encoding", hints[i].word, hints[i].encoding);
        for (unsigned m = 0; m < 5; m++)
            CHECK_NO_TRAP(mode_name(modes[m]), attempt(modes[m], hints[i].word, 1, 2));
    }
    context(0, 0);
    CHECK_BEFORE_ACCESSES("ntl.p1");
    CHECK_BEFORE_ACCESSES("ntl.pall");
    CHECK_BEFORE_ACCESSES("ntl.s1");
    CHECK_BEFORE_ACCESSES("ntl.all");
    CHECK_BEFORE_ACCESSES("c.ntl.p1");
    CHECK_BEFORE_ACCESSES("c.ntl.all");
    trap_hook = keep_and_skip;
    asm volatile(WITH_EXTENSIONS "ntl.all\nld zero, (%0)\n.option pop" : : "r"(0x20000000UL));
    CHECK_EQ("the trap of a load after a hint", taken.cause, ACCESS_FAULT(LOAD));
    CHECK_EQ("its address", taken.tval, 0x20000000);
    return 0;
}

/* A jump or a taken branch into a page that cannot be executed is done, link and all: the page fault or access fault is
   the target's. A branch that is not taken faults nowhere.
   rules: ia_fault_exc_on_target */
#include "hyacinth.h"

#define ABSENT 0x20000000UL
#define NEXT_PAGE (TEST_VA + PAGE)

static struct trap taken;
static uint64_t link;

static bool keep_and_return(struct frame *frame, const struct trap *trap)
{
    taken = *trap;
    link = frame->x[11];
    frame->epc = frame->x[1];
    return true;
}

int main(void)
{
    const struct {
        const char *name;
        uint32_t word;
        unsigned offset; /* of the target in the next page; ~0U: not taken */
        bool links;
    } rows[] = {
        {"JAL", WORD("jal a1, .+0x120"), 0x20, true}, {"JALR", WORD("jalr a1, 0x7f0(a0)"), 0x7f0, true},
        {"BEQ", WORD("beq a0, a0, .+0x102"), 2, false}, {"BGEU", WORD("bgeu a0, a0, .+0x100"), 0, false},
        {"BNE", WORD("bne a0, a0, .+0x100"), ~0U, false}, {"C.J", WORD_C("c.j .+0x104"), 4, false},
        {"C.JR", WORD_C("c.jr a0"), 0, false}, {"C.BEQZ", WORD_C("c.beqz a0, .+0xfe"), ~0U, false},
    };
    static const enum mode modes[] = {MODE_HS, MODE_VS};
    uint8_t *code = (uint8_t *)test_pages[0];
    struct space own = supervisor_on(&SV39);
    struct guest guest = {0};
    map(own, TEST_VA, (uint64_t)code, 0, LEAF);
    if (hypervisor) {
        guest = guest_on(&SV39, &SV39X4);
        map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
        map(guest.g, TEST_GPA, (uint64_t)code, 0, LEAF_U);
    }
    trap_hook = keep_and_return;
    for (unsigned absent = 0; absent < 2; absent++) {
        map(own, NEXT_PAGE, ABSENT, 0, absent ? LEAF : 0);
        if (hypervisor) {
            map(guest.vs, NEXT_PAGE, TEST_GPA + PAGE, 0, absent ? LEAF : 0);
            map(guest.g, TEST_GPA + PAGE, ABSENT, 0, LEAF_U);
        }
        fence_all();
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++)
            for (unsigned m = 0; m < (hypervisor ? 2 : 1); m++) {
                uint64_t at = NEXT_PAGE - 0x100, target = NEXT_PAGE + rows[i].offset;
                context(rows[i].name, absent << 4 | m);
                MEMORY32(code + PAGE - 0x100) = (rows[i].word & 3) == 3 ? rows[i].word : rows[i].word | RET << 16;
                MEMORY32(code + PAGE - 0xfc) = RET;
                FENCE_I();
                taken.cause = NO_TRAP;
                run_in(modes[m], (function *)at, NEXT_PAGE);
                if (rows[i].offset == ~0U) {
                    CHECK_EQ("no fault", taken.cause, NO_TRAP);
                    continue;
                }
                CHECK_EQ("cause", taken.cause, absent ? ACCESS_FAULT(FETCH) : PAGE_FAULT(FETCH));
                CHECK_EQ("epc", taken.epc, target);
                CHECK_EQ("tval", taken.tval, target);
                if (rows[i].links)
                    CHECK_EQ("link", link, at + 4);
            }
    }
    return 0;
}

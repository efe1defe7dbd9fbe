/* Jumps and branches, wide and short, to the ends of their ranges and to instructions that begin in the middle of a
   word; nothing after a jump is executed. What is linked is the address of the instruction after it, and a target in
   the register that is linked to is read first; JALR clears bit 0 of the sum. A branch is taken exactly where its
   comparison holds, and no target is misaligned.
   rules: no_cti_delay_slots, jal_target, jal_op, jalr_target, jalr_op, jump_misaligned_c_no_exception, br_target,
   beq_op, bne_op, blt_op, bltu_op, bge_op, bgeu_op, branch_misaligned_c_no_exception,
   cond_br_no_ia_misaligned_exc_not_taken, branch_misaligned_untaken_exception, Zca_align16, Zca_no_misaligned,
   Zca_offsets_mul2, c-j_op, c-jr_op, c-jalr_op, c-beqz_op, c-bnez_op */
#include "hyacinth.h"

/* In memory that the program does not use otherwise; 2 MiB around it must be there. */
#define CODE 0x80a00000UL

enum { NOWHERE, TARGET, AFTER };

static void put(uint64_t at, uint32_t word)
{
    for (unsigned i = 0; i < ((word & 3) == 3 ? 4 : 2); i += 2)
        MEMORY16(at + i) = word >> (8 * i);
}

/* Adds `mark` to a2, so that nothing is reached on the way unseen, and goes back. */
static void put_end(uint64_t at, unsigned mark)
{
    put(at, WORD_C("c.addi a2, 1") - 4 + (mark << 2));
    put(at + 2, WORD_C("c.jr t0"));
}

/* Executes `word` at `from`, which may go to `to`, with a0 and a1; what was reached is returned, a1 and ra are left in
   `*link` and `*ra`. */
static unsigned go(uint32_t word, uint64_t from, uint64_t to, uint64_t a, uint64_t b, uint64_t *link, uint64_t *ra)
{
    register uint64_t a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = NOWHERE, a3 asm("a3") = from, a4 asm("a4");
    put(from, word);
    put_end(from + ((word & 3) == 3 ? 4 : 2), AFTER);
    put_end(to, TARGET);
    FENCE_I();
    asm volatile("lla t0, 1f\njr a3\n1: mv a4, ra"
                 : "+r"(a0), "+r"(a1), "+r"(a2), "+r"(a3), "=r"(a4) : : "t0", "ra", "memory");
    *link = a1;
    *ra = a4;
    return a2;
}

static uint32_t jal(int64_t offset) /* jal a1, offset */
{
    return WORD("jal a1, .") | (offset >> 20 & 1) << 31 | (offset >> 1 & 0x3ff) << 21 | (offset >> 11 & 1) << 20 |
           (offset >> 12 & 0xff) << 12;
}

static uint32_t branch(uint32_t word, int64_t offset)
{
    return word | (offset >> 12 & 1) << 31 | (offset >> 5 & 0x3f) << 25 | (offset >> 1 & 0xf) << 8 |
           (offset >> 11 & 1) << 7;
}

static uint32_t c_j(int64_t offset)
{
    return WORD_C("c.j .") | (offset >> 11 & 1) << 12 | (offset >> 4 & 1) << 11 | (offset >> 8 & 3) << 9 |
           (offset >> 10 & 1) << 8 | (offset >> 6 & 1) << 7 | (offset >> 7 & 1) << 6 | (offset >> 1 & 7) << 3 |
           (offset >> 5 & 1) << 2;
}

static uint32_t c_branch(uint32_t word, int64_t offset)
{
    return word | (offset >> 8 & 1) << 12 | (offset >> 3 & 3) << 10 | (offset >> 6 & 3) << 5 | (offset >> 1 & 3) << 3 |
           (offset >> 5 & 1) << 2;
}

static uint64_t link, ra;

static void check_jumps(uint64_t from)
{
    static const int64_t jals[] = {-0x100000, 0xffffe, -2048, 2048, -0x5556, 0xaaaa, 14},
                         js[] = {-2048, 2046, -32, 32, -1366, 682, 14},
                         jalrs[] = {-2048, 2047, 0, 1, -1, -683, 683};
    for (unsigned i = 0; i < 7; i++) {
        context("JAL by", jals[i]);
        CHECK_EQ("reached", go(jal(jals[i]), from, from + jals[i], 0, 0, &link, &ra), TARGET);
        CHECK_EQ("link", link, from + 4);
        context("C.J by", js[i]);
        CHECK_EQ("reached", go(c_j(js[i]), from, from + js[i], 0, 7, &link, &ra), TARGET);
        CHECK_EQ("no link", link, 7);
        context("JALR by", jalrs[i]);
        uint32_t offset = (uint32_t)jalrs[i] << 20;
        uint64_t to = from + 0x1000;
        CHECK_EQ("reached", go(WORD("jalr a1, 0(a0)") | offset, from, to, to - jalrs[i], 0, &link, &ra), TARGET);
        CHECK_EQ("link", link, from + 4);
        CHECK_EQ("reached from the linked register", go(WORD("jalr a1, 0(a1)") | offset, from, to, 0, to - jalrs[i],
                                                        &link, &ra), TARGET);
        CHECK_EQ("link in its own register", link, from + 4);
        CHECK_EQ("reached by an odd sum", go(WORD("jalr a1, 0(a0)") | offset, from, to, to + 1 - jalrs[i], 0, &link,
                                             &ra), TARGET);
    }
    context(0, 0);
    for (unsigned odd = 0; odd < 2; odd++) {
        uint64_t to = from + 0x1000;
        CHECK_EQ("C.JR", go(WORD_C("c.jr a0"), from, to, to + odd, 7, &link, &ra), TARGET);
        put(to + 4, WORD("auipc a1, 0")); /* what pc is there */
        put(to + 8, WORD_C("c.jr t0"));
        CHECK_EQ("past it", go(WORD_C("c.jr a0"), from, to, to + 4 + odd, 7, &link, &ra), NOWHERE);
        CHECK_EQ("pc", link, to + 4);
        CHECK_EQ("C.JALR", go(WORD_C("c.jalr a0"), from, to, to + odd, 7, &link, &ra), TARGET);
        CHECK_EQ("links to ra", ra, from + 2);
    }
}

static void check_branches(uint64_t from)
{
    static const uint64_t values[] = {0, 1, -1UL, 1UL << 63, -1UL >> 1, 1UL << 32, 0xffffffff};
    /* Where each stands among them, so that no comparison of this program is compared with itself. */
    static const uint8_t signed_place[] = {2, 3, 1, 0, 6, 5, 4}, unsigned_place[] = {0, 1, 6, 5, 4, 3, 2};
    const uint32_t words[] = {WORD("beq a0, a1, ."), WORD("bne a0, a1, ."), WORD("blt a0, a1, ."),
                              WORD("bge a0, a1, ."), WORD("bltu a0, a1, ."), WORD("bgeu a0, a1, .")};
    static const int64_t offsets[] = {-4096, 4094, -1366, 2730, 14}, shorts[] = {-256, 254, -86, 170, 14};
    for (unsigned n = 0; n < 6; n++)
        for (unsigned i = 0; i < 7; i++)
            for (unsigned j = 0; j < 7; j++) {
                uint64_t a = values[i], b = values[j];
                bool less = n < 4 ? signed_place[i] < signed_place[j] : unsigned_place[i] < unsigned_place[j];
                bool taken = (n < 2 ? i == j : less) != (n & 1);
                context("branch, operands", n << 8 | i << 4 | j);
                int64_t offset = offsets[(n + i + j) % 5];
                CHECK_EQ("reached", go(branch(words[n], offset), from, from + offset, a, b, &link, &ra),
                         taken ? TARGET : AFTER);
            }
    for (unsigned i = 0; i < 7; i++)
        for (unsigned k = 0; k < 5; k++) {
            uint64_t to = from + shorts[k];
            context("C.BEQZ and C.BNEZ, operand and offset", i << 4 | k);
            CHECK_EQ("reached", go(c_branch(WORD_C("c.beqz a0, ."), shorts[k]), from, to, values[i], 0, &link, &ra),
                     values[i] ? AFTER : TARGET);
            CHECK_EQ("reached", go(c_branch(WORD_C("c.bnez a0, ."), shorts[k]), from, to, values[i], 0, &link, &ra),
                     values[i] ? TARGET : AFTER);
        }
}

int main(void)
{
    for (unsigned half = 0; half < 4; half += 2) {
        check_jumps(CODE + half);
        check_branches(CODE + half);
    }
    /* A wide instruction over the end of a line, and one over the end of a page. */
    check_jumps(CODE + 62);
    check_jumps(CODE + PAGE - 2);
    check_branches(CODE + PAGE - 2);
    return 0;
}

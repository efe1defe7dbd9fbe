/* HINTs of every kind, wide and short, and FENCEs with any of their fields, change none of x1 to x30 and go on
   after themselves, x0 stays 0, and none traps in any mode.
   rules: x0eq0, hints_op, hints_enc, nop_op, nop_enc, fence_unused_flds_rsv, Zca_hints, c-nop_op, c-nop_hint,
   c-addi_nop, c-addi_hint, c-li_hint, c-lui_hint, c-slli_hint, c-srli_hint, c-srai_hint, c-mv_hint, c-add_hint */
#include "hyacinth.h"

/* x0 to x30 before and after what stands in `code`, which comes back by a jump to t5. */
uint64_t before[32], after[32];

static struct {
    uint16_t halves[8];
    uint64_t zero; /* what x0 was for the instruction after */
} code __attribute__((aligned(64)));

#define KEEP(place) \
    "lla t6, " place "\n.irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, " \
    "25, 26, 27, 28, 29, 30\nsd x\\n, 8*\\n(t6)\n.endr\n"

static void execute(uint32_t word)
{
    const uint32_t words[] = {word, WORD("add t6, zero, zero"), WORD_C("c.jr t5")};
    uint16_t *half = code.halves;
    for (unsigned i = 0; i < 3; i++) {
        *half++ = words[i];
        if ((words[i] & 3) == 3)
            *half++ = words[i] >> 16;
    }
    FENCE_I();
    register uint64_t at asm("a6") = (uint64_t)&code;
    asm volatile("li a0, 0x123456789abcdef\nnot a1, a0\nlla t5, 1f\n" KEEP("before") "jr a6\n"
                 "1: sd t6, 16(a6)\n" KEEP("after")
                 : "+r"(at) : : "a0", "a1", "t5", "t6", "memory");
    CHECK_EQ("x0 right after", code.zero, 0);
    CHECK_EQ("x0", after[0], 0);
    for (unsigned i = 1; i < 31; i++)
        CHECK_EQ("register", after[i], before[i]);
}

#define I_TYPE(opcode, funct3) ((opcode) | (funct3) << 12)
#define R_TYPE(opcode, funct3, funct7) ((opcode) | (funct3) << 12 | (uint32_t)(funct7) << 25)

int main(void)
{
    static const uint32_t computations[] = {
        0x37, 0x17, /* LUI, AUIPC */
        I_TYPE(0x13, 0), I_TYPE(0x13, 2), I_TYPE(0x13, 3), I_TYPE(0x13, 4), I_TYPE(0x13, 6), I_TYPE(0x13, 7),
        I_TYPE(0x13, 1), I_TYPE(0x13, 5), R_TYPE(0x13, 5, 0x20), /* shifts by a constant */
        I_TYPE(0x1b, 0), I_TYPE(0x1b, 1), I_TYPE(0x1b, 5), R_TYPE(0x1b, 5, 0x20), /* the same of words */
        R_TYPE(0x33, 0, 0), R_TYPE(0x33, 0, 0x20), R_TYPE(0x33, 1, 0), R_TYPE(0x33, 2, 0), R_TYPE(0x33, 3, 0),
        R_TYPE(0x33, 4, 0), R_TYPE(0x33, 5, 0), R_TYPE(0x33, 5, 0x20), R_TYPE(0x33, 6, 0), R_TYPE(0x33, 7, 0),
        R_TYPE(0x3b, 0, 0), R_TYPE(0x3b, 0, 0x20), R_TYPE(0x3b, 1, 0), R_TYPE(0x3b, 5, 0), R_TYPE(0x3b, 5, 0x20),
    };
    static const uint16_t operands[] = {0, 10 << 5 | 11, 31 << 5 | 2, 10, 1 << 5}; /* rs2, or a small immediate; rs1 */
    static const uint32_t fences[] = {
        0x00f0000f, 0x0f00000f, 0x0100000f, 0x0330000f, 0x0ff0000f, 0x8330000f, /* with an empty set; FENCE.TSO */
        0x00f5000f, 0x0000050f, 0x0ff5058f, 0xfff5058f, 0x7ff0000f, 0x8ff0000f, 0x0000100f, 0xfff5158f, /* reserved */
    };
    static const enum mode modes[] = {MODE_U, MODE_HS, MODE_M, MODE_VU, MODE_VS};
    CHECK_EQ("NOP", WORD("nop"), 0x13);
    CHECK_EQ("C.NOP", WORD_C("c.nop"), 1);
    for (unsigned i = 0; i < sizeof computations / sizeof *computations; i++)
        for (unsigned j = 0; j < 5; j++) {
            uint32_t word = computations[i] | (uint32_t)(operands[j] & 31) << 15 | (uint32_t)(operands[j] >> 5) << 20;
            context("instruction", word);
            execute(word);
            CHECK_NO_TRAP("in a mode", attempt(modes[(i + j) % 5], word, 0, 0));
        }
    for (unsigned i = 0; i < sizeof fences / sizeof *fences; i++) {
        context("fence", fences[i]);
        execute(fences[i]);
        for (unsigned m = 0; m < 5; m++)
            CHECK_NO_TRAP(mode_name(modes[m]), attempt(modes[m], fences[i], 0, 0));
    }
    for (unsigned n = 1; n < 64; n++) { /* a number in the places of an immediate, or of a register */
        uint32_t immediate6 = (n & 32) << 7 | (n & 31) << 2;
        const uint32_t to_x0[] = {0x0001 | immediate6, 0x4001 | immediate6, 0x6001 | immediate6, 0x0002 | immediate6,
                                  0x8002 | (n & 31) << 2, 0x9002 | (n & 31) << 2};
        for (unsigned i = 0; i < (n & 31 ? 6 : 4); i++) {
            context("short instruction", to_x0[i]);
            execute(to_x0[i]);
        }
    }
    for (unsigned rd = 1; rd < 32; rd++) {
        if (rd == 31) /* t6 is not looked at */
            continue;
        context("by 0", rd);
        execute(0x0001 | rd << 7);
        execute(0x0002 | rd << 7);
        execute(0x8001 | (rd & 7) << 7);
        execute(0x8401 | (rd & 7) << 7);
    }
    return 0;
}

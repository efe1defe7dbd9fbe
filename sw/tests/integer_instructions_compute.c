/* Shifts, comparisons, word forms, upper immediates and the widths of loads: what a wrong decoder would
   change.
   rules: twos_complement_signed_integers */
#include "hyacinth.h"

int main(void)
{
    static const uint64_t a = 0x8182838485868788, b = 0x0000000000000043;
    const struct {
        const char *name;
        uint32_t word;
        uint64_t a, b, result;
    } rows[] = {
        {"ADD", WORD("add a2, a0, a1"), -1UL, 2, 1}, {"SUB", WORD("sub a2, a0, a1"), 1, 2, -1UL},
        {"ADDI", WORD("addi a2, a0, -2048"), 0, 0, -2048UL},
        {"ADDIW", WORD("addiw a2, a0, 1"), 0x7fffffff, 0, -0x80000000UL},
        {"ADDW", WORD("addw a2, a0, a1"), 0xffffffff, 1, 0}, {"SUBW", WORD("subw a2, a0, a1"), 0x100000000, 1, -1UL},
        {"SLL", WORD("sll a2, a0, a1"), a, b, 0x0c141c242c343c40},
        {"SRL", WORD("srl a2, a0, a1"), a, b, 0x1030507090b0d0f1},
        {"SRA", WORD("sra a2, a0, a1"), a, b, 0xf030507090b0d0f1},
        {"SLLW", WORD("sllw a2, a0, a1"), a, 0x24, 0x58687880},
        {"SRLW", WORD("srlw a2, a0, a1"), a, 0x24, 0x08586878},
        {"SRAW", WORD("sraw a2, a0, a1"), a, 0x24, 0xfffffffff8586878},
        {"SLLI", WORD("slli a2, a0, 63"), 3, 0, 1UL << 63}, {"SRAI", WORD("srai a2, a0, 63"), a, 0, -1UL},
        {"SRLI", WORD("srli a2, a0, 63"), a, 0, 1}, {"SLLIW", WORD("slliw a2, a0, 31"), 1, 0, -0x80000000UL},
        {"SRLIW", WORD("srliw a2, a0, 31"), a, 0, 1}, {"SRAIW", WORD("sraiw a2, a0, 31"), a, 0, -1UL},
        {"SLT", WORD("slt a2, a0, a1"), -1UL, 0, 1}, {"SLTU", WORD("sltu a2, a0, a1"), -1UL, 0, 0},
        {"SLTI", WORD("slti a2, a0, -1"), -2UL, 0, 1}, {"SLTIU", WORD("sltiu a2, a0, -1"), 5, 0, 1},
        {"AND", WORD("and a2, a0, a1"), a, 0xff00ff, 0x860088}, {"OR", WORD("or a2, a0, a1"), 1, a, a | 1},
        {"XOR", WORD("xor a2, a0, a1"), a, -1UL, ~a}, {"XORI", WORD("xori a2, a0, -1"), a, 0, ~a},
        {"ANDI", WORD("andi a2, a0, -256"), a, 0, a & -256UL}, {"ORI", WORD("ori a2, a0, 0x7f"), a, 0, a | 0x7f},
        {"LUI", WORD("lui a2, 0x80000"), 0, 0, -0x80000000UL}, {"C.ADDIW", WORD_C("c.addiw a2, -1"), 0, 0, -1UL},
        {"C.LI", WORD_C("c.li a2, -32"), 0, 0, -32UL}, {"C.LUI", WORD_C("c.lui a2, 0xfffe0"), 0, 0, -0x20000UL},
        {"C.MV", WORD_C("c.mv a2, a1"), 0, a, a}, {"C.ADD", WORD_C("c.add a2, a1"), 0, a, a},
        {"C.OR", WORD_C("c.or a2, a1"), 0, a, a}, {"C.SUB", WORD_C("c.sub a2, a1"), 0, 1, -1UL},
        {"C.SUBW", WORD_C("c.subw a2, a1"), 0, 1, -1UL},
        {"C.ADDW", WORD_C("c.addw a2, a1"), 0, 0x80000000, -0x80000000UL}, {"C.XOR", WORD_C("c.xor a2, a0"), a, 0, a},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        context(rows[i].name, 0);
        CHECK_EQ("result", attempt(MODE_M, rows[i].word, rows[i].a, rows[i].b).value, rows[i].result);
    }
    return 0;
}

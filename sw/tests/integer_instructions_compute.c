/* Shifts, comparisons, word forms and upper immediates, with what overflows, shifts by more than the width, and word
   forms of registers whose upper halves are not extensions.
   rules: twos_complement_signed_integers, rv32i_other_xregs, rv64i_other_xregs, rv64i_xreg_sz, R-type_operands,
   slti_op, sltiu_op, addi_op, addi_overflow, andi_op, ori_op, xori_op, slli_op, srli_op, srai_op, lui_op, auipc_op,
   add_op, sub_op, add_overflow, sub_overflow, slt_op, sltu_op, and_op, or_op, xor_op, sll_op, srl_op, sra_op,
   pcreg_op, rv64_w_sex, addiw_op, addiw_overflow, slliw_op, srliw_op, sraiw_op, lui_op_rv64i, auipc_op_rv64i, addw_op,
   subw_op, addw_overflow, subw_overflow, sll_sh_amt_rv64i, srl_sh_amt_rv64i, sra_sh_amt_rv64i, sllw_op, srlw_op,
   sraw_op */
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
        {"ADD overflow", WORD("add a2, a0, a1"), -1UL >> 1, 1, 1UL << 63},
        {"SUB overflow", WORD("sub a2, a0, a1"), 1UL << 63, 1, -1UL >> 1},
        {"ADDI overflow", WORD("addi a2, a0, 2047"), -1UL >> 1, 0, 0x80000000000007fe},
        {"ADDW overflow", WORD("addw a2, a0, a1"), 0x7fffffff, 1, -0x80000000UL},
        {"SUBW overflow", WORD("subw a2, a0, a1"), 0x80000000, 1, 0x7fffffff},
        {"ADDIW of a low half", WORD("addiw a2, a0, -2"), 0xabcdef0100000001, 0, -1UL},
        {"ADDW of low halves", WORD("addw a2, a0, a1"), 0xdead000000000001, 0xbeef000000000002, 3},
        {"SUBW of low halves", WORD("subw a2, a0, a1"), 0xdead000000000001, 0xbeef000000000002, -1UL},
        {"SLL of 6 bits", WORD("sll a2, a0, a1"), a, -63UL, 0x030507090b0d0f10},
        {"SRL of 6 bits", WORD("srl a2, a0, a1"), a, -32UL, 0x81828384},
        {"SRA of 6 bits", WORD("sra a2, a0, a1"), a, -32UL, 0xffffffff81828384},
        {"SLLW of 5 bits", WORD("sllw a2, a0, a1"), a, 0x60, 0xffffffff85868788},
        {"SRLW of 5 bits", WORD("srlw a2, a0, a1"), a, 0x60, 0xffffffff85868788},
        {"SRAW of 5 bits", WORD("sraw a2, a0, a1"), a, -32UL, 0xffffffff85868788},
        {"SRAW of a positive half", WORD("sraw a2, a0, a1"), 0xffffffff7fffffff, 1, 0x3fffffff},
        {"SLLIW of a low half", WORD("slliw a2, a0, 1"), 0x4000000140000001, 0, 0xffffffff80000002},
        {"SRLIW of a low half", WORD("srliw a2, a0, 4"), a, 0, 0x08586878},
        {"SRLIW by 0", WORD("srliw a2, a0, 0"), a, 0, 0xffffffff85868788},
        {"SRAIW of a positive half", WORD("sraiw a2, a0, 1"), 0xffffffff7fffffff, 0, 0x3fffffff},
        {"SRAI", WORD("srai a2, a0, 4"), a, 0, 0xf818283848586878},
        {"SRAI of a positive number", WORD("srai a2, a0, 1"), ~0UL >> 1, 0, ~0UL >> 2},
        {"SRLI", WORD("srli a2, a0, 4"), a, 0, 0x0818283848586878},
        {"SLLI", WORD("slli a2, a0, 4"), a, 0, 0x1828384858687880},
        {"SLT", WORD("slt a2, a0, a1"), 0, -1UL, 0}, {"SLT", WORD("slt a2, a0, a1"), 1UL << 63, -1UL >> 1, 1},
        {"SLT", WORD("slt a2, a0, a1"), 1, 1, 0}, {"SLTU", WORD("sltu a2, a0, a1"), 0, -1UL, 1},
        {"SLTU", WORD("sltu a2, a0, a1"), 1UL << 63, -1UL >> 1, 0}, {"SLTU", WORD("sltu a2, a0, a1"), 5, 5, 0},
        {"SLTI", WORD("slti a2, a0, -1"), 0, 0, 0}, {"SLTI", WORD("slti a2, a0, 7"), 1UL << 63, 0, 1},
        {"SLTI", WORD("slti a2, a0, 7"), 7, 0, 0}, {"SLTIU", WORD("sltiu a2, a0, -1"), -1UL, 0, 0},
        {"SLTIU", WORD("sltiu a2, a0, 1"), 0, 0, 1}, {"SLTIU", WORD("sltiu a2, a0, 1"), 1, 0, 0},
        {"SLTIU", WORD("sltiu a2, a0, 7"), 1UL << 63, 0, 0},
        {"LUI", WORD("lui a2, 0x80000"), 0, 0, -0x80000000UL}, {"LUI", WORD("lui a2, 0x7ffff"), -1UL, 0, 0x7ffff000},
        {"C.ADDIW", WORD_C("c.addiw a2, -1"), 0, 0, -1UL},
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
    context(0, 0);
    uint64_t here, upper;
    asm volatile("jal %0, 1f\n1: auipc %1, 0x7ffff" : "=r"(here), "=r"(upper));
    CHECK_EQ("AUIPC", upper, here + 0x7ffff000);
    asm volatile("jal %0, 1f\n1: auipc %1, 0x80000" : "=r"(here), "=r"(upper));
    CHECK_EQ("AUIPC of a negative number", upper, here - 0x80000000UL);
    asm volatile("jal %0, 1f\n1: auipc %1, 0" : "=r"(here), "=r"(upper));
    CHECK_EQ("AUIPC of 0", upper, here);
    return 0;
}

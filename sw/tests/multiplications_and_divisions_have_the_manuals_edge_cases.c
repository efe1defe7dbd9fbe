/* M extension: division by zero, overflow, high halves, and the word forms.
   rules: misa_m_op, mul_op, mulh_op, mulhu_op, mulhsu_op, mulw_op, div_op, divu_op, divw_op, divuw_op, rem_op, remu_op,
   remw_op, remuw_op, div_by_zero, rem_by_zero, signed_div_overflow, rem_result_sign, remw_result_sign,
   remuw_result_sign */
#include "hyacinth.h"

int main(void)
{
    static const uint64_t minimum = 0x8000000000000000, minimum_w = 0xffffffff80000000;
    const struct {
        const char *name;
        uint32_t word;
        uint64_t a, b, result;
    } rows[] = {
        {"DIV by 0", WORD("div a2, a0, a1"), 7, 0, -1UL}, {"DIVU by 0", WORD("divu a2, a0, a1"), 7, 0, -1UL},
        {"REM by 0", WORD("rem a2, a0, a1"), -7UL, 0, -7UL}, {"REMU by 0", WORD("remu a2, a0, a1"), 7, 0, 7},
        {"DIV overflow", WORD("div a2, a0, a1"), minimum, -1UL, minimum},
        {"REM overflow", WORD("rem a2, a0, a1"), minimum, -1UL, 0},
        {"DIV", WORD("div a2, a0, a1"), -7UL, 2, -3UL}, {"REM", WORD("rem a2, a0, a1"), -7UL, 2, -1UL},
        {"DIV", WORD("div a2, a0, a1"), 7, -2UL, -3UL}, {"REM", WORD("rem a2, a0, a1"), 7, -2UL, 1},
        {"DIVU", WORD("divu a2, a0, a1"), -1UL, 10, 1844674407370955161},
        {"REMU", WORD("remu a2, a0, a1"), -1UL, 10, 5},
        {"DIVW overflow", WORD("divw a2, a0, a1"), minimum_w, -1UL, minimum_w},
        {"REMW overflow", WORD("remw a2, a0, a1"), minimum_w, -1UL, 0},
        {"DIVW by 0", WORD("divw a2, a0, a1"), 5, 1UL << 32, -1UL},
        {"REMW by 0", WORD("remw a2, a0, a1"), 0x180000001, 1UL << 32, 0xffffffff80000001},
        {"DIVUW", WORD("divuw a2, a0, a1"), -1UL, 1, -1UL}, {"REMUW", WORD("remuw a2, a0, a1"), -1UL, 0, -1UL},
        {"DIVUW", WORD("divuw a2, a0, a1"), 0xfffffffe, 3, 0x55555554},
        {"MUL", WORD("mul a2, a0, a1"), 0x123456789abcdef0, 0xfedcba987654321, 0x2236d88fe5618cf0},
        {"MULH", WORD("mulh a2, a0, a1"), minimum, minimum, 0x4000000000000000},
        {"MULH", WORD("mulh a2, a0, a1"), -1UL, 1, -1UL}, {"MULHU", WORD("mulhu a2, a0, a1"), -1UL, -1UL, -2UL},
        {"MULHSU", WORD("mulhsu a2, a0, a1"), -1UL, -1UL, -1UL},
        {"MULHSU", WORD("mulhsu a2, a0, a1"), 2, -1UL, 1},
        {"MULHSU", WORD("mulhsu a2, a0, a1"), -1UL, 1, -1UL}, {"MULHU", WORD("mulhu a2, a0, a1"), -1UL, 2, 1},
        {"MULHU", WORD("mulhu a2, a0, a1"), minimum, 2, 1}, {"MULH", WORD("mulh a2, a0, a1"), minimum, 2, -1UL},
        {"MUL of the lowest", WORD("mul a2, a0, a1"), minimum, -1UL, minimum},
        {"MULW of low halves", WORD("mulw a2, a0, a1"), 0xdead000000000003, 0xbeef000000000005, 15},
        {"DIV", WORD("div a2, a0, a1"), -7UL, -2UL, 3}, {"REM", WORD("rem a2, a0, a1"), -7UL, -2UL, -1UL},
        {"DIV by -1", WORD("div a2, a0, a1"), minimum + 1, -1UL, ~minimum},
        {"REM of 0", WORD("rem a2, a0, a1"), -6UL, 3, 0}, {"DIV by 0", WORD("div a2, a0, a1"), -7UL, 0, -1UL},
        {"REM by 0", WORD("rem a2, a0, a1"), minimum, 0, minimum}, {"REMU by 0", WORD("remu a2, a0, a1"), -1UL, 0, -1UL},
        {"DIVU, no overflow", WORD("divu a2, a0, a1"), minimum, -1UL, 0},
        {"REMU, no overflow", WORD("remu a2, a0, a1"), minimum, -1UL, minimum},
        {"DIVW of low halves", WORD("divw a2, a0, a1"), 0xdeadfffffff9, 0xbeef00000002, -3UL},
        {"DIVUW of low halves", WORD("divuw a2, a0, a1"), 0xdeadfffffff9, 0xbeef00000002, 0x7ffffffc},
        {"DIVUW by 0", WORD("divuw a2, a0, a1"), 7, 1UL << 32, -1UL},
        {"DIVUW, no overflow", WORD("divuw a2, a0, a1"), 0x80000000, 0xffffffff, 0},
        {"REMW", WORD("remw a2, a0, a1"), 0xdeadfffffff9, 0xbeef00000002, -1UL},
        {"REMW", WORD("remw a2, a0, a1"), 7, 0xfffffffe, 1},
        {"REMUW of low halves", WORD("remuw a2, a0, a1"), 0xdeadfffffff9, 0xbeeffffffffb, -7UL},
        {"REMUW", WORD("remuw a2, a0, a1"), 0xffffffff, 10, 5},
        {"REMUW by 0", WORD("remuw a2, a0, a1"), 0x80000000, 1UL << 32, minimum_w},
        {"MULW", WORD("mulw a2, a0, a1"), 0x10000ffff, 0x8001, 0xffffffff80007fff},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        context(rows[i].name, i);
        CHECK_EQ("result", attempt(MODE_M, rows[i].word, rows[i].a, rows[i].b).value, rows[i].result);
    }
    return 0;
}

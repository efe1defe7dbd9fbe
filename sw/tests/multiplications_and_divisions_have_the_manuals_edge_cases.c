/* M extension: division by zero, overflow, high halves, and the word forms.
   rules: misa_m_op */
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
        {"MULW", WORD("mulw a2, a0, a1"), 0x10000ffff, 0x8001, 0xffffffff80007fff},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        context(rows[i].name, i);
        CHECK_EQ("result", attempt(MODE_M, rows[i].word, rows[i].a, rows[i].b).value, rows[i].result);
    }
    return 0;
}

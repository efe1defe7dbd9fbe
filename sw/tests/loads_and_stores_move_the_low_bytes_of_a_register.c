/* Loads of each width, wide and short, at every aligned place, by offsets to the ends of their ranges, extend the sign
   or zeros; stores write the low bytes and leave what is beside them.
   not uncompressed: its compressed instructions are what it tests
   rules: load_op, store_op, ldst_ea, ldst_no_exc_aligned, lw_op, lh_op, lhu_op, lb_op, lbu_op, sw_op, sh_op, sb_op, ld_op_rv64i, lw_op_rv64i, lwu_op, lh_op_rv64i, lhu_rv64i_op, lb_rv64i_op, lbu_rv64i_op, sd_op_rv64i,
   sw_op_rv64i, sh_op_rv64i, sb_op_rv64i, c-lwsp_op, c-ldsp_op, c-swsp_op, c-sdsp_op, c-lw_op, c-ld_op, c-sw_op,
   c-sd_op */
#include "hyacinth.h"

static uint64_t memory[2] __attribute__((aligned(16)));

static void fill(void)
{
    for (unsigned i = 0; i < 16; i++)
        ((volatile uint8_t *)memory)[i] = 0x71 + 0x8b * i; /* signs of both kinds in each width */
}

/* The bytes from `at` on, least significant first, by byte loads alone. */
static uint64_t bytes(unsigned at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = size; i--;)
        value = value << 8 | ((volatile uint8_t *)memory)[at + i];
    return value;
}

static void check_loads(void)
{
    const struct {
        const char *name;
        uint32_t word;
        unsigned size;
        bool is_signed;
    } rows[] = {
        {"LB", WORD("lb a2, 0(a0)"), 1, true}, {"LBU", WORD("lbu a2, 0(a0)"), 1, false},
        {"LH", WORD("lh a2, 0(a0)"), 2, true}, {"LHU", WORD("lhu a2, 0(a0)"), 2, false},
        {"LW", WORD("lw a2, 0(a0)"), 4, true}, {"LWU", WORD("lwu a2, 0(a0)"), 4, false},
        {"LD", WORD("ld a2, 0(a0)"), 8, true},
    };
    static const int64_t offsets[] = {0, -2048, 2047, -1366, 1365};
    fill();
    for (unsigned r = 0; r < 7; r++)
        for (unsigned at = 0; at < 16; at += rows[r].size)
            for (unsigned i = 0; i < 5; i++) {
                uint64_t value = bytes(at, rows[r].size), sign = 1UL << (8 * rows[r].size - 1);
                uint64_t from = (uint64_t)memory + at - offsets[i];
                struct trap done = attempt(MODE_M, rows[r].word | (uint32_t)offsets[i] << 20, from, 0);
                context(rows[r].name, at << 4 | i);
                CHECK_NO_TRAP("aligned", done);
                CHECK_EQ("value", done.value, rows[r].is_signed ? (value ^ sign) - sign : value);
            }
}

static void check_stores(void)
{
    const uint32_t words[] = {WORD("sb a1, 0(a0)"), WORD("sh a1, 0(a0)"), WORD("sw a1, 0(a0)"), WORD("sd a1, 0(a0)")};
    static const int64_t offsets[] = {0, -2048, 2047, -1366, 1365};
    for (unsigned r = 0; r < 4; r++)
        for (unsigned at = 0; at < 16; at += 1U << r)
            for (unsigned i = 0; i < 5; i++) {
                uint32_t low = offsets[i] & 31, high = offsets[i] >> 5 & 127;
                fill();
                context("store of 2^n bytes", r << 8 | at << 4 | i);
                CHECK_NO_TRAP("aligned", attempt(MODE_M, words[r] | high << 25 | low << 7,
                                                 (uint64_t)memory + at - offsets[i], 0x8f7e6d5c4b3a2918));
                for (unsigned byte = 0; byte < 16; byte++) {
                    bool stored = byte >= at && byte < at + (1U << r);
                    uint8_t value = stored ? 0x8f7e6d5c4b3a2918 >> (8 * (byte - at)) : 0x71 + 0x8b * byte;
                    CHECK_EQ("byte", bytes(byte, 1), value);
                }
            }
}

/* Executes `text` with %1, a short register, and sp at `at`; %0, one too, is the operand and the result. */
#define SHORT(text, at, value) ({ \
    uint64_t value_ = (value), sp_; \
    asm volatile("mv %1, sp\nmv sp, %2\n" text "\nmv sp, %1" \
                 : "+&cr"(value_), "=&r"(sp_) : "cr"((uint64_t)(at)) : "memory"); \
    value_; })

static void check_short_forms(void)
{
    uint64_t at = (uint64_t)memory;
    static const uint64_t low = 0xfffffffff0e1d2c3, value = 0x8796a5b4f0e1d2c3;
    context("compressed", 0);
    memory[0] = value;
    CHECK_EQ("C.LD", SHORT("c.ld %0, 248(%2)", at - 248, 0), value);
    CHECK_EQ("C.LD", SHORT("c.ld %0, 80(%2)", at - 80, 0), value);
    CHECK_EQ("C.LDSP", SHORT("c.ldsp %0, 504(sp)", at - 504, 0), value);
    CHECK_EQ("C.LDSP", SHORT("c.ldsp %0, 168(sp)", at - 168, 0), value);
    CHECK_EQ("C.LW", SHORT("c.lw %0, 124(%2)", at - 124, 0), low);
    CHECK_EQ("C.LW", SHORT("c.lw %0, 84(%2)", at - 84, 0), low);
    CHECK_EQ("C.LWSP", SHORT("c.lwsp %0, 252(sp)", at - 252, 0), low);
    CHECK_EQ("C.LWSP", SHORT("c.lwsp %0, 84(sp)", at - 84, 0), low);
    SHORT("c.sd %0, 248(%2)", at - 248, 1UL << 63 | 1);
    CHECK_EQ("C.SD", memory[0], 1UL << 63 | 1);
    SHORT("c.sd %0, 80(%2)", at - 80, 2);
    CHECK_EQ("C.SD", memory[0], 2);
    SHORT("c.sdsp %0, 504(sp)", at - 504, 3);
    CHECK_EQ("C.SDSP", memory[0], 3);
    SHORT("c.sdsp %0, 168(sp)", at - 168, value);
    CHECK_EQ("C.SDSP", memory[0], value);
    SHORT("c.sw %0, 124(%2)", at - 124, -5);
    CHECK_EQ("C.SW", memory[0], 0x8796a5b4fffffffb);
    SHORT("c.sw %0, 84(%2)", at - 84, -6);
    CHECK_EQ("C.SW", memory[0], 0x8796a5b4fffffffa);
    SHORT("c.swsp %0, 252(sp)", at - 252, -7);
    CHECK_EQ("C.SWSP", memory[0], 0x8796a5b4fffffff9);
    SHORT("c.swsp %0, 84(sp)", at - 84, -8);
    CHECK_EQ("C.SWSP", memory[0], 0x8796a5b4fffffff8);
}

int main(void)
{
    check_loads();
    check_stores();
    check_short_forms();
    return 0;
}

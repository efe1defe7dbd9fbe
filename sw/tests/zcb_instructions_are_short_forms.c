/* Zcb: loads and stores of bytes and halves with an offset of 0 to 3, extensions in place, NOT, and MUL.
   rules: c-lbu_op, c-lhu_op, c-lh_op, c-sb_op, c-sh_op, c-zext-b_op, c-sext-b_op, c-zext-h_op, c-sext-h_op, c-zext-w_op,
   c-not_op, c-mul_op */
#include "hyacinth.h"
#include "operate.h"

#define LOAD(name, offset) ({ \
    uint64_t value_; \
    asm volatile(WITH_EXTENSIONS name " %0, " #offset "(%1)\n.option pop" : "=cr"(value_) : "cr"(memory) : "memory"); \
    value_; })
#define STORE(name, offset, value) \
    asm volatile(WITH_EXTENSIONS name " %0, " #offset "(%1)\n.option pop" : : "cr"((uint64_t)(value)), "cr"(memory) \
                 : "memory")

int main(void)
{
    static uint8_t memory[8];
    for (unsigned i = 0; i < sizeof memory; i++)
        memory[i] = 0x81 + 0x12 * i;
    CHECK_EQ("c.lbu 0", LOAD("c.lbu", 0), 0x81);
    CHECK_EQ("c.lbu 1", LOAD("c.lbu", 1), 0x93);
    CHECK_EQ("c.lbu 2", LOAD("c.lbu", 2), 0xa5);
    CHECK_EQ("c.lbu 3", LOAD("c.lbu", 3), 0xb7);
    CHECK_EQ("c.lhu 0", LOAD("c.lhu", 0), 0x9381);
    CHECK_EQ("c.lhu 2", LOAD("c.lhu", 2), 0xb7a5);
    CHECK_EQ("c.lh 0", LOAD("c.lh", 0), 0xffffffffffff9381);
    CHECK_EQ("c.lh 2", LOAD("c.lh", 2), 0xffffffffffffb7a5);
    STORE("c.sb", 0, 0x7710);
    STORE("c.sb", 3, 0x7713);
    CHECK_EQ("c.sb", *(uint32_t *)memory, 0x13a59310);
    STORE("c.sb", 1, 0x7711);
    STORE("c.sb", 2, 0x7712);
    CHECK_EQ("c.sb", *(uint32_t *)memory, 0x13121110);
    STORE("c.sh", 2, 0x774321);
    CHECK_EQ("c.sh", *(uint32_t *)memory, 0x43211110);
    STORE("c.sh", 0, 0x778765);
    CHECK_EQ("c.sh", *(uint64_t *)memory, 0xffeddbc943218765);

    FOR_EACH_A_AND_B
        CHECK_EQ("c.mul", OPERATE_CC("c.mul", a, b), a * b);
    FOR_EACH_A {
        CHECK_EQ("c.zext.b", OPERATE_C("c.zext.b", a), (uint8_t)a);
        CHECK_EQ("c.sext.b", OPERATE_C("c.sext.b", a), (int64_t)(int8_t)a);
        CHECK_EQ("c.zext.h", OPERATE_C("c.zext.h", a), (uint16_t)a);
        CHECK_EQ("c.sext.h", OPERATE_C("c.sext.h", a), (int64_t)(int16_t)a);
        CHECK_EQ("c.zext.w", OPERATE_C("c.zext.w", a), (uint32_t)a);
        CHECK_EQ("c.not", OPERATE_C("c.not", a), ~a);
    }
    return 0;
}

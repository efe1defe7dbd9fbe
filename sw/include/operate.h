/* Arithmetic instructions of extensions, in one line each, on operands that the compiler knows nothing of. */
#pragma once
#include <stdint.h>

#define WITH_EXTENSIONS ".option push\n.option arch, +zba, +zbb, +zbs, +zicond, +zcb, +zimop, +zcmop, " \
    "+zihintntl\n"

/* Of two registers; of one; of one and a number; compressed, of one that is the result too; the same and another. */
#define OPERATE(name, a, b) OPERATE_("=r", name " %0, %1, %2", "r"((uint64_t)(a)), "r"((uint64_t)(b)))
#define OPERATE_1(name, a) OPERATE_("=r", name " %0, %1", "r"((uint64_t)(a)))
#define OPERATE_I(name, a, number) OPERATE_("=r", name " %0, %1, %2", "r"((uint64_t)(a)), "i"(number))
#define OPERATE_C(name, a) OPERATE_("=cr", name " %0", "0"((uint64_t)(a)))
#define OPERATE_CC(name, a, b) OPERATE_("=cr", name " %0, %2", "0"((uint64_t)(a)), "cr"((uint64_t)(b)))

#define OPERATE_(result, text, ...) ({ \
    uint64_t result_; \
    asm volatile(WITH_EXTENSIONS text "\n.option pop" : result(result_) : __VA_ARGS__); \
    result_; })

/* Operands with something at every border: signs, bytes, halves and words of either kind. */
#define OPERANDS 14
static const uint64_t operands[OPERANDS] = {
    0, 1, -1UL, 0x8000000000000000, 0x7fffffffffffffff, 0x80000000, 0x7fffffff, 0xffffffff00000000, 0x100000000,
    0x8000, 0x123456789abcdef0, 0xfedcba9876543210, 0x0080000000ff0041, 63,
};

/* Runs what follows for each operand `a`; for each pair of them. What is at is put before a check that fails. */
#define FOR_EACH_A \
    for (unsigned i_ = 0; i_ < OPERANDS; i_++) \
        for (uint64_t a = operands[i_], once_ = (context("operand", a), 1); once_; once_ = 0)
#define FOR_EACH_A_AND_B \
    FOR_EACH_A \
        for (unsigned j_ = 0; j_ < OPERANDS; j_++) \
            for (uint64_t b = operands[j_], again_ = 1; again_; again_ = 0)

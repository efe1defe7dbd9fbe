/* ECALL and EBREAK are no instructions that retire: minstret does not count them. xepc is their own address.
   rules: ecall_no_minstret_inc, ebreak_no_minstret_inc, ecall_epc_value, ebreak_epc_value, ecall_op, ebreak_op */
#include "hyacinth.h"

/* What minstret grows by from right before `instruction` to the first instruction of the handler. */
#define COUNTED(instruction) ({ \
    uint64_t before_, after_, kept_, epc_, here_; \
    asm volatile( \
        "lla %2, 2f\ncsrrw %2, mtvec, %2\nlla %4, 1f\n" \
        ".option push\n.option norvc\n.balign 4\n" \
        "csrr %0, minstret\n1: " instruction "\n2: csrr %1, minstret\n" \
        ".option pop\ncsrr %3, mepc\ncsrw mtvec, %2" \
        : "=&r"(before_), "=&r"(after_), "=&r"(kept_), "=&r"(epc_), "=&r"(here_) : : "memory"); \
    CHECK_EQ("mepc", epc_, here_); \
    after_ - before_; })

int main(void)
{
    CHECK_EQ("NOP", COUNTED("csrw mepc, %4"), 2);
    CHECK_EQ("ECALL", COUNTED("ecall"), 1);
    CHECK_EQ("EBREAK", COUNTED("ebreak"), 1);
    CHECK_EQ("an illegal instruction", COUNTED(".word 0xffffff8b"), 1);
    return 0;
}

/* minstret counts instructions, mcycle and mtime go on, a written value is what the next instruction reads, and
   mcountinhibit stops either.
   rules: minstret_op, minstret_sz, mcycle_rst, mcycle_wr, minstret_rst, minstret_wr, mcountinhibit_op, cycle_op,
   time_op, time_visibility_mtime, zicntr_rdcycle_op, zicntr_rdtime_op, zicntr_rdinstret_op, zicsr_order */
#include "hyacinth.h"

int main(void)
{
    uint64_t first, second;
    asm volatile("csrr %0, minstret\nnop\nnop\nnop\nnop\nnop\ncsrr %1, minstret"
                 : "=r"(first), "=r"(second));
    CHECK_EQ("instructions from read to read", second - first, 6);
    asm volatile("csrw minstret, %1\ncsrr %0, minstret" : "=r"(first) : "r"(0x123456789aUL));
    CHECK_EQ("minstret right after a write", first, 0x123456789a);
    asm volatile("csrw minstret, %1\nnop\ncsrr %0, instret" : "=r"(first) : "r"(-1UL));
    CHECK_EQ("instret one later", first, 0);
    csr_write(mcycle, 0x1000000);
    first = csr_read(mcycle);
    CHECK("mcycle after a write", first >= 0x1000000 && first < 0x1001000);
    for (unsigned i = 0; i < 100; i++)
        asm volatile("");
    CHECK("mcycle goes on", csr_read(mcycle) >= first + 100);
    CHECK("cycle is mcycle", csr_read(cycle) - first < 0x10000);

    csr_write(mcountinhibit, 5);
    CHECK_EQ("mcountinhibit", csr_read(mcountinhibit) & 7, 5);
    first = csr_read(minstret);
    second = csr_read(mcycle);
    for (unsigned i = 0; i < 100; i++)
        asm volatile("");
    CHECK_EQ("stopped minstret", csr_read(minstret), first);
    CHECK_EQ("stopped mcycle", csr_read(mcycle), second);
    csr_write(mcountinhibit, 0);

    first = CLINT_MTIME;
    for (unsigned i = 0; i < 100000 && CLINT_MTIME == first; i++)
        asm volatile("");
    CHECK("mtime goes on", CLINT_MTIME > first);
    CHECK("time is mtime", csr_read(time) - CLINT_MTIME + 1000 < 2000);
    return 0;
}

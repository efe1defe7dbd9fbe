/* MRET and SRET may clear the reservation of an LR; this machine keeps it, and the SC after them succeeds.
   rules: MRET_CLR_LR_RESV, SRET_CLR_LR_RESV */
#include "hyacinth.h"

static uint64_t memory __attribute__((aligned(64)));

static uint64_t store_conditional(uint64_t address)
{
    uint64_t failed;
    asm volatile("sc.d %0, %1, (%1)" : "=r"(failed) : "r"(address) : "memory");
    return failed;
}

static uint64_t reserve_and_sret(uint64_t address)
{
    uint64_t value;
    asm volatile("lr.d %0, (%1)" : "=r"(value) : "r"(address) : "memory");
    go_by_sret(MODE_HS, MODE_HS, store_conditional, address);
}

int main(void)
{
    uint64_t failed, value;
    csr_put(mstatus, MSTATUS_MPP, MSTATUS_MPP);
    asm volatile("lla %0, 1f\ncsrw mepc, %0\nlr.d %0, (%2)\nmret\n.balign 4\n1: sc.d %1, %2, (%2)"
                 : "=&r"(value), "=&r"(failed) : "r"(&memory) : "memory");
    CHECK_EQ("SC after MRET", failed, 0);
    CHECK_EQ("stored", memory, (uint64_t)&memory);
    memory = 0;
    CHECK_EQ("SC after SRET", run_in(MODE_HS, reserve_and_sret, (uint64_t)&memory), 0);
    CHECK_EQ("stored", memory, (uint64_t)&memory);
    return 0;
}

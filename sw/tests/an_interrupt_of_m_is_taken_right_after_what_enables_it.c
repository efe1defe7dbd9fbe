/* A pending interrupt of M is taken before the instruction after the write of mie, mip, mstatus or mideleg that lets it
   be taken, and before the one to which MRET returns; and it is not taken any more once such a write forbids it.
   rules: intr_mip_mie_xret_csrwr */
#include "interrupts.h"

/* Writes a CSR and notes in `after` where the next instruction lies. */
#define THEN(write, bits) \
    asm volatile("lla t0, 1f\nsd t0, 0(%1)\n.option push\n.option norvc\n" write "\n1: nop\n.option pop" \
                 : : "r"((uint64_t)(bits)), "r"(&after) : "t0", "memory")

static volatile uint64_t after;

static void check(const char *name, enum mode from, uint64_t at)
{
    context(name, 0);
    CHECK_EQ("interrupts", trap_count, 1);
    CHECK_EQ("cause", traps[0].cause, INTERRUPT(SSI));
    CHECK_EQ("mode that took it", traps[0].in, MODE_M);
    CHECK_EQ("privilege that was interrupted", traps[0].pp, from & 3);
    CHECK_EQ("xepc", traps[0].epc, at);
    clear_traps();
}

static void machine(uint64_t delegated, uint64_t enabled, uint64_t pending, uint64_t mie)
{
    csr_clear(mstatus, MSTATUS_MIE);
    csr_write(mideleg, delegated ? BIT(SSI) : 0);
    csr_write(mie, enabled ? BIT(SSI) : 0);
    csr_write(mip, pending ? BIT(SSI) : 0);
    csr_put(mstatus, MSTATUS_MIE, mie ? MSTATUS_MIE : 0);
}

static uint64_t nothing(uint64_t x)
{
    return x;
}

int main(void)
{
    clear_traps();
    machine(0, 0, 1, 1);
    THEN("csrs mie, %0", BIT(SSI));
    check("mie", MODE_M, after);
    machine(0, 1, 0, 1);
    THEN("csrs mip, %0", BIT(SSI));
    check("mip", MODE_M, after);
    machine(0, 1, 1, 0);
    THEN("csrs mstatus, %0", MSTATUS_MIE);
    check("mstatus", MODE_M, after);
    machine(1, 1, 1, 1);
    THEN("csrc mideleg, %0", BIT(SSI));
    check("mideleg", MODE_M, after);

    machine(0, 1, 1, 0);
    csr_put(mstatus, MSTATUS_MPP | MSTATUS_MPIE, MSTATUS_MPP | MSTATUS_MPIE);
    THEN("lla t0, 1f\ncsrw mepc, t0\nmret", 0);
    check("MRET to M", MODE_M, after);
    static const enum mode lower[] = {MODE_U, MODE_HS};
    for (unsigned i = 0; i < 2; i++) {
        machine(0, 1, 1, 0);
        run_in(lower[i], nothing, 0);
        check("MRET to a lower mode", lower[i], (uint64_t)nothing);
    }

    /* Due only in between, while MIE is 0. */
    static const char *const names[] = {"mie", "mip", "mideleg"};
    for (unsigned i = 0; i < 3; i++) {
        machine(0, 1, 1, 0);
        context(names[i], 0);
        if (i == 0)
            asm volatile("csrc mie, %0\ncsrs mstatus, %1\nnop" : : "r"(BIT(SSI)), "r"(MSTATUS_MIE));
        else if (i == 1)
            asm volatile("csrc mip, %0\ncsrs mstatus, %1\nnop" : : "r"(BIT(SSI)), "r"(MSTATUS_MIE));
        else
            asm volatile("csrs mideleg, %0\ncsrs mstatus, %1\nnop" : : "r"(BIT(SSI)), "r"(MSTATUS_MIE));
        CHECK_EQ("interrupts", trap_count, 0);
    }
    return 0;
}

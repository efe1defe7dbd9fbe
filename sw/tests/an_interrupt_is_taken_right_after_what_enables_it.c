/* A pending interrupt of S is taken before the instruction after the write of sie, sip or sstatus that lets it be taken,
   and before the instruction to which SRET returns; and it is not taken any more once such a write forbids it.
   rules: sie_sip_strap_time_constraint, sie_sip_supervisor_strap, zicsr_side_effects_synchronous */
#include "interrupts.h"

/* Executes one instruction that writes a CSR; its result is the address of the next one. */
#define AFTER(instruction) ({ \
    uint64_t next_; \
    asm volatile("lla %0, 1f\n" instruction "\n1:" : "=&r"(next_) : "r"(BIT(SSI)) : "memory"); \
    next_; })

static uint64_t by_sie(uint64_t unused)
{
    csr_write(sie, 0);
    csr_set(sip, BIT(SSI));
    csr_set(sstatus, SSTATUS_SIE);
    return AFTER("csrs sie, %1") + unused;
}

static uint64_t by_sip(uint64_t unused)
{
    csr_clear(sip, BIT(SSI));
    csr_write(sie, BIT(SSI));
    csr_set(sstatus, SSTATUS_SIE);
    return AFTER("csrs sip, %1") + unused;
}

static uint64_t by_sstatus(uint64_t unused)
{
    csr_clear(sstatus, SSTATUS_SIE);
    csr_write(sie, BIT(SSI));
    csr_set(sip, BIT(SSI));
    return AFTER("csrsi sstatus, 2") + unused;
}

static uint64_t by_sret(uint64_t unused)
{
    csr_clear(sstatus, SSTATUS_SIE);
    csr_set(sstatus, SSTATUS_SPIE | SSTATUS_SPP);
    csr_write(sie, BIT(SSI));
    csr_set(sip, BIT(SSI));
    return AFTER("csrw sepc, %0\nsret") + unused;
}

static uint64_t nothing(uint64_t x)
{
    return x;
}

static uint64_t by_sret_to_u(uint64_t unused)
{
    csr_clear(sstatus, SSTATUS_SIE | SSTATUS_SPIE);
    csr_write(sie, BIT(SSI));
    csr_set(sip, BIT(SSI));
    go_by_sret(MODE_HS, MODE_U, nothing, (uint64_t)nothing + unused);
}

static uint64_t never(uint64_t unused)
{
    csr_clear(sstatus, SSTATUS_SIE);
    csr_write(sie, BIT(SSI));
    asm volatile("csrci sstatus, 2\ncsrsi sip, 2\ncsrci sip, 2\ncsrsi sstatus, 2\nnop\n" /* sip off in time */
                 "csrw sie, zero\ncsrsi sip, 2\nnop\n"                                   /* sie off */
                 "csrci sstatus, 2\ncsrw sie, %0\nnop\n"                                 /* sstatus.SIE off */
                 "csrci sip, 2" : : "r"(BIT(SSI)) : "memory");
    return unused;
}

int main(void)
{
    static const struct {
        const char *name;
        function *f;
    } rows[] = {{"sie", by_sie}, {"sip", by_sip}, {"sstatus", by_sstatus}, {"SRET", by_sret},
                {"SRET to U", by_sret_to_u}};
    csr_write(mideleg, BIT(SSI));
    for (unsigned round = 0; round < 3; round++)
        for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
            context(rows[i].name, round);
            struct trap trap = trap_of(MODE_HS, rows[i].f, 0);
            CHECK_EQ("cause", trap.cause, INTERRUPT(SSI));
            CHECK_EQ("mode that took it", trap.in, MODE_HS);
            CHECK_EQ("sepc", trap.epc, trap.value);
            context("never", round);
            CHECK_NO_TRAP("forbidden", trap_of(MODE_HS, never, 0));
        }
    return 0;
}

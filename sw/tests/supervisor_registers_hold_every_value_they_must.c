/* In S-mode sscratch, scause and stval hold any 64 bits, sepc any even address, valid or not, and stvec any BASE in
   Direct and in Vectored mode; a reserved MODE of stvec loses its bit 1. scounteren has 32 bits, all writable. sie holds
   a bit for each interrupt of S that exists, and of sip SSIP alone can be written; all others are 0.
   rules: sscratch_sz, sscratch_acc, sscratch_mode, sepc_sz, sepc_acc, sepc_mode, sepc_op, sepc_acc_invalid_addr,
   SEPC_ACC_INVALID_WARL, scause_sz, scause_acc, scause_interrupt_sz, SCAUSE_EXCEPTION_CODE_ACC,
   scause_exception_code_sz, stval_sz, stval_acc, stval_mode, STVAL_WARL, stvec_sz, stvec_acc, stvec_mode, stvec_op,
   STVEC_MODE_WARL, STVEC_BASE_WARL, sstvecd_stvec_mode_direct, sstvecd_stvec_base_aligned_address, scounteren_sz,
   scounteren_acc, SCOUNTEREN_WARL, sscounterenw_hpmcounter_scounteren, sip_sz, sie_sz, sip_acc, sie_acc,
   sip_sie_bits_sz, SIP_WARL, SIE_WARL, SEI_INTR_IMPL, STI_INTR_IMPL, SSI_INTR_IMPL, Zicsr_wlrl, ZICSR_WLRL_EXCEPTION,
   ZICSR_WARL */
#include "hyacinth.h"

#define HOLDS(name, value, expected) csr_write(name, value); CHECK_EQ(#name, csr_read(name), expected)
#define LCOFI BIT(13) /* of Sscofpmf */

static uint64_t in_supervisor_mode(uint64_t unused)
{
    uint64_t vector = csr_read(stvec), stack = csr_read(sscratch);
    for (unsigned bit = 0; bit < 64; bit++)
        for (unsigned inverted = 0; inverted < 2; inverted++) {
            uint64_t value = inverted ? ~BIT(bit) : BIT(bit);
            context("value", value);
            HOLDS(sscratch, value, value);
            HOLDS(scause, value, value);
            HOLDS(stval, value, value);
            HOLDS(sepc, value, value & ~1UL);
            HOLDS(stvec, value & ~3UL, value & ~3UL);
            HOLDS(stvec, (value & ~3UL) | 1, (value & ~3UL) | 1);
            HOLDS(stvec, (value & ~3UL) | 2, value & ~3UL);
            HOLDS(stvec, value | 3, (value & ~3UL) | 1);
        }
    for (uint64_t code = 0; code < 64; code++) {
        context("code", code);
        HOLDS(scause, code, code);
        HOLDS(scause, INTERRUPT(code), INTERRUPT(code));
    }
    context("sscratch", 0);
    csr_write(sscratch, stack);
    CHECK_EQ("swapped", csr_swap(sscratch, 7), stack);
    CHECK_EQ("held", csr_read(sscratch), 7);
    csr_write(sscratch, stack);
    csr_write(stvec, vector);
    HOLDS(scounteren, ~0UL, 0xffffffff);
    HOLDS(scounteren, 0, 0);
    csr_write(sie, ~0UL);
    CHECK_EQ("sie", csr_read(sie) & ~LCOFI, BIT(SSI) | BIT(STI) | BIT(SEI));
    HOLDS(sie, 0, 0);
    csr_write(sip, ~0UL);
    CHECK_EQ("sip", csr_read(sip) & ~LCOFI, BIT(SSI));
    HOLDS(sip, 0, 0);
    return unused;
}

int main(void)
{
    csr_write(mideleg, ~0UL);
    run_in(MODE_HS, in_supervisor_mode, 0);
    return 0;
}

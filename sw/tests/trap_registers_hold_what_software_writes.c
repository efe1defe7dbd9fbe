/* xepc (bit 0 reads 0), xcause, xtval, mtval2, htval, mtinst, htinst and vsscratch; and what each trap leaves in those
   it does not concern. An interrupt leaves 0 in xtval, mtval2 and htval, mtinst and htinst.
   rules: htval_acc, htval_op, htval_val, htinst_acc, htinst_val, VSEPC_WARL, VSCAUSE_WLRL, VSTVAL_WARL, mtval2_acc,
   mtval2_val, mtinst_acc, mtinst_val, H_trap_xtinst_interrupt, HTVAL_TRAPVAL, MTVAL2_TRAPVAL, scause_op, stval_op,
   mepc_acc, mepc_align, mcause_acc, mtval_acc */
#include "interrupts.h"

#define HOLDS(name, value) csr_write(name, value); CHECK_EQ(#name, csr_read(name), value)

int main(void)
{
    HOLDS(mepc, 0x80001232);
    HOLDS(sepc, 0x80001232);
    HOLDS(vsepc, 0x80001232);
    csr_write(mepc, 0x80001235);
    CHECK_EQ("mepc bit 0", csr_read(mepc), 0x80001234);
    csr_write(vsepc, -1UL);
    CHECK_EQ("vsepc bit 0", csr_read(vsepc), -2UL);
    HOLDS(mcause, INTERRUPT(7));
    HOLDS(scause, 23);
    HOLDS(vscause, INTERRUPT(9));
    HOLDS(mtval, 0x0123456789abcdef);
    HOLDS(stval, 0xfedcba9876543210);
    HOLDS(vstval, -1UL);
    HOLDS(mtval2, 0x0fffffffffff);
    HOLDS(htval, 0x123456789abc);
    HOLDS(mtinst, PSEUDO_READ);
    HOLDS(htinst, PSEUDO_READ);
    uint64_t stack = csr_read(vsscratch);
    HOLDS(vsscratch, 0x123456789abcdef0);
    csr_write(vsscratch, stack);

    /* A trap to M leaves those of HS and VS alone; one to HS or VS those of the others. */
    csr_write(scause, 0x11);
    csr_write(stval, 0x22);
    csr_write(htval, 0x33);
    csr_write(htinst, PSEUDO_READ);
    csr_write(vscause, 0x14);
    csr_write(vstval, 0x55);
    attempt(MODE_VS, WORD("mret"), 0, 0);
    CHECK_EQ("scause", csr_read(scause), 0x11);
    CHECK_EQ("stval", csr_read(stval), 0x22);
    CHECK_EQ("htval", csr_read(htval), 0x33);
    CHECK_EQ("htinst", csr_read(htinst), PSEUDO_READ);
    delegate_exceptions(BIT(ILLEGAL_INSTRUCTION), 0);
    attempt(MODE_VS, WORD("mret"), 0, 0);
    CHECK_EQ("scause of HS", csr_read(scause), ILLEGAL_INSTRUCTION);
    CHECK_EQ("htval is cleared", csr_read(htval), 0);
    CHECK_EQ("htinst is cleared", csr_read(htinst), 0);
    CHECK_EQ("vscause", csr_read(vscause), 0x14);
    CHECK_EQ("vstval", csr_read(vstval), 0x55);
    csr_write(htval, 0x33);
    csr_write(htinst, PSEUDO_READ);
    delegate_exceptions(BIT(ILLEGAL_INSTRUCTION), BIT(ILLEGAL_INSTRUCTION));
    attempt(MODE_VS, WORD("mret"), 0, 0);
    CHECK_EQ("vscause of VS", csr_read(vscause), ILLEGAL_INSTRUCTION);
    CHECK_EQ("htval", csr_read(htval), 0x33);
    CHECK_EQ("htinst", csr_read(htinst), PSEUDO_READ);

    for (unsigned in_hs = 0; in_hs < 2; in_hs++) {
        unsigned code = in_hs ? SSI : MSI;
        context("interrupt", code);
        delegate_interrupts(BIT(SSI), 0);
        csr_write(mtval, 0x22);
        csr_write(stval, 0x22);
        csr_write(mtval2, 0x33);
        csr_write(htval, 0x33);
        csr_write(mtinst, PSEUDO_READ);
        csr_write(htinst, PSEUDO_READ);
        csr_write(mie, BIT(code));
        raise(code, true);
        CHECK_TRAP("interrupt", trap_of(MODE_VS, wait_for, WAIT_FOR(1UL, 0)), .in = in_hs ? MODE_HS : MODE_M,
                   .cause = INTERRUPT(code));
        raise(code, false);
    }
    return 0;
}

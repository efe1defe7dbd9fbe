/* A trap into HS or VS sets SDT there, where DTE enables that; SRET clears it. One that finds SDT set goes to M: mcause
   is 16, mtval2 what mcause would have been, the rest as M would have had it, and the mode's own registers stay. A write
   that leaves SDT set clears SIE. With DTE clear, SDT reads as zero and stops nothing.
   needs: ssdbltrp
   rules: sstatus_sdt_trap, sstatus_sdt_sret, sret_dt, sstatus_sdt_sstatus_sie_overwrite, menvcfg_dte_op,
   henvcfg_dte_op, vsstatus_sdt_op, M_mode_invoke_error, HS_mode_invoke_error */
#include "hyacinth.h"

static volatile uint64_t sdt_in_handler;

static bool look_at_sdt(struct frame *frame, const struct trap *trap)
{
    (void)frame;
    if (trap->in != MODE_M)
        sdt_in_handler = !!(csr_read(sstatus) & SSTATUS_SDT);
    return false;
}

static uint64_t sdt_of(enum mode mode)
{
    return !!((mode == MODE_VS ? csr_read(vsstatus) : csr_read(sstatus)) & SSTATUS_SDT);
}

static void set_sdt(enum mode mode, bool on)
{
    if (mode == MODE_VS)
        csr_put(vsstatus, SSTATUS_SDT, on ? SSTATUS_SDT : 0);
    else
        csr_put(sstatus, SSTATUS_SDT, on ? SSTATUS_SDT : 0);
}

static void check_mode(enum mode mode, bool enabled)
{
    uint32_t word = WORD("csrr a2, mscratch"), load = WORD("ld a2, 0(a0)");
    uint64_t absent = 0x20000040;
    context(mode_name(mode), enabled);
    set_sdt(mode, false);
    sdt_in_handler = 2;
    CHECK_TRAP("expected", attempt(mode, word, 0, 0), .in = mode, .cause = ILLEGAL_INSTRUCTION,
               .tval = THE_INSTRUCTION);
    CHECK_EQ("SDT in the handler", sdt_in_handler, enabled);
    CHECK_EQ("SDT after its SRET", sdt_of(mode), 0);

    set_sdt(mode, true);
    CHECK_EQ("SDT can be set", sdt_of(mode), enabled);
    if (!enabled)
        return;
    csr_write(scause, 0x55);
    csr_write(vscause, 0x66);
    CHECK_TRAP("unexpected", attempt(mode, word, 0, 0), .in = MODE_M, .cause = CAUSE_DOUBLE_TRAP,
               .tval = THE_INSTRUCTION, .tval2 = ILLEGAL_INSTRUCTION);
    CHECK_TRAP("unexpected", attempt(mode, load, absent, 0), .in = MODE_M, .cause = CAUSE_DOUBLE_TRAP, .tval = absent,
               .gva = mode == MODE_VS, .tval2 = LOAD_ACCESS_FAULT, .tinst = TRANSFORMED(0));
    CHECK_EQ("scause", csr_read(scause), 0x55);
    CHECK_EQ("vscause", csr_read(vscause), 0x66);
    CHECK_EQ("SDT stays", sdt_of(mode), 1);

    csr_put(sstatus, SSTATUS_SDT | SSTATUS_SIE, SSTATUS_SDT | SSTATUS_SIE);
    CHECK_EQ("SDT clears SIE", csr_read(sstatus) & (SSTATUS_SDT | SSTATUS_SIE), SSTATUS_SDT);
    csr_put(sstatus, SSTATUS_SDT | SSTATUS_SIE, SSTATUS_SIE);
    CHECK_EQ("without SDT, SIE is set", csr_read(sstatus) & (SSTATUS_SDT | SSTATUS_SIE), SSTATUS_SIE);
    csr_put(sstatus, SSTATUS_SIE, 0);
    set_sdt(mode, false);
}

int main(void)
{
    trap_hook = look_at_sdt;
    for (unsigned enabled = 0; enabled < 2; enabled++) {
        csr_put(menvcfg, MENVCFG_DTE, enabled ? MENVCFG_DTE : 0);
        csr_put(henvcfg, HENVCFG_DTE, HENVCFG_DTE);
        CHECK_EQ("henvcfg.DTE", !!(csr_read(henvcfg) & HENVCFG_DTE), enabled);
        uint64_t causes = BIT(ILLEGAL_INSTRUCTION) | BIT(LOAD_ACCESS_FAULT);
        delegate_exceptions(causes, 0);
        check_mode(MODE_HS, enabled);
        delegate_exceptions(causes, causes);
        check_mode(MODE_VS, enabled);
    }
    csr_put(henvcfg, HENVCFG_DTE, 0);
    check_mode(MODE_VS, false);
    return 0;
}

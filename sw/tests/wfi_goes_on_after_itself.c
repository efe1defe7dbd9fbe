/* WFI ends when an interrupt that its own bit of mie enables becomes pending, whatever MIE, SIE and mideleg say. Where
   the interrupt is then taken, xepc is the address after WFI; where not, execution goes on there.
   rules: wfi_op, wfi_mepc_val, wfi_intr_dis, wfi_no_intr_pc, wfi_unaffected_conditions */
#include "interrupts.h"

#define TICKS 200 /* from the store that sets the timer to its interrupt: WFI has begun long before */

/* Sets the timer, `ticks` from now or never, and waits. Returns where the WFI lies. */
static uint64_t wait(uint64_t ticks)
{
    uint64_t when = ticks ? CLINT_MTIME + ticks : ~0UL, at;
    asm volatile(".option push\n.option norvc\nlla %0, 1f\nsd %1, 0(%2)\n1: wfi\n.option pop"
                 : "=&r"(at) : "r"(when), "r"(&CLINT_MTIMECMP) : "memory");
    return at;
}

int main(void)
{
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_VS};
    for (unsigned m = 0; m < 3; m++)
        for (unsigned setting = 0; setting < 4; setting++) {
            bool machines = setting & 1, supervisors = setting & 2;
            context(mode_name(modes[m]), setting);
            clear_traps();
            csr_write(mideleg, ~0UL); /* MTI stays with M */
            csr_write(mie, BIT(MTI));
            csr_put(mstatus, MSTATUS_MIE | MSTATUS_SIE, supervisors ? MSTATUS_SIE : 0);
            if (machines && modes[m] == MODE_M)
                csr_set(mstatus, MSTATUS_MIE);
            uint64_t at = modes[m] == MODE_M ? wait(TICKS) : run_in(modes[m], wait, TICKS);
            bool taken = modes[m] != MODE_M || machines;
            CHECK_EQ("number of interrupts", trap_count, taken);
            CHECK_EQ("MTIP", csr_read(mip) & BIT(MTI), BIT(MTI));
            if (taken)
                CHECK_EQ("mepc", traps[0].epc, at + 4);
            CHECK_EQ("mode", taken ? traps[0].in : MODE_M, MODE_M);
            csr_clear(mstatus, MSTATUS_MIE);
            CLINT_MTIMECMP = ~0UL;
        }
    /* In M, delegated to HS, where it would be taken and is not enabled. */
    static const unsigned codes[] = {SSI, STI, SEI, VSSI, VSTI, VSEI};
    for (unsigned i = 0; i < sizeof codes / sizeof *codes; i++) {
        context("delegated", codes[i]);
        csr_write(mideleg, ~0UL);
        csr_write(hideleg, ~0UL);
        csr_write(mie, BIT(codes[i]));
        raise(codes[i], true);
        csr_set(mstatus, MSTATUS_MIE);
        CHECK("goes on", wait(0));
        csr_clear(mstatus, MSTATUS_MIE);
        CHECK_EQ("number of interrupts", trap_count, 1); /* the one before */
        raise(codes[i], false);
    }
    return 0;
}

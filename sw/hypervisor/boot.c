/* M-mode: hand the machine to HS-mode.
 *
 * A real system has firmware here that stays, answers SBI calls and drives the timer. With Sstc the supervisor has
 * a timer register of its own (stimecmp), and so nothing is left for M-mode to do: it opens what is closed at reset.
 */
#include "hypervisor.h"

void skip_if_absent(void);

void boot(void)
{
    if (!(csr_read(misa) & BIT('h' - 'a')))
        panic("this machine has no hypervisor extension (misa.H is 0)");

    /* Not every machine has these; where one is absent, skip_if_absent returns behind the instruction. */
    csr_write(mtvec, skip_if_absent);
    csr_clear(mstatus, STATUS_MDT);            /* a trap that is taken is no disaster */
    csr_write(pmpaddr0, -1);                   /* PMP: one region over everything (NAPOT), read, write, execute */
    csr_write(pmpcfg0, 0x1f);
    csr_write(mstateen0, -1);                  /* Smstateen: henvcfg and what else it guards */

    /* A trap in HS, VS or VU goes to HS. An ECALL of HS itself would be an SBI call to firmware: it stays here. */
    csr_write(medeleg, ~(BIT(CAUSE_ECALL_HS) | BIT(CAUSE_ECALL_M)));
    csr_write(mideleg, BIT(IRQ_SSI) | BIT(IRQ_STI) | BIT(IRQ_SEI));

    csr_set(menvcfg, ENVCFG_STCE);             /* stimecmp for HS; and only then henvcfg can give it to VS */
    csr_write(mcounteren, COUNTEREN_ALL);      /* cycle, time and instret can be read below M */
    if (!(csr_read(menvcfg) & ENVCFG_STCE))
        panic("this machine has no Sstc extension (menvcfg.STCE is 0)");

    csr_clear(mstatus, STATUS_MPP | STATUS_MPV);
    csr_set(mstatus, STATUS_MPP_S);
}

void machine_panic(uint64_t cause, uint64_t pc, uint64_t tval)
{
    panic("a trap into M-mode: mcause %x, mepc %x, mtval %x", cause, pc, tval);
}

void hypervisor_panic(uint64_t cause, uint64_t pc, uint64_t tval)
{
    panic("a trap of the hypervisor itself: scause %x, sepc %x, stval %x", cause, pc, tval);
}

/* A small kernel in S-mode: it starts a program in U-mode and serves its traps.
 *
 * As a guest its S-mode is VS-mode: what it writes to stvec, satp and stimecmp goes to vstvec, vsatp and vstimecmp,
 * and its page faults, system calls and interrupts come to it without the hypervisor.
 */
#include "kernel.h"

enum { A0 = 10, A1 = 11, A7 = 17 };

static bool sstc;                    /* the machine has stimecmp; otherwise the firmware sets the timer */
static volatile uint64_t ticks;
static volatile int received = -1;   /* the byte that the UART's interrupt has brought */

static void set_timer(uint64_t when)
{
    if (sstc)
        csr_write(stimecmp, when);
    else
        sbi(SBI_TIME, 0, when, 0, 0);
}

/* Waits for any interrupt and takes it. It is taken after the WFI, because SIE is 0 until then: one that comes just
 * before cannot be missed. */
static void wait_for_interrupt(void)
{
    __asm__ volatile("wfi");
    csr_set(sstatus, STATUS_SIE);
    csr_clear(sstatus, STATUS_SIE);
}

/* The text of the user program, copied to the kernel's memory: the first touch of its page may fault here, too. */
static uint64_t copy_in(char *to, uint64_t size, const char *from, uint64_t length)
{
    length = length < size ? length : size;
    csr_set(sstatus, STATUS_SUM);
    for (uint64_t i = 0; i < length; i++)
        to[i] = from[i];
    csr_clear(sstatus, STATUS_SUM);
    return length;
}

static uint64_t system_call(uint64_t number, uint64_t a0, uint64_t a1)
{
    static char text[128];
    switch (number) {
    case SYS_PRINT:
        print_sbi(text, copy_in(text, sizeof text, (const char *)a0, a1));
        return 0;
    case SYS_PRINT_UART:
        print_uart(text, copy_in(text, sizeof text, (const char *)a0, a1));
        return 0;
    case SYS_TICKS:
        return ticks;
    case SYS_SLEEP:
        for (uint64_t start = ticks; ticks == start;)
            wait_for_interrupt();
        return 0;
    case SYS_SEND:
        return (uint64_t)sbi(SBI_CHANNEL, 0, a0, 0, 0).error;
    case SYS_RECEIVE: {
        while (received < 0)
            wait_for_interrupt();
        uint64_t byte = (uint64_t)received;
        received = -1;
        return byte;
    }
    case SYS_EXIT:
        print("kernel: %u pages filled on a page fault of its own\n", pages_filled);
        shut_down(a0 != 0);
    default:
        return (uint64_t)-1;
    }
}

void trap(struct frame *f)
{
    uint64_t cause = csr_read(scause), address = csr_read(stval);
    switch (cause) {
    case CAUSE_INTERRUPT | IRQ_STI:
        ticks++;
        set_timer(csr_read(time) + TICK);
        return;
    case CAUSE_INTERRUPT | IRQ_SEI:
        received = uart_read();                        /* reading the byte ends the interrupt */
        return;
    case CAUSE_ECALL_U:
        f->pc += 4;
        f->x[A0] = system_call(f->x[A7], f->x[A0], f->x[A1]);
        return;
    case CAUSE_FETCH_PAGE:
    case CAUSE_LOAD_PAGE:
    case CAUSE_STORE_PAGE:
        if (paging_fill(address))
            return;
    }
    print("kernel: unexpected trap, scause %x, sepc %x, stval %x\n", cause, f->pc, address);
    shut_down(true);
}

void kernel_main(void)
{
    uint64_t start = csr_read(time);
    print("kernel: time begins at %s\n", start < 100000 ? "0" : "some other value");
    sstc = has_stimecmp();
    bool dbcn = sbi(SBI_BASE, SBI_BASE_PROBE, SBI_DBCN, 0, 0).value;
    print("kernel: timer by %s, console by %s\n", sstc ? "stimecmp" : "SBI", dbcn ? "DBCN" : "putchar");
    paging_on();
    print("kernel: Sv39 is on\n");

    uart_expect();
    csr_write(sie, BIT(IRQ_STI) | BIT(IRQ_SEI));
    set_timer(csr_read(time) + TICK);
    csr_write(scounteren, COUNTEREN_ALL);
    enter_user(USER, USER_END, STATUS_SPIE);           /* SPP=0: U-mode; SPIE: with interrupts on */
}

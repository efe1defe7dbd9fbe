/* A guest that is no operating system: it runs in VS-mode beside the Linux guest, prints by the SBI, is woken by its own
 * timer, and powers off. */
#include <stdint.h>

enum { DEBUG_CONSOLE = 0x4442434e, CONSOLE_WRITE = 0, SYSTEM_RESET = 0x53525354, SHUTDOWN = 0 };   /* SBI 2.0 */
enum { TICKS = 5, TICK = 20000 };                                                                 /* 2 ms each */

static volatile unsigned ticks;
static uint64_t due;

static void sbi(uint64_t extension, uint64_t function, uint64_t a, uint64_t b, uint64_t c)
{
    register uint64_t a0 asm("a0") = a, a1 asm("a1") = b, a2 asm("a2") = c, a6 asm("a6") = function,
                                                          a7 asm("a7") = extension;
    asm volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
}

static void put(const char *text)
{
    uint64_t count = 0;
    while (text[count])
        count++;
    sbi(DEBUG_CONSOLE, CONSOLE_WRITE, count, (uint64_t)text, 0);
}

static uint64_t now(void)
{
    uint64_t time;
    asm volatile("rdtime %0" : "=r"(time));
    return time;
}

static void set_timer(uint64_t at) { asm volatile("csrw 0x14d, %0" : : "r"(at)); /* stimecmp, which is vstimecmp */ }

__attribute__((interrupt("supervisor"), aligned(4))) static void trap(void)
{
    uint64_t cause;
    asm volatile("csrr %0, scause" : "=r"(cause));
    if (cause != (1UL << 63 | 5)) {
        put("bare: a trap that is no timer interrupt\n");
        for (;;)
            ;
    }
    ticks++;
    set_timer(due += TICK);
}

_Noreturn void bare(void)
{
    put("bare: a guest without a kernel, in VS-mode\n");
    asm volatile("csrw stvec, %0" : : "r"(trap));
    set_timer(due = now() + TICK);
    asm volatile("csrs sie, %0; csrsi sstatus, 2" : : "r"(1UL << 5));
    while (ticks < TICKS)
        asm volatile("wfi");
    asm volatile("csrci sstatus, 2");
    put("bare: five timer interrupts; powers off\n");
    sbi(SYSTEM_RESET, 0, SHUTDOWN, 0, 0);
    for (;;)
        ;
}

/* What the kernel asks its "firmware" by SBI, and its driver of the UART. */
#include "kernel.h"

/* The kernel's map shows the lowest gigabyte of physical addresses at 0x4000_0000 (paging.c), so this is the UART at
 * physical 0x1000_0000. */
static volatile uint8_t *const uart = (volatile uint8_t *)0x50000000;

struct sbi_result sbi(uint64_t extension, uint64_t function, uint64_t x, uint64_t y, uint64_t z)
{
    register uint64_t a0 __asm__("a0") = x, a1 __asm__("a1") = y, a2 __asm__("a2") = z;
    register uint64_t a6 __asm__("a6") = function, a7 __asm__("a7") = extension;
    __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a6), "r"(a7) : "memory");
    return (struct sbi_result){(int64_t)a0, a1};
}

/* Prints by the oldest call there is: an ECALL for each character. */
void print(const char *text, ...)
{
    char line[120];
    __builtin_va_list arguments;
    __builtin_va_start(arguments, text);
    size_t length = format(line, sizeof line, text, arguments);
    __builtin_va_end(arguments);
    for (size_t i = 0; i < length; i++)
        sbi(SBI_LEGACY_PUTCHAR, 0, (uint8_t)line[i], 0, 0);
}

/* Prints by the debug console: one ECALL for the text, which is named by its physical address. The kernel's own
 * memory has physical addresses equal to the virtual ones. */
void print_sbi(const char *text, uint64_t length)
{
    sbi(SBI_DBCN, SBI_DBCN_WRITE, length, (uint64_t)text, 0);
}

/* Prints by the UART's registers. */
void print_uart(const char *text, uint64_t length)
{
    for (uint64_t i = 0; i < length; i++) {
        while (!(uart[UART_LSR] & UART_LSR_EMPTY))
            ;
        uart[UART_DATA] = (uint8_t)text[i];
    }
}

/* From now on the UART interrupts when a byte comes in. */
void uart_expect(void)
{
    uart[UART_IER] = UART_IER_RECEIVED;
}

/* The byte that has come in, or -1. */
int uart_read(void)
{
    return uart[UART_LSR] & UART_LSR_RECEIVED ? uart[UART_DATA] : -1;
}

void shut_down(bool failure)
{
    sbi(SBI_SRST, 0, 0, failure, 0);
    for (;;)
        ;
}

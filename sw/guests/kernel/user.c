/* The program in U-mode (in a guest: VU-mode). It has no pages at first: its first instruction, its first string,
 * its stack and its data are page faults, which its kernel serves. */
#include "user.h"

#define NUMBERS 4000
#define TICKS 5

uint64_t system_call(uint64_t a0, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6,
                     uint64_t number);

static void print(uint64_t number, const char *text, ...)
{
    char line[100];
    __builtin_va_list arguments;
    __builtin_va_start(arguments, text);
    size_t length = format(line, sizeof line, text, arguments);
    __builtin_va_end(arguments);
    system_call((uint64_t)line, length, 0, 0, 0, 0, 0, number);
}

static uint64_t call(uint64_t number, uint64_t argument)
{
    return system_call(argument, 0, 0, 0, 0, 0, 0, number);
}

/* The sieve of Eratosthenes, on memory that does not exist before it is touched. */
static uint64_t count_primes(void)
{
    uint32_t *composite = (uint32_t *)USER_HEAP;
    uint64_t primes = 0;
    for (uint64_t n = 2; n < NUMBERS; n++) {
        if (composite[n])
            continue;
        primes++;
        for (uint64_t multiple = n * n; multiple < NUMBERS; multiple += n)
            composite[multiple] = 1;
    }
    return primes;
}

int main(void)
{
    print(SYS_PRINT, "user: hello by SBI\n");
    print(SYS_PRINT_UART, "user: hello by UART\n");

    uint64_t primes = count_primes();
    print(SYS_PRINT, "user: %u primes below %u\n", primes, (uint64_t)NUMBERS);

    while (call(SYS_TICKS, 0) < TICKS)
        call(SYS_SLEEP, 0);
    print(SYS_PRINT, "user: %u timer interrupts have come\n", (uint64_t)TICKS);

    call(SYS_SEND, '!');
    print(SYS_PRINT, "user: the other guest says '%c'\n", call(SYS_RECEIVE, 0));
    return primes == 550 ? 0 : 1;
}

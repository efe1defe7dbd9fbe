/* The console: the machine's real UART, shared by the guests line by line; and the end of the run. */
#include "hypervisor.h"

static volatile uint8_t *const uart = (volatile uint8_t *)0x10000000;
static volatile uint32_t *const finisher = (volatile uint32_t *)0x100000;

static void put(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        while (!(uart[UART_LSR] & UART_LSR_EMPTY))
            ;
        uart[UART_DATA] = (uint8_t)text[i];
    }
}

static void say_arguments(const char *text, __builtin_va_list arguments)
{
    char line[160];
    put(line, format(line, sizeof line, text, arguments));
    put("\n", 1);
}

/* Prints one line of the hypervisor's own. */
void say(const char *text, ...)
{
    __builtin_va_list arguments;
    __builtin_va_start(arguments, text);
    say_arguments(text, arguments);
    __builtin_va_end(arguments);
}

/* Takes a character that a guest prints, by whichever way. A guest's line appears when it is complete, with the
 * guest's number before it, so that lines of two guests never mix. */
void guest_putchar(struct guest *g, char c)
{
    if (c == '\r')
        return;
    if (c != '\n')
        g->line[g->line_length++] = c;
    if (c == '\n' || g->line_length == sizeof g->line) {
        char prefix[] = {'[', 'g', 'u', 'e', 's', 't', ' ', (char)('0' + g->number), ']', ' '};
        put(prefix, sizeof prefix);
        put(g->line, g->line_length);
        put("\n", 1);
        g->line_length = 0;
    }
}

/* Ends the run: the test finisher takes 0x5555 for success, or 0x3333 with a code in the upper half. */
void finish(unsigned code)
{
    *finisher = code ? code << 16 | 0x3333 : 0x5555;
    for (;;)
        ;
}

/* Prints one line and ends the run with code 1. */
void panic(const char *text, ...)
{
    __builtin_va_list arguments;
    __builtin_va_start(arguments, text);
    say_arguments(text, arguments);
    __builtin_va_end(arguments);
    finish(1);
}

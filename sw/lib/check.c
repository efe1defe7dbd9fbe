#include "hyacinth.h"
#include "internal.h"

static uint64_t checks;
static struct {
    const char *name;
    uint64_t got, expected;
} failed;
static struct {
    const char *what;
    uint64_t number;
} where;
static const char *part;

extern volatile uint64_t tohost;

/* Strings may be named by their users' alias. */
static const char *plain(const char *text)
{
    return (const char *)((uint64_t)text & ~USER_ALIAS);
}

void put_char(char c)
{
    while (!(MEMORY8(UART + 5) & 0x20)) {
    }
    MEMORY8(UART) = c;
}

void put_string(const char *text)
{
    while (*text)
        put_char(*text++);
}

void put_hex(uint64_t value)
{
    unsigned digit = 60;
    put_string("0x");
    while (digit && !(value >> digit))
        digit -= 4;
    for (;; digit -= 4) {
        put_char("0123456789abcdef"[value >> digit & 15]);
        if (!digit)
            return;
    }
}

void put_decimal(uint64_t value)
{
    if (value >= 10)
        put_decimal(value / 10);
    put_char('0' + value % 10);
}

void context(const char *what, uint64_t number)
{
    where.what = what;
    where.number = number;
}

void checking(const char *name)
{
    part = name;
}

void check_eq(const char *name, uint64_t got, uint64_t expected)
{
    checks++;
    if (got == expected)
        return;
    failed.name = name;
    failed.got = got;
    failed.expected = expected;
    call_machine(CALL_FAILED, 0);
}

__attribute__((noreturn)) void report_failed_check(void)
{
    put_string("check ");
    put_decimal(checks);
    put_string(" failed: ");
    if (where.what) {
        put_string(plain(where.what));
        put_string(" ");
        put_hex(where.number);
        put_string(": ");
    }
    if (part) {
        put_string(plain(part));
        put_string(": ");
    }
    put_string(plain(failed.name));
    put_string(": got ");
    put_hex(failed.got);
    put_string(", expected ");
    put_hex(failed.expected);
    put_string("\n");
    exit_with(checks < 255 ? checks : 255);
}

/* By HTIF, where a host listens, else by the finisher. */
__attribute__((noreturn)) void exit_with(uint64_t code)
{
#ifdef TWICE
    if (!code)
        once_more();
#endif
    tohost = code << 1 | 1;
    asm volatile("fence" : : : "memory");
    MEMORY32(FINISHER) = code ? (uint32_t)code << 16 | 0x3333 : 0x5555;
    for (;;) {
    }
}

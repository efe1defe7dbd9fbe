/* Checks, the console and the end of a program. */
#pragma once
#include <stdint.h>

/* Fails the program, with a line that names the check, where the two differ. In any mode. The exit code is the
   number of the check, counted from 1 (255 for all above). */
#define CHECK_EQ(name, got, expected) check_eq(name, (uint64_t)(got), (uint64_t)(expected))
#define CHECK(name, condition) check_eq(name, !!(condition), 1)
void check_eq(const char *name, uint64_t got, uint64_t expected);

/* What a loop of checks is at; put before the name of a check that fails. 0: none. */
void context(const char *what, uint64_t number);

/* Console; in M-mode. */
void put_char(char c);
void put_string(const char *text);
void put_hex(uint64_t value);
void put_decimal(uint64_t value);

__attribute__((noreturn)) void exit_with(uint64_t code);

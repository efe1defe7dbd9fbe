/* Between the files of the library. */
#pragma once
#include <stdint.h>

/* a7 of an ECALL or EBREAK by which code in any mode calls the library in M-mode; HS and VS pass it on. */
#define CALL_LEAVE 0x6c656176UL      /* a0: result of run_in */
#define CALL_FAILED 0x6661696cUL     /* a check failed; see check.c */
#define CALL_UNEXPECTED 0x74726170UL /* a trap that nobody expected; it is in unexpected_trap */
#define TRY_MAGIC 0x7472796dUL       /* t5: a trap of this instruction is expected; t4 its address, t6 where to go on */

__attribute__((noreturn)) void call_machine(uint64_t number, uint64_t a0);
__attribute__((noreturn)) void back_to_machine(uint64_t result);
__attribute__((noreturn)) void report_failed_check(void);

/* Of a program that is run twice: what it is made of is kept before the first time and restored before the second, with
   all that it has changed; reset_rest writes what `start` does not write anyway; once_more returns after the second
   time. */
void keep_or_restore(void);
void reset_rest(void);
void once_more(void);

/* The name of a group of checks within the context of the program, put before theirs; 0: none. */
void checking(const char *name);

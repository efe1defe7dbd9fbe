/* The modes of the machine and the way into each and back. */
#pragma once
#include <stdint.h>

enum mode { MODE_U = 0, MODE_HS = 1, MODE_M = 3, MODE_VU = 4, MODE_VS = 5 }; /* bit 2: V; bits 1:0: privilege */

typedef uint64_t function(uint64_t argument);

/* Where a user mode under translation sees the program: S-mode cannot execute a page of users, nor they one of its. */
#define USER_ALIAS 0x1000000000UL

/* Runs `f(argument)` in `mode` and comes back with its result. Called in M-mode only. */
uint64_t run_in(enum mode mode, function *f, uint64_t argument);

/* Ends the run_in that is under way, with `result`, from wherever it has come to. */
__attribute__((noreturn)) void leave(uint64_t result);

/* Goes on with `f(argument)` in `mode` by SRET from HS or VS; the end of `f` is the end of the run_in. */
__attribute__((noreturn)) void go_by_sret(enum mode from, enum mode mode, function *f, uint64_t argument);

/* `address` as `mode` sees it: plus USER_ALIAS in U and VU where a stage with U pages translates. Only in M-mode. */
uint64_t seen_by(enum mode mode, const void *address);

const char *mode_name(enum mode mode);

/* How `leave` calls M-mode. A program that delegates one of the two takes the other. */
enum leave_by { LEAVE_BY_ECALL, LEAVE_BY_EBREAK };
extern enum leave_by leave_by;

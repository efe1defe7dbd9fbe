/* Everything a program for the bare machine may use. */
#pragma once
#include "machine.h"
#include "fields.h"
#include "csr_access.h"
#include "modes.h"
#include "trap.h"
#include "check.h"
#include "paging.h"

/* A program. It starts in M-mode; all other modes may do nothing yet: nothing delegated, nothing enabled. */
int main(void);

/* The device tree's address as a1 had it at the start. */
extern uint64_t device_tree;

/* Whether misa.H is 1, so that the CSRs of the H extension exist. A program that changes misa.H says it here. */
extern volatile bool hypervisor;

/* Delegates to HS, and to VS whatever of it the second one names; M keeps what was not named. */
void delegate_exceptions(uint64_t to_hs, uint64_t to_vs);
void delegate_interrupts(uint64_t to_hs, uint64_t to_vs);
#define ALL_EXCEPTIONS 0xf0f1ffUL /* but for ECALL from S, VS and M */

#define FENCE_I() asm volatile("fence.i" : : : "memory")

/* What the files of the guest's kernel, and its user program, share.
 *
 *   start.S     first instructions, trap entry and return
 *   kernel.c    traps, system calls, timer
 *   paging.c    Sv39: the kernel's map, and user pages filled when they are touched
 *   firmware.c  what the kernel asks by SBI, and its driver of the UART
 *   user.c      the program in U-mode
 */
#pragma once
#include "user.h"

#define TICK 2000                    /* from one timer interrupt to the next, in units of `time` */

struct frame {
    uint64_t x[32];                  /* x[0] is not used */
    uint64_t pc, status;             /* sepc and sstatus at the trap */
};

/* start.S */
void enter_user(uint64_t pc, uint64_t sp, uint64_t status);
bool has_stimecmp(void);

/* paging.c */
extern uint64_t pages_filled;
void paging_on(void);
bool paging_fill(uint64_t address);

/* firmware.c */
struct sbi_result { int64_t error; uint64_t value; };
struct sbi_result sbi(uint64_t extension, uint64_t function, uint64_t a0, uint64_t a1, uint64_t a2);
void print(const char *text, ...);
void print_sbi(const char *text, uint64_t length);
void print_uart(const char *text, uint64_t length);
void uart_expect(void);
int uart_read(void);
_Noreturn void shut_down(bool failure);

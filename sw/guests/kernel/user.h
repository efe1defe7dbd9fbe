/* What the user program and its kernel agree on. */
#pragma once
#include "riscv.h"

/* The virtual addresses of the user program: its image, its data, its stack below the end. */
#define USER 0x10000ull
#define USER_HEAP 0x20000ull
#define USER_END 0x40000ull

/* System calls: number in a7, arguments from a0 on, result in a0. */
enum { SYS_PRINT, SYS_PRINT_UART, SYS_TICKS, SYS_SLEEP, SYS_SEND, SYS_RECEIVE, SYS_EXIT };

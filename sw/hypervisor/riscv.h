/* The machine in names: CSRs, fields and causes that the hypervisor and its guests use.
 *
 * Every name is the manual's. The chapters are "Machine-Level ISA", "Supervisor-Level ISA" and "Hypervisor
 * Extension" of the privileged manual. The assembler knows the numbers of the CSRs, so they are not repeated here.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define csr_read(name) ({ \
    uint64_t csr_value; \
    __asm__ volatile("csrr %0, " #name : "=r"(csr_value) : : "memory"); \
    csr_value; })
#define csr_write(name, value) __asm__ volatile("csrw " #name ", %0" : : "r"((uint64_t)(value)) : "memory")
#define csr_set(name, bits) __asm__ volatile("csrs " #name ", %0" : : "r"((uint64_t)(bits)) : "memory")
#define csr_clear(name, bits) __asm__ volatile("csrc " #name ", %0" : : "r"((uint64_t)(bits)) : "memory")

#define BIT(n) (1ull << (n))
#define FOREVER (~0ull)              /* a time that does not come */
#define PAGE 4096ull

/* mstatus, and its window sstatus. vsstatus has the same fields for a guest. */
#define STATUS_SIE BIT(1)            /* interrupts of supervisor level are enabled */
#define STATUS_SPIE BIT(5)           /* SIE before the trap */
#define STATUS_SPP BIT(8)            /* privilege before the trap: 1 is S (or VS), 0 is U (or VU) */
#define STATUS_MPP_S BIT(11)
#define STATUS_MPP (BIT(11) | BIT(12))
#define STATUS_SUM BIT(18)           /* S-mode may reach pages of U-mode */
#define STATUS_MPV BIT(39)
#define STATUS_MDT BIT(42)           /* Smdbltrp: a trap into M-mode would stop the machine; 1 after reset */

/* hstatus */
#define HSTATUS_SPV BIT(7)           /* V before the trap; an SRET with SPV=1 enters the guest */
#define HSTATUS_SPVP BIT(8)          /* the guest's privilege before the trap: HLV, HLVX and HSV act with it */
#define HSTATUS_VTW BIT(21)          /* WFI of a guest raises a virtual-instruction exception */

#define ENVCFG_STCE BIT(63)          /* of menvcfg and henvcfg: stimecmp may be used one level down */
#define COUNTEREN_ALL 7              /* cycle, time, instret */

/* hgatp and satp: MODE in the top four bits */
#define HGATP_SV39X4 (8ull << 60)
#define SATP_SV39 (8ull << 60)
#define HGATP_VMID_SHIFT 44

/* Page-table entry: the physical page number begins at bit 10 */
#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define pte(address, bits) ((uint64_t)(address) >> 12 << 10 | (bits))
#define pte_address(entry) ((entry) >> 10 << 12)

/* Interrupts: bit of sip, sie, hvip; code in scause */
enum { IRQ_SSI = 1, IRQ_VSSI = 2, IRQ_STI = 5, IRQ_VSTI = 6, IRQ_SEI = 9, IRQ_VSEI = 10 };
#define CAUSE_INTERRUPT BIT(63)

/* Exceptions */
enum {
    CAUSE_FETCH_ACCESS = 1, CAUSE_ILLEGAL = 2, CAUSE_BREAKPOINT = 3, CAUSE_LOAD_ACCESS = 5, CAUSE_STORE_ACCESS = 7,
    CAUSE_ECALL_U = 8, CAUSE_ECALL_HS = 9, CAUSE_ECALL_VS = 10, CAUSE_ECALL_M = 11,
    CAUSE_FETCH_PAGE = 12, CAUSE_LOAD_PAGE = 13, CAUSE_STORE_PAGE = 15,
    CAUSE_FETCH_GUEST_PAGE = 20, CAUSE_LOAD_GUEST_PAGE = 21, CAUSE_VIRTUAL = 22, CAUSE_STORE_GUEST_PAGE = 23,
};

#define INSTRUCTION_WFI 0x10500073u

/* The UART ns16550a: registers at a distance of one byte */
enum { UART_DATA, UART_IER, UART_IIR, UART_LCR, UART_MCR, UART_LSR, UART_MSR, UART_SCR };
#define UART_IER_RECEIVED 0x01       /* interrupt when a byte has come in */
#define UART_IIR_NONE 0x01           /* no interrupt is pending */
#define UART_IIR_RECEIVED 0x04
#define UART_LSR_RECEIVED 0x01       /* a byte can be read */
#define UART_LSR_EMPTY 0x60          /* THRE and TEMT: a byte can be written */

/* The supervisor binary interface: extension (a7) and function (a6) */
enum { SBI_LEGACY_SET_TIMER = 0, SBI_LEGACY_PUTCHAR = 1, SBI_LEGACY_SHUTDOWN = 8, SBI_BASE = 0x10,
       SBI_TIME = 0x54494D45, SBI_DBCN = 0x4442434E, SBI_SRST = 0x53525354,
       SBI_CHANNEL = 0x08000000 };   /* of this hypervisor, in the range for experiments: a byte to the other guest */
enum { SBI_BASE_VERSION = 0, SBI_BASE_IMPLEMENTATION = 1, SBI_BASE_IMPLEMENTATION_VERSION = 2, SBI_BASE_PROBE = 3,
       SBI_BASE_VENDOR = 4, SBI_BASE_ARCH = 5, SBI_BASE_MACHINE = 6 };
enum { SBI_DBCN_WRITE = 0, SBI_DBCN_WRITE_BYTE = 2 };
enum { SBI_OK = 0, SBI_FAILED = -1, SBI_NOT_SUPPORTED = -2, SBI_INVALID_PARAMETER = -3, SBI_INVALID_ADDRESS = -5 };

/* Text, in format.c: %d %u %x %c %s, a width, a minus for left-aligned; every number is 64 bits wide. */
size_t format(char *out, size_t size, const char *text, __builtin_va_list arguments);

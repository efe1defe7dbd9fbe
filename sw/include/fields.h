/* What programs need beside csr.h, which is made from the tables of the hardware: short names of causes and interrupts,
   page-table entries. */
#pragma once
#include "csr.h"

#define BIT(n) (1UL << (n))

/* mstatus.MPP of S-mode */
#define MSTATUS_MPP_S (1UL << 11)

/* the same bits in henvcfg */
#define ENVCFG_STCE MENVCFG_STCE
#define ENVCFG_ADUE MENVCFG_ADUE
#define ENVCFG_PBMTE MENVCFG_PBMTE

#define COUNTEREN_CY BIT(0)
#define COUNTEREN_TM BIT(1)
#define COUNTEREN_IR BIT(2)

/* Codes of interrupts, also their bits in mip, mie and so on. */
#define SSI IRQ_SSI
#define VSSI IRQ_VSSI
#define MSI IRQ_MSI
#define STI IRQ_STI
#define VSTI IRQ_VSTI
#define MTI IRQ_MTI
#define SEI IRQ_SEI
#define VSEI IRQ_VSEI
#define MEI IRQ_MEI
#define SGEI IRQ_SGEI
#define INTERRUPT(code) (BIT(63) | (code))

enum cause {
    INSTRUCTION_MISALIGNED = CAUSE_INSTRUCTION_ADDRESS_MISALIGNED,
    INSTRUCTION_ACCESS_FAULT = CAUSE_INSTRUCTION_ACCESS_FAULT,
    ILLEGAL_INSTRUCTION = CAUSE_ILLEGAL_INSTRUCTION,
    BREAKPOINT = CAUSE_BREAKPOINT,
    LOAD_MISALIGNED = CAUSE_LOAD_ADDRESS_MISALIGNED,
    LOAD_ACCESS_FAULT = CAUSE_LOAD_ACCESS_FAULT,
    STORE_MISALIGNED = CAUSE_STORE_ADDRESS_MISALIGNED,
    STORE_ACCESS_FAULT = CAUSE_STORE_ACCESS_FAULT,
    ECALL_U = CAUSE_ECALL_U, /* also from VU */
    ECALL_S = CAUSE_ECALL_HS,
    ECALL_VS = CAUSE_ECALL_VS,
    ECALL_M = CAUSE_ECALL_M,
    INSTRUCTION_PAGE_FAULT = CAUSE_INSTRUCTION_PAGE_FAULT,
    LOAD_PAGE_FAULT = CAUSE_LOAD_PAGE_FAULT,
    STORE_PAGE_FAULT = CAUSE_STORE_PAGE_FAULT,
    INSTRUCTION_GUEST_PAGE_FAULT = CAUSE_INSTRUCTION_GUEST_PAGE_FAULT,
    LOAD_GUEST_PAGE_FAULT = CAUSE_LOAD_GUEST_PAGE_FAULT,
    VIRTUAL_INSTRUCTION = CAUSE_VIRTUAL_INSTRUCTION,
    STORE_GUEST_PAGE_FAULT = CAUSE_STORE_GUEST_PAGE_FAULT,
};

#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_G BIT(5)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_NC BIT(61)
#define PTE_IO BIT(62)
#define PTE_N BIT(63)
#define PTE_64K (PTE_N | BIT(13)) /* for a page aligned to 64 KiB */
#define PTE_PPN(address) ((uint64_t)(address) >> 12 << 10)

/* A leaf that allows everything, without U: for S-mode and VS-mode. */
#define LEAF (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
/* The same with U: for U-mode and VU-mode, and for every G-stage page. */
#define LEAF_U (LEAF | PTE_U)


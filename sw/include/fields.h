/* Fields of CSRs and page-table entries, numbers of causes and interrupts: the manual's spelling. */
#pragma once

#define BIT(n) (1UL << (n))

/* sstatus and vsstatus have those fields of mstatus that begin with S, and SUM, MXR, UBE, UXL. */
#define MSTATUS_SIE BIT(1)
#define MSTATUS_MIE BIT(3)
#define MSTATUS_SPIE BIT(5)
#define MSTATUS_UBE BIT(6)
#define MSTATUS_MPIE BIT(7)
#define MSTATUS_SPP BIT(8)
#define MSTATUS_MPP (3UL << 11)
#define MSTATUS_MPP_S (1UL << 11)
#define MSTATUS_MPRV BIT(17)
#define MSTATUS_SUM BIT(18)
#define MSTATUS_MXR BIT(19)
#define MSTATUS_TVM BIT(20)
#define MSTATUS_TW BIT(21)
#define MSTATUS_TSR BIT(22)
#define MSTATUS_UXL (3UL << 32)
#define MSTATUS_SXL (3UL << 34)
#define MSTATUS_GVA BIT(38)
#define MSTATUS_MPV BIT(39)

#define HSTATUS_VSBE BIT(5)
#define HSTATUS_GVA BIT(6)
#define HSTATUS_SPV BIT(7)
#define HSTATUS_SPVP BIT(8)
#define HSTATUS_HU BIT(9)
#define HSTATUS_VGEIN (0x3fUL << 12)
#define HSTATUS_VTVM BIT(20)
#define HSTATUS_VTW BIT(21)
#define HSTATUS_VTSR BIT(22)
#define HSTATUS_VSXL (3UL << 32)

#define ENVCFG_FIOM BIT(0)
#define ENVCFG_STCE BIT(63)

#define COUNTEREN_CY BIT(0)
#define COUNTEREN_TM BIT(1)
#define COUNTEREN_IR BIT(2)

#define MISA_H BIT(7)

/* Codes of interrupts, also their bits in mip, mie and so on. */
#define SSI 1
#define VSSI 2
#define MSI 3
#define STI 5
#define VSTI 6
#define MTI 7
#define SEI 9
#define VSEI 10
#define MEI 11
#define SGEI 12
#define INTERRUPT(code) (BIT(63) | (code))

enum cause {
    INSTRUCTION_MISALIGNED = 0,
    INSTRUCTION_ACCESS_FAULT = 1,
    ILLEGAL_INSTRUCTION = 2,
    BREAKPOINT = 3,
    LOAD_MISALIGNED = 4,
    LOAD_ACCESS_FAULT = 5,
    STORE_MISALIGNED = 6,
    STORE_ACCESS_FAULT = 7,
    ECALL_U = 8, /* also from VU */
    ECALL_S = 9,
    ECALL_VS = 10,
    ECALL_M = 11,
    INSTRUCTION_PAGE_FAULT = 12,
    LOAD_PAGE_FAULT = 13,
    STORE_PAGE_FAULT = 15,
    INSTRUCTION_GUEST_PAGE_FAULT = 20,
    LOAD_GUEST_PAGE_FAULT = 21,
    VIRTUAL_INSTRUCTION = 22,
    STORE_GUEST_PAGE_FAULT = 23,
};

#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_G BIT(5)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_PPN(address) ((uint64_t)(address) >> 12 << 10)

/* A leaf that allows everything, without U: for S-mode and VS-mode. */
#define LEAF (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
/* The same with U: for U-mode and VU-mode, and for every G-stage page. */
#define LEAF_U (LEAF | PTE_U)

#define PMP_R BIT(0)
#define PMP_W BIT(1)
#define PMP_X BIT(2)
#define PMP_TOR (1UL << 3)
#define PMP_NA4 (2UL << 3)
#define PMP_NAPOT (3UL << 3)
#define PMP_L BIT(7)

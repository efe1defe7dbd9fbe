/* Addresses of the machine: as QEMU's `virt` board has them, and an interrupt generator of our own. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FINISHER 0x100000UL   /* store 0x5555: passed; code << 16 | 0x3333: failed */
#define INTERRUPTS 0x110000UL /* interrupt generator, see below */
#define CLINT 0x2000000UL
#define PLIC 0xc000000UL
#define UART 0x10000000UL
#define RAM 0x80000000UL
#define RAM_FOR_PROGRAMS 0x1000000UL /* bytes */

#define MEMORY64(address) (*(volatile uint64_t *)(address))
#define MEMORY32(address) (*(volatile uint32_t *)(address))
#define MEMORY16(address) (*(volatile uint16_t *)(address))
#define MEMORY8(address) (*(volatile uint8_t *)(address))

#define CLINT_MSIP MEMORY32(CLINT)
#define CLINT_MTIMECMP MEMORY64(CLINT + 0x4000)
#define CLINT_MTIME MEMORY64(CLINT + 0xbff8)

/* The interrupt generator drives lines that outside devices would drive. Write ones to set or to clear. */
#define PLIC_SOURCES_SET MEMORY64(INTERRUPTS + 0x20)   /* bit n: source n of the PLIC, 1 to 31 */
#define PLIC_SOURCES_CLEAR MEMORY64(INTERRUPTS + 0x40)
#define EXTERNAL_SET MEMORY64(INTERRUPTS + 0x28)       /* EXTERNAL_M, EXTERNAL_S */
#define EXTERNAL_CLEAR MEMORY64(INTERRUPTS + 0x48)
#define GUEST_EXTERNAL_SET MEMORY64(INTERRUPTS + 0x30) /* bit n: hgeip bit n, 1 to GEILEN */
#define GUEST_EXTERNAL_CLEAR MEMORY64(INTERRUPTS + 0x50)
#define EXTERNAL_M 1UL
#define EXTERNAL_S 2UL

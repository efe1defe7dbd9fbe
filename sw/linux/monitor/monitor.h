/* A monitor of virtual machines over /dev/kvm: what its parts share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Guest-physical addresses, those of the guest's device tree. */
enum {
    PLIC_BASE = 0x0c000000, PLIC_SIZE = 0x4000000,
    VIRTIO_BASE = 0x10001000, VIRTIO_SIZE = 0x1000,
    RAM_BASE = 0x80000000u, KERNEL_BASE = 0x80200000u, TREE_BASE = 0x81e00000u, INITRD_BASE = 0x82000000u,
};
enum { BLOCK_SOURCE = 1 };

/* End with one line that says why. */
_Noreturn void fail(const char *format, ...);

/* Memory of the guest, as the monitor reaches it; NULL where the guest has no `size` bytes at `address`. */
void *guest(uint64_t address, uint64_t size);

/* The wire from the PLIC to the vCPU: its supervisor external interrupt. */
void external_interrupt(bool level);

/* plic.c: an interrupt controller with one context, the S-mode of the only hart. */
void plic_raise(unsigned source, bool level);
uint32_t plic_read(uint64_t offset);
void plic_write(uint64_t offset, uint32_t value);

/* virtio_block.c: a disk, by the Virtual I/O Device specification 1.2 over MMIO. */
void block_open(const char *file);
uint32_t block_read(uint64_t offset, unsigned size);
void block_write(uint64_t offset, uint32_t value);

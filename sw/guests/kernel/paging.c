/* Sv39 in the guest: the VS-stage of its translation, though it does not know that there is another.
 *
 *   virtual 0x0000_0000  the user program's pages, 4 KiB each, filled when they are touched
 *   virtual 0x4000_0000  the lowest gigabyte of physical addresses, where the devices are; kernel only
 *   virtual 0x8000_0000  RAM, at its physical address; kernel only
 */
#include "kernel.h"

#define POOL 16

static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t user_pages[512] __attribute__((aligned(4096)));
static uint8_t pool[POOL][PAGE] __attribute__((aligned(4096)));
static unsigned used;
uint64_t pages_filled;

extern const uint8_t user_image[], user_image_end[];

void paging_on(void)
{
    uint64_t kernel = PTE_V | PTE_R | PTE_W | PTE_A | PTE_D;
    root[0] = pte(middle, PTE_V);
    middle[0] = pte(user_pages, PTE_V);
    root[1] = pte(0, kernel);                          /* leaves at the root: pages of 1 GiB */
    root[2] = pte(0x80000000, kernel | PTE_X);
    csr_write(satp, SATP_SV39 | (uint64_t)root >> 12);
    __asm__ volatile("sfence.vma" : : : "memory");
}

/* Gives the user program the page at `address` if it may have it and has none yet: a copy of its image, or zeros.
 * The hypervisor does the same one stage below; see memory.c there. */
bool paging_fill(uint64_t address)
{
    if (address < USER || address >= USER_END || used == POOL)
        return false;
    uint64_t *entry = &user_pages[address / PAGE];
    if (*entry & PTE_V)
        return false;

    uint64_t offset = (address - USER) & ~(PAGE - 1);
    uint64_t *page = (uint64_t *)pool[used++];
    if (offset < (uint64_t)(user_image_end - user_image))
        for (unsigned i = 0; i < PAGE / 8; i++)
            page[i] = ((const uint64_t *)(user_image + offset))[i];
    *entry = pte(page, PTE_V | PTE_R | PTE_W | PTE_X | PTE_U | PTE_A | PTE_D);
    __asm__ volatile("sfence.vma %0, zero\n\tfence.i" : : "r"(address) : "memory");
    pages_filled++;
    return true;
}

/* A disk is given a page table in which hardware has set A and D. */
#include "virtio.h"

static struct virtio_queue queue;
static uint64_t back[64] __attribute__((aligned(64)));

int main(void)
{
    int slot = virtio_find(VIRTIO_BLOCK);
    CHECK("a disk is there", slot >= 0 && virtio_begin(slot));
    virtio_open(&queue, slot, 0);
    virtio_go(slot);
    csr_write(menvcfg, ENVCFG_ADUE);
    delegate_exceptions(ALL_EXCEPTIONS, 0);
    struct space own = supervisor_on(SV48_OR_SV39);
    map(own, TEST_VA, (uint64_t)test_pages[0], 0, LEAF & ~(PTE_A | PTE_D));
    uint64_t *entry = pte_of(own, TEST_VA, 0);
    fence_all();
    CHECK_NO_TRAP("store", attempt(MODE_HS, WORD("sd a1, 0(a0)"), TEST_VA, 5));
    CHECK_EQ("A and D, as software reads them", *entry & (PTE_A | PTE_D), PTE_A | PTE_D);
    CHECK_EQ("write", virtio_disk(&queue, true, 1, (void *)((uint64_t)entry & -512UL), 1), 0);
    CHECK_EQ("read", virtio_disk(&queue, false, 1, back, 1), 0);
    CHECK_EQ("the entry on the disk", back[((uint64_t)entry & 511) / 8], *entry);
    return 0;
}

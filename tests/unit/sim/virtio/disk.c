/* Writes and reads a disk of 64 sectors, whose contents are 8-byte words that count up. */
#include "virtio.h"

enum { WORDS = 64, SECTORS = 64 };

static struct virtio_queue queue;
static volatile uint64_t buffer[8 * WORDS + 1];

int main(void)
{
    int slot = virtio_find(VIRTIO_BLOCK);
    CHECK("a disk is there", slot >= 0);
    CHECK("its features are agreed on", virtio_begin(slot));
    virtio_open(&queue, slot, 0);
    virtio_go(slot);
    CHECK_EQ("its sectors", VIRTIO_REGISTER(slot, VIRTIO_CONFIGURATION), SECTORS);

    /* What is dirty in the cache, around and in the buffer, at a place that is no multiple of a line. */
    volatile uint64_t *part = (volatile uint64_t *)((volatile char *)buffer + 4);
    for (unsigned i = 0; i <= 8 * WORDS; i++)
        buffer[i] = ~0UL;
    CHECK_EQ("eight sectors are read", virtio_disk(&queue, false, 3, part, 8), 0);
    for (unsigned i = 0; i < 8 * WORDS; i++)
        CHECK_EQ("a word of the disk", part[i], 3 * WORDS + i);
    CHECK_EQ("the bytes before it", (uint32_t)buffer[0], ~0U);
    CHECK_EQ("the bytes after it", buffer[8 * WORDS] >> 32, ~0U);

    CHECK_EQ("it interrupts", VIRTIO_REGISTER(slot, VIRTIO_INTERRUPT), 1);
    MEMORY32(PLIC + 4 * VIRTIO_SOURCE(slot)) = 1;
    CHECK_EQ("the interrupt is at the PLIC", MEMORY32(PLIC + 0x1000) >> VIRTIO_SOURCE(slot) & 1, 1);
    VIRTIO_REGISTER(slot, VIRTIO_ACKNOWLEDGE) = 1;
    CHECK_EQ("no interrupt any more", VIRTIO_REGISTER(slot, VIRTIO_INTERRUPT), 0);

    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 2 * WORDS; i++)
            buffer[i] = 0x1000000UL * round + i;
        CHECK_EQ("two sectors are written", virtio_disk(&queue, true, round * 3, buffer, 2), 0);
        for (unsigned i = 0; i < 2 * WORDS; i++)
            buffer[i] = 0;
        CHECK_EQ("they are read", virtio_disk(&queue, false, round * 3, buffer, 2), 0);
        for (unsigned i = 0; i < 2 * WORDS; i++)
            CHECK_EQ("a word that was written", buffer[i], 0x1000000UL * round + i);
    }

    /* A reservation does not outlive what a device writes to its line. */
    uint64_t failed, got;
    asm volatile("lr.d %0, (%1)" : "=r"(got) : "r"(buffer) : "memory");
    CHECK_EQ("a sector is read into a reserved line", virtio_disk(&queue, false, 62, buffer, 1), 0);
    asm volatile("sc.d %0, %1, (%2)" : "=r"(failed) : "r"(got), "r"(buffer) : "memory");
    CHECK("the SC fails", failed);
    CHECK_EQ("the line is the device's", buffer[0], 62 * WORDS);

    CHECK_EQ("no sector after the last", virtio_disk(&queue, false, SECTORS, buffer, 1), 1);
    CHECK_EQ("none across the end", virtio_disk(&queue, true, SECTORS - 1, buffer, 2), 1);
    CHECK_EQ("none far beyond", virtio_disk(&queue, false, ~0UL, buffer, 1), 1);
    put_string("disk: done\n");
    return 0;
}

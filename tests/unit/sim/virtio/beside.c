/* While a device writes into the same lines, the program's own stores and AMOs in them are not lost, and nothing of what
 * the device wrote is. */
#include "virtio.h"

enum { REQUESTS = 300 };

static struct virtio_queue queue;
static volatile struct {
    uint64_t before;      /* in the first line of the buffer */
    uint64_t buffer[64];
    uint64_t after[7];    /* in its last line */
} shared __attribute__((aligned(64)));

int main(void)
{
    struct { uint32_t type, reserved; uint64_t sector; } header = {0, 0, 0};
    volatile uint8_t status = 0xff;
    uint64_t count = 0, unlike = 0;
    int slot = virtio_find(VIRTIO_BLOCK);
    CHECK("a disk is there", slot >= 0 && virtio_begin(slot));
    virtio_open(&queue, slot, 0);
    virtio_go(slot);
    for (unsigned n = 0; n < REQUESTS; n++) {
        header.sector = n % 64;
        virtio_part(&queue, 0, &header, sizeof header, false, false);
        virtio_part(&queue, 1, shared.buffer, 512, true, false);
        virtio_part(&queue, 2, &status, 1, true, true);
        virtio_offer(&queue, 0);
        for (unsigned at = n; queue.used.index != queue.available.index; at += 8) {
            uint64_t old;
            count++;
            asm volatile("amoadd.d %0, %1, (%2)" : "=r"(old) : "r"(1UL), "r"(&shared.before) : "memory");
            unlike += old != count - 1;
            asm volatile("amoadd.w zero, %0, (%1)" : : "r"(1), "r"(&shared.after[6]) : "memory");
            shared.after[0]++;
            /* These leave what they find: either what was there, and the device writes after them, or what it wrote. */
            for (unsigned word = 0; word < 4; word++)
                asm volatile("amoor.d zero, zero, (%0)" : : "r"(&shared.buffer[(at + 16 * word) % 64]) : "memory");
        }
        for (unsigned word = 0; word < 64; word++)
            CHECK_EQ("a word of the sector", shared.buffer[word], 64 * (n % 64) + word);
    }
    CHECK_EQ("AMOs that did not find what the one before had left", unlike, 0);
    CHECK_EQ("no AMO is lost", shared.before, count);
    CHECK_EQ("nor one on the other side", shared.after[6], count);
    CHECK_EQ("no store is lost", shared.after[0], count);
    CHECK("there were many", count >= REQUESTS);
    return 0;
}

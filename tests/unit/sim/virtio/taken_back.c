/* A queue is taken back, QueueReady written 0 and read back as 0, while the device has a request: from then on the
   device writes nothing, neither interrupts nor fails, and works again when it is given the queue again. */
#include "virtio.h"

enum { WORDS = 64 * 64 };

static struct virtio_queue queue;
static volatile uint64_t buffer[WORDS] __attribute__((aligned(64)));
static int slot;

/* After the device has begun to write, or at once. */
static void taken_back(bool begun)
{
    static struct { uint32_t type, reserved; uint64_t sector; } header;
    static volatile uint8_t status;
    context("begun", begun);
    status = 0xff;
    for (unsigned i = 0; i < WORDS; i++)
        buffer[i] = 0;
    virtio_open(&queue, slot, 0);
    virtio_part(&queue, 0, &header, sizeof header, false, false);
    virtio_part(&queue, 1, buffer, sizeof buffer, true, false);
    virtio_part(&queue, 2, &status, 1, true, true);
    virtio_offer(&queue, 0);
    while (begun && !buffer[1]) {
    }
    VIRTIO_REGISTER(slot, VIRTIO_QUEUE) = 0;
    VIRTIO_REGISTER(slot, VIRTIO_QUEUE_READY) = 0;
    CHECK_EQ("QueueReady", VIRTIO_REGISTER(slot, VIRTIO_QUEUE_READY), 0);
    for (unsigned i = 0; i < 10000; i++)
        asm volatile("");
    CHECK_EQ("the beginning of the buffer", buffer[1], begun);
    CHECK_EQ("the end of the buffer", buffer[WORDS - 1], 0);
    CHECK_EQ("the status of the request", status, 0xff);
    CHECK_EQ("used.index", queue.used.index, 0);
    CHECK_EQ("interrupts", VIRTIO_REGISTER(slot, VIRTIO_INTERRUPT), 0);
    CHECK_EQ("the device needs a reset", VIRTIO_REGISTER(slot, VIRTIO_STATUS) & VIRTIO_NEEDS_RESET, 0);
}

int main(void)
{
    slot = virtio_find(VIRTIO_BLOCK);
    CHECK("a disk is there", slot >= 0 && virtio_begin(slot));
    virtio_go(slot);
    taken_back(true);
    taken_back(false); /* in time: its code is in the cache by now */
    virtio_open(&queue, slot, 0);
    CHECK_EQ("it works again", virtio_disk(&queue, false, 0, buffer, WORDS / 64), 0);
    CHECK_EQ("the end of the buffer", buffer[WORDS - 1], WORDS - 1);
    CHECK_EQ("used.index", queue.used.index, 1);
    CHECK_EQ("interrupts", VIRTIO_REGISTER(slot, VIRTIO_INTERRUPT), 1);
    return 0;
}

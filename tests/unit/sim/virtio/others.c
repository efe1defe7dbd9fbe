/* Entropy, and an echo on the console. */
#include "virtio.h"

static struct virtio_queue entropy, receive, transmit;
static volatile uint8_t bytes[64];

int main(void)
{
    int slot = virtio_find(VIRTIO_ENTROPY);
    CHECK("a source of entropy is there", slot >= 0 && virtio_begin(slot));
    virtio_open(&entropy, slot, 0);
    virtio_go(slot);
    virtio_part(&entropy, 0, bytes, 64, true, true);
    virtio_offer(&entropy, 0);
    CHECK_EQ("all the bytes that were asked for", virtio_wait(&entropy), 64);
    uint64_t all = 0;
    for (unsigned i = 0; i < 64; i += 8)
        all |= *(volatile uint64_t *)(bytes + i);
    CHECK_EQ("each bit came", all, ~0UL);

    slot = virtio_find(VIRTIO_CONSOLE);
    CHECK("a console is there", slot >= 0 && virtio_begin(slot));
    virtio_open(&receive, slot, 0);
    virtio_open(&transmit, slot, 1);
    virtio_go(slot);
    for (unsigned received = 0; received < 6;) {
        virtio_part(&receive, 0, bytes, sizeof bytes, true, true);
        virtio_offer(&receive, 0);
        int64_t count = virtio_wait(&receive);
        virtio_part(&transmit, 0, bytes, count, false, true);
        virtio_offer(&transmit, 0);
        virtio_wait(&transmit);
        received += count;
    }
    return 0;
}

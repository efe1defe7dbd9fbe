/* Requests that are none: the device asks for a reset, and after that it works. */
#include "virtio.h"

static struct virtio_queue queue;
static uint8_t bytes[4096];
static int slot;

static void start(void)
{
    CHECK("its features are agreed on", virtio_begin(slot));
    virtio_open(&queue, slot, 0);
    virtio_go(slot);
}

static void refuses(const char *what)
{
    virtio_offer(&queue, 0);
    CHECK_EQ(what, virtio_wait(&queue), -1);
    CHECK_EQ("nothing was answered", queue.used.index, 0);
    CHECK_EQ("the change interrupts", VIRTIO_REGISTER(slot, VIRTIO_INTERRUPT), 2);
    start();
    CHECK_EQ("it works again", virtio_disk(&queue, false, 0, bytes, 1), 0);
    start();
}

int main(void)
{
    slot = virtio_find(VIRTIO_BLOCK);
    start();
    virtio_part(&queue, 0, bytes, 16, false, false);
    virtio_part(&queue, 1, bytes, 16, false, false);
    queue.descriptors[1].next = 0;
    refuses("a chain that is a circle");
    virtio_part(&queue, 0, bytes, 16, false, false);
    queue.descriptors[0].next = VIRTIO_QUEUE_LENGTH;
    refuses("a descriptor behind the table");
    virtio_part(&queue, 0, bytes, 16, true, false);
    virtio_part(&queue, 1, bytes, 16, false, true);
    refuses("what is read after what is written");
    virtio_part(&queue, 0, (void *)0x20000000, 16, false, true);
    refuses("bytes where no memory is");
    virtio_part(&queue, 0, bytes, 16, false, true);
    queue.descriptors[0].address = ~0UL - 7;
    refuses("bytes beyond all addresses");
    virtio_part(&queue, 0, (void *)0x1000, 16, true, true);
    refuses("an answer into the boot ROM");
    virtio_part(&queue, 0, (void *)RAM, 0xffffffff, true, true);
    refuses("an answer of 4 GiB");
    virtio_part(&queue, 0, bytes, 16, false, true);
    queue.descriptors[0].flags = VIRTIO_INDIRECT;
    refuses("an indirect table, which was not agreed on");
    queue.available.index = 100;
    refuses("more requests than the queue has room for");
    virtio_open(&queue, slot, 0);   /* the queue is in use, so its addresses stay */
    VIRTIO_REGISTER(slot, VIRTIO_QUEUE_READY) = 0;
    VIRTIO_REGISTER(slot, VIRTIO_USED + 4) = 0xff;
    VIRTIO_REGISTER(slot, VIRTIO_QUEUE_READY) = 1;
    virtio_part(&queue, 0, bytes, 16, false, false);
    virtio_part(&queue, 1, bytes, 1, true, true);
    refuses("answers where no memory is");

    virtio_part(&queue, 0, bytes, 8, false, false);
    virtio_part(&queue, 1, bytes + 64, 1, true, true);
    virtio_offer(&queue, 0);
    CHECK_EQ("a header that is too short has an answer", virtio_wait(&queue), 1);
    CHECK_EQ("that says so", bytes[64], 1);
    virtio_part(&queue, 0, bytes, 16, false, false);
    bytes[0] = 99;
    virtio_offer(&queue, 0);
    virtio_wait(&queue);
    CHECK_EQ("a kind of request that is none", bytes[64], 2);
    VIRTIO_REGISTER(slot, VIRTIO_STATUS) = 0;
    for (unsigned accepts = 0; accepts < 2; accepts++) {
        VIRTIO_REGISTER(slot, VIRTIO_ACCEPT_SELECT) = 0;
        VIRTIO_REGISTER(slot, VIRTIO_ACCEPT) = accepts == 0 ? 1U << 31 : 0; /* which is not offered */
        VIRTIO_REGISTER(slot, VIRTIO_STATUS) = VIRTIO_AGREED;
        CHECK_EQ("whether the features are agreed on", VIRTIO_REGISTER(slot, VIRTIO_STATUS),
                 accepts ? VIRTIO_AGREED : 0);
    }
    return 0;
}

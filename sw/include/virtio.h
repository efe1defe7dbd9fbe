/* A driver for virtio devices over MMIO (Virtual I/O Device Version 1.2), which waits for every answer. */
#pragma once
#include "hyacinth.h"

#define VIRTIO_SLOT(n) (0x10001000UL + 0x1000UL * (n)) /* 0 to 7 */
#define VIRTIO_SOURCE(n) (1 + (n))                     /* of the PLIC */
#define VIRTIO_REGISTER(slot, offset) MEMORY32(VIRTIO_SLOT(slot) + (offset))

enum {
    VIRTIO_MAGIC = 0x000, VIRTIO_VERSION = 0x004, VIRTIO_DEVICE = 0x008, VIRTIO_FEATURES = 0x010,
    VIRTIO_FEATURES_SELECT = 0x014, VIRTIO_ACCEPT = 0x020, VIRTIO_ACCEPT_SELECT = 0x024, VIRTIO_QUEUE = 0x030,
    VIRTIO_QUEUE_MAX = 0x034, VIRTIO_QUEUE_SIZE = 0x038, VIRTIO_QUEUE_READY = 0x044, VIRTIO_NOTIFY = 0x050,
    VIRTIO_INTERRUPT = 0x060, VIRTIO_ACKNOWLEDGE = 0x064, VIRTIO_STATUS = 0x070, VIRTIO_DESCRIPTORS = 0x080,
    VIRTIO_DRIVER = 0x090, VIRTIO_USED = 0x0a0, VIRTIO_CONFIGURATION = 0x100
};
enum { VIRTIO_BLOCK = 2, VIRTIO_CONSOLE = 3, VIRTIO_ENTROPY = 4 };                    /* VIRTIO_DEVICE */
enum { VIRTIO_FOUND = 1, VIRTIO_DRIVES = 2, VIRTIO_GOES = 4, VIRTIO_AGREED = 8, VIRTIO_NEEDS_RESET = 64 };
enum { VIRTIO_NEXT = 1, VIRTIO_WRITE = 2, VIRTIO_INDIRECT = 4 };                      /* virtio_descriptor.flags */
enum { VIRTIO_QUEUE_LENGTH = 8 };

struct virtio_descriptor { uint64_t address; uint32_t length; uint16_t flags, next; };

/* A queue; it must stand still in memory, and `device` and `number` name it. */
struct virtio_queue {
    struct virtio_descriptor descriptors[VIRTIO_QUEUE_LENGTH];
    struct { uint16_t flags, index, ring[VIRTIO_QUEUE_LENGTH]; } available;
    struct {
        volatile uint16_t flags, index;
        struct { volatile uint32_t id, length; } ring[VIRTIO_QUEUE_LENGTH];
    } __attribute__((aligned(4))) used;
    unsigned slot, number;
} __attribute__((aligned(16)));

/* The slot of the first device of this kind, or -1. */
int virtio_find(unsigned device);

/* Resets the device in `slot` and agrees with it on the features that every device has; then queues are to be given
   to it by virtio_open, and it starts with virtio_go. False: it is no such device. */
bool virtio_begin(unsigned slot);
void virtio_open(struct virtio_queue *queue, unsigned slot, unsigned number);
void virtio_go(unsigned slot);

/* Offers descriptor `head` to the device, without waiting. */
void virtio_offer(struct virtio_queue *queue, uint16_t head);

/* Waits until all that was offered is answered; bytes of the last answer, or -1 where the device needs a reset. */
int64_t virtio_wait(struct virtio_queue *queue);

/* Puts a part of a request into descriptor `n`; the parts follow each other, `last` is the last. */
void virtio_part(struct virtio_queue *queue, unsigned n, const volatile void *address, uint32_t length,
                 bool device_writes, bool last);

/* Reads or writes `sectors` of 512 bytes of a disk; its status: 0 for success. */
int virtio_disk(struct virtio_queue *queue, bool write, uint64_t sector, volatile void *buffer, unsigned sectors);

#include "virtio.h"

int virtio_find(unsigned device)
{
    for (int slot = 0; slot < 8; slot++)
        if (VIRTIO_REGISTER(slot, VIRTIO_MAGIC) == 0x74726976 && VIRTIO_REGISTER(slot, VIRTIO_DEVICE) == device)
            return slot;
    return -1;
}

bool virtio_begin(unsigned slot)
{
    if (VIRTIO_REGISTER(slot, VIRTIO_MAGIC) != 0x74726976 || VIRTIO_REGISTER(slot, VIRTIO_VERSION) != 2)
        return false;
    VIRTIO_REGISTER(slot, VIRTIO_STATUS) = 0;
    VIRTIO_REGISTER(slot, VIRTIO_STATUS) = VIRTIO_FOUND | VIRTIO_DRIVES;
    VIRTIO_REGISTER(slot, VIRTIO_ACCEPT_SELECT) = 1;
    VIRTIO_REGISTER(slot, VIRTIO_ACCEPT) = 1; /* VIRTIO_F_VERSION_1, bit 32 */
    VIRTIO_REGISTER(slot, VIRTIO_STATUS) = VIRTIO_FOUND | VIRTIO_DRIVES | VIRTIO_AGREED;
    return VIRTIO_REGISTER(slot, VIRTIO_STATUS) & VIRTIO_AGREED;
}

static void put_address(unsigned slot, unsigned offset, const volatile void *address)
{
    VIRTIO_REGISTER(slot, offset) = (uint32_t)(uint64_t)address;
    VIRTIO_REGISTER(slot, offset + 4) = (uint64_t)address >> 32;
}

void virtio_open(struct virtio_queue *queue, unsigned slot, unsigned number)
{
    *queue = (struct virtio_queue){.slot = slot, .number = number};
    VIRTIO_REGISTER(slot, VIRTIO_QUEUE) = number;
    VIRTIO_REGISTER(slot, VIRTIO_QUEUE_SIZE) = VIRTIO_QUEUE_LENGTH;
    put_address(slot, VIRTIO_DESCRIPTORS, queue->descriptors);
    put_address(slot, VIRTIO_DRIVER, &queue->available);
    put_address(slot, VIRTIO_USED, &queue->used);
    VIRTIO_REGISTER(slot, VIRTIO_QUEUE_READY) = 1;
}

void virtio_go(unsigned slot)
{
    VIRTIO_REGISTER(slot, VIRTIO_STATUS) = VIRTIO_FOUND | VIRTIO_DRIVES | VIRTIO_AGREED | VIRTIO_GOES;
}

void virtio_offer(struct virtio_queue *queue, uint16_t head)
{
    volatile uint16_t *index = &queue->available.index;
    queue->available.ring[*index % VIRTIO_QUEUE_LENGTH] = head;
    asm volatile("fence w, w" : : : "memory");
    *index = *index + 1;
    asm volatile("fence w, o" : : : "memory");
    VIRTIO_REGISTER(queue->slot, VIRTIO_NOTIFY) = queue->number;
}

int64_t virtio_wait(struct virtio_queue *queue)
{
    while (queue->used.index != queue->available.index)
        if (VIRTIO_REGISTER(queue->slot, VIRTIO_STATUS) & VIRTIO_NEEDS_RESET)
            return -1;
    asm volatile("fence r, rw" : : : "memory");
    return queue->used.ring[(uint16_t)(queue->used.index - 1) % VIRTIO_QUEUE_LENGTH].length;
}

void virtio_part(struct virtio_queue *queue, unsigned n, const volatile void *address, uint32_t length,
                 bool device_writes, bool last)
{
    queue->descriptors[n] = (struct virtio_descriptor){
        (uint64_t)address, length, (device_writes ? VIRTIO_WRITE : 0) | (last ? 0 : VIRTIO_NEXT), n + 1};
}

int virtio_disk(struct virtio_queue *queue, bool write, uint64_t sector, volatile void *buffer, unsigned sectors)
{
    struct { uint32_t type, reserved; uint64_t sector; } header = {write, 0, sector};
    volatile uint8_t status = 0xff;
    virtio_part(queue, 0, &header, sizeof header, false, false);
    virtio_part(queue, 1, buffer, 512 * sectors, !write, false);
    virtio_part(queue, 2, &status, 1, true, true);
    virtio_offer(queue, 0);
    return virtio_wait(queue) < 0 ? -1 : status;
}

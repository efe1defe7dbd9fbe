/* A disk of the guest: block device of the Virtual I/O Device specification 1.2 (chapters 2.7, 4.2 and 5.2), whose
 * contents are a file or a disk of the host.
 *
 * Nothing the driver writes is trusted: each address and length is held against the guest's memory, and a chain that is
 * malformed sets DEVICE_NEEDS_RESET. */
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

enum { SECTOR = 512, QUEUE_MAX = 64 };
enum {
    MAGIC = 0x000, VERSION = 0x004, DEVICE_ID = 0x008, VENDOR_ID = 0x00c, DEVICE_FEATURES = 0x010,
    DEVICE_FEATURES_SEL = 0x014, DRIVER_FEATURES = 0x020, DRIVER_FEATURES_SEL = 0x024, QUEUE_SEL = 0x030,
    QUEUE_NUM_MAX = 0x034, QUEUE_NUM = 0x038, QUEUE_READY = 0x044, QUEUE_NOTIFY = 0x050, INTERRUPT_STATUS = 0x060,
    INTERRUPT_ACK = 0x064, STATUS = 0x070, QUEUE_DESC = 0x080, QUEUE_DRIVER = 0x090, QUEUE_DEVICE = 0x0a0,
    CONFIG_GENERATION = 0x0fc, CONFIG = 0x100,
};
enum { NEXT = 1, WRITE = 2, INDIRECT = 4 };                  /* flags of a descriptor */
/* Without SEG_MAX a request has one page, and each costs the guest some exits. VERSION_1 is bit 32, of the upper word. */
enum { FEATURE_SEG_MAX = 1 << 2, FEATURE_FLUSH = 1 << 9, FEATURE_VERSION_1 = 1 };
enum { NEEDS_RESET = 64, USED_BUFFER = 1, CONFIG_CHANGE = 2 };
enum { READ_SECTORS = 0, WRITE_SECTORS = 1, FLUSH = 4, GET_ID = 8 };
enum { OK = 0, IO_ERROR = 1, UNSUPPORTED = 2 };

struct descriptor { uint64_t address; uint32_t length; uint16_t flags, next; };
struct available { uint16_t flags, index, ring[QUEUE_MAX]; };
struct used { uint16_t flags, index; struct { uint32_t id, length; } ring[QUEUE_MAX]; };
struct header { uint32_t type, reserved; uint64_t sector; };

static int disk;
static uint64_t disk_size;
static uint32_t status, features_word, driver_word, queue, interrupts;
static struct { uint32_t size, ready; uint64_t descriptors, driver, device; uint16_t seen; } q;

void block_open(const char *file)
{
    disk = open(file, O_RDWR);
    if (disk < 0)
        disk = open(file, O_RDONLY);   /* then every write fails, and says so to the guest */
    off_t size = disk < 0 ? -1 : lseek(disk, 0, SEEK_END);
    if (size < 0)
        fail("%s: %s", file, strerror(errno));
    disk_size = size / SECTOR * SECTOR;
}

static void interrupt(uint32_t why)
{
    interrupts |= why;
    plic_raise(BLOCK_SOURCE, interrupts != 0);
}

static void reset(void)
{
    status = features_word = driver_word = queue = interrupts = 0;
    memset(&q, 0, sizeof q);
    plic_raise(BLOCK_SOURCE, false);
}

static void broken(void)
{
    status |= NEEDS_RESET;
    interrupt(CONFIG_CHANGE);
}

/* The disk's part of a transfer; returns the status of the request. */
static uint8_t transfer(uint32_t type, uint64_t *at, const struct descriptor *part, void *bytes)
{
    bool reads = type == READ_SECTORS;
    if (type == GET_ID) {
        static const char id[20] = "hyacinth-monitor";
        if (!(part->flags & WRITE))
            return IO_ERROR;
        memset(bytes, 0, part->length);
        memcpy(bytes, id, part->length < sizeof id ? part->length : sizeof id);
        return OK;
    }
    if (type != READ_SECTORS && type != WRITE_SECTORS)
        return IO_ERROR;   /* FLUSH has no data */
    if (reads != !!(part->flags & WRITE) || part->length % SECTOR || *at > disk_size || part->length > disk_size - *at)
        return IO_ERROR;
    for (uint32_t done = 0; done < part->length;) {
        ssize_t count = reads ? pread(disk, (uint8_t *)bytes + done, part->length - done, *at + done)
                              : pwrite(disk, (uint8_t *)bytes + done, part->length - done, *at + done);
        if (count <= 0)
            return IO_ERROR;
        done += count;
    }
    *at += part->length;
    return OK;
}

/* Serve the chain that begins at descriptor `head`; false where the chain is malformed. */
static bool serve(uint16_t head, uint32_t *written)
{
    const struct descriptor *table = guest(q.descriptors, q.size * sizeof *table);
    struct header request;
    uint64_t at = 0;
    uint8_t result = OK;
    *written = 0;
    for (unsigned count = 0, index = head; count < q.size; count++) {
        if (index >= q.size)
            return false;
        struct descriptor part = table[index];
        uint8_t *bytes = guest(part.address, part.length);
        if (!bytes || part.flags & INDIRECT)
            return false;
        if (count == 0) {
            if (part.length != sizeof request || part.flags & WRITE || !(part.flags & NEXT))
                return false;
            memcpy(&request, bytes, sizeof request);
            if (request.type <= WRITE_SECTORS && request.sector > disk_size / SECTOR)
                result = IO_ERROR;
            else
                at = request.sector * SECTOR;
            if (request.type != READ_SECTORS && request.type != WRITE_SECTORS && request.type != FLUSH &&
                request.type != GET_ID)
                result = UNSUPPORTED;
        } else if (part.flags & NEXT) {
            if (result == OK)
                result = transfer(request.type, &at, &part, bytes);
            if (part.flags & WRITE)
                *written += part.length;
        } else {
            if (!(part.flags & WRITE) || part.length != 1)
                return false;
            if (request.type == FLUSH && result == OK && fdatasync(disk))
                result = IO_ERROR;
            *bytes = result;
            *written += 1;
            return true;
        }
        index = part.next;
    }
    return false;
}

static void notified(void)
{
    struct available *available = guest(q.driver, sizeof(uint16_t) * (2 + q.size));
    struct used *used = guest(q.device, sizeof(uint16_t) * 2 + sizeof used->ring[0] * q.size);
    if (!q.ready || status & NEEDS_RESET)
        return;
    if (!available || !used || !guest(q.descriptors, q.size * sizeof(struct descriptor)))
        return broken();
    bool any = false;
    /* Read once: were the used ring laid over it, each request would make another one. */
    uint16_t end = available->index;
    atomic_thread_fence(memory_order_acquire);
    for (; q.seen != end; q.seen++, any = true) {
        uint32_t written;
        uint16_t head = available->ring[q.seen % q.size];
        if (!serve(head, &written))
            return broken();
        used->ring[used->index % q.size].id = head;
        used->ring[used->index % q.size].length = written;
        atomic_thread_fence(memory_order_release);
        used->index++;
    }
    if (any && !(available->flags & 1))
        interrupt(USED_BUFFER);
}

uint32_t block_read(uint64_t offset, unsigned size)
{
    if (offset >= CONFIG) {
        struct { uint64_t capacity; uint32_t size_max, seg_max; } config = {disk_size / SECTOR, 0, QUEUE_MAX - 2};
        uint32_t value = 0;
        if (offset - CONFIG + size <= sizeof config)
            memcpy(&value, (uint8_t *)&config + (offset - CONFIG), size < sizeof value ? size : sizeof value);
        return value;
    }
    switch (offset) {
    case MAGIC: return 0x74726976;
    case VERSION: return 2;
    case DEVICE_ID: return 2;
    case VENDOR_ID: return 0x31415948;
    case DEVICE_FEATURES:
        return features_word == 1 ? FEATURE_VERSION_1 : features_word == 0 ? FEATURE_SEG_MAX | FEATURE_FLUSH : 0;
    case QUEUE_NUM_MAX: return queue == 0 ? QUEUE_MAX : 0;
    case QUEUE_READY: return queue == 0 ? q.ready : 0;
    case INTERRUPT_STATUS: return interrupts;
    case STATUS: return status;
    default: return 0;
    }
}

static void set_half(uint64_t *whole, bool upper, uint32_t value)
{
    *whole = upper ? (*whole & 0xffffffff) | (uint64_t)value << 32 : (*whole & ~0xffffffffull) | value;
}

void block_write(uint64_t offset, uint32_t value)
{
    bool configures = queue == 0 && !q.ready;
    switch (offset) {
    case DEVICE_FEATURES_SEL: features_word = value; break;
    case DRIVER_FEATURES_SEL: driver_word = value; break;
    case QUEUE_SEL: queue = value; break;
    case QUEUE_NUM:
        if (configures && value && value <= QUEUE_MAX && !(value & (value - 1)))
            q.size = value;
        break;
    case QUEUE_READY:
        if (queue == 0)
            q.ready = value & 1 && q.size, q.seen = 0;
        break;
    case QUEUE_NOTIFY:
        if (value == 0)
            notified();
        break;
    case INTERRUPT_ACK:
        interrupts &= ~value;
        plic_raise(BLOCK_SOURCE, interrupts != 0);
        break;
    case STATUS:
        if (value == 0)
            reset();
        else
            status = value | (status & NEEDS_RESET);
        break;
    case QUEUE_DESC: case QUEUE_DESC + 4: if (configures) set_half(&q.descriptors, offset & 4, value); break;
    case QUEUE_DRIVER: case QUEUE_DRIVER + 4: if (configures) set_half(&q.driver, offset & 4, value); break;
    case QUEUE_DEVICE: case QUEUE_DEVICE + 4: if (configures) set_half(&q.device, offset & 4, value); break;
    }
}

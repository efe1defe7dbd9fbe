/* Drives the monitor's devices from this side: good requests, malformed ones, and the interrupt controller. */
#include "monitor.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RAM = 1 << 16, SECTOR = 512, CHAINS = 100000 };
enum { QUEUE_NUM = 0x38, QUEUE_READY = 0x44, NOTIFY = 0x50, INTERRUPTS = 0x60, ACK = 0x64, STATUS = 0x70, DESC = 0x80,
       DRIVER = 0x90, DEVICE = 0xa0 };
enum { TABLE = 0x1000, AVAILABLE = 0x2000, USED = 0x3000, HEADER = 0x4000, DATA = 0x5000, RESULT = 0x6000, SIZE = 16 };

static uint8_t *ram;
static bool level;

void fail(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vprintf(format, values);
    printf("\n");
    exit(1);
}

void *guest(uint64_t address, uint64_t size)
{
    uint64_t offset = address - RAM_BASE;
    return offset <= RAM && size <= RAM - offset ? ram + offset : NULL;
}

void external_interrupt(bool now)
{
    level = now;
}

static void must(bool holds, const char *what)
{
    if (!holds)
        fail("%s", what);
}

static void put(uint64_t at, uint64_t value, int bytes)
{
    memcpy(ram + at, &value, bytes);
}

static uint64_t get(uint64_t at, int bytes)
{
    uint64_t value = 0;
    memcpy(&value, ram + at, bytes);
    return value;
}

static void descriptor(int index, uint64_t address, uint32_t length, int flags, int next)
{
    put(TABLE + 16 * index, address, 8), put(TABLE + 16 * index + 8, length, 4);
    put(TABLE + 16 * index + 12, flags, 2), put(TABLE + 16 * index + 14, next, 2);
}

static void set_up(void)
{
    block_write(STATUS, 0);
    block_write(QUEUE_NUM, SIZE);
    block_write(DESC, RAM_BASE + TABLE), block_write(DESC + 4, 0);
    block_write(DRIVER, RAM_BASE + AVAILABLE), block_write(DRIVER + 4, 0);
    block_write(DEVICE, RAM_BASE + USED), block_write(DEVICE + 4, 0);
    block_write(QUEUE_READY, 1);
    block_write(STATUS, 15);
    put(AVAILABLE, 0, 4), put(USED, 0, 4);
}

static void offer(int head)
{
    unsigned index = get(AVAILABLE + 2, 2);
    put(AVAILABLE + 4 + 2 * (index % SIZE), head, 2);
    put(AVAILABLE + 2, index + 1, 2);
    block_write(NOTIFY, 0);
}

/* One request of the usual shape; its status. */
static int request(uint32_t type, uint64_t sector, uint32_t length, bool device_writes)
{
    put(HEADER, type, 8), put(HEADER + 8, sector, 8), put(RESULT, 0xff, 1);
    descriptor(0, RAM_BASE + HEADER, 16, 1, 1);
    descriptor(1, RAM_BASE + DATA, length, device_writes ? 3 : 1, 2);
    descriptor(2, RAM_BASE + RESULT, 1, 2, 0);
    unsigned before = get(USED + 2, 2);
    offer(0);
    must(get(USED + 2, 2) == ((before + 1) & 0xffff), "the request was not used");
    must(block_read(INTERRUPTS, 4) == 1, "no interrupt");
    block_write(ACK, 1);
    return get(RESULT, 1);
}

static void requests(void)
{
    set_up();
    must(request(0, 3, 2 * SECTOR, true) == 0 && get(DATA + 7, 1) == 7, "sectors cannot be read");
    put(DATA, 0x1122334455667788, 8);
    must(request(1, 5, SECTOR, false) == 0, "a sector cannot be written");
    must(request(0, 5, SECTOR, true) == 0 && get(DATA, 8) == 0x1122334455667788, "what was written is not there");
    must(request(0, 256, SECTOR, true) == 1, "behind the disk");
    must(request(0, 255, 2 * SECTOR, true) == 1, "across the disk's end");
    must(request(0, ~0ull, SECTOR, true) == 1, "far behind the disk");
    must(request(0, 0, 100, true) == 1, "no whole sector");
    must(request(1, 0, SECTOR, true) == 1, "a write into what the device writes");
    must(request(8, 0, 20, true) == 0 && !memcmp(ram + DATA, "hyacinth-monitor", 17), "the disk's name");
    must(request(77, 0, SECTOR, true) == 2, "an unknown request");
    memset(ram + DATA, 0xee, SECTOR);
    must(request(4, 5, SECTOR, false) == 1, "a flush has no data");
    must(request(0, 5, SECTOR, true) == 0 && get(DATA, 8) == 0x1122334455667788, "a flush has written the disk");
    must(block_read(0x100, 4) == 256 && block_read(0x104, 4) == 0 && block_read(0x108, 4) == 0, "capacity");
}

/* The used ring lies over the available one: what the device counts there are not requests. */
static void overlaid(void)
{
    set_up();
    block_write(QUEUE_READY, 0);
    block_write(QUEUE_NUM, 2);
    block_write(DEVICE, RAM_BASE + AVAILABLE);
    block_write(QUEUE_READY, 1);
    put(HEADER, 4, 8), put(HEADER + 8, 0, 8), put(AVAILABLE, 0, 8);
    descriptor(0, RAM_BASE + HEADER, 16, 1, 1);
    descriptor(1, RAM_BASE + RESULT, 1, 2, 0);
    offer(0);
    must(get(AVAILABLE + 2, 2) == 2, "other than one request was served");
}

static uint64_t noise(void)
{
    static uint64_t state = 88172645463325252ull;
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

static void malformed(void)
{
    static const uint64_t places[] = {RAM_BASE + HEADER, RAM_BASE + DATA, RAM_BASE + RESULT, RAM_BASE + RAM - 8,
                                      RAM_BASE + RAM, 0, ~0ull, RAM_BASE + TABLE};
    static const uint32_t lengths[] = {16, SECTOR, 1, 0, 100, 0xffffffff, RAM, 2 * SECTOR};
    int served = 0, refused = 0;
    for (int chain = 0; chain < CHAINS; chain++) {
        set_up();
        for (int index = 0; index < SIZE; index++)
            descriptor(index, places[noise() % 8], lengths[noise() % 8], noise() % 8, noise() % (SIZE + 2));
        if (noise() % 2)
            descriptor(0, RAM_BASE + HEADER, 16, 1, 1 + noise() % 3);
        put(HEADER, noise() % 10, 8), put(HEADER + 8, noise() % 4 ? noise() % 300 : noise(), 8);
        if (noise() % 16 == 0)
            block_write((noise() % 2 ? DRIVER : DEVICE), noise());   /* refused while the queue is ready */
        if (noise() % 16 == 0) {
            block_write(QUEUE_READY, 0);
            block_write(noise() % 2 ? DRIVER + 4 : DEVICE + 4, noise());
            block_write(QUEUE_READY, 1);
        }
        offer(noise() % 4 ? 0 : noise());
        block_read(STATUS, 4) & 64 ? refused++ : served++;
    }
    must(served > CHAINS / 1000 && refused > CHAINS / 10, "the chains are not of both kinds");
    requests();   /* after a reset it serves again */
}

static void plic(void)
{
    plic_write(4 * 3, 5), plic_write(4 * 4, 6), plic_write(4 * 5, 6);
    plic_raise(3, true), plic_raise(4, true), plic_raise(5, true);
    must(!level, "a source that is not enabled");
    plic_write(0x2000, 1 << 3 | 1 << 4 | 1 << 5);
    must(level && plic_read(0x1000) == (1 << 3 | 1 << 4 | 1 << 5), "pending");
    must(plic_read(0x200004) == 4, "the highest priority, and of equals the lowest number, is first");
    plic_write(0x200000, 5);
    must(plic_read(0x200004) == 5 && plic_read(0x200004) == 0 && !level, "the threshold holds the last one back");
    plic_write(0x200000, 0);
    must(level && plic_read(0x200004) == 3 && !level, "then it comes");
    plic_raise(4, false);
    plic_write(0x200004, 4), plic_write(0x200004, 5);
    must(level && plic_read(0x200004) == 5, "a level that stays interrupts again");
    plic_write(0x200004, 77), plic_write(0x3fffffc, 1);
    must(plic_read(0x3fffffc) == 0, "what is not there reads 0");
}

int main(int count, char **words)
{
    must(count == 3, "usage: devices requests|overlaid|malformed|plic DISK");
    alarm(60);
    /* A page that may not be touched behind the guest's memory. */
    uint8_t *got = mmap(NULL, RAM + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    mprotect(got + RAM, 4096, PROT_NONE);
    ram = got;
    block_open(words[2]);
    if (!strcmp(words[1], "requests"))
        requests();
    else if (!strcmp(words[1], "overlaid"))
        overlaid();
    else if (!strcmp(words[1], "malformed"))
        malformed();
    else
        plic();
    printf("ok\n");
    return 0;
}

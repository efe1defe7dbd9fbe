/* First process of a guest that writes its disk from end to end, reads it, and compares: its first argument says how many
 * MiB (kernel command line: `-- 64`), else all of it. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

enum { PART = 1 << 18 };   /* bytes written at once */

static uint8_t part[PART];

static _Noreturn void wrong(const char *what, unsigned number)
{
    printf("guest: checksum: part %u: %s (%s)\n", number, what, strerror(errno));
    end("guest", false);
}

/* Numbers that each place has for itself, so that a part in another's place is seen. */
static uint64_t fill(uint64_t seed)
{
    uint64_t sum = 0, state = seed * 0x9e3779b97f4a7c15 + 1;
    for (size_t n = 0; n < PART / sizeof state; n++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        memcpy(part + n * sizeof state, &state, sizeof state);
        sum = (sum << 1 | sum >> 63) ^ state;
    }
    return sum;
}

static uint64_t summed(void)
{
    uint64_t sum = 0, word;
    for (size_t n = 0; n < PART / sizeof word; n++) {
        memcpy(&word, part + n * sizeof word, sizeof word);
        sum = (sum << 1 | sum >> 63) ^ word;
    }
    return sum;
}

int main(int count, char **words)
{
    begin("guest");
    int disk = open("/dev/vda", O_RDWR);
    off_t size = disk < 0 ? -1 : lseek(disk, 0, SEEK_END);
    unsigned parts = size / PART, wanted = count > 1 ? strtoul(words[1], NULL, 0) * (1 << 20) / PART : parts;
    if (disk < 0 || size < PART || wanted > parts)
        wrong("the disk is absent or too small", 0);
    uint64_t written = 0, read_back = 0;
    for (unsigned n = 0; n < wanted; n++) {
        written = (written << 1 | written >> 63) ^ fill(n);
        if (pwrite(disk, part, PART, (off_t)n * PART) != PART)
            wrong("cannot be written", n);
    }
    if (fsync(disk))
        wrong("cannot be flushed", wanted);
    posix_fadvise(disk, 0, 0, POSIX_FADV_DONTNEED);
    printf("guest: checksum: %u KiB are written\n", wanted * (PART / 1024));
    for (unsigned n = 0; n < wanted; n++) {
        memset(part, 0, PART);
        if (pread(disk, part, PART, (off_t)n * PART) != PART)
            wrong("cannot be read", n);
        read_back = (read_back << 1 | read_back >> 63) ^ summed();
    }
    printf("guest: checksum: wrote %016llx, read %016llx\n", (unsigned long long)written, (unsigned long long)read_back);
    end("guest", written == read_back);
}

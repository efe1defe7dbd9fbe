/* First process of a guest that has much to do: processes, memory to its limit, a disk, timers, the console. It checks
 * all that it does, for as many rounds as its first argument says (kernel command line: `-- 20`), then powers off. */
#include "init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

enum { PAGE = 4096, MEGABYTE = 1 << 20 };

static volatile sig_atomic_t alarms;
static const char *doing = "nothing";

static _Noreturn void wrong(const char *what)
{
    printf("guest: soak: %s: %s (%s)\n", doing, what, strerror(errno));
    end("guest", false);
}

static void expect(bool holds, const char *what)
{
    if (!holds)
        wrong(what);
}

static void rings(int signal) { (void)signal, alarms++; }

static uint64_t next(uint64_t *state)
{
    *state ^= *state << 13, *state ^= *state >> 7, *state ^= *state << 17;
    return *state;
}

/* What a compiler does: many small pieces, found again by their names, in a process of its own. */
struct piece { struct piece *after; uint64_t hash; char name[24]; };

static int compile(uint64_t seed)
{
    static struct piece *table[512];
    uint64_t state = seed * 2 + 1, hashes = 0, found = 0;
    unsigned count = 4000;
    for (unsigned n = 0; n < count; n++) {
        struct piece *piece = malloc(sizeof *piece);
        if (!piece)
            return 1;
        snprintf(piece->name, sizeof piece->name, "name_%u_%llx", n, (unsigned long long)next(&state) % 100000);
        piece->hash = 5381;
        for (char *c = piece->name; *c; c++)
            piece->hash = piece->hash * 33 ^ (uint8_t)*c;
        hashes += piece->hash;
        piece->after = table[piece->hash % 512], table[piece->hash % 512] = piece;
    }
    for (unsigned n = 0; n < 512; n++)
        for (struct piece *piece = table[n]; piece; piece = piece->after)
            found += piece->hash, count--;
    return count != 0 || found != hashes;
}

static void processes(uint64_t seed)
{
    doing = "processes";
    pid_t children[4];
    for (unsigned n = 0; n < 4; n++) {
        fflush(stdout);
        expect((children[n] = fork()) >= 0, "fork");
        if (children[n] == 0)
            _exit(compile(seed + n));
    }
    for (unsigned n = 0; n < 4; n++) {
        int status = 1;
        while (waitpid(children[n], &status, 0) < 0)
            expect(errno == EINTR, "waitpid");
        expect(status == 0, "a child's sums differ");
    }
}

/* Memory that is written, read, protected, given back and used again, most of what there is. */
static void memory(uint64_t seed)
{
    doing = "memory";
    size_t size = 14 * MEGABYTE;
    uint64_t *words = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), state = seed;
    expect(words != MAP_FAILED, "mmap");
    size_t pages = size / PAGE, stride = PAGE / sizeof *words;
    for (size_t n = 0; n < pages; n++)
        words[n * stride + n % stride] = seed ^ n;
    for (unsigned n = 0; n < 200; n++) {
        size_t page = next(&state) % pages;
        uint64_t *at = words + page * stride;
        expect(at[page % stride] == (seed ^ page), "a page has changed");
        if (n % 3 == 0) {
            expect(!mprotect(at, PAGE, PROT_READ), "mprotect");
            expect(at[page % stride] == (seed ^ page), "a protected page has changed");
            expect(!mprotect(at, PAGE, PROT_READ | PROT_WRITE), "mprotect back");
        } else if (n % 3 == 1) {
            expect(!madvise(at, PAGE, MADV_DONTNEED), "madvise");
            expect(at[page % stride] == 0, "a page that was given back is not empty");
        }
        at[page % stride] = seed ^ page;
    }
    for (size_t n = 0; n < pages; n++)
        expect(words[n * stride + n % stride] == (seed ^ n), "a page has changed at last");
    expect(!munmap(words, size), "munmap");
}

static void disk(uint64_t seed)
{
    doing = "disk";
    static uint8_t out[PAGE], in[PAGE];
    uint64_t state = seed * 2 + 1;
    int file = open("/dev/vda", O_RDWR);
    expect(file >= 0, "open");
    for (size_t n = 0; n < PAGE; n++)
        out[n] = next(&state);
    off_t at = PAGE * (1 + seed % 14);
    expect(pwrite(file, out, PAGE, at) == PAGE && !fsync(file), "write");
    posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    expect(pread(file, in, PAGE, at) == PAGE, "read");
    expect(!memcmp(in, out, PAGE), "what was written is not what is read");
    close(file);
}

int main(int count, char **words)
{
    begin("guest");
    unsigned rounds = count > 1 ? strtoul(words[1], NULL, 0) : 3;
    struct sigaction handler = {.sa_handler = rings, .sa_flags = SA_RESTART};
    struct itimerval tick = {{0, 5000}, {0, 5000}};
    expect(!sigaction(SIGALRM, &handler, NULL) && !setitimer(ITIMER_REAL, &tick, NULL), "a timer");
    for (unsigned round = 1; round <= rounds; round++) {
        struct timespec before, after;
        int rang = alarms;
        clock_gettime(CLOCK_MONOTONIC, &before);
        processes(round);
        memory(round * 0x9e3779b97f4a7c15);
        disk(round);
        clock_gettime(CLOCK_MONOTONIC, &after);
        long passed = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
        doing = "time";
        expect(passed >= 0 && (passed < 50 || alarms > rang), "no alarm came");
        printf("guest: soak: round %u of %u, %ld ms, %d alarms\n", round, rounds, passed, (int)alarms - rang);
    }
    end("guest", true);
}

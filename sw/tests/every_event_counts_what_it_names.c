/* Each event that mhpmevent can select counts where it shall, and not where it shall not; what can be told exactly is
   counted exactly.
   not disturbed: it counts misses
   not twice: it counts misses of caches that hold nothing yet
   not tight: it counts hits of TLBs that hold all that it uses
   rules: mhpmevent_enc, mhpmevent_op, hpmcounter_op_sz_mode */
#include "interrupts.h"

#define ROUNDS 20

static uint64_t counted[4];

/* Runs `work` in `mode` while counters 3 to 6 count four events. */
static void count(enum mode mode, function *work, uint64_t argument, unsigned e3, unsigned e4, unsigned e5, unsigned e6)
{
    csr_write(mcountinhibit, 0x78);
    csr_write(mhpmevent3, e3);
    csr_write(mhpmevent4, e4);
    csr_write(mhpmevent5, e5);
    csr_write(mhpmevent6, e6);
    csr_write(mhpmcounter3, 0);
    csr_write(mhpmcounter4, 0);
    csr_write(mhpmcounter5, 0);
    csr_write(mhpmcounter6, 0);
    csr_write(mcountinhibit, 0);
    if (mode == MODE_M)
        work(argument);
    else
        run_in(mode, work, argument);
    csr_write(mcountinhibit, 0x78);
    counted[0] = csr_read(mhpmcounter3);
    counted[1] = csr_read(mhpmcounter4);
    counted[2] = csr_read(mhpmcounter5);
    counted[3] = csr_read(mhpmcounter6);
}

static uint64_t nothing(uint64_t argument)
{
    return argument;
}

static uint64_t nops(uint64_t argument)
{
    for (uint64_t i = 0; i < argument; i++)
        asm volatile("nop\nnop\nnop\nnop\nnop\nnop\nnop\nnop");
    return 0;
}

static uint64_t divisions(uint64_t argument)
{
    uint64_t value = ~0UL;
    for (uint64_t i = 0; i < argument; i++)
        asm volatile("divu %0, %0, %1" : "+r"(value) : "r"(3UL));
    return value;
}

static uint64_t device_reads(uint64_t argument)
{
    uint64_t sum = 0;
    for (uint64_t i = 0; i < argument; i++)
        sum += CLINT_MTIME;
    return sum;
}

/* A line of each page, so that each is a miss of the cache, and of the first-level TLB. */
static uint64_t far_loads(uint64_t from)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < TEST_PAGES; i++)
        sum += MEMORY64(from + i * PAGE + (i & 15) * 64);
    return sum;
}

static uint64_t fenced(uint64_t argument)
{
    FENCE_I();
    asm volatile("sfence.vma");
    return argument;
}

static uint64_t waiting(uint64_t argument)
{
    CLINT_MTIMECMP = CLINT_MTIME + argument;
    csr_write(mie, BIT(MTI));
    asm volatile("wfi");
    csr_write(mie, 0);
    CLINT_MTIMECMP = ~0UL;
    return 0;
}

static uint64_t unforeseen(uint64_t argument)
{
    uint64_t seed = 0x9e3779b97f4a7c15, sum = 0;
    for (uint64_t i = 0; i < argument; i++) {
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        if (seed & 1)
            asm volatile("addi %0, %0, 3" : "+r"(sum));
    }
    return sum;
}

static uint64_t interrupted(uint64_t argument)
{
    csr_set(mip, BIT(SSI));
    csr_write(mie, BIT(SSI));
    csr_set(mstatus, MSTATUS_MIE);
    for (unsigned i = 0; i < 100 && trap_count == 0; i++)
        asm volatile("");
    csr_clear(mstatus, MSTATUS_MIE);
    csr_clear(mip, BIT(SSI));
    return argument;
}

int main(void)
{
    count(MODE_M, nops, 1000, EVENT_RETIRED, EVENT_TRAPPED, EVENT_STALL_DIVIDE, 0);
    CHECK("retired", counted[0] >= 10000 && counted[0] < 12000);
    CHECK_EQ("nothing is trapped, divided or counted by 0", counted[1] | counted[2] | counted[3], 0);

    for (unsigned m = 0; m < 4; m++) {
        static const enum mode modes[] = {MODE_U, MODE_HS, MODE_VU, MODE_VS};
        context(mode_name(modes[m]), 0);
        csr_write(mcountinhibit, 0);
        count(modes[m], nothing, 0, EVENT_TRAPPED, EVENT_VM_EXIT, EVENT_VM_ENTRY, EVENT_INTERRUPTED);
        CHECK_EQ("the ECALL", counted[0], 1);
        CHECK_EQ("exits", counted[1], m >= 2);
        CHECK_EQ("entries", counted[2], m >= 2);
        CHECK_EQ("no interrupt", counted[3], 0);
    }
    context(0, 0);
    clear_traps();
    count(MODE_M, interrupted, 0, EVENT_TRAPPED, EVENT_INTERRUPTED, EVENT_VM_EXIT, EVENT_FLUSHED);
    CHECK_EQ("one trap", counted[0], 1);
    CHECK_EQ("one interrupt", counted[1], 1);
    CHECK_EQ("no exit", counted[2], 0);
    CHECK("CSR writes, the trap and the return flush", counted[3] >= 7 && counted[3] < 50);

    count(MODE_M, divisions, ROUNDS, EVENT_STALL_DIVIDE, EVENT_WAIT_OPERAND, EVENT_STALL_MEMORY, EVENT_STALL_SYSTEM);
    CHECK("divisions take long", counted[0] >= ROUNDS * 8 && counted[0] < ROUNDS * 80);
    CHECK("each waits for the one before", counted[1] >= ROUNDS);
    count(MODE_M, device_reads, ROUNDS, EVENT_STALL_DEVICE, EVENT_STALL_MEMORY, EVENT_STALL_LINE, EVENT_STALL_DIVIDE);
    CHECK("devices", counted[0] >= ROUNDS && counted[0] <= counted[1]);
    CHECK("no line", counted[2] < counted[0]);
    CHECK_EQ("no division", counted[3], 0);
    count(MODE_M, waiting, 100, EVENT_STALL_WFI, EVENT_STALL_SYSTEM, EVENT_TRAPPED, EVENT_INTERRUPTED);
    CHECK("WFI", counted[0] >= 50 && counted[0] <= counted[1]);
    CHECK_EQ("no trap", counted[2] | counted[3], 0);
    count(MODE_M, unforeseen, 500, EVENT_MISPREDICTED, EVENT_STALL_EMPTY, EVENT_VM_ENTRY, EVENT_STALL_WFI);
    CHECK("half of the guesses are wrong", counted[0] >= 100 && counted[0] <= 700);
    CHECK("nothing comes after a wrong guess", counted[1] >= counted[0]);
    CHECK_EQ("no guest and no WFI", counted[2] | counted[3], 0);

    count(MODE_M, fenced, 0, EVENT_ICACHE_MISS, EVENT_FETCH_LINE, EVENT_ITLB_MISS, EVENT_FETCH_TRANSLATION);
    CHECK("lines of code", counted[0] >= 1 && counted[1] >= counted[0]);
    CHECK("pages of code", counted[2] >= 1 && counted[3] >= counted[2]);
    uint64_t pages = (uint64_t)test_pages;
    fence_all();
    count(MODE_M, far_loads, pages, EVENT_DCACHE_MISS, EVENT_STALL_LINE, EVENT_DTLB_MISS, EVENT_STALL_TRANSLATION);
    CHECK("a line of each page", counted[0] >= TEST_PAGES && counted[0] < TEST_PAGES + 20);
    CHECK("lines take long", counted[1] >= counted[0]);
    CHECK("pages of data", counted[2] >= TEST_PAGES && counted[2] < TEST_PAGES + 20);
    CHECK("translations take long", counted[3] >= counted[2]);
    fence_all();
    count(MODE_M, far_loads, pages, EVENT_WALK, EVENT_TABLE_READ, EVENT_WALK_CACHE_HIT, EVENT_SECOND_LEVEL_HIT);
    CHECK("a walk for each page", counted[0] >= TEST_PAGES && counted[0] < TEST_PAGES + 20);
    CHECK_EQ("no table in M-mode", counted[1] | counted[2], 0);
    count(MODE_M, far_loads, pages, EVENT_WALK, EVENT_SECOND_LEVEL_HIT, EVENT_DCACHE_MISS, EVENT_WALK_S);
    CHECK("what was walked for is known", counted[0] < 4 && counted[1] >= TEST_PAGES / 2);
    CHECK_EQ("no walk of tables", counted[3], 0);

    struct space space = supervisor_on(&SV39);
    for (unsigned i = 0; i < TEST_PAGES; i++)
        map(space, TEST_VA + i * PAGE, pages + i * PAGE, 0, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
    fence_all();
    count(MODE_HS, far_loads, TEST_VA, EVENT_WALK_S, EVENT_TABLE_READ, EVENT_WALK_CACHE_HIT, EVENT_WALK_VS);
    CHECK("walks", counted[0] >= TEST_PAGES && counted[0] < TEST_PAGES + 20);
    CHECK_EQ("reads, but for those that the walk cache spares", counted[1] + 2 * counted[2] >= 3 * TEST_PAGES, 1);
    CHECK("the upper levels are alike", counted[2] >= TEST_PAGES - 4);
    CHECK_EQ("no guest", counted[3], 0);
    translation_off();

    struct guest guest = guest_on(&SV39, &SV39X4);
    for (unsigned i = 0; i < TEST_PAGES; i++) {
        map(guest.vs, TEST_VA + i * PAGE, TEST_GPA + i * PAGE, 0, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D);
        map(guest.g, TEST_GPA + i * PAGE, pages + i * PAGE, 0, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D | PTE_U);
    }
    fence_all();
    count(MODE_VS, far_loads, TEST_VA, EVENT_TABLE_READ, EVENT_TABLE_READ_VS, EVENT_TABLE_READ_G, EVENT_WALK_S);
    CHECK("of the VS stage", counted[1] >= TEST_PAGES);
    CHECK("of the G stage", counted[2] >= TEST_PAGES);
    CHECK_EQ("together", counted[0], counted[1] + counted[2]);
    CHECK_EQ("no single stage", counted[3], 0);
    fence_all();
    count(MODE_VS, far_loads, TEST_VA, EVENT_WALK, EVENT_WALK_VS, EVENT_WALK_G, EVENT_VM_EXIT);
    CHECK("walks of the VS stage", counted[1] >= TEST_PAGES && counted[1] <= counted[0]);
    CHECK("of the G stage", counted[2] >= TEST_PAGES);
    CHECK_EQ("one exit", counted[3], 1);
    translation_off();
    return 0;
}

/* A chain of loads, stores, atomics and accesses across lines and pages, each step in another page of code and of data,
   where the code, the data and the table entries of every level of both stages lie in the same sets of the caches, and
   more pages are used than a small TLB holds: it ends, in every mode, with the same result.
   rules: rvwmo_progress_axiom */
#include "hyacinth.h"

#define PLACE 0x400 /* in a page; the same place in a table has the entries from 0x80 on */
#define FAR 0x2000000000UL /* entry 0x80 of the root */
#define SPOT(table, page) (FAR | (0x80UL + (table)) << 21 | (0x80UL + (page)) << 12)
#define PAGES 7
#define ROUNDS 150UL

/* a0: data; a1: how many steps are left; a2: the sum. Where the next step is stands in the data. */
asm(".pushsection .rodata\n.balign 4\n"
    "step: ld t0, 0(a0)\n add a2, a2, t0\n amoadd.d t1, a1, (a0)\n lr.d t1, (a0)\n sc.d t2, t1, (a0)\n"
    "add a2, a2, t2\n ld t2, 60(a0)\n add a2, a2, t2\n sd a2, 60(a0)\n li t3, 0xbfc\n add t3, a0, t3\n ld t4, (t3)\n"
    "add a2, a2, t4\n sd a2, (t3)\n ld t3, 16(a0)\n ld a0, 24(a0)\n addi a1, a1, -1\n beqz a1, 1f\n jr t3\n"
    "1: mv a0, a2\n ret\nstep_end:\n"
    "guest_step: hlv.d t0, (a0)\n add a2, a2, t0\n add t1, t0, a1\n hsv.d t1, (a0)\n addi t3, a0, 60\n"
    "hlv.d t2, (t3)\n add a2, a2, t2\n hsv.d a2, (t3)\n li t3, 0xbfc\n add t3, a0, t3\n hlv.d t4, (t3)\n"
    "add a2, a2, t4\n hsv.d a2, (t3)\n addi t3, a0, 16\n hlv.d t3, (t3)\n addi a0, a0, 24\n hlv.d a0, (a0)\n"
    "addi a1, a1, -1\n beqz a1, 1f\n jr t3\n 1: mv a0, a2\n ret\nguest_step_end:\n.popsection");
extern const uint8_t step[], step_end[], guest_step[], guest_step_end[];

static uint64_t code_of[PAGES], data_of[PAGES];

/* Writes the steps and the data; the program sees them at code_of and data_of. */
static void prepare(const uint8_t *from, const uint8_t *end)
{
    for (unsigned n = 0; n < PAGES; n++) {
        for (unsigned i = 0; from + i < end; i++)
            ((uint8_t *)test_pages[n])[PLACE + i] = from[i];
        for (unsigned i = 0; i < 512; i++)
            test_pages[8 + n][i] = n * 0x1234567 + i;
    }
    for (unsigned i = 0; i < 512; i++)
        test_pages[15][i] = i;
    for (unsigned n = 0; n < PAGES; n++) {
        test_pages[8 + n][PLACE / 8 + 2] = code_of[(n * 3 + 1) % PAGES] + PLACE;
        test_pages[8 + n][PLACE / 8 + 3] = data_of[(n * 5 + 2) % PAGES] + PLACE;
    }
    FENCE_I();
}

static uint64_t go(uint64_t unused)
{
    register uint64_t a0 asm("a0") = data_of[0] + PLACE, a1 asm("a1") = ROUNDS, a2 asm("a2") = 0;
    asm volatile("jalr %3" : "+r"(a0), "+r"(a1), "+r"(a2) : "r"(code_of[0] + PLACE)
                 : "ra", "t0", "t1", "t2", "t3", "t4", "memory");
    return a0 + unused;
}

static void place(struct space space, unsigned table, unsigned page, uint64_t target, uint64_t flags)
{
    map(space, SPOT(table, page), target, 0, flags);
}

int main(void)
{
    for (unsigned n = 0; n < PAGES; n++) {
        code_of[n] = (uint64_t)test_pages[n];
        data_of[n] = (uint64_t)test_pages[8 + n];
    }
    prepare(step, step_end);
    uint64_t expected = run_in(MODE_M, go, 0);
    prepare(guest_step, guest_step_end);
    CHECK_EQ("HLV of physical memory", run_in(MODE_HS, go, 0), expected);
    CHECK_EQ("HS without translation", (prepare(step, step_end), run_in(MODE_HS, go, 0)), expected);

    for (unsigned n = 0; n < PAGES; n++) {
        code_of[n] = SPOT(n & 1, n);
        data_of[n] = SPOT(2, n); /* next to each other: accesses reach across them */
    }
    struct space own = supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    for (unsigned n = 0; n < 8; n++) {
        uint64_t code = (uint64_t)test_pages[n], data = (uint64_t)test_pages[8 + n];
        for (unsigned table = 0; table < 2; table++) {
            place(own, table, n, code, LEAF);
            place(guest.vs, table, n, SPOT(table, n), LEAF);
            place(guest.g, table, n, code, LEAF_U);
        }
        place(own, 2, n, data, LEAF);
        place(guest.vs, 2, n, SPOT(2, n), LEAF);
        place(guest.g, 2, n, data, LEAF_U);
    }
    fence_all();
    csr_set(hstatus, HSTATUS_SPVP);
    prepare(step, step_end);
    CHECK_EQ("HS", run_in(MODE_HS, go, 0), expected);
    prepare(step, step_end);
    CHECK_EQ("VS", run_in(MODE_VS, go, 0), expected);
    prepare(guest_step, guest_step_end);
    CHECK_EQ("HLV in HS", run_in(MODE_HS, go, 0), expected);
    return 0;
}

/* Loads and stores across pages through both stages, by HLV and HSV from HS and by the guest itself, among fences,
   CSR swaps, LR/SC and faults, are interrupted again and again by the machine timer, at distances that shift against
   them: results, memory, and the number and records of the faults are the same as without. */
#include "hyacinth.h"

#define MISSING (TEST_VA + 0x10000)         /* no page of VS stage */
#define NOT_BACKED (TEST_VA + 2 * PAGE)     /* no page of G stage */

static volatile uint64_t interrupts, distance, faults, records;

static bool again(struct frame *frame, const struct trap *trap)
{
    if (trap->cause == INTERRUPT(MTI)) {
        interrupts = interrupts + 1;
        distance = distance * 5 % 37;
        CLINT_MTIMECMP = interrupts < 400 ? CLINT_MTIME + distance : ~0UL;
        return true;
    }
    if (trap->in != MODE_M || (trap->cause != LOAD_PAGE_FAULT && trap->cause != LOAD_GUEST_PAGE_FAULT &&
                               trap->cause != STORE_GUEST_PAGE_FAULT))
        return false;
    faults = faults + 1;
    records = records * 31 + (trap->cause ^ trap->tval << 8 ^ trap->tval2 << 20 ^ trap->tinst << 30 ^ trap->gva << 5);
    frame->epc += 4;
    return true;
}

#define ROUND(load, store, at) do { \
    uint64_t got = 0; \
    asm volatile(".option push\n.option norvc\n" load "\n.option pop" : "+r"(got) : "r"(at) : "memory"); \
    sum = sum * 3 + got; \
    asm volatile(".option push\n.option norvc\n" store "\n.option pop" : : "r"(sum), "r"(at) : "memory"); \
} while (0)
#define ACCESS(at) do { \
    if (by_hlv) \
        ROUND("hlv.d %0, (%1)", "hsv.d %0, (%1)", at); \
    else \
        ROUND("ld %0, 0(%1)", "sd %0, 0(%1)", at); \
} while (0)

static uint64_t compute(uint64_t by_hlv)
{
    static uint64_t word;
    uint64_t sum = 1;
    word = 0;
    for (uint64_t i = 0; i < 160; i++) {
        ACCESS(TEST_VA + i % 64 * 8);
        ACCESS(TEST_VA + PAGE - 1 - i % 7);
        sum += csr_swap(sscratch, sum);
        if (i % 4 == 1)
            asm volatile("sfence.vma" : : : "memory");
        if (i % 8 == 3)
            FENCE_I();
        if (by_hlv && i % 8 == 5)
            asm volatile("hfence.gvma\nhfence.vvma" : : : "memory");
        uint64_t got, failed; /* a trap between the two may end the reservation */
        asm volatile("1: lr.d %0, (%2)\nsc.d %1, %3, (%2)\nbnez %1, 1b"
                     : "=&r"(got), "=&r"(failed) : "r"(&word), "r"(sum) : "memory");
        sum += got / (i + 1);
        if (i % 5 == 0)
            asm volatile(".option push\n.option norvc\nld zero, 0(%0)\n.option pop" : : "r"(MISSING));
        if (i % 5 == 2)
            ACCESS(TEST_VA + 2 * PAGE - 3); /* its second part has no page of G stage */
        if (i % 5 == 3)
            ACCESS(NOT_BACKED + i);
    }
    return sum;
}

static void prepare(void)
{
    for (unsigned i = 0; i < 1024; i++)
        test_pages[i / 512][i % 512] = i * 0x9e3779b97f4a7c15;
    csr_write(sscratch, 0);
    csr_write(vsscratch, 0);
    faults = records = interrupts = 0;
    distance = 1;
}

int main(void)
{
    supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    for (unsigned i = 0; i < 3; i++) {
        map(guest.vs, TEST_VA + i * PAGE, TEST_GPA + i * PAGE, 0, LEAF);
        if (i < 2)
            map(guest.g, TEST_GPA + i * PAGE, (uint64_t)test_pages[i], 0, LEAF_U);
    }
    fence_all();
    csr_set(hstatus, HSTATUS_SPVP);
    trap_hook = again;
    static const enum mode modes[] = {MODE_HS, MODE_VS};
    for (unsigned m = 0; m < 2; m++) {
        context(mode_name(modes[m]), 0);
        bool by_hlv = modes[m] == MODE_HS;
        prepare();
        uint64_t expected = run_in(modes[m], compute, by_hlv), last = test_pages[0][5], first = test_pages[1][0];
        uint64_t expected_faults = faults, expected_records = records;
        CHECK("there were faults", expected_faults > 100);
        prepare();
        csr_write(mie, BIT(MTI));
        CLINT_MTIMECMP = 0;
        CHECK_EQ("result", run_in(modes[m], compute, by_hlv), expected);
        csr_write(mie, 0);
        CLINT_MTIMECMP = ~0UL;
        CHECK_EQ("memory", test_pages[0][5], last);
        CHECK_EQ("memory of the second page", test_pages[1][0], first);
        CHECK_EQ("faults", faults, expected_faults);
        CHECK_EQ("their records", records, expected_records);
        CHECK("there were interrupts", interrupts >= 10);
    }
    return 0;
}

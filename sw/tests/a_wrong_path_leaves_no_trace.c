/* Branches that were not taken many times and then are: the loads, stores and jumps behind them, whose addresses fault
   or lie in devices, are never seen.
   rules: pma_idp_no_spec, sfence_vma_implicit_access */
#include "hyacinth.h"

/* Does with `address` what is not to be done where `odd`. */
static __attribute__((noinline)) uint64_t access_unless(uint64_t odd, uint64_t address)
{
    uint64_t value = 1;
    asm volatile("bnez %1, 1f\nld %0, 0(%2)\nsd %0, 0(%2)\namoadd.d %0, zero, (%2)\n1:"
                 : "+r"(value) : "r"(odd), "r"(address) : "memory");
    return value;
}

static __attribute__((noinline)) uint64_t jump_unless(uint64_t odd, uint64_t address)
{
    uint64_t back;
    asm volatile("bnez %1, 1f\njalr ra, 0(%2)\n1: mv %0, ra" : "=r"(back) : "r"(odd), "r"(address) : "ra", "memory");
    return back;
}

static uint64_t run(uint64_t bad)
{
    static uint64_t good;
    extern char a_return[];
    uint64_t sum = 0;
    for (unsigned i = 0; i < 200; i++) {
        bool odd = i % 16 == 15;
        sum += access_unless(odd, odd ? bad : (uint64_t)&good);
        jump_unless(odd, odd ? bad : (uint64_t)a_return);
    }
    return sum;
}

asm(".globl a_return\n.balign 4\na_return: ret");

int main(void)
{
    static const uint64_t addresses[] = {0, 0x20000000, CLINT + 0x4000, UART, FINISHER, TEST_VA, TEST_VA + PAGE, ~7UL};
    static const enum mode modes[] = {MODE_M, MODE_HS, MODE_VS};
    supervisor_on(&SV39);
    struct guest guest = guest_on(&SV39, &SV39X4);
    map(guest.vs, TEST_VA, TEST_GPA, 0, LEAF);
    map(guest.vs, TEST_VA + PAGE, (uint64_t)test_pages[0], 0, 0);
    for (unsigned m = 0; m < 3; m++)
        for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++) {
            context(mode_name(modes[m]), addresses[i]);
            struct trap trap = trap_of(modes[m], run, addresses[i]);
            CHECK_NO_TRAP("wrong path", trap);
            CHECK_EQ("sum", trap.value, 12);
        }
    CHECK_EQ("mtimecmp", CLINT_MTIMECMP, ~0UL);
    return 0;
}

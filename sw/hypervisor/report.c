/* What it cost: VM exits by cause, and the cycles that the hypervisor spent on them. */
#include "hypervisor.h"

static const char *const names[CAUSES] = {
    [CAUSE_ECALL_VS] = "environment call from VS-mode",
    [CAUSE_FETCH_GUEST_PAGE] = "instruction guest-page fault",
    [CAUSE_LOAD_GUEST_PAGE] = "load guest-page fault",
    [CAUSE_VIRTUAL] = "virtual instruction",
    [CAUSE_STORE_GUEST_PAGE] = "store/AMO guest-page fault",
    [INTERRUPTS + IRQ_STI] = "supervisor timer interrupt",
};

void report(void)
{
    uint64_t exits = 0, cycles = 0;
    say("");
    say("VM exits by cause                       guest 0  guest 1  cycles each");
    for (unsigned row = 0; row < CAUSES; row++) {
        uint64_t each[GUESTS], count = 0, spent = 0;
        for (int i = 0; i < GUESTS; i++) {
            each[i] = guests[i].statistics.exits[row];
            count += each[i];
            spent += guests[i].statistics.cycles[row];
        }
        if (count)
            say("  %2u%s %-30s  %9u%9u%13u", (uint64_t)(row % INTERRUPTS), row < INTERRUPTS ? " " : "i",
                names[row] ? names[row] : "", each[0], each[1], spent / count);
        exits += count;
        cycles += spent;
    }
    say("  %u exits, %u cycles in their handlers", exits, cycles);

    const struct statistics *a = &guests[0].statistics, *b = &guests[1].statistics;
    say("");
    say("What was done about them                guest 0  guest 1");
    say("  pages of RAM filled                 %9u%9u", a->pages, b->pages);
    say("    of these for its own page tables  %9u%9u", a->table_pages, b->table_pages);
    say("  UART accesses decoded from htinst   %9u%9u", a->by_htinst, b->by_htinst);
    say("  UART accesses decoded after HLVX    %9u%9u", a->by_hlvx, b->by_hlvx);
    say("  timer interrupts raised by hvip     %9u%9u", a->timer, b->timer);
    say("  external interrupts raised by hvip  %9u%9u", a->external, b->external);
    say("  exceptions passed on to the guest   %9u%9u", a->reflected, b->reflected);
}

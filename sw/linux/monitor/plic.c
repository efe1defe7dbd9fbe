/* The platform-level interrupt controller of the guest (RISC-V PLIC specification 1.0), as far as a guest with one hart
 * and level-triggered devices uses it. */
#include "monitor.h"

enum { SOURCES = 32 };
enum { PRIORITY = 0x0, PENDING = 0x1000, ENABLE = 0x2000, THRESHOLD = 0x200000, CLAIM = 0x200004 };

static uint32_t priority[SOURCES], enabled, levels, claimed, threshold;

/* The source to be served next, or 0. Of equals the lowest number wins. */
static unsigned best(void)
{
    unsigned found = 0;
    for (unsigned source = 1; source < SOURCES; source++)
        if ((levels & ~claimed & enabled) >> source & 1 && priority[source] > threshold &&
            (!found || priority[source] > priority[found]))
            found = source;
    return found;
}

static void update(void)
{
    external_interrupt(best() != 0);
}

void plic_raise(unsigned source, bool level)
{
    levels = (levels & ~(1u << source)) | (uint32_t)level << source;
    update();
}

uint32_t plic_read(uint64_t offset)
{
    if (offset < PRIORITY + 4 * SOURCES)
        return priority[offset / 4];
    switch (offset) {
    case PENDING: return levels & ~claimed;
    case ENABLE: return enabled;
    case THRESHOLD: return threshold;
    case CLAIM: {
        unsigned source = best();
        if (source)
            claimed |= 1u << source;
        update();
        return source;
    }
    default: return 0;
    }
}

void plic_write(uint64_t offset, uint32_t value)
{
    if (offset < PRIORITY + 4 * SOURCES)
        priority[offset / 4] = value & 7;
    else if (offset == ENABLE)
        enabled = value & ~1u;
    else if (offset == THRESHOLD)
        threshold = value & 7;
    else if (offset == CLAIM && value < SOURCES)
        claimed &= ~(1u << value);
    update();
}

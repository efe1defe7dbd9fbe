// Takes translations and lines away from the caches of the component, now and then.

#include "evictions.h"

namespace {

const uint64_t AMO = 0x2f, LR = 2, SC = 3, SOON = 200;

}  // namespace

void Evictions::see() {
    uint64_t word = load(bits);
    if ((word & 0x7f) == AMO && word >> 27 == SC) reserved = ~uint64_t(0);
    if (!load(kind) || load(device)) return;
    recent[random.below(LINES)] = load(hpa) >> 6;
    if ((word & 0x7f) == AMO && word >> 27 == LR) reserved = load(hpa) >> 6;
}

void Evictions::take() {
    uint64_t what = random.below(4);
    if (what < 2) {
        store(evict, 1 + 2 * what);
        pulses = true;
        return;
    }
    uint64_t chosen = recent[random.below(LINES)];
    if (!snoops || line != IDLE || chosen == reserved || load(snoop_valid) || load(snoop_held)) return;
    store(snoop_line, chosen);
    store(snoop_valid, 1);
    line = ASKING;
}

Reasons Evictions::cycle(uint64_t now) {
    if (pulses) store(evict, 0);
    pulses = false;
    if (line == ASKING && load(snoop_held)) {
        store(snoop_valid, 0);
        line = RELEASING;
    } else if (line == RELEASING && !load(snoop_held)) {
        line = IDLE;
    }
    if (load(walk_valid)) recent[random.below(LINES)] = load(walk_hpa) >> 6;
    if (load(valid)) {
        see();
        // At most one after each instruction: so a walk is begun anew at most once, and ends.
        if (!armed && !random.below(every)) armed = true, due = now + random.below(SOON);
    }
    if (armed && now >= due) armed = false, take();
    return 0;
}

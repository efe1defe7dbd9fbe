// Takes translations and lines away from the caches of the component, now and then.

#pragma once

#include "host.h"
#include "random.h"

struct Evictions : Host {
    Port valid, bits, kind, device, hpa;     // of what retires
    Port walk_valid, walk_hpa;               // of the table entries that are read
    Port evict;
    Port snoop_valid, snoop_line, snoop_held;
    bool snoops;
    uint64_t every;                          // instructions between two, on average
    Random random;

    Reasons cycle(uint64_t now) override;

private:
    static const unsigned LINES = 16;
    uint64_t recent[LINES] = {};             // lines that loads, stores and walks have reached
    uint64_t reserved = ~uint64_t(0);        // the line of the last LR: to take that would let its SC fail
    uint64_t due = 0;
    bool armed = false, pulses = false;
    enum { IDLE, ASKING, RELEASING } line = IDLE;

    void see();
    void take();
};

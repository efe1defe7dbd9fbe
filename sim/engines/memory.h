// Main memory at a bus of the component, and what the program finds in it.

#pragma once

#include <vector>

#include "host.h"
#include "random.h"

// Memory of a range of addresses; pages exist once they are touched.
struct Range {
    uint64_t base, size;
    bool writable;
    uint8_t* bytes;      // what a master at the bus finds
    uint8_t* shadow;     // what the program finds: also stores that are still in a cache; null where it is not kept
    bool holds(uint64_t address) const { return address - base < size; }
};

struct MemoryPorts {
    Port address, write, burst, size, data, mask, valid, ready, read_data, error, last, response;
};

// Answers a master of rtl/bus.py.
struct Memory : Host {
    MemoryPorts at;
    uint64_t latency, jitter;
    Random random;
    std::vector<Range> ranges;
    std::vector<uint64_t> watched;
    uint64_t seen_address = 0, seen_data = 0;

    Memory(const MemoryPorts& ports, uint64_t cycles, uint64_t more, uint64_t seed)
        : at(ports), latency(cycles), jitter(more), random{seed} {}
    ~Memory() override;
    bool add_range(uint64_t base, uint64_t size, bool writable, bool shadow);
    Range* find(uint64_t address);
    bool read(uint64_t address, uint8_t* to, size_t count, bool shadow);
    bool write(uint64_t address, const uint8_t* from, size_t count, bool only_shadow);
    void shadow_store(uint64_t address, uint64_t data, unsigned count);
    Reasons cycle(uint64_t now) override;
    void state(Archive&) override;

private:
    bool busy = false;       // a request waits for its answer
    uint64_t line = 0, due = 0;
    int beats = 0, sent = 0, written = 0;
    bool writes = false, failed = false;
    Reasons accept(uint64_t now);
};

// Follows the stores of a trace into the shadow of a memory.
struct Stores : Host {
    Memory* memory;
    Port valid, kind, size, device, first, next, data, data_high;
    uint64_t kinds;      // bit n: value n of `kind` stores
    Reasons cycle(uint64_t now) override;
};

// Follows what the walker writes, likewise.
struct TableWrites : Host {
    Memory* memory;
    Port valid, hpa, flags;
    Reasons cycle(uint64_t now) override;
};

// Ports of a model, and what stands at them.

#pragma once

#include <cstddef>
#include <cstdint>

class Archive;

// A port of the model, as the generated ports.cc lists it.
struct Port {
    const char* name;
    int width;
    bool output;
    size_t bytes;
    void* value;
};

inline uint64_t load(const Port& port) {
    switch (port.bytes) {
        case 1: return *static_cast<uint8_t*>(port.value);
        case 2: return *static_cast<uint16_t*>(port.value);
        case 4: return *static_cast<uint32_t*>(port.value);
        default: return *static_cast<uint64_t*>(port.value);
    }
}

inline void store(const Port& port, uint64_t value) {
    if (port.width < 64) value &= (uint64_t(1) << port.width) - 1;
    switch (port.bytes) {
        case 1: *static_cast<uint8_t*>(port.value) = value; break;
        case 2: *static_cast<uint16_t*>(port.value) = value; break;
        case 4: *static_cast<uint32_t*>(port.value) = value; break;
        default: *static_cast<uint64_t*>(port.value) = value;
    }
}

// Why a run returned, ORed; engine.py has the same numbers.
using Reasons = int;
enum : Reasons { BATCH = 1, STOPPED = 2, WATCHED = 4, STUCK = 8, COUNTED = 16, FOUND = 32, RECORDS = 64 };

// Something at ports. Each cycle, after the clock edge, it reads outputs, and then sets inputs for this same cycle.
struct Host {
    virtual ~Host() = default;
    virtual Reasons cycle(uint64_t now) = 0;
    virtual void state(Archive&) {}
};

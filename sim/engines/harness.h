// What drives a model made by Verilator: its ports by name, hosts at them, and the clock.

#pragma once

#include <cstdint>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

// A port of the model, as the generated ports.cc lists it.
struct Port {
    const char* name;
    int width;
    bool output;
    size_t bytes;
    void* value;
};

// The model, behind functions that the generated ports.cc defines.
struct Model;
Model* model_new();
void model_delete(Model*);
const std::vector<Port>& model_ports(Model*);
void model_eval(Model*);
void model_clock(Model*, int level);
bool model_open_wave(Model*, const char* path);
void model_dump_wave(Model*, uint64_t time);
void model_close_wave(Model*);
std::string model_save(Model*);
void model_restore(Model*, const std::string& saved);

class Archive;

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
    uint64_t latency;
    std::vector<Range> ranges;
    std::vector<uint64_t> watched;
    uint64_t seen_address = 0, seen_data = 0;

    Memory(const MemoryPorts& ports, uint64_t cycles) : at(ports), latency(cycles) {}
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
    Port valid, kind, size, device, first, next, data;
    uint64_t kinds;      // bit n: value n of `kind` stores
    Reasons cycle(uint64_t now) override;
};

struct ByteOut : Host {
    Port valid, ready, payload;
    std::string bytes;
    Reasons cycle(uint64_t now) override;
    void state(Archive&) override;
};

struct ByteIn : Host {
    Port valid, ready, payload;
    std::deque<uint8_t> bytes;
    bool offered = false;
    uint8_t given = 0;
    Reasons cycle(uint64_t now) override;
    void state(Archive&) override;
};

// Records of a stream without ready: the cycle, then each field as a word.
struct Trace : Host {
    Port valid;
    std::vector<Port> fields;
    std::vector<uint64_t> words;
    size_t capacity = 0;         // records
    size_t count = 0;            // records in `words`
    uint64_t last = 0;           // cycle of the last record
    uint64_t seen = 0;           // records since the beginning, taken or not
    uint64_t patience = 0;       // cycles without a record after which the run is stuck; 0: never
    int counted = -1, matched = -1;  // fields
    uint64_t target = 0, tally = 0, value = 0;
    uint64_t stop_after = 0;     // records, of `seen`
    bool on = false;
    Reasons cycle(uint64_t now) override;
    void state(Archive&) override;
};

struct Counters : Host {
    Port port;
    uint64_t counts[64] = {};
    Reasons cycle(uint64_t now) override;
    void state(Archive&) override;
};

struct Stop : Host {
    Port valid, payload;
    uint64_t code = 0;
    Reasons cycle(uint64_t now) override;
    void state(Archive&) override;
};

struct Session {
    Model* model;
    uint64_t now = 0;            // clock edges so far
    bool seen = false;           // the hosts have seen this cycle
    std::vector<std::unique_ptr<Host>> hosts;
    bool waves = false;
    uint64_t wave_from = 0, wave_to = 0;
    std::string snapshot;        // made and not yet taken

    Session() : model(model_new()) { model_eval(model); }
    ~Session();
    void close_wave();
    Reasons run(uint64_t until);
    void state(Archive&);
};

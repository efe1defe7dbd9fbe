// What drives a model made by Verilator: its ports by name, hosts at them, and the clock.

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "memory.h"

// The model, behind functions that the generated ports.cc defines.
struct Model;
Model* model_new();
void model_delete(Model*);
const std::vector<Port>& model_ports(Model*);
void model_eval(Model*);
void model_clock(Model*, int level);
void model_rise(Model*);
bool model_open_wave(Model*, const char* path);
void model_dump_wave(Model*, uint64_t time);
void model_close_wave(Model*);
std::string model_save(Model*);
void model_restore(Model*, const std::string& saved);

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

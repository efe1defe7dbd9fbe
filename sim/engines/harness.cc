// Hosts at the ports of a model, the clock loop, and the C functions by which Python commands them.

#include "harness.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

namespace {

uint8_t* pages(uint64_t size) {
    void* got = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return got == MAP_FAILED ? nullptr : static_cast<uint8_t*>(got);
}

const uint64_t BEATS = 8, BYTES = 8;

}  // namespace

Memory::~Memory() {
    for (auto& range : ranges) {
        munmap(range.bytes, range.size);
        if (range.shadow) munmap(range.shadow, range.size);
    }
}

bool Memory::add_range(uint64_t base, uint64_t size, bool writable, bool shadow) {
    Range range{base, size, writable, pages(size), shadow ? pages(size) : nullptr};
    if (!range.bytes || (shadow && !range.shadow)) return false;
    ranges.push_back(range);
    return true;
}

Range* Memory::find(uint64_t address) {
    for (auto& range : ranges)
        if (range.holds(address)) return &range;
    return nullptr;
}

bool Memory::read(uint64_t address, uint8_t* to, size_t count, bool shadow) {
    while (count) {
        Range* range = find(address);
        if (!range) return false;
        uint64_t offset = address - range->base, part = std::min<uint64_t>(count, range->size - offset);
        memcpy(to, (shadow && range->shadow ? range->shadow : range->bytes) + offset, part);
        address += part, to += part, count -= part;
    }
    return true;
}

bool Memory::write(uint64_t address, const uint8_t* from, size_t count, bool only_shadow) {
    while (count) {
        Range* range = find(address);
        if (!range) return false;
        uint64_t offset = address - range->base, part = std::min<uint64_t>(count, range->size - offset);
        if (!only_shadow) memcpy(range->bytes + offset, from, part);
        if (range->shadow) memcpy(range->shadow + offset, from, part);
        address += part, from += part, count -= part;
    }
    return true;
}

void Memory::shadow_store(uint64_t address, uint64_t data, unsigned count) {
    Range* range = find(address);
    if (range && range->shadow && address - range->base + count <= range->size)
        memcpy(range->shadow + (address - range->base), &data, count);
}

Reasons Memory::accept(uint64_t now) {
    uint64_t where = load(at.address);
    bool burst = load(at.burst);
    Reasons reasons = 0;
    writes = load(at.write);
    line = where & ~(burst ? BEATS * BYTES - 1 : BYTES - 1);
    Range* range = find(where);
    failed = !range || (writes && !range->writable);
    if (writes) {
        uint64_t data = load(at.data), mask = burst ? 0xff : load(at.mask), to = line + BYTES * written;
        if (!failed) {
            uint8_t* bytes = range->bytes + (to - range->base);
            uint8_t* shadow = range->shadow && !burst ? range->shadow + (to - range->base) : nullptr;
            for (unsigned lane = 0; lane < BYTES; lane++)
                if (mask >> lane & 1) {
                    bytes[lane] = data >> 8 * lane;
                    if (shadow) shadow[lane] = data >> 8 * lane;
                }
            for (uint64_t address : watched)
                if (!burst && address == line) {
                    memcpy(&seen_data, bytes, BYTES);
                    seen_address = line;
                    reasons |= WATCHED;
                }
        }
        if (burst && ++written < int(BEATS)) return reasons;
    }
    written = 0, sent = 0;
    beats = burst && !writes && !failed ? BEATS : 1;
    busy = true;
    due = now + 1 + latency;
    return reasons;
}

Reasons Memory::cycle(uint64_t now) {
    Reasons reasons = 0;
    bool answers = busy && now >= due;
    store(at.ready, !busy);
    if (answers) {
        uint64_t data = 0;
        if (!writes && !failed) {
            Range* range = find(line);
            memcpy(&data, range->bytes + (line - range->base) + BYTES * sent, BYTES);
        }
        sent++;
        store(at.read_data, data);
        store(at.error, failed);
        store(at.last, sent == beats);
        busy = sent < beats;
    } else if (!busy && load(at.valid)) {
        reasons = accept(now);
    }
    store(at.response, answers);
    return reasons;
}

Reasons Stores::cycle(uint64_t) {
    if (!load(valid) || !(kinds >> load(kind) & 1) || load(device)) return 0;
    unsigned bytes = 1u << load(size);
    uint64_t address = load(first), second = load(next), value = load(data);
    // A store across two pages: the second part begins where the second page does.
    unsigned part = second ? 0x1000 - (address & 0xfff) : bytes;
    memory->shadow_store(address, value, part);
    if (part < bytes) memory->shadow_store(second, value >> 8 * part, bytes - part);
    return 0;
}

Reasons ByteOut::cycle(uint64_t) {
    store(ready, 1);
    if (load(valid)) bytes.push_back(load(payload));
    return 0;
}

Reasons ByteIn::cycle(uint64_t) {
    // The byte offered in this cycle goes if `ready` is 1 in it.
    if (bytes.empty()) {
        store(valid, 0);
    } else {
        store(valid, 1);
        store(payload, bytes.front());
        if (load(ready)) bytes.pop_front();
    }
    return 0;
}

Reasons Trace::cycle(uint64_t now) {
    if (!load(valid)) return patience && now - last >= patience ? STUCK : 0;
    Reasons reasons = 0;
    last = now;
    if (++seen == stop_after) reasons |= RECORDS;
    if (counted >= 0 && load(fields[counted]) && ++tally == target) reasons |= COUNTED;
    if (matched >= 0 && load(fields[matched]) == value) reasons |= FOUND;
    if (on) {
        uint64_t* to = &words[count * (fields.size() + 1)];
        *to++ = now;
        for (const Port& field : fields) *to++ = load(field);
        if (++count >= capacity) reasons |= BATCH;
    }
    return reasons;
}

Reasons Counters::cycle(uint64_t) {
    for (uint64_t value = load(port); value; value &= value - 1) counts[__builtin_ctzll(value)]++;
    return 0;
}

Reasons Stop::cycle(uint64_t) {
    if (!load(valid)) return 0;
    code = load(payload);
    return STOPPED;
}

Session::~Session() {
    close_wave();
    hosts.clear();
    model_delete(model);
}

void Session::close_wave() {
    if (waves) model_close_wave(model);
    waves = false;
}

Reasons Session::run(uint64_t until) {
    for (; now < until; now++) {
        // A run returns before the clock edge, so that what retired has just taken effect and nothing after it has.
        Reasons reasons = 0;
        if (!seen)
            for (auto& host : hosts) reasons |= host->cycle(now);
        seen = reasons;
        if (reasons) return reasons;
        bool shown = waves && now >= wave_from && now <= wave_to;
        if (shown) {
            model_eval(model);
            model_dump_wave(model, 2 * now);
        }
        model_clock(model, 0);
        if (shown) model_dump_wave(model, 2 * now + 1);
        model_clock(model, 1);
        if (waves && now >= wave_to) close_wave();
    }
    return 0;
}

// What Python calls. Ports are named by their number in model_ports; a Host by its place in the order of adding.
namespace {

template <class T>
T* host(Session* session, int index) { return static_cast<T*>(session->hosts[index].get()); }

int added(Session* session, Host* host) {
    session->hosts.emplace_back(host);
    return int(session->hosts.size()) - 1;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

Session* session_new() { return new Session; }
void session_delete(Session* session) { delete session; }
int session_run(Session* session, uint64_t until) { return session->run(until); }
uint64_t session_now(Session* session) { return session->now; }
void session_eval(Session* session) { model_eval(session->model); }

int session_ports(Session* session) { return int(model_ports(session->model).size()); }
const char* port_name(Session* session, int port) { return model_ports(session->model)[port].name; }
uint64_t port_read(Session* session, int port) { return load(model_ports(session->model)[port]); }
void port_write(Session* session, int port, uint64_t value) { store(model_ports(session->model)[port], value); }

int memory_add(Session* session, const int* p, uint64_t latency) {
    const auto& ports = model_ports(session->model);
    return added(session, new Memory({ports[p[0]], ports[p[1]], ports[p[2]], ports[p[3]], ports[p[4]], ports[p[5]],
                                      ports[p[6]], ports[p[7]], ports[p[8]], ports[p[9]], ports[p[10]], ports[p[11]]},
                                     latency));
}
int memory_range(Session* session, int index, uint64_t base, uint64_t size, int writable, int shadow) {
    return host<Memory>(session, index)->add_range(base, size, writable, shadow);
}
void memory_watch(Session* session, int index, uint64_t address) {
    host<Memory>(session, index)->watched.push_back(address);
}
uint64_t memory_seen_address(Session* session, int index) { return host<Memory>(session, index)->seen_address; }
uint64_t memory_seen_data(Session* session, int index) { return host<Memory>(session, index)->seen_data; }
int memory_read(Session* session, int index, uint64_t address, uint8_t* to, uint64_t count, int shadow) {
    return host<Memory>(session, index)->read(address, to, count, shadow);
}
int memory_write(Session* session, int index, uint64_t address, const uint8_t* from, uint64_t count, int only_shadow) {
    return host<Memory>(session, index)->write(address, from, count, only_shadow);
}

int stores_add(Session* session, int memory, const int* p, uint64_t kinds) {
    const auto& ports = model_ports(session->model);
    auto* stores = new Stores;
    stores->memory = host<Memory>(session, memory);
    stores->valid = ports[p[0]], stores->kind = ports[p[1]], stores->size = ports[p[2]], stores->device = ports[p[3]];
    stores->first = ports[p[4]], stores->next = ports[p[5]], stores->data = ports[p[6]];
    stores->kinds = kinds;
    return added(session, stores);
}

int byte_out_add(Session* session, const int* p) {
    const auto& ports = model_ports(session->model);
    auto* out = new ByteOut;
    out->valid = ports[p[0]], out->ready = ports[p[1]], out->payload = ports[p[2]];
    return added(session, out);
}
uint64_t byte_out_size(Session* session, int index) { return host<ByteOut>(session, index)->bytes.size(); }
void byte_out_take(Session* session, int index, char* to) {
    auto& bytes = host<ByteOut>(session, index)->bytes;
    memcpy(to, bytes.data(), bytes.size());
    bytes.clear();
}

int byte_in_add(Session* session, const int* p) {
    const auto& ports = model_ports(session->model);
    auto* in = new ByteIn;
    in->valid = ports[p[0]], in->ready = ports[p[1]], in->payload = ports[p[2]];
    return added(session, in);
}
void byte_in_give(Session* session, int index, const char* from, uint64_t count) {
    auto& bytes = host<ByteIn>(session, index)->bytes;
    bytes.insert(bytes.end(), from, from + count);
}

int trace_add(Session* session, int valid, int fields, const int* p, uint64_t capacity) {
    const auto& ports = model_ports(session->model);
    auto* trace = new Trace;
    trace->valid = ports[valid];
    for (int i = 0; i < fields; i++) trace->fields.push_back(ports[p[i]]);
    trace->capacity = capacity;
    trace->words.resize(capacity * (fields + 1));
    return added(session, trace);
}
void trace_on(Session* session, int index, int on) { host<Trace>(session, index)->on = on; }
uint64_t trace_count(Session* session, int index) { return host<Trace>(session, index)->count; }
const uint64_t* trace_words(Session* session, int index) { return host<Trace>(session, index)->words.data(); }
void trace_clear(Session* session, int index) { host<Trace>(session, index)->count = 0; }
uint64_t trace_seen(Session* session, int index) { return host<Trace>(session, index)->seen; }
uint64_t trace_last(Session* session, int index) { return host<Trace>(session, index)->last; }
// A limit that is switched off: patience and records 0, fields -1.
void trace_limits(Session* session, int index, uint64_t patience, uint64_t records, int counted, uint64_t target,
                  int matched, uint64_t value) {
    auto* trace = host<Trace>(session, index);
    trace->patience = patience;
    trace->stop_after = records ? trace->seen + records : 0;
    trace->counted = counted, trace->target = target, trace->tally = 0;
    trace->matched = matched, trace->value = value;
}

int counters_add(Session* session, int port) {
    auto* counters = new Counters;
    counters->port = model_ports(session->model)[port];
    return added(session, counters);
}
const uint64_t* counters_read(Session* session, int index) { return host<Counters>(session, index)->counts; }

int stop_add(Session* session, int valid, int payload) {
    auto* stop = new Stop;
    stop->valid = model_ports(session->model)[valid], stop->payload = model_ports(session->model)[payload];
    return added(session, stop);
}
uint64_t stop_code(Session* session, int index) { return host<Stop>(session, index)->code; }

int wave_open(Session* session, const char* path, uint64_t from, uint64_t to) {
    session->wave_from = from, session->wave_to = to;
    return session->waves = model_open_wave(session->model, path);
}
void wave_close(Session* session) { session->close_wave(); }

}  // extern "C"
#pragma GCC visibility pop

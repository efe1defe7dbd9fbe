// The C functions by which Python commands a session.

#include <cstring>

#include "evictions.h"
#include "harness.h"
#include "pages.h"
#include "virtio.h"

// What Python calls. Ports are named by their number in model_ports; a Host by its place in the order of adding.
namespace {

template <class T>
T* host(Session* session, int index) { return static_cast<T*>(session->hosts[index].get()); }

virtio::Console& console(Session* session, int index, int slot) {
    return static_cast<virtio::Console&>(*host<virtio::Slots>(session, index)->slots[slot].device);
}

int added(Session* session, Host* host) {
    session->hosts.emplace_back(host);
    return int(session->hosts.size()) - 1;
}

}  // namespace

#pragma GCC visibility push(default)
extern "C" {

Session* session_new() {
    use_huge_pages();
    return new Session;
}
void session_delete(Session* session) { delete session; }
int session_run(Session* session, uint64_t until) { return session->run(until); }
uint64_t session_now(Session* session) { return session->now; }
void session_eval(Session* session) { model_eval(session->model); }

int session_ports(Session* session) { return int(model_ports(session->model).size()); }
const char* port_name(Session* session, int port) { return model_ports(session->model)[port].name; }
uint64_t port_read(Session* session, int port) { return load(model_ports(session->model)[port]); }
void port_write(Session* session, int port, uint64_t value) { store(model_ports(session->model)[port], value); }

int memory_add(Session* session, const int* p, uint64_t latency, uint64_t jitter, uint64_t seed) {
    const auto& ports = model_ports(session->model);
    return added(session, new Memory({ports[p[0]], ports[p[1]], ports[p[2]], ports[p[3]], ports[p[4]], ports[p[5]],
                                      ports[p[6]], ports[p[7]], ports[p[8]], ports[p[9]], ports[p[10]], ports[p[11]]},
                                     latency, jitter, seed));
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

int virtio_add(Session* session, const int* p, int memory, int records, uint64_t base) {
    const auto& ports = model_ports(session->model);
    auto* slots = new virtio::Slots;
    slots->at = {ports[p[0]], ports[p[1]], ports[p[2]], ports[p[3]], ports[p[4]], ports[p[5]],
                 ports[p[6]], ports[p[7]], ports[p[8]], ports[p[9]], ports[p[10]], ports[p[11]]};
    slots->snoop_valid = ports[p[12]], slots->snoop_line = ports[p[13]], slots->snoop_held = ports[p[14]];
    slots->interrupts = ports[p[15]];
    slots->memory = host<Memory>(session, memory), slots->records = host<Trace>(session, records), slots->base = base;
    return added(session, slots);
}
int virtio_disk(Session* session, int index, int slot, const char* path, int writable) {
    auto& device = host<virtio::Slots>(session, index)->slots[slot].device;
    device = virtio::disk(path, writable);
    return device != nullptr;
}
void virtio_entropy(Session* session, int index, int slot, uint64_t seed) {
    host<virtio::Slots>(session, index)->slots[slot].device = virtio::entropy(seed);
}
void virtio_console(Session* session, int index, int slot) {
    host<virtio::Slots>(session, index)->slots[slot].device = std::make_unique<virtio::Console>();
}
uint64_t virtio_console_size(Session* session, int index, int slot) { return console(session, index, slot).output.size(); }
void virtio_console_take(Session* session, int index, int slot, char* to) {
    auto& output = console(session, index, slot).output;
    memcpy(to, output.data(), output.size());
    output.clear();
}
void virtio_console_give(Session* session, int index, int slot, const char* from, uint64_t count) {
    auto& input = console(session, index, slot).input;
    input.insert(input.end(), from, from + count);
}
void virtio_write(Session* session, int index, uint64_t address, const char* from, uint64_t count) {
    host<virtio::Slots>(session, index)->write(address, from, count);
}
uint64_t virtio_log_size(Session* session, int index) { return host<virtio::Slots>(session, index)->log.size(); }
void virtio_log_take(Session* session, int index, char* to) {
    auto& log = host<virtio::Slots>(session, index)->log;
    memcpy(to, log.data(), log.size());
    log.clear();
}

int stores_add(Session* session, int memory, const int* p, uint64_t kinds) {
    const auto& ports = model_ports(session->model);
    auto* stores = new Stores;
    stores->memory = host<Memory>(session, memory);
    stores->valid = ports[p[0]], stores->kind = ports[p[1]], stores->size = ports[p[2]], stores->device = ports[p[3]];
    stores->first = ports[p[4]], stores->next = ports[p[5]], stores->data = ports[p[6]];
    stores->data_high = ports[p[7]];
    stores->kinds = kinds;
    return added(session, stores);
}

int table_writes_add(Session* session, int memory, const int* p) {
    const auto& ports = model_ports(session->model);
    auto* writes = new TableWrites;
    writes->memory = host<Memory>(session, memory);
    writes->valid = ports[p[0]], writes->hpa = ports[p[1]], writes->flags = ports[p[2]];
    return added(session, writes);
}

int evictions_add(Session* session, const int* p, int snoops, uint64_t every, uint64_t seed) {
    const auto& ports = model_ports(session->model);
    auto* evictions = new Evictions;
    evictions->valid = ports[p[0]], evictions->bits = ports[p[1]], evictions->kind = ports[p[2]];
    evictions->device = ports[p[3]], evictions->hpa = ports[p[4]];
    evictions->walk_valid = ports[p[5]], evictions->walk_hpa = ports[p[6]], evictions->evict = ports[p[7]];
    evictions->snoops = snoops, evictions->every = every, evictions->random = {seed};
    if (snoops)
        evictions->snoop_valid = ports[p[8]], evictions->snoop_line = ports[p[9]], evictions->snoop_held = ports[p[10]];
    return added(session, evictions);
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

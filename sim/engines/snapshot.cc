// What of each host belongs to a snapshot. Pages of memory do not: whoever keeps a snapshot reads and writes them.

#include "snapshot.h"

#include "harness.h"

void ByteOut::state(Archive& a) { a(bytes); }
void ByteIn::state(Archive& a) { a(bytes), a(offered), a(given); }
void Trace::state(Archive& a) { a(last), a(seen); }
void Counters::state(Archive& a) { a(counts); }
void Stop::state(Archive& a) { a(code); }

void Session::state(Archive& a) {
    a(now), a(seen);
    for (auto& host : hosts) host->state(a);
    std::string registers = a.saving ? model_save(model) : std::string();
    a(registers);
    if (!a.saving && a.fits()) model_restore(model, registers);
}

#pragma GCC visibility push(default)
extern "C" {

// Bytes of a snapshot, which snapshot_take then copies.
uint64_t snapshot_make(Session* session) {
    Archive archive;
    session->state(archive);
    session->snapshot = std::move(archive.bytes);
    return session->snapshot.size();
}
void snapshot_take(Session* session, char* to) {
    memcpy(to, session->snapshot.data(), session->snapshot.size());
    session->snapshot = std::string();
}
int snapshot_restore(Session* session, const char* from, uint64_t count) {
    Archive archive(from, count);
    session->state(archive);
    return archive.fits();
}

}  // extern "C"
#pragma GCC visibility pop

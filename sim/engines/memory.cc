// Main memory, and the shadow of it that stores are followed into.

#include "memory.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

#include "snapshot.h"

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
    due = now + 1 + latency + (jitter ? random.below(jitter + 1) : 0);
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
    if (!load(valid) || !(kinds >> load(kind) & 1)) return 0;
    unsigned bytes = 1u << load(size);
    uint64_t address = load(first), second = load(next), value = load(data);
    if (load(device)) {
        // The last part has gone past the caches, to where it is seen at once; of the first nothing is known.
        if (second) memory->shadow_store(address, value, 0x1000 - (address & 0xfff));
        return 0;
    }
    // A store across two pages: the second part begins where the second page does.
    for (; bytes > BYTES; bytes -= BYTES) memory->shadow_store(address + bytes - BYTES, load(data_high), BYTES);
    unsigned part = second ? 0x1000 - (address & 0xfff) : bytes;
    memory->shadow_store(address, value, part);
    if (part < bytes) memory->shadow_store(second, value >> 8 * part, bytes - part);
    return 0;
}

Reasons TableWrites::cycle(uint64_t) {
    if (load(valid)) memory->shadow_store(load(hpa), load(flags), 1);
    return 0;
}

void Memory::state(Archive& a) { a(seen_address), a(seen_data), a(busy), a(line), a(due), a(beats), a(sent), a(written),
                                 a(writes), a(failed), a(random); }

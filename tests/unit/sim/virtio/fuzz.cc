// Drives a virtio device with requests that are mostly wrong, and checks that it touches nothing but what it may.
//
// usage: fuzz DISK WRITABLE CHAINS SEED

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "virtio.h"

using namespace virtio;

namespace {

const uint64_t BASE = 0x80000000, SIZE = 1 << 20, ROM = 0x1000, SLOT = 0;
const uint64_t TABLE = BASE + 0x1000, DRIVER = BASE + 0x3000, USED = BASE + 0x4000;
uint64_t state;

uint64_t any() {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}
uint64_t below(uint64_t count) { return any() % count; }

uint64_t strange() {
    const uint64_t values[] = {0, 1, 511, 512, 4096, SIZE - 1, SIZE, BASE, BASE + SIZE - 1, BASE + SIZE, ROM, ~uint64_t(0),
                               ~uint64_t(0) - 15, 0xffffffff, uint64_t(1) << 63, 16 << 20, 0x10001000};
    return values[below(sizeof values / sizeof *values)];
}
uint64_t address() { return below(5) ? BASE + 0x8000 + below(SIZE - 0x20000) : strange() + below(3); }
uint32_t length() { return below(4) ? 512 * below(9) : uint32_t(below(2) ? strange() : below(70000)); }

template <class T>
void put(Memory& memory, uint64_t where, T value) {
    memory.write(where, reinterpret_cast<const uint8_t*>(&value), sizeof value, false);
}

void fail(const char* what) {
    printf("%s\n", what);
    exit(1);
}

void open(Slot& slot) {
    slot.write(0x70, 4, 0);
    slot.write(0x70, 4, 3);
    slot.write(0x24, 4, 1);
    slot.write(0x20, 4, 1);
    slot.write(0x70, 4, 11);
    for (unsigned number = 0; number < 2; number++) {
        slot.write(0x30, 4, number);
        slot.write(0x38, 4, below(20) ? 16 : strange());
        const uint64_t at[] = {TABLE, DRIVER, USED};
        const uint32_t where[] = {0x80, 0x90, 0xa0};
        for (int n = 0; n < 3; n++) {
            uint64_t value = below(60) ? at[n] + 0x800 * number : strange();
            slot.write(where[n], 4, uint32_t(value));
            slot.write(where[n] + 4, 4, value >> 32);
        }
        slot.write(0x44, 4, 1);
    }
    slot.write(0x70, 4, 15);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 5) return 2;
    uint64_t chains = strtoull(arguments[3], nullptr, 0), answered = 0, failed = 0;
    state = strtoull(arguments[4], nullptr, 0) * 2 + 1;
    Memory memory({}, 0, 0, 0);
    memory.add_range(BASE, SIZE, true, true);
    memory.add_range(ROM, 0x1000, false, false);
    Slot slots[3];
    slots[0].device = disk(arguments[1], atoi(arguments[2]));
    slots[1].device = entropy(7);
    slots[2].device = std::make_unique<Console>();
    if (!slots[0].device) fail("no disk");
    std::deque<Write> writes;
    uint16_t index[3][2] = {};
    for (auto& slot : slots) open(slot);
    for (uint64_t chain = 0; chain < chains; chain++) {
        unsigned n = below(4) ? 0 : 1 + below(2), number = n == 2 ? below(2) : 0;
        Slot& slot = slots[n];
        uint64_t table = TABLE + 0x800 * number, driver = DRIVER + 0x800 * number;
        // A header, which is often right, then parts.
        unsigned parts = 1 + below(6), head = below(8);
        uint64_t header = BASE + 0x8000 + 64 * below(100);
        put(memory, header, uint32_t(below(5) ? below(2) : strange()));
        put(memory, header + 8, below(4) ? below(70) : strange());
        for (unsigned part = 0; part < parts; part++) {
            unsigned at = (head + part) % 16;
            bool last = part + 1 == parts;
            put(memory, table + 16 * at, part ? address() : below(30) ? header : strange());
            put(memory, table + 16 * at + 8, uint32_t(part == 0 && below(8) ? 16 : last && below(3) ? 1 : length()));
            uint16_t flags = (last ? 2 : 1) | (part && below(2) ? 2 : 0);
            put(memory, table + 16 * at + 12, uint16_t(below(20) ? flags : any()));
            put(memory, table + 16 * at + 14, uint16_t(below(20) ? (at + 1) % 16 : below(2) ? any() : below(20)));
        }
        put(memory, driver + 4 + 2 * (index[n][number] % 16), uint16_t(below(20) ? head : any()));
        put(memory, driver, uint16_t(below(2)));
        put(memory, driver + 2, uint16_t(below(30) ? index[n][number] + 1 : any()));
        if (!below(30)) slot.write(uint32_t(below(0x140)), 1 << below(4), strange());
        if (!below(30)) slot.read(uint32_t(below(0x140)), 1 << below(4));
        if (n == 2 && below(2)) static_cast<Console&>(*slot.device).input.resize(below(3000), 'x');
        slot.write(0x50, 4, below(20) ? number : strange());
        for (int tries = 0; slot.serve(memory, writes) && tries < 20; tries++) {
            for (auto& write : writes) {
                Range* range = memory.find(write.address);
                if (!range || !range->writable || write.bytes.size() > range->size - (write.address - range->base))
                    fail("written outside of memory");
                // What the request itself does not change stays, so that the next one is what it was meant to be.
                if (write.address >= BASE + 0x8000)
                    memory.write(write.address, reinterpret_cast<const uint8_t*>(write.bytes.data()),
                                 write.bytes.size(), false);
            }
            writes.clear();
            slot.served();
            answered++;
        }
        index[n][number]++;
        if (n == 2) static_cast<Console&>(*slot.device).output.clear();
        if (slot.read(0x70, 4) & 64) failed++;
        if (slot.read(0x70, 4) != 15 || !below(50)) {
            open(slot);
            index[n][0] = index[n][1] = 0;
        }
    }
    if (answered < chains / 10 || failed < chains / 20) fail("the requests are all alike");
    Archive kept;
    for (auto& slot : slots) slot.state(kept);
    Archive again(kept.bytes.data(), kept.bytes.size());
    for (auto& slot : slots) slot.state(again);
    if (!again.fits()) fail("what is saved is not what is restored");
    printf("ok: %llu answered, %llu refused\n", (unsigned long long)answered, (unsigned long long)failed);
}

// Registers and queues of virtio devices.

#include "virtio.h"

#include <algorithm>
#include <cstring>

namespace virtio {

namespace {

const uint32_t MAGIC = 0x74726976, VERSION = 2;
const uint32_t VENDOR = 0x554d4551;    // that of QEMU, as small drivers ask for it
const uint64_t VERSION_1 = uint64_t(1) << 32;
enum Status : uint32_t { DRIVER_OK = 4, FEATURES_OK = 8, NEEDS_RESET = 64 };
enum Interrupt : uint32_t { USED = 1, CONFIGURATION = 2 };
enum Flag : uint16_t { NEXT = 1, WRITE = 2, INDIRECT = 4, NO_INTERRUPT = 1 };
enum Register : uint32_t {
    MAGIC_VALUE = 0x00, VERSION_NUMBER = 0x04, DEVICE_ID = 0x08, VENDOR_ID = 0x0c, DEVICE_FEATURES = 0x10,
    DEVICE_FEATURES_SELECT = 0x14, DRIVER_FEATURES = 0x20, DRIVER_FEATURES_SELECT = 0x24, QUEUE_SELECT = 0x30,
    QUEUE_SIZE_MAX = 0x34, QUEUE_SIZE_SET = 0x38, QUEUE_READY = 0x44, QUEUE_NOTIFY = 0x50, INTERRUPT_STATUS = 0x60,
    INTERRUPT_ACKNOWLEDGE = 0x64, STATUS = 0x70, QUEUE_DESCRIPTORS = 0x80, QUEUE_DRIVER = 0x90, QUEUE_DEVICE = 0xa0,
    SHARED_MEMORY_LENGTH = 0xb0, SHARED_MEMORY_BASE = 0xb8, CONFIGURATION_GENERATION = 0xfc, CONFIGURATION_SPACE = 0x100,
};

struct Descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};

struct Segment {
    uint64_t address;
    uint32_t length;
};

template <class T>
bool get(Memory& memory, uint64_t address, T& value) {
    return memory.read(address, reinterpret_cast<uint8_t*>(&value), sizeof value, true);
}

template <class T>
Write put(uint64_t address, T value) {
    return {address, std::string(reinterpret_cast<const char*>(&value), sizeof value)};
}

bool is_ram(Memory& memory, uint64_t address, uint64_t count) {
    Range* range = memory.find(address);
    return range && range->writable && count <= range->size - (address - range->base);
}

void half(uint64_t& word, unsigned high, uint32_t value) {
    word = high ? (word & 0xffffffff) | uint64_t(value) << 32 : (word & ~uint64_t(0xffffffff)) | value;
}

}  // namespace

uint64_t Slot::offered() const { return device->features() | VERSION_1; }

uint64_t Slot::read(uint32_t offset, unsigned bytes) const {
    if (offset >= CONFIGURATION_SPACE) {
        std::string space = device ? device->configuration() : std::string();
        uint64_t value = 0, from = offset - CONFIGURATION_SPACE;
        if (from < space.size()) memcpy(&value, space.data() + from, std::min<size_t>(bytes, space.size() - from));
        return value;
    }
    if (bytes != 4) return 0;
    const Queue* chosen = const_cast<Slot*>(this)->queue();
    switch (offset) {
        case MAGIC_VALUE: return MAGIC;
        case VERSION_NUMBER: return VERSION;
        case DEVICE_ID: return device ? device->id() : 0;
        case VENDOR_ID: return VENDOR;
        case DEVICE_FEATURES: return device && device_select < 2 ? uint32_t(offered() >> 32 * device_select) : 0;
        case QUEUE_SIZE_MAX: return chosen ? QUEUE_SIZE : 0;
        case QUEUE_READY: return chosen ? chosen->ready : 0;
        case INTERRUPT_STATUS: return interrupt;
        case STATUS: return status;
        case SHARED_MEMORY_LENGTH: case SHARED_MEMORY_LENGTH + 4:
        case SHARED_MEMORY_BASE: case SHARED_MEMORY_BASE + 4: return 0xffffffff;   // there is none
        case CONFIGURATION_GENERATION: return generation;
        default: return 0;
    }
}

bool Slot::write(uint32_t offset, unsigned bytes, uint64_t wide) {
    uint32_t value = uint32_t(wide);
    if (!device || bytes != 4 || offset >= CONFIGURATION_SPACE) return false;
    Queue* chosen = queue();
    switch (offset) {
        case DEVICE_FEATURES_SELECT: device_select = value; return false;
        case DRIVER_FEATURES_SELECT: driver_select = value; return false;
        case DRIVER_FEATURES:
            if (driver_select < 2 && !(status & FEATURES_OK)) half(accepted, driver_select, value);
            return false;
        case QUEUE_SELECT: queue_select = value; return false;
        case QUEUE_NOTIFY:
            if (status & DRIVER_OK && !(status & NEEDS_RESET) && value < device->queues()) notified |= 1u << value;
            return false;
        case INTERRUPT_ACKNOWLEDGE: interrupt &= ~value; return false;
        case STATUS:
            if (value == 0) return reset(), true;
            // A driver need not know VERSION_1 by name to keep to it: the device is no other without.
            if (value & ~status & FEATURES_OK && accepted & ~offered()) value &= ~uint32_t(FEATURES_OK);
            status |= value & ~uint32_t(NEEDS_RESET);
            return false;
        default: break;
    }
    if (!chosen) return false;
    if (offset == QUEUE_READY) {
        chosen->ready = value & 1;
        if (chosen->ready) return false;
        // The driver takes the queue back: from now on nothing that belongs to it is written.
        chosen->taken = chosen->given = 0;
        notified &= ~(1u << queue_select);
        if (served_queue != queue_select) return false;
        raises = 0;
        return true;
    } else if (!chosen->ready) {
        switch (offset) {
            case QUEUE_SIZE_SET:
                // A power of two; what is none makes the queue unusable.
                chosen->size = value <= QUEUE_SIZE && !(value & (value - 1)) ? value : 0;
                break;
            case QUEUE_DESCRIPTORS: case QUEUE_DESCRIPTORS + 4: half(chosen->descriptors, offset & 4, value); break;
            case QUEUE_DRIVER: case QUEUE_DRIVER + 4: half(chosen->driver, offset & 4, value); break;
            case QUEUE_DEVICE: case QUEUE_DEVICE + 4: half(chosen->device, offset & 4, value); break;
            default: break;
        }
    }
    return false;
}

void Slot::reset() {
    status = device_select = driver_select = queue_select = interrupt = raises = notified = served_queue = 0;
    accepted = 0;
    for (auto& each : all) each = Queue();
}

void Slot::fail() {
    status |= NEEDS_RESET;
    notified = 0;
    interrupt |= CONFIGURATION;
    generation++;
}

bool Slot::serve(Memory& memory, std::deque<Write>& writes) {
    for (unsigned number = 0; number < QUEUES; number++)
        if (notified >> number & 1 && device->ready(number) && take(memory, number, writes)) return true;
    return false;
}

bool Slot::take(Memory& memory, unsigned number, std::deque<Write>& writes) {
    Queue& queue = all[number];
    served_queue = number;
    uint16_t flags = 0, available = 0, head = 0;
    if (!queue.ready || !queue.size || !get(memory, queue.driver, flags) || !get(memory, queue.driver + 2, available))
        return fail(), false;
    if (available == queue.taken) {
        notified &= ~(1u << number);
        return false;
    }
    if (uint16_t(available - queue.taken) > queue.size
        || !get(memory, queue.driver + 4 + 2 * (queue.taken & (queue.size - 1)), head)) return fail(), false;

    std::string request;
    std::vector<Segment> answers;
    uint64_t bytes = 0, room = 0;
    uint16_t at = head;
    // A chain that is longer than its queue goes round in a circle.
    for (uint32_t length = 1;; length++) {
        Descriptor d;
        if (length > queue.size || at >= queue.size || !get(memory, queue.descriptors + 16 * at, d)
            || d.flags & INDIRECT || (bytes += d.length) > REQUEST_BYTES || !is_ram(memory, d.address, d.length)
            || (!(d.flags & WRITE) && !answers.empty())) return fail(), false;
        if (d.flags & WRITE) {
            answers.push_back({d.address, d.length});
            room += d.length;
        } else {
            size_t before = request.size();
            request.resize(before + d.length);
            memory.read(d.address, reinterpret_cast<uint8_t*>(&request[before]), d.length, true);
        }
        if (!(d.flags & NEXT)) break;
        at = d.next;
    }
    uint64_t entry = queue.device + 4 + 8 * (queue.given & (queue.size - 1));
    if (!is_ram(memory, entry, 8) || !is_ram(memory, queue.device, 4)) return fail(), false;

    std::string answer = device->serve(number, request, room);
    size_t given = 0;
    for (const Segment& segment : answers) {
        size_t part = std::min<size_t>(segment.length, answer.size() - given);
        if (part) writes.push_back({segment.address, answer.substr(given, part)});
        given += part;
    }
    writes.push_back(put(entry, uint64_t(head) | uint64_t(answer.size()) << 32));
    queue.taken++, queue.given++;
    writes.push_back(put(queue.device + 2, queue.given));
    if (!(flags & NO_INTERRUPT)) raises |= USED;
    return true;
}

void Slot::state(Archive& a) {
    a(status), a(device_select), a(driver_select), a(queue_select), a(generation), a(interrupt), a(raises);
    a(notified), a(served_queue), a(accepted), a(all);
    if (device) device->state(a);
}

void Slots::accept(uint64_t now) {
    uint64_t where = load(at.address), data = load(at.data);
    unsigned bytes = 1u << load(at.size), shift = 8 * (where & 7);
    Slot* slot = where - base < SLOTS * SLOT_BYTES ? &slots[(where - base) / SLOT_BYTES] : nullptr;
    failed = !slot || load(at.burst);
    writes_register = load(at.write);
    answer = 0;
    if (!failed && writes_register && slot->write(where % SLOT_BYTES, bytes, data >> shift) && slot == &slots[serving])
        drop();
    if (!failed && !writes_register) answer = slot->read(where % SLOT_BYTES, bytes) << shift;
    busy = true, due = now + 1;
}

void Slots::drop() {
    if (!writes.empty() && !writes.front().own) done = 0;
    writes.erase(std::remove_if(writes.begin(), writes.end(), [](const Write& write) { return !write.own; }),
                 writes.end());
}

void Slots::write_line(uint64_t number) {
    while (!writes.empty()) {
        Write& first = writes.front();
        uint64_t address = first.address + done;
        if (address >> 6 != number) return;
        uint64_t count = std::min<uint64_t>(first.bytes.size() - done, ((number + 1) << 6) - address);
        memory->write(address, reinterpret_cast<const uint8_t*>(first.bytes.data()) + done, count, false);
        if (records->on) {
            uint64_t about[] = {records->seen, address, count};
            log.append(reinterpret_cast<const char*>(about), sizeof about);
            log.append(first.bytes, done, count);
        }
        done += count;
        if (done == first.bytes.size()) writes.pop_front(), done = 0;
    }
}

Reasons Slots::cycle(uint64_t now) {
    bool answers = busy && now >= due;
    store(at.ready, !busy);
    if (answers) {
        store(at.read_data, answer);
        store(at.error, failed);
        store(at.last, 1);
        busy = false;
    } else if (!busy && load(at.valid)) {
        accept(now);
    }
    store(at.response, answers);

    const uint64_t PAUSE = 64;   // cycles, in which all stores before a notification leave the core
    // What takes lines away in a disturbed run comes by the same port.
    bool others = line == FREE && (load(snoop_valid) || load(snoop_held));
    if (line == FREE && !writes.empty() && !others) {
        store(snoop_line, (writes.front().address + done) >> 6);
        store(snoop_valid, 1);
        line = ASKING;
    } else if (line == ASKING && load(snoop_held)) {
        write_line(load(snoop_line));
        store(snoop_valid, 0);
        line = RELEASING;
        if (writes.empty()) slots[serving].served(), look = now + PAUSE;
    } else if (line == RELEASING && !load(snoop_held)) {
        line = FREE;
    } else if (line == FREE && now >= look) {
        look = now + PAUSE;
        for (unsigned n = 0; n < SLOTS && writes.empty(); n++)
            if (slots[n].waits() && slots[n].serve(*memory, writes)) serving = n;
    }
    uint64_t lines = 0;
    for (unsigned n = 0; n < SLOTS; n++) lines |= uint64_t(slots[n].interrupts()) << n;
    store(interrupts, lines);
    return 0;
}

void Slots::state(Archive& a) {
    a(busy), a(writes_register), a(failed), a(answer), a(due), a(look), a(done), a(serving), a(line);
    std::vector<uint64_t> addresses;
    for (const auto& write : writes) addresses.push_back(write.address);
    a(addresses);
    writes.resize(addresses.size());
    for (size_t n = 0; n < writes.size(); n++) writes[n].address = addresses[n], a(writes[n].bytes), a(writes[n].own);
    for (auto& slot : slots) slot.state(a);
}

}  // namespace virtio

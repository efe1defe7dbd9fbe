// Devices of the host by the standard (Virtual I/O Device Version 1.2), at a bus of the component.
//
// Nothing that a driver writes into its queues is believed: a request that is no request ends the device until the
// driver resets it, and touches nothing else.

#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "harness.h"
#include "snapshot.h"

namespace virtio {

// What stands behind the registers and queues of a slot.
struct Device {
    virtual ~Device() = default;
    virtual uint32_t id() const = 0;                      // standard, "Device Types"
    virtual uint64_t features() const { return 0; }
    virtual unsigned queues() const = 0;
    virtual std::string configuration() const { return {}; }
    virtual bool ready(unsigned queue) const { return true; }
    // Answers one request: `request` is what the driver sent, `room` the bytes there are for the answer.
    virtual std::string serve(unsigned queue, const std::string& request, size_t room) = 0;
    virtual void state(Archive&) {}
};

// Bytes that memory shall get.
struct Write {
    uint64_t address;
    std::string bytes;
    bool own = false;         // of the host itself, of no device
};

struct Queue {
    uint32_t size = 0, ready = 0;
    uint64_t descriptors = 0, driver = 0, device = 0;     // addresses
    uint16_t taken = 0, given = 0;                        // requests, modulo 2**16
};

const uint32_t QUEUE_SIZE = 256;                          // descriptors, at most
const unsigned QUEUES = 2;
const uint64_t REQUEST_BYTES = 16 << 20;                  // of a request and its answer, at most

// One device as a driver sees it: registers and queues ("Virtio Over MMIO", version 2).
class Slot {
public:
    std::unique_ptr<Device> device;

    uint64_t read(uint32_t offset, unsigned bytes) const;
    // Whether this has taken back the device, or the queue that it serves: then what it had not yet written is not to be
    // written any more.
    bool write(uint32_t offset, unsigned bytes, uint64_t value);
    bool interrupts() const { return interrupt; }
    bool waits() const { return notified; }
    // Takes one request, if there is one; the writes that answer it are put behind `writes`.
    bool serve(Memory&, std::deque<Write>& writes);
    // The writes are made.
    void served() { interrupt |= raises, raises = 0; }
    void state(Archive&);

private:
    uint32_t status = 0, device_select = 0, driver_select = 0, queue_select = 0, generation = 0;
    uint32_t interrupt = 0, raises = 0, notified = 0, served_queue = 0;
    uint64_t accepted = 0;                                // features
    Queue all[QUEUES];

    uint64_t offered() const;
    Queue* queue() { return device && queue_select < device->queues() ? &all[queue_select] : nullptr; }
    void reset();
    void fail();
    bool take(Memory&, unsigned number, std::deque<Write>& writes);
};

std::unique_ptr<Device> disk(const char* path, bool writable);   // null where the file cannot be opened
std::unique_ptr<Device> entropy(uint64_t seed);

struct Console : Device {
    std::string output;
    std::deque<uint8_t> input;
    uint32_t id() const override { return 3; }
    unsigned queues() const override { return 2; }
    std::string configuration() const override { return std::string(12, '\0'); }
    bool ready(unsigned queue) const override { return queue == TRANSMIT || !input.empty(); }
    std::string serve(unsigned queue, const std::string& request, size_t room) override;
    void state(Archive& a) override { a(output), a(input); }
    enum { RECEIVE, TRANSMIT };
};

const unsigned SLOTS = 8;
const uint64_t SLOT_BYTES = 0x1000;

// The slots at their bus, and their way to memory: line by line, each taken from the data cache first.
struct Slots : Host {
    MemoryPorts at;
    Port snoop_valid, snoop_line, snoop_held, interrupts;
    Memory* memory;
    Trace* records;           // those before a write have not seen it
    uint64_t base;
    Slot slots[SLOTS];
    // What the host itself writes, in its turn.
    void write(uint64_t address, const char* from, size_t count) {
        writes.push_back({address, std::string(from, count), true});
    }
    std::string log;          // of each write while `records` is on: records so far, address, count, then the bytes

    Reasons cycle(uint64_t now) override;
    void state(Archive&) override;

private:
    bool busy = false, writes_register = false, failed = false;
    uint64_t answer = 0, due = 0, look = 0;
    std::deque<Write> writes;
    uint64_t done = 0;        // bytes of the first of them
    unsigned serving = 0;
    enum : uint8_t { FREE, ASKING, RELEASING } line = FREE;

    void accept(uint64_t now);
    void drop();
    void write_line(uint64_t number);
};

}  // namespace virtio

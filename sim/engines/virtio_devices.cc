// What stands behind the virtio slots: disks, entropy, consoles.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "random.h"
#include "virtio.h"

namespace virtio {

namespace {

const uint64_t SECTOR = 512, BLOCK = 4096;

// A disk whose contents are a file. Unless it is writable, what is written stays in memory, by blocks.
class Disk : public Device {
public:
    Disk(int file, uint64_t size, bool through) : file(file), sectors(size / SECTOR), through(through) {}
    ~Disk() override { close(file); }

    uint32_t id() const override { return 2; }
    unsigned queues() const override { return 1; }
    uint64_t features() const override { return 1 << SEGMENTS | 1 << BLOCK_SIZE | 1 << FLUSHES; }
    std::string configuration() const override {
        struct {
            uint64_t capacity;
            uint32_t size_max, seg_max;
            uint32_t geometry, blk_size;
        } space = {sectors, 0, QUEUE_SIZE - 2, 0, SECTOR};
        return std::string(reinterpret_cast<const char*>(&space), sizeof space);
    }

    std::string serve(unsigned, const std::string& request, size_t room) override {
        struct { uint32_t type, reserved; uint64_t sector; } header;
        if (room == 0) return {};    // nowhere to say how it went
        std::string answer(room, '\0');
        auto ends = [&](Outcome outcome) {
            answer.back() = char(outcome);
            return answer;
        };
        if (request.size() < sizeof header) return ends(FAILED);
        memcpy(&header, request.data(), sizeof header);
        const char* data = request.data() + sizeof header;
        uint64_t sent = request.size() - sizeof header;
        switch (header.type) {
            case IN:
                if (sent || !lies_within(header.sector, room - 1)) return ends(FAILED);
                return ends(read(header.sector * SECTOR, &answer[0], room - 1) ? OK : FAILED);
            case OUT:
                if (room != 1 || !lies_within(header.sector, sent)) return ends(FAILED);
                return ends(write(header.sector * SECTOR, data, sent) ? OK : FAILED);
            case FLUSH: return ends(!through || fdatasync(file) == 0 ? OK : FAILED);
            case GET_ID: {
                const char name[] = "hyacinth";
                memcpy(&answer[0], name, std::min(sizeof name, room - 1));
                return ends(OK);
            }
            default: return ends(UNSUPPORTED);
        }
    }

    void state(Archive& a) override {
        std::vector<uint64_t> numbers;
        for (const auto& [number, bytes] : written) numbers.push_back(number);
        a(numbers);
        if (!a.saving) written.clear();
        for (uint64_t number : numbers) a(written[number]);
    }

private:
    enum { SEGMENTS = 2, BLOCK_SIZE = 6, FLUSHES = 9 };               // features
    enum { IN = 0, OUT = 1, FLUSH = 4, GET_ID = 8 };                  // requests
    enum Outcome { OK = 0, FAILED = 1, UNSUPPORTED = 2 };
    int file;
    uint64_t sectors;
    bool through;
    std::map<uint64_t, std::string> written;

    bool lies_within(uint64_t sector, uint64_t count) const {
        return count % SECTOR == 0 && sector <= sectors && count / SECTOR <= sectors - sector;
    }
    bool from_file(uint64_t at, char* to, uint64_t count) const {
        while (count) {
            ssize_t got = pread(file, to, count, off_t(at));
            if (got <= 0) return false;
            at += uint64_t(got), to += got, count -= uint64_t(got);
        }
        return true;
    }
    bool read(uint64_t at, char* to, uint64_t count) const {
        while (count) {
            uint64_t offset = at % BLOCK, part = std::min(count, BLOCK - offset);
            auto found = written.find(at / BLOCK);
            if (found != written.end()) memcpy(to, found->second.data() + offset, part);
            else if (!from_file(at, to, part)) return false;
            at += part, to += part, count -= part;
        }
        return true;
    }
    bool write(uint64_t at, const char* from, uint64_t count) {
        while (count) {
            uint64_t offset = at % BLOCK, part = std::min(count, BLOCK - offset);
            if (through) {
                ssize_t put = pwrite(file, from, part, off_t(at));
                if (put <= 0) return false;
                part = uint64_t(put);
            } else {
                auto found = written.find(at / BLOCK);
                if (found == written.end()) {
                    std::string block(BLOCK, '\0');
                    uint64_t start = at - offset, whole = std::min(BLOCK, sectors * SECTOR - start);
                    if (part < whole && !from_file(start, &block[0], whole)) return false;
                    found = written.emplace(at / BLOCK, std::move(block)).first;
                }
                memcpy(&found->second[offset], from, part);
            }
            at += part, from += part, count -= part;
        }
        return true;
    }
};

class Entropy : public Device {
public:
    explicit Entropy(uint64_t seed) : random{seed} {}
    uint32_t id() const override { return 4; }
    unsigned queues() const override { return 1; }
    std::string serve(unsigned, const std::string&, size_t room) override {
        std::string answer(std::min<size_t>(room, BLOCK), '\0');
        for (size_t at = 0; at < answer.size(); at += 8) {
            uint64_t number = random.next();
            memcpy(&answer[at], &number, std::min<size_t>(8, answer.size() - at));
        }
        return answer;
    }
    void state(Archive& a) override { a(random); }

private:
    Random random;
};

}  // namespace

std::unique_ptr<Device> disk(const char* path, bool writable) {
    int file = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    struct stat about;
    if (file < 0) return nullptr;
    if (fstat(file, &about) || !S_ISREG(about.st_mode)) {
        close(file);
        return nullptr;
    }
    return std::make_unique<Disk>(file, uint64_t(about.st_size), writable);
}

std::unique_ptr<Device> entropy(uint64_t seed) { return std::make_unique<Entropy>(seed); }

std::string Console::serve(unsigned queue, const std::string& request, size_t room) {
    if (queue == TRANSMIT) {
        output += request;
        return {};
    }
    size_t count = std::min(room, input.size());
    std::string answer(input.begin(), input.begin() + ptrdiff_t(count));
    input.erase(input.begin(), input.begin() + ptrdiff_t(count));
    return answer;
}

}  // namespace virtio

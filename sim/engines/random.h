// Numbers that look random and are the same in every run (splitmix64).

#pragma once

#include <cstdint>

struct Random {
    uint64_t last;
    uint64_t next() {
        uint64_t z = last += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return z ^ z >> 31;
    }
    uint64_t below(uint64_t limit) { return next() % limit; }
};

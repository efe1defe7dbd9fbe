// Hosts at the ports of a model, and the clock loop.

#include "harness.h"

Reasons ByteOut::cycle(uint64_t) {
    store(ready, 1);
    if (load(valid)) bytes.push_back(load(payload));
    return 0;
}

Reasons ByteIn::cycle(uint64_t) {
    // The byte offered in this cycle goes if `ready` is 1 in it.
    if (bytes.empty()) {
        store(valid, 0);
    } else {
        store(valid, 1);
        store(payload, bytes.front());
        if (load(ready)) bytes.pop_front();
    }
    return 0;
}

Reasons Trace::cycle(uint64_t now) {
    if (!load(valid)) return patience && now - last >= patience ? STUCK : 0;
    Reasons reasons = 0;
    last = now;
    if (++seen == stop_after) reasons |= RECORDS;
    if (counted >= 0 && load(fields[counted]) && ++tally == target) reasons |= COUNTED;
    if (matched >= 0 && load(fields[matched]) == value) reasons |= FOUND;
    if (on) {
        uint64_t* to = &words[count * (fields.size() + 1)];
        *to++ = now;
        for (const Port& field : fields) *to++ = load(field);
        if (++count >= capacity) reasons |= BATCH;
    }
    return reasons;
}

Reasons Counters::cycle(uint64_t) {
    for (uint64_t value = load(port); value; value &= value - 1) counts[__builtin_ctzll(value)]++;
    return 0;
}

Reasons Stop::cycle(uint64_t) {
    if (!load(valid)) return 0;
    code = load(payload);
    return STOPPED;
}

Session::~Session() {
    close_wave();
    hosts.clear();
    model_delete(model);
}

void Session::close_wave() {
    if (waves) model_close_wave(model);
    waves = false;
}

Reasons Session::run(uint64_t until) {
    for (; now < until; now++) {
        // A run returns before the clock edge, so that what retired has just taken effect and nothing after it has.
        Reasons reasons = 0;
        if (!seen)
            for (auto& host : hosts) reasons |= host->cycle(now);
        seen = reasons;
        if (reasons) return reasons;
        bool shown = waves && now >= wave_from && now <= wave_to;
        if (shown) {
            model_eval(model);
            model_dump_wave(model, 2 * now);
            model_clock(model, 0);
            model_dump_wave(model, 2 * now + 1);
            model_clock(model, 1);
        } else {
            model_rise(model);
        }
        if (waves && now >= wave_to) close_wave();
    }
    return 0;
}

// The model that Verilator made, as harness.h wants it. The file ports.inc, generated, lists its ports.

#include "harness.h"

#include <algorithm>
#include <cstring>

#include "V.h"
#include "V___024root.h"
#include "verilated.h"
#include "verilated_save.h"
#ifdef WAVE_HEADER
#include WAVE_HEADER
#endif

namespace {

struct Saver : VerilatedSerialize {
    std::string bytes;
    void flush() override {
        bytes.append(reinterpret_cast<char*>(m_bufp), m_cp - m_bufp);
        m_cp = m_bufp;
    }
};

struct Restorer : VerilatedDeserialize {
    const std::string& bytes;
    size_t at = 0;
    explicit Restorer(const std::string& from) : bytes(from) { m_endp = m_cp; }
    // What is left stays; behind it comes as much as there is room for.
    void fill() override {
        size_t left = m_endp - m_cp;
        memmove(m_bufp, m_cp, left);
        size_t more = std::min(bufferSize() - left, bytes.size() - at);
        memcpy(m_bufp + left, bytes.data() + at, more);
        at += more, m_cp = m_bufp, m_endp = m_bufp + left + more;
    }
};

}  // namespace

struct Model {
    VerilatedContext context;
    V top{&context};
    std::vector<Port> ports;
#ifdef WAVE_HEADER
    WAVE_CLASS wave;
#endif
};

Model* model_new() {
    auto* model = new Model;
#ifdef WAVE_HEADER
    model->context.traceEverOn(true);
    model->top.trace(&model->wave, 99);
#endif
    auto& top = model->top;
    (void)top;
    model->ports = {
#define PORT(name, width, output) {#name, width, output, sizeof(top.name), &top.name},
#include "ports.inc"
    };
    return model;
}

void model_delete(Model* model) { delete model; }
const std::vector<Port>& model_ports(Model* model) { return model->ports; }
std::string model_save(Model* model) {
    Saver saver;
    saver << model->top;
    saver.flush();
    return saver.bytes;
}
void model_restore(Model* model, const std::string& saved) {
    Restorer restorer(saved);
    restorer >> model->top;
}
void model_eval(Model* model) { model->top.eval(); }
void model_clock(Model* model, int level) {
    model->top.clk = level;
    model->top.eval();
}

// Nothing waits for the falling edge, so that the model need not see it: it is told that the clock was low. Verilator
// has no other way to say so than by the variable that it keeps the clock's last value in.
template <typename Root>
void rise(V& top, Root& root) {
    if constexpr (requires { root.__Vtrigprevexpr___TOP__clk__0; }) {
        root.__Vtrigprevexpr___TOP__clk__0 = 0;
    } else {
        top.clk = 0;
        top.eval();
    }
    top.clk = 1;
    top.eval();
}
void model_rise(Model* model) { rise(model->top, *model->top.rootp); }

#ifdef WAVE_HEADER
bool model_open_wave(Model* model, const char* path) {
    model->wave.open(path);
    return model->wave.isOpen();
}
void model_dump_wave(Model* model, uint64_t time) { model->wave.dump(time); }
void model_close_wave(Model* model) { model->wave.close(); }
#else
bool model_open_wave(Model*, const char*) { return false; }
void model_dump_wave(Model*, uint64_t) {}
void model_close_wave(Model*) {}
#endif

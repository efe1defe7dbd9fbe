from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from paths import combinational_paths


class Example(wiring.Component):
    """Outputs that follow from inputs at once, over a register, and through a memory of either kind."""
    a: In(4)
    b: In(4)
    select: In(1)
    chosen: Out(4)
    upper: Out(2)
    later: Out(4)
    read_now: Out(4)
    read_later: Out(4)

    def elaborate(self, platform):
        m = Module()
        m.submodules.memory = memory = Memory(shape=4, depth=16, init=[])
        now, later = memory.read_port(domain="comb"), memory.read_port()
        held = Signal(4)
        m.d.sync += held.eq(self.a + self.b)
        m.d.comb += [self.chosen.eq(Mux(self.select, self.a, self.b)), self.later.eq(held),
                     self.upper.eq((self.a & 0b1100 | self.b & 0b0011)[2:]),
                     now.addr.eq(self.a), self.read_now.eq(now.data),
                     later.addr.eq(self.a), self.read_later.eq(later.data)]
        return m


def test_paths_are_found_bit_by_bit_and_end_at_registers():
    assert combinational_paths(Example()) == {("chosen", "a"), ("chosen", "b"), ("chosen", "select"), ("upper", "a"),
                                              ("read_now", "a")}

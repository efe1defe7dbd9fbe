"""mcycle, minstret, the mhpmcounters and their events (machine chapter, "Hardware Performance Monitor"; Sscofpmf)."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..isa.csr import Box
from ..isa.csrs_machine import COUNTERS, EVENTS, INHIBIT_MODES, INHIBITS
from ..isa.modes import Mode
from .state import legalised

INHIBITS_LSB, INHIBITS_COUNT = INHIBITS[0].lsb, len(INHIBITS)


class Selector(data.Struct):
    """What an mhpmevent holds."""
    event: 6
    inhibits: INHIBITS_COUNT
    of: 1


def inhibits_of(mode) -> Value:
    """One bit for each of INHIBITS: whether it speaks of `mode`."""
    return Cat(mode == each for each in INHIBIT_MODES)


class Counters(wiring.Component):
    """The counters that count, the events that they count, and what becomes of a counter that overflows.

    Parameters
    ----------
    table : dict[str, Csr]
        Of `rtl.isa.csrs.table`.
    counters : int
        How many from mhpmcounter3 on count; the others read as zero.

    Members
    -------
    number : In(5), value : Out(64), event : Out(64)
        Read, combinationally: counter and mhpmevent `number`.
    write_number : In(5), write_value : In(1), write_event : In(1), data : In(64)
        At the end of the cycle the counter or the mhpmevent takes `data`, whatever it would have counted.
    inhibit : In(32)
        mcountinhibit.
    cycle_inhibits, instret_inhibits : In(5)
        INHIBITS of mcyclecfg and minstretcfg.
    mode : In(Mode)
        The current one, in which `retired` is meant.
    hypervisor : In(1)
        misa.H: while it is 0, no filter speaks of VS and VU.
    retired : In(1)
        An instruction retires in this cycle.
    events : In(32)
        What happened in the cycle before, and in its mode; event n is bit n-1.
    overflowed : Out(32)
        OF of each mhpmevent.
    request : Out(1)
        LCOFIP is to be set, whatever else is written to it: for two cycles after an overflow.
    """
    def __init__(self, table, counters):
        self.table, self.counters = table, counters
        super().__init__({
            "number": In(5), "value": Out(64), "event": Out(64), "write_number": In(5), "write_value": In(1),
            "write_event": In(1), "data": In(64), "inhibit": In(32), "cycle_inhibits": In(INHIBITS_COUNT),
            "instret_inhibits": In(INHIBITS_COUNT), "mode": In(Mode), "hypervisor": In(1), "retired": In(1),
            "events": In(EVENTS), "overflowed": Out(COUNTERS), "request": Out(1)})

    def elaborate(self, platform):
        m = Module()
        here, before = Signal(INHIBITS_COUNT), Signal(INHIBITS_COUNT)
        m.d.comb += here.eq(inhibits_of(self.mode))
        m.d.sync += before.eq(here)
        mcycle, minstret = Signal(64), Signal(64)
        self.count(m, 0, mcycle, ~(self.cycle_inhibits & here).any())
        self.count(m, 2, minstret, self.retired & ~(self.instret_inhibits & here).any())
        values, selectors, requests = {0: mcycle, 2: minstret}, {}, []
        for n in range(3, 3 + self.counters):
            csr = self.table[f"mhpmevent{n}"]
            assert csr.box is Box.COUNTERS
            values[n] = counter = Signal(64, name=f"mhpmcounter{n}")
            selectors[n] = selector = Signal(Selector, name=f"mhpmevent{n}")
            happens = Cat(0, self.events).bit_select(selector.event, 1)
            event = csr.field("event")
            if len(csr.fields) == 1:
                self.count(m, n, counter, happens)
                with m.If(self.writes(n)):
                    m.d.sync += selector.event.eq(legalised(event, self.data[:event.width]))
                continue
            carry = self.count(m, n, counter, happens & ~(selector.inhibits & before).any())
            requests.append(self.overflow(m, n, selector, carry))
            with m.If(self.writes(n)):
                m.d.sync += [selector.event.eq(legalised(event, self.data[:event.width])),
                             selector.inhibits.eq(self.data[INHIBITS_LSB:])]
            with m.If(~self.hypervisor):
                m.d.sync += [selector.inhibits[bit].eq(0) for bit, inhibit in enumerate(INHIBITS) if inhibit.hypervisor]
            m.d.comb += self.overflowed[n].eq(selector.of)
        m.d.comb += self.request.eq(Cat(requests).any())
        with m.Switch(self.number):
            for n, counter in values.items():
                with m.Case(n):
                    m.d.comb += self.value.eq(counter)
                    if n in selectors:
                        shown = selectors[n]
                        m.d.comb += self.event.eq(Cat(shown.event, Const(0, INHIBITS_LSB - len(shown.event)),
                                                      shown.inhibits, shown.of))
        return m

    def writes(self, n):
        """Whether mhpmevent `n` is written."""
        return self.write_event & (self.write_number == n)

    def count(self, m, n, counter, happens) -> Value:
        """Counter `n`, one more where something `happens`; a write goes before (rule mcycle_minstret_wr).

        Whether it overflows at the end of this cycle (rules hpmcounter_overflow, count_overflow_trigger).
        """
        counts, more = Signal(name=f"counts_{n}"), Signal(65, name=f"more_{n}")
        written = self.write_value & (self.write_number == n)
        m.d.comb += [counts.eq(~written & ~self.inhibit[n] & happens), more.eq(counter + 1)]
        with m.If(written):
            m.d.sync += counter.eq(self.data)
        with m.Elif(counts):
            m.d.sync += counter.eq(more)
        return counts & more[64]

    def overflow(self, m, n, selector, carry) -> Value:
        """OF of mhpmevent `n`: set where the counter overflows, a request while it is not set yet (rules
        mhpmevent_of_op, mhpmevent_of_bit_set, count_overflow_interrupt).

        A CSR instruction writes in the cycle after it has read. What it has not seen happens after it: an overflow of
        either cycle outlives the write.
        """
        raised, late = Signal(name=f"raised_{n}"), Signal(name=f"late_{n}")
        m.d.comb += raised.eq(carry & ~selector.of)
        m.d.sync += late.eq(raised)
        m.d.sync += selector.of.eq(Mux(self.writes(n), self.data[63], selector.of) | raised | late)
        return raised | late

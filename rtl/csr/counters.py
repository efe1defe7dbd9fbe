"""mcycle, minstret and the mhpmcounters with their events (machine chapter, "Hardware Performance Monitor")."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa.csr import Box
from ..isa.csrs_machine import EVENTS
from .state import legalised


class Counters(wiring.Component):
    """The counters that count, and the events that they count.

    Parameters
    ----------
    table : dict[str, Csr]
        Of `rtl.isa.csrs.table`.
    counters : int
        How many from mhpmcounter3 on count; the others read as zero.

    Members
    -------
    number : In(5), value : Out(64), event : Out(6)
        Read, combinationally: counter and event selector `number`.
    write_number : In(5), write_value : In(1), write_event : In(1), data : In(64)
        At the end of the cycle the counter or the selector takes `data`, whatever it would have counted.
    inhibit : In(32)
        mcountinhibit.
    retired : In(1), events : In(32)
        What happens in this cycle; event n is bit n-1.
    """
    def __init__(self, table, counters):
        self.table, self.counters = table, counters
        super().__init__({
            "number": In(5), "value": Out(64), "event": Out(6), "write_number": In(5), "write_value": In(1),
            "write_event": In(1), "data": In(64), "inhibit": In(32), "retired": In(1), "events": In(EVENTS)})

    def elaborate(self, platform):
        m = Module()
        mcycle, minstret = Signal(64), Signal(64)
        self.count(m, 0, mcycle, 1)
        self.count(m, 2, minstret, self.retired)
        values, selectors = {0: mcycle, 2: minstret}, {}
        for n in range(3, 3 + self.counters):
            values[n] = counter = Signal(64, name=f"mhpmcounter{n}")
            selectors[n] = selector = Signal(6, name=f"mhpmevent{n}")
            self.count(m, n, counter, Cat(0, self.events).bit_select(selector, 1))
            with m.If(self.write_event & (self.write_number == n)):
                csr = self.table[f"mhpmevent{n}"]
                assert csr.box is Box.COUNTERS
                field, = csr.fields
                m.d.sync += selector.eq(legalised(field, self.data[:field.width]))
        with m.Switch(self.number):
            for n, counter in values.items():
                with m.Case(n):
                    m.d.comb += self.value.eq(counter)
                    if n in selectors:
                        m.d.comb += self.event.eq(selectors[n])
        return m

    def count(self, m, n, counter, happens):
        """Counter `n`, one more where something `happens`; a write goes before (rule mcycle_minstret_wr)."""
        with m.If(self.write_value & (self.write_number == n)):
            m.d.sync += counter.eq(self.data)
        with m.Elif(~self.inhibit[n] & happens):
            m.d.sync += counter.eq(counter + 1)

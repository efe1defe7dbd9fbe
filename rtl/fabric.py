"""What lies between the masters of the bus and its devices: who may speak, and who is meant."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from .bus import BusSignature
from .config import PHYSICAL_BITS


class Arbiter(wiring.Component):
    """Lets one master at a time through, for a whole transaction, in turn.

    A master that was the last to speak is let through at once; it costs another one a cycle.

    Parameters
    ----------
    masters : int

    Members
    -------
    masters : In(BusSignature()), an array
    bus : Out(BusSignature())
        `bus.request.valid` and its payload follow from registers and the masters' requests alone.
    """
    def __init__(self, masters):
        super().__init__({"masters": In(BusSignature()).array(masters), "bus": Out(BusSignature())})

    def elaborate(self, platform):
        m = Module()
        count = len(self.masters)
        granted = Signal(range(count))
        busy = Signal()              # a request was accepted, its last response has not come
        waiting = Cat(master.request.valid for master in self.masters)
        response = self.bus.response
        ends = response.valid & response.p.last

        for master in self.masters:
            m.d.comb += master.response.p.eq(response.p)
        with m.Switch(granted):
            for index, master in enumerate(self.masters):
                with m.Case(index):
                    m.d.comb += [self.bus.request.valid.eq(master.request.valid),
                                 self.bus.request.p.eq(master.request.p),
                                 master.request.ready.eq(self.bus.request.ready),
                                 master.response.valid.eq(response.valid)]
                    # The grant moves where its holder is silent or has just ended, to the next that waits.
                    with m.If(Mux(busy, ends, ~master.request.valid)):
                        for step in reversed(range(1, count)):
                            other = (index + step) % count
                            with m.If(waiting[other]):
                                m.d.sync += granted.eq(other)
        with m.If(ends):
            m.d.sync += busy.eq(0)
        with m.Elif(self.bus.request.valid & self.bus.request.ready):
            m.d.sync += busy.eq(1)
        return m


class Decoder(wiring.Component):
    """Hands each transaction to the slave in whose regions its address lies, and answers for what is absent.

    An absent address is answered by one response with `error`, also to a burst.

    Parameters
    ----------
    slaves : dict of name to iterable of Region
        Regions must not overlap.

    Members
    -------
    bus : In(BusSignature())
        From one master, or an Arbiter.
    (each name of `slaves`) : Out(BusSignature())

    Raises
    ------
    ValueError
        Two regions overlap.
    """
    def __init__(self, slaves):
        self.slaves = {name: tuple(regions) for name, regions in slaves.items()}
        regions = sorted((region for held in self.slaves.values() for region in held), key=lambda region: region.base)
        for region, after in zip(regions, regions[1:], strict=False):
            if region.base + region.size > after.base:
                raise ValueError(f"Regions {region.name} and {after.name} overlap; "
                                 f"{after.name} must begin at {region.base + region.size:#x} or above")
        super().__init__({"bus": In(BusSignature())} | {name: Out(BusSignature()) for name in self.slaves})

    def elaborate(self, platform):
        m = Module()
        request, response = self.bus.request, self.bus.response
        ports = [getattr(self, name) for name in self.slaves]

        def within(region):
            low = (region.size - 1).bit_length()
            return request.p.address[low:] == region.base >> low if low < PHYSICAL_BITS else 1

        absent = len(ports)
        meant = Signal(range(absent + 1), init=absent)
        answering = Signal.like(meant)   # who was meant by the transaction under way
        beats = Signal(3)                # of a written burst to an absent address
        m.d.comb += meant.eq(absent)
        for index, regions in enumerate(self.slaves.values()):
            for region in regions:
                with m.If(within(region)):
                    m.d.comb += meant.eq(index)
        with m.If(request.valid & request.ready):
            m.d.sync += answering.eq(meant)

        for port in ports:
            m.d.comb += port.request.p.eq(request.p)
        with m.Switch(meant):
            for index, port in enumerate(ports):
                with m.Case(index):
                    m.d.comb += [port.request.valid.eq(request.valid), request.ready.eq(port.request.ready)]
            with m.Default():
                m.d.comb += request.ready.eq(1)

        refused = Signal()
        m.d.sync += refused.eq(0)
        with m.If(request.valid & (meant == absent)):
            m.d.sync += [beats.eq(Mux(request.p.burst & request.p.write, beats + 1, 0)),
                         refused.eq(~(request.p.burst & request.p.write) | beats.all())]
        with m.Switch(answering):
            for index, port in enumerate(ports):
                with m.Case(index):
                    m.d.comb += [response.valid.eq(port.response.valid), response.p.eq(port.response.p)]
            with m.Default():
                m.d.comb += [response.valid.eq(refused), response.p.error.eq(1), response.p.last.eq(1)]
        return m

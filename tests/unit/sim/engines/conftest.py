"""A small component with every kind of port that hosts stand at, on both engines."""

from pathlib import Path

import pytest
from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from hyacinth.rtl.bus import BusRequest, BusResponse, BusSignature
from hyacinth.sim.engines import cache, hosts
from hyacinth.sim.engines.compiled import Compiled
from hyacinth.sim.engines.flat import Flat
from hyacinth.sim.engines.pysim import Pysim

RAM, ROM = 0x8000_0000, 0x1000


class Relay(wiring.Component):
    """Hands a command to the bus, the answers to a trace, and each byte typed back, one higher."""
    bus: Out(BusSignature())
    command: In(BusRequest)
    go: In(1)
    answers: Out(stream.Signature(BusResponse, always_ready=True))
    typed: In(stream.Signature(8))
    echo: Out(stream.Signature(8))
    done: Out(stream.Signature(32, always_ready=True))
    limit: In(32, init=0xffff_ffff)
    number: Out(32)
    events: Out(3)
    next_limit: Out(32)

    def elaborate(self, platform):
        m = Module()
        held, beat, full = Signal(BusRequest), Signal(3), Signal()
        request, response = self.bus.request, self.bus.response
        m.d.sync += [self.number.eq(self.number + 1), self.answers.valid.eq(response.valid),
                     self.answers.payload.eq(response.payload)]
        with m.FSM():
            with m.State("IDLE"):
                with m.If(self.go):
                    m.d.sync += [held.eq(self.command), beat.eq(0)]
                    m.next = "SEND"
            with m.State("SEND"):
                m.d.comb += [request.valid.eq(1), request.payload.eq(held), request.p.data.eq(held.data + beat)]
                with m.If(request.ready):
                    m.d.sync += beat.eq(beat + 1)
                    with m.If(~(held.write & held.burst) | beat.all()):
                        m.next = "WAIT"
            with m.State("WAIT"):
                with m.If(response.valid & response.p.last):
                    m.next = "IDLE"
        m.d.comb += [self.typed.ready.eq(~full), self.echo.valid.eq(full)]
        with m.If(self.typed.valid & ~full):
            m.d.sync += [full.eq(1), self.echo.payload.eq(self.typed.payload + 1)]
        with m.Elif(self.echo.ready):
            m.d.sync += full.eq(0)
        reached = Signal()
        m.d.sync += [reached.eq(self.number == self.limit)]
        m.d.comb += [self.done.valid.eq(reached), self.done.payload.eq(self.number),
                     self.events.eq(Cat(self.number[0], self.number[:2].all(), full)),
                     self.next_limit.eq(self.limit + 1)]
        return m


class Relayed:
    """A Relay on an engine, with hosts."""
    def __init__(self, make, latency=0, capacity=100, **memory):
        ranges = (hosts.Range(RAM, 1 << 31, shadow=True), hosts.Range(ROM, 0x1000, writable=False))
        self.engine = make(Flat(Relay()), (
            hosts.MemoryHost("bus", ranges, latency, **memory), hosts.Trace("answers", capacity), hosts.ByteIn("typed"),
            hosts.ByteOut("echo"), hosts.Counters("events"), hosts.Stop("done")))
        self.engine.trace("answers", True)

    def ask(self, address, write=0, burst=0, size=3, data=0, mask=0xff):
        """A transaction: the cycle of its start, and its answers as (cycle, data, error, last)."""
        e = self.engine
        fields = {"address": address, "write": write, "burst": burst, "size": size, "data": data, "mask": mask}
        e.poke(go=1, **{f"command_{name}": value for name, value in fields.items()})
        start = e.cycle
        e.run(hosts.Limits(cycles=1))
        e.poke(go=0)
        answers = []
        while not answers or not answers[-1][3]:
            e.run(hosts.Limits(100, "answers", records=1))
            words = memoryview(e.batch("answers")).cast("Q").tolist()
            assert words, "no answer"
            answers += [tuple(words[i:i + 4]) for i in range(0, len(words), 4)]
        return start, answers


NAME = f"Relay {cache.digest(Path(__file__).read_bytes())}"
ENGINES = {"compiled": lambda flat, around: Compiled(flat, around, name=NAME), "pysim": Pysim}


@pytest.fixture(params=ENGINES)
def make(request):
    """Makes an engine."""
    return ENGINES[request.param]


@pytest.fixture
def both():
    """Makes a Relayed on each engine."""
    return lambda **options: [Relayed(make, **options) for make in ENGINES.values()]


@pytest.fixture
def relayed(make):
    """Makes a Relayed on one engine."""
    return lambda **options: Relayed(make, **options)

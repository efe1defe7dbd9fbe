"""The engine of Amaranth's own simulator: nothing to build, a thousand times slower, the same in every cycle."""

from amaranth.sim import Simulator

from . import hosts
from .engine import Engine, EngineError, Reason, must_be_waves
from .flat import Flat
from .pyhosts import MAKE

HALF = 1e-9
"""Seconds of simulated time for half a cycle, as in the waves of the compiled engine."""


class Pysim(Engine):
    """See Engine. Waves are VCD, and begin at reset."""
    def __init__(self, flat: Flat, hosts_):
        self.flat, self._vcd = flat, None
        self._cycle, self._seen, self._hosts, self._started = 0, False, {}, False
        self._simulator = Simulator(flat.module())
        self._simulator.add_testbench(self._begin)
        for host in hosts_:
            self._hosts[type(host), host.port] = MAKE[type(host)](host, self)

    @property
    def cycle(self) -> int:
        return self._cycle

    async def _begin(self, context):
        # Kept, because who commands an engine is no testbench: the clock, too, is an input that is set.
        self._context = context
        for name, init in self.flat.inits.items():
            context.set(self.flat.signals[name], init)

    async def _let_time_pass(self, context):
        while True:
            await context.delay(HALF)

    def _start(self) -> None:
        if not self._started:
            self._started = True
            self._simulator.advance()

    def run(self, limits: hosts.Limits, *, again: bool = False) -> Reason:
        self._start()
        if limits.trace is not None and not again:
            self._hosts[hosts.Trace, limits.trace].limit(limits)
        end = None if limits.cycles is None else self._cycle + limits.cycles
        while end is None or self._cycle < end:
            reasons = Reason(0)
            for host in () if self._seen else self._hosts.values():
                reasons |= host.cycle(self._cycle)
            self._seen = bool(reasons)
            if reasons:
                return reasons
            self._clock()
        return Reason.CYCLES

    def _clock(self) -> None:
        for level in (0, 1):
            if self._vcd is not None:
                self._simulator.advance()
            self._context.set(self.flat.clock, level)
        self._cycle += 1

    def peek(self, leaf: str) -> int:
        self._start()
        return self._context.get(self.flat.signals[leaf])

    def poke(self, **inputs: int) -> None:
        self._start()
        for leaf, value in inputs.items():
            self._context.set(self.flat.signals[leaf], value)

    def read(self, memory: str, address: int, count: int, *, shadow: bool = False) -> bytes:
        return self._hosts[hosts.MemoryHost, memory].read(address, count, shadow)

    def write(self, memory: str, address: int, contents: bytes, *, only_shadow: bool = False) -> None:
        self._hosts[hosts.MemoryHost, memory].write(address, contents, only_shadow)

    def watch(self, memory: str, address: int) -> None:
        self._hosts[hosts.MemoryHost, memory].watches.add(address & ~7)

    def watched(self, memory: str) -> tuple[int, int]:
        return self._hosts[hosts.MemoryHost, memory].seen

    def received(self, port: str) -> bytes:
        if (hosts.Virtio, port) in self._hosts:
            return b""
        return self._hosts[hosts.ByteOut, port].take()

    def send(self, port: str, contents: bytes) -> None:
        if (hosts.Virtio, port) in self._hosts:
            return
        self._hosts[hosts.ByteIn, port].bytes.extend(contents)

    def trace(self, port: str, on: bool) -> None:
        self._hosts[hosts.Trace, port].on = on

    def batch(self, port: str) -> bytes:
        return self._hosts[hosts.Trace, port].take()

    def host_write(self, port: str, address: int, contents: bytes) -> None:
        self._hosts[hosts.Virtio, port].writes.append((address, contents))

    def written(self, port: str) -> list[tuple[int, int, bytes]]:
        return self._hosts[hosts.Virtio, port].take()

    def seen(self, port: str) -> int:
        return self._hosts[hosts.Trace, port].seen

    def last(self, port: str) -> int:
        return self._hosts[hosts.Trace, port].last

    def counts(self, port: str) -> list[int]:
        return list(self._hosts[hosts.Counters, port].counts)

    def code(self, port: str) -> int:
        return self._hosts[hosts.Stop, port].code

    def open_wave(self, path, first: int = 0, last: int | None = None) -> None:
        if must_be_waves(path) != ".vcd" or first or last is not None or self._started:
            raise ValueError(f"{path}: the engine pysim writes .vcd only, of a whole run; use --engine compiled")
        try:
            self._vcd = self._simulator.write_vcd(str(path))
            self._vcd.__enter__()
            self._simulator.add_testbench(self._let_time_pass)
        except OSError as error:
            raise EngineError(f"{path}: cannot be written ({error.strerror}); name a file in a folder that can "
                              "be") from None

    def close_wave(self) -> None:
        if self._vcd is not None:
            self._vcd.__exit__(None, None, None)
            self._vcd = None

    def close(self) -> None:
        self._start()  # a testbench that never began would be complained of
        self.close_wave()

    def __del__(self):
        self.close()

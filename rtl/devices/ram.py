"""Block RAM on the memory port, for boards; a simulation answers that port itself."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In

from ..bus import BusSignature
from ..config import PHYSICAL_BITS


class BlockRam(wiring.Component):
    """A memory that answers single accesses and bursts, a word in every cycle; an error outside of its range.

    Parameters
    ----------
    base, size : int
        Bytes; the size a power of two of at least 64, the base a multiple of it.
    init : bytes
        What it holds at first, from `base` on; the rest is zero.
    writable : bool
        Else writes do nothing.

    Members
    -------
    bus : In(BusSignature())

    Raises
    ------
    ValueError
        The range is not as it must be, or `init` does not fit.
    """
    def __init__(self, base, size, init=b"", writable=True):
        if size < 64 or size & size - 1 or base % size or base + size > 1 << PHYSICAL_BITS:
            raise ValueError(f"BlockRam: base {base:#x} and size {size:#x}; the size must be a power of two of at "
                             f"least 64, the base a multiple of it below {1 << PHYSICAL_BITS:#x}")
        if len(init) > size:
            raise ValueError(f"BlockRam: {len(init)} bytes do not fit into {size}; give it a greater size")
        self.base, self.size, self.init, self.writable = base, size, bytes(init), writable
        super().__init__({"bus": In(BusSignature())})

    def elaborate(self, platform):
        m = Module()
        words = [int.from_bytes(self.init[at:at + 8], "little") for at in range(0, len(self.init), 8)]
        m.submodules.memory = memory = Memory(shape=64, depth=self.size // 8, init=words)
        write = memory.write_port(granularity=8)
        read = memory.read_port(transparent_for=(write,))
        request, response = self.bus.request, self.bus.response

        low = (self.size - 1).bit_length()
        outside = request.p.address[low:] != self.base >> low
        word, beat = Signal(low - 3), Signal(3)
        first = request.p.address[3:low]
        reading = Signal()
        m.d.sync += response.valid.eq(0)
        m.d.comb += [response.p.data.eq(read.data), read.en.eq(1), read.addr.eq(first),
                     write.addr.eq(first + Mux(request.p.burst, beat, 0)), write.data.eq(request.p.data)]
        with m.If(reading):
            m.d.comb += read.addr.eq(word)
            m.d.sync += [word.eq(word + 1), beat.eq(beat + 1), response.valid.eq(1), response.p.last.eq(beat.all()),
                         reading.eq(~beat.all())]
        with m.Else():
            m.d.comb += request.ready.eq(1)
            with m.If(request.valid):
                m.d.sync += [word.eq(first + 1), response.p.error.eq(outside),
                             beat.eq(Mux(request.p.burst, beat + 1, 0)), response.p.last.eq(~request.p.burst)]
                with m.If(request.p.write):
                    m.d.comb += write.en.eq(Mux(outside, 0, request.p.mask) if self.writable else 0)
                    m.d.sync += [response.valid.eq(~request.p.burst | beat.all()), response.p.last.eq(1)]
                with m.Else():
                    m.d.sync += [response.valid.eq(1), reading.eq(request.p.burst)]
        return m

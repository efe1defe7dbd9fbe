"""Issue: decode, read the registers, and wait for the operands that are not there yet."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from .decode import Decoder
from .immediate import immediate
from .payloads import Fetched, Forward, Issued


class Issue(wiring.Component):
    """Holds the register file. What execute and commit are about to write is taken from there.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    i : stream of Fetched
    o : stream of Issued
        Combinational after `i`.
    execute, waiting, commit : In(Forward)
        The instructions before this one, in execute, between it and commit, and at commit. What `commit` knows is
        written to the register file. The one between is waited for, so that its value need not be chosen here.
    waits : Out(1)
        An operand is missing.
    inspect : In(5), inspect_value : Out(64)
        For debuggers: a register, combinationally.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({"i": In(stream.Signature(Fetched)), "o": Out(stream.Signature(Issued)),
                          "execute": In(Forward), "waiting": In(Forward), "commit": In(Forward), "waits": Out(1),
                          "inspect": In(5), "inspect_value": Out(64)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = Decoder(self.config)
        m.submodules.registers = registers = Memory(shape=64, depth=32, init=[])
        read_a, read_b, inspect = (registers.read_port(domain="comb") for _ in range(3))
        write = registers.write_port()
        decoded = decoder.decoded
        m.d.comb += [
            decoder.fetched.eq(self.i.payload),
            self.o.payload.decoded.eq(decoded), self.o.payload.controls.eq(decoder.controls),
            read_a.addr.eq(decoded.rs1), read_b.addr.eq(decoded.rs2),
            inspect.addr.eq(self.inspect), self.inspect_value.eq(inspect.data),
            write.addr.eq(self.commit.rd), write.data.eq(self.commit.value),
            write.en.eq(self.commit.valid & self.commit.known),
        ]

        writers = (self.execute, self.waiting, self.commit)
        m.d.comb += [number.eq(writer.rd) for number, writer in zip(decoder.registers, writers, strict=True)]

        # What comes late is the value of execute and of commit, and, last of all, whether commit knows its own.
        def operand(which, uses, held):
            in_execute, in_waiting, in_commit = (writer.valid & reads[which]
                                                 for writer, reads in zip(writers, decoder.reads, strict=True))
            from_execute, from_commit, from_file = Signal(), Signal(), Signal()
            m.d.comb += [from_execute.eq(in_execute), from_commit.eq(in_commit & ~in_execute),
                         from_file.eq(uses & ~in_commit & ~in_execute)]
            early = Mux(from_execute, self.execute.value, 0) | Mux(from_file, held, 0)
            waits = Mux(in_execute, ~self.execute.known, in_waiting)
            return early | Mux(from_commit, self.commit.value, 0), waits, from_commit

        a, a_waits, a_from_commit = operand(0, decoded.uses_rs1, read_a.data)
        b, b_waits, b_from_commit = operand(1, decoded.uses_rs2, read_b.data)
        waits, for_commit = Signal(), Signal()
        m.d.comb += [waits.eq(self.i.valid & (a_waits | b_waits)),
                     for_commit.eq(self.i.valid & (a_from_commit | b_from_commit))]
        m.d.comb += [
            self.o.payload.a.eq(a), self.o.payload.b.eq(b),
            self.o.payload.number.eq(immediate(decoded.bits, decoded.immediate)),
            self.waits.eq(waits | for_commit & ~self.commit.known),
            self.o.valid.eq(self.i.valid & ~self.waits),
            self.i.ready.eq(self.o.ready & ~self.waits),
        ]
        return m

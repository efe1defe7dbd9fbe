"""Issue: decode, read the registers, and wait for the operands that are not there yet."""

from amaranth.hdl import Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..isa.instructions import Unit
from ..payloads import record
from ..units.alu import alu_controls
from .decode import Decoder
from .immediate import immediate
from .payloads import Controls, Fetched, Forward, Issued


def controls(decoded) -> Controls:
    """The Controls of a Decoded."""
    unit = decoded.unit
    memory, jump = (unit == Unit.LOAD) | (unit == Unit.STORE) | (unit == Unit.AMO), unit == Unit.JUMP
    sums = memory | decoded.uses_pc
    return record(Controls, alu=alu_controls(decoded.op, decoded.word, idle=(unit != Unit.ALU) | sums),
                  branch=unit == Unit.BRANCH, jump=jump, memory=memory, sums=sums,
                  from_pc=(unit == Unit.BRANCH) | ~decoded.uses_rs1)


class Issue(wiring.Component):
    """Holds the register file. What execute and commit are about to write is taken from there.

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
    i: In(stream.Signature(Fetched))
    o: Out(stream.Signature(Issued))
    execute: In(Forward)
    waiting: In(Forward)
    commit: In(Forward)
    waits: Out(1)
    inspect: In(5)
    inspect_value: Out(64)

    def elaborate(self, platform):
        m = Module()
        m.submodules.decoder = decoder = Decoder()
        m.submodules.registers = registers = Memory(shape=64, depth=32, init=[])
        read_a, read_b, inspect = (registers.read_port(domain="comb") for _ in range(3))
        write = registers.write_port()
        decoded = decoder.decoded
        m.d.comb += [
            decoder.fetched.eq(self.i.payload),
            self.o.payload.decoded.eq(decoded), self.o.payload.controls.eq(controls(decoded)),
            read_a.addr.eq(decoded.rs1), read_b.addr.eq(decoded.rs2),
            inspect.addr.eq(self.inspect), self.inspect_value.eq(inspect.data),
            write.addr.eq(self.commit.rd), write.data.eq(self.commit.value),
            write.en.eq(self.commit.valid & self.commit.known),
        ]

        def operand(uses, may_use, register, held):
            # Whether it waits decides about every stage before, so that does not wait for all of the decoder: what
            # looks like the number of a register may be waited for in vain.
            in_execute = self.execute.valid & (self.execute.rd == register)
            in_waiting = self.waiting.valid & (self.waiting.rd == register)
            in_commit = self.commit.valid & (self.commit.rd == register)
            missing = may_use & Mux(in_execute, ~self.execute.known, in_waiting | in_commit & ~self.commit.known)
            value = Mux(uses & in_execute, self.execute.value,
                        Mux(uses & in_commit, self.commit.value, Mux(uses, held, 0)))
            return value, missing

        a, a_missing = operand(decoded.uses_rs1, decoder.may_read[0], decoded.rs1, read_a.data)
        b, b_missing = operand(decoded.uses_rs2, decoder.may_read[1], decoded.rs2, read_b.data)
        m.d.comb += [
            self.o.payload.a.eq(a), self.o.payload.b.eq(b),
            self.o.payload.number.eq(immediate(decoded.bits, decoded.immediate)),
            self.waits.eq(self.i.valid & (a_missing | b_missing)),
            self.o.valid.eq(self.i.valid & ~self.waits),
            self.i.ready.eq(self.o.ready & ~self.waits),
        ]
        return m

"""Where fetch goes next: a table of branch targets, and a stack of return addresses."""

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal
from amaranth.lib import data, enum, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out
from amaranth.utils import exact_log2

from .payloads import Prediction

TAG_BITS = 16  # of a pc: a wrong match costs a redirect, since execute checks every prediction


class Jump(enum.IntEnum, shape=2):
    """How the target of a remembered instruction is found, and whether it is always taken."""
    BRANCH = 0
    ALWAYS = 1
    CALL = 2
    RETURN = 3


class Outcome(data.Struct):
    """What execute tells the predictor about a jump or branch."""
    end: 64             # address of its last halfword
    target: 64
    kind: Jump
    counter: 2
    forget: 1           # the table is wrong about these eight bytes


class Row(data.Struct):
    """One row of the table."""
    tag: TAG_BITS
    where: 2
    kind: Jump
    counter: 2
    target: 64


class Predictor(wiring.Component):
    """One remembered instruction for each eight bytes of code.

    Parameters
    ----------
    entries : int
        Rows of the table, a power of two.
    depth : int
        Return addresses remembered.

    Members
    -------
    pc : In(64), prediction : Out(Prediction)
        Asked combinationally.
    follow : In(1)
        Fetch goes where `prediction` says, so a call or return in it moves the stack.
    outcome : In(Outcome), update : In(1)
        Takes effect at the end of the cycle.
    """
    def __init__(self, entries, depth):
        self.entries, self.depth = entries, depth
        super().__init__({"pc": In(64), "prediction": Out(Prediction), "follow": In(1),
                          "outcome": In(Outcome), "update": In(1)})

    def elaborate(self, platform):
        m = Module()
        bits = exact_log2(self.entries)
        m.submodules.table = table = Memory(shape=Row, depth=self.entries, init=[])
        read, write = table.read_port(domain="comb"), table.write_port()
        known = Signal(self.entries)  # apart from the table, so that a reset forgets everything

        def place(pc):
            return pc[3:3 + bits], pc[3 + bits:3 + bits + TAG_BITS]

        index, tag = place(self.pc)
        row = read.data
        m.d.comb += read.addr.eq(index)
        stack, top = Array(Signal(64, name=f"return_{n}") for n in range(self.depth)), Signal(range(self.depth))
        match = known.bit_select(index, 1) & (row.tag == tag) & (row.where >= self.pc[1:3])
        m.d.comb += [
            self.prediction.known.eq(match),
            self.prediction.where.eq(row.where),
            self.prediction.counter.eq(row.counter),
            self.prediction.taken.eq(match & ((row.kind != Jump.BRANCH) | row.counter[1])),
            self.prediction.target.eq(Mux(row.kind == Jump.RETURN, stack[top], row.target)),
        ]
        # Fetch that was redirected has moved the stack for nothing; that costs a wrong guess later, never more.
        above = Mux(top == self.depth - 1, 0, top + 1)
        below = Mux(top == 0, self.depth - 1, top - 1)
        with m.If(self.follow & self.prediction.taken):
            with m.If(row.kind == Jump.CALL):
                m.d.sync += [top.eq(above), stack[above].eq((Cat(Const(0, 1), row.where, self.pc[3:]) + 2)[:64])]
            with m.Elif(row.kind == Jump.RETURN):
                m.d.sync += top.eq(below)

        index, tag = place(self.outcome.end)
        m.d.comb += [
            write.addr.eq(index),
            write.en.eq(self.update & ~self.outcome.forget),
            write.data.tag.eq(tag),
            write.data.where.eq(self.outcome.end[1:3]),
            write.data.kind.eq(self.outcome.kind),
            write.data.counter.eq(self.outcome.counter),
            write.data.target.eq(self.outcome.target),
        ]
        with m.If(self.update):
            m.d.sync += known.bit_select(index, 1).eq(~self.outcome.forget)
        return m

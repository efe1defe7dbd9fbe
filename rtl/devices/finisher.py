"""The test finisher: how a program ends the machine, laid out as SiFive's test device."""

from amaranth.hdl import Module, Mux
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus import BusSignature
from .registers import Registers

PASS, FAIL, RESET = 0x5555, 0x3333, 0x7777


class Finisher(wiring.Component):
    """A write of 4 bytes, or 2 with a code of 0, at offset 0 ends the program; what else is written does nothing. It
    reads as zero.

    ===================  =============================================================
    written              exit code
    ===================  =============================================================
    0x5555               0
    code << 16 | 0x3333  code, 16 bits
    0x7777               0: there is nothing that could start the machine again
    ===================  =============================================================

    Members
    -------
    bus : In(BusSignature())
    exit : Out(stream of 32 bits, always ready)
        Registered. Valid from the write on until reset; the first write counts.
    """
    def __init__(self):
        super().__init__({"bus": In(BusSignature()), "exit": Out(stream.Signature(32, always_ready=True))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(12)
        connect(m, flipped(self.bus), registers.bus)
        command, code = registers.write_data[:16], registers.write_data[16:32]
        with m.If(registers.write & (registers.address == 0) & registers.mask[:2].all() & ~self.exit.valid):
            with m.Switch(command):
                with m.Case(PASS, RESET):
                    m.d.sync += self.exit.valid.eq(1)
                with m.Case(FAIL):
                    m.d.sync += [self.exit.valid.eq(1), self.exit.payload.eq(Mux(registers.mask[2:4].all(), code, 0))]
        return m

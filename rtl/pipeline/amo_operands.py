"""The registers that an AMO works with, as wide as its access (unprivileged manual, "Zaamo", "Zacas")."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import enum, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from ..units.alu import sign_extended
from .payloads import Decoded


class Read(enum.IntEnum, shape=2):
    """Which register AMOCAS reads in a cycle, beyond rs1 and rs2, which come with the instruction."""
    RD = 0
    AFTER_RD = 1
    AFTER_RS2 = 2


class AmoOperands(wiring.Component):
    """Registers, so that little is left to do in the cycle in which the AMO writes. Without Zacas only rs2 is kept.

    The registers are read at commit, when all instructions before have written theirs. Of a pair whose first register
    is x0 both halves are 0 (rules Zacas_rv64_amocas-q_rs2_frst_reg_x0, Zacas_rv64_amocas-q_rd_frst_reg_x0).

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    decoded : In(Decoded), b : In(64), size : In(2)
        The instruction, the value of rs2, log2 of the bytes (of AMOCAS.Q: of each half).
    read : In(Read), register : Out(5), value : In(64)
        Which register is read in this cycle, its number, and what it holds.
    part : In(1), pair : In(1)
        Whether `operand` is that of the upper half; whether there are two halves.
    operand : Out(64), operand_high : Out(64)
        What the instruction computes with, or swaps in, and of that the upper half. One cycle after it has been read.
    old : In(64), old_high : In(64), matches : Out(1)
        Of AMOCAS: what memory holds, and whether that is what rd, or the pair, expected.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({
            "decoded": In(Decoded), "b": In(64), "size": In(2), "read": In(Read), "register": Out(5), "value": In(64),
            "part": In(1), "pair": In(1), "operand": Out(64), "operand_high": Out(64), "old": In(64),
            "old_high": In(64), "matches": Out(1)})

    def elaborate(self, platform):
        m = Module()
        narrow = self.config.has("zabha")
        low = Signal(64)
        m.d.sync += low.eq(sign_extended(self.b, self.size, narrow))
        m.d.comb += self.operand.eq(low)
        if self.config.has("zacas"):
            expected, expected_high, high = Signal(64), Signal(64), self.operand_high

            def after(number):
                return number | number.any()

            m.d.comb += [
                self.register.eq(Mux(self.read == Read.AFTER_RD, after(self.decoded.rd),
                                     Mux(self.read == Read.AFTER_RS2, after(self.decoded.rs2), self.decoded.rd))),
                self.matches.eq((self.old == expected) & ((self.old_high == expected_high) | ~self.pair)),
                self.operand.eq(Mux(self.part & self.pair, high, low))]
            with m.Switch(self.read):
                with m.Case(Read.RD):
                    m.d.sync += expected.eq(sign_extended(self.value, self.size, narrow))
                with m.Case(Read.AFTER_RD):
                    m.d.sync += expected_high.eq(self.value)
                with m.Case(Read.AFTER_RS2):
                    m.d.sync += high.eq(self.value)
        return m

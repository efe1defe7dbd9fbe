"""The core-local interruptor: machine timer and software interrupt of one hart, laid out as SiFive's CLINT.

mtime and mtimecmp: machine chapter, "Machine Timer (`mtime` and `mtimecmp`) Registers"; msip: the `mip` section there.
"""

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus import BusSignature
from .registers import Registers, replaced

MSIP, MTIMECMP, MTIME = 0x0, 0x4000, 0xbff8


class Clint(wiring.Component):
    """The timer and the software interrupt of hart 0.

    ======  ========  ==================================================
    offset  register  contents
    ======  ========  ==================================================
    0x0000  msip      32 bits; bit 0 is mip.MSIP
    0x4000  mtimecmp  64 bits; all ones after reset: no timer interrupt
    0xbff8  mtime     64 bits
    ======  ========  ==================================================

    Whatever else lies in its region reads as zero. Accesses of 1 to 8 bytes.

    Parameters
    ----------
    divider : int
        Cycles for each step of mtime, at least 1.

    Members
    -------
    bus : In(BusSignature())
    time : Out(64)
        mtime, registered.
    msip : Out(1), mtip : Out(1)
        Registered; mtip is mtime >= mtimecmp of the cycle before.
    """
    def __init__(self, divider=1):
        if divider < 1:
            raise ValueError(f"Clint: divider is {divider}; it must be 1 or more cycles")
        self.divider = divider
        super().__init__({"bus": In(BusSignature()), "time": Out(64), "msip": Out(1), "mtip": Out(1)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(16)
        connect(m, flipped(self.bus), registers.bus)
        mtimecmp = Signal(64, init=(1 << 64) - 1)
        prescaler = Signal(range(self.divider))

        m.d.sync += self.mtip.eq(self.time >= mtimecmp)
        with m.If(prescaler == self.divider - 1):
            m.d.sync += [prescaler.eq(0), self.time.eq(self.time + 1)]
        with m.Else():
            m.d.sync += prescaler.eq(prescaler + 1)

        with m.Switch(registers.address):
            with m.Case(MSIP):
                m.d.comb += registers.read_data.eq(self.msip)
                with m.If(registers.write & registers.mask[0]):
                    m.d.sync += self.msip.eq(registers.write_data[0])
            for offset, register in ((MTIMECMP, mtimecmp), (MTIME, self.time)):
                with m.Case(offset):
                    m.d.comb += registers.read_data.eq(register)
                    with m.If(registers.write):
                        m.d.sync += register.eq(replaced(register, registers))
        return m

"""Digilent Arty A7: Xilinx Artix-7, 100 MHz, four LEDs, a serial port through its FTDI chip."""

from amaranth.hdl import ClockDomain, Instance, Module, Signal
from amaranth.lib import io, wiring
from amaranth.lib.cdc import ResetSynchronizer

from .system import LEDS, System

OSCILLATOR = 100_000_000
VCO_MULTIPLE = 10
"""The PLL's oscillator runs at 1 GHz; it can do 800 to 1600 MHz (7 Series FPGAs data sheet, DS181)."""


class Arty(wiring.Component):
    """A System with the pins and the clock of the board.

    Parameters
    ----------
    system : System

    Raises
    ------
    ValueError
        1 GHz is no multiple of the system's clock.
    """
    def __init__(self, system: System):
        if OSCILLATOR * VCO_MULTIPLE % system.clock or system.clock < 10_000_000:
            raise ValueError(f"the PLL cannot make {system.clock / 1e6:g} MHz; ask for 50, 62.5 or 100")
        self.system = system
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.submodules.system = system = self.system
        m.submodules.clk = clk = io.Buffer("i", platform.request("clk100", dir="-"))
        m.submodules.rst = rst = io.Buffer("i", platform.request("rst", dir="-"))
        m.domains.sync = domain = ClockDomain()
        made, feedback, locked = Signal(name="pll_made"), Signal(name="pll_feedback"), Signal(name="pll_locked")
        m.submodules.pll = Instance(
            "PLLE2_BASE", p_CLKIN1_PERIOD=1e9 / OSCILLATOR, p_CLKFBOUT_MULT=VCO_MULTIPLE, p_DIVCLK_DIVIDE=1,
            p_CLKOUT0_DIVIDE=OSCILLATOR * VCO_MULTIPLE // system.clock, i_CLKIN1=clk.i, i_CLKFBIN=feedback,
            i_RST=rst.i, i_PWRDWN=0, o_CLKFBOUT=feedback, o_CLKOUT0=made, o_LOCKED=locked)
        m.submodules.global_clock = Instance("BUFG", i_I=made, o_O=domain.clk)
        m.submodules.reset = ResetSynchronizer(~locked, domain="sync")

        uart = platform.request("uart", 0, dir={"rx": "-", "tx": "-"})
        m.submodules.rx, m.submodules.tx = rx, tx = io.Buffer("i", uart.rx), io.Buffer("o", uart.tx)
        m.d.comb += [system.rx.eq(rx.i), tx.o.eq(system.tx)]
        for n in range(LEDS):
            m.submodules[f"led_{n}"] = led = io.Buffer("o", platform.request("led", n, dir="-"))
            m.d.comb += led.o.eq(system.leds[n])
        return m

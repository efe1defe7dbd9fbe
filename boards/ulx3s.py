"""Radiona ULX3S: Lattice ECP5, 25 MHz, eight LEDs, a serial port through its FTDI chip."""

from amaranth.hdl import ClockDomain, Module
from amaranth.lib import io, wiring

from .ecp5 import Clock, pll_dividers
from .system import LEDS, System

OSCILLATOR = 25_000_000
"""Hz."""


class Ulx3s(wiring.Component):
    """A System with the pins and the clock of the board.

    Parameters
    ----------
    system : System

    Raises
    ------
    ValueError
        The PLL cannot make the system's clock.
    """
    def __init__(self, system: System):
        pll_dividers(OSCILLATOR, system.clock)  # here, so that it is refused before anything is elaborated
        self.system = system
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        m.domains.sync = ClockDomain(reset_less=True)
        m.submodules.system = system = self.system
        source = platform.request("clk25", dir="-")
        m.submodules.clk = clk = io.Buffer("i", source)
        m.submodules.clock = Clock(clk.i, OSCILLATOR, system.clock)

        uart = platform.request("uart", 0, dir={"rx": "-", "tx": "-", "rts": "-", "dtr": "-"})
        m.submodules.rx, m.submodules.tx = rx, tx = io.Buffer("i", uart.rx), io.Buffer("o", uart.tx)
        m.d.comb += [system.rx.eq(rx.i), tx.o.eq(system.tx)]
        for n in range(LEDS):
            m.submodules[f"led_{n}"] = led = io.Buffer("o", platform.request("led", n, dir="-"))
            m.d.comb += led.o.eq(system.leds[n])
        return m

"""The clock of an ECP5: one PLL makes `sync` from the board's oscillator."""

from amaranth.hdl import ClockDomain, ClockSignal, Instance, Module, Signal
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import Component

VCO_HZ = range(400_000_000, 800_000_001)
"""Of the PLL (ECP5 family data sheet, "sysCLOCK PLL Timing")."""

PHASE_DETECTOR_HZ = range(3_125_000, 400_000_001)


def pll_dividers(source: int, wanted: int) -> tuple[int, int, int]:
    """(CLKI_DIV, CLKFB_DIV, CLKOP_DIV) that make `wanted` Hz of `source` Hz.

    Raises ValueError if the PLL cannot make just that.
    """
    for reference in range(1, 129):
        multiple, rest = divmod(wanted * reference, source)
        if rest or not 1 <= multiple <= 80 or source // reference not in PHASE_DETECTOR_HZ:
            continue
        for output in range(1, 129):
            if wanted * output in VCO_HZ:
                return reference, multiple, output
    raise ValueError(f"the PLL cannot make {wanted / 1e6:g} MHz of {source / 1e6:g} MHz; "
                     "ask for a multiple of 5 MHz from 10 MHz on")


SYNTHESIS = ("-abc9 -run begin:map_luts", "techmap -map +/lattice/latches_map.v", "abc9 -W 1000", "clean",
             "synth_ecp5 -abc9 -run map_cells: -top top")
"""Options of synth_ecp5, and the commands after it: synth_ecp5 as it is, but that it is told what a wire costs.

1000 ps, not 300: nearer to what is measured after routing, so that it takes fewer and wider tables for a path. The
longest paths become a tenth shorter, and the design a tenth larger."""


class Clock(Component):
    """Drives the domain `sync`, which the design has, with a clock of `wanted` Hz.

    The domain needs no reset: its registers and memories have their first values from the configuration, and the clock
    stands still until all of the device has started and the PLL has locked. A net to the reset of every register would
    take much of the routing.

    Parameters
    ----------
    source_signal : Signal
        Of the oscillator.
    source, wanted : int
        Hz.
    """
    def __init__(self, source_signal, source: int, wanted: int):
        self.source_signal, self.source, self.wanted = source_signal, source, wanted
        super().__init__({})

    def elaborate(self, platform):
        m = Module()
        reference, multiple, output = pll_dividers(self.source, self.wanted)
        clock, locked, settled = Signal(name="pll_clock"), Signal(name="pll_locked"), Signal(16)
        m.domains.oscillator = oscillator = ClockDomain(local=True, reset_less=True)
        runs, has_locked = Signal(), Signal()
        m.submodules.has_locked = FFSynchronizer(locked, has_locked, o_domain="oscillator")
        m.d.comb += oscillator.clk.eq(self.source_signal)
        m.d.oscillator += runs.eq(has_locked & settled.all())
        with m.If(~settled.all()):
            m.d.oscillator += settled.eq(settled + 1)
        m.submodules.gate = Instance("DCCA", i_CLKI=clock, i_CE=runs, o_CLKO=ClockSignal("sync"))
        m.submodules.pll = Instance(
            "EHXPLLL",
            a_ICP_CURRENT="12", a_LPF_RESISTOR="8", a_MFG_ENABLE_FILTEROPAMP="1", a_MFG_GMCREF_SEL="2",
            p_PLLRST_ENA="DISABLED", p_INTFB_WAKE="DISABLED", p_STDBY_ENABLE="DISABLED", p_DPHASE_SOURCE="DISABLED",
            p_OUTDIVIDER_MUXA="DIVA", p_OUTDIVIDER_MUXB="DIVB", p_OUTDIVIDER_MUXC="DIVC", p_OUTDIVIDER_MUXD="DIVD",
            p_CLKI_DIV=reference, p_CLKFB_DIV=multiple, p_CLKOP_DIV=output, p_CLKOP_ENABLE="ENABLED",
            p_CLKOP_CPHASE=output - 1, p_CLKOP_FPHASE=0, p_FEEDBK_PATH="CLKOP",
            i_RST=0, i_STDBY=0, i_CLKI=self.source_signal, i_CLKFB=clock, i_PHASESEL0=0, i_PHASESEL1=0,
            i_PHASEDIR=1, i_PHASESTEP=1, i_PHASELOADREG=1, i_PLLWAKESYNC=0, i_ENCLKOP=0,
            o_CLKOP=clock, o_LOCK=locked)
        return m

# amaranth: UnusedElaboratable=no
"""The boards that are known, by the names that the command line takes."""

import os
from dataclasses import dataclass, replace
from importlib import import_module

from ..rtl.config import named
from .ecp5 import SYNTHESIS
from .system import Image, System
from .tools import YOSYS


@dataclass(frozen=True)
class Board:
    """A board and what it is built with unless something else is asked for.

    description : for a list
    platform : module and class of its pins, in amaranth-boards
    top : module and class beside this file that joins a System to them
    core : name in `CONFIGS`
    megahertz : of the core
    ram_kib : RAM, in block RAM
    nextpnr : options that name the device; None where another vendor's tools make the bitstream
    """
    description: str
    platform: tuple[str, str]
    top: tuple[str, str]
    core: str
    megahertz: float
    ram_kib: int
    nextpnr: tuple[str, ...] | None = None

    def design(self, core: str, megahertz: float, ram_kib: int, image: Image) -> tuple:
        """The design, and the platform that it is for.

        Raises ValueError where the board cannot do what is asked for, with the mend.
        """
        system = System(named(core), round(megahertz * 1_000_000), ram_kib, image)
        top = getattr(import_module(f".{self.top[0]}", __package__), self.top[1])(system)
        return top, getattr(import_module(f"amaranth_boards.{self.platform[0]}"), self.platform[1])()

    def plan(self, core: str, megahertz: float, ram_kib: int, image: Image) -> dict[str, str | bytes]:
        """The files that the vendor's or the open tools need, by name; the design itself among them.

        Raises as `design` does.
        """
        top, platform = self.design(core, megahertz, ram_kib, image)
        os.environ.setdefault("YOSYS", YOSYS.find())  # which Amaranth asks for Verilog, where a vendor's tools want it
        options, *commands = SYNTHESIS  # which only the open tools look at
        return platform.prepare(top, "top", debug_verilog=False, synth_opts=options,
                                script_after_synth="\n".join(commands)).files


ULX3S_85F = Board("Radiona ULX3S, Lattice LFE5U-85F", ("ulx3s", "ULX3S_85F_Platform"), ("ulx3s", "Ulx3s"), "full", 35,
                  128, ("--85k", "--package", "CABGA381", "--speed", "6"))
BOARDS = {
    "ulx3s-85f": ULX3S_85F,
    "ulx3s-45f": replace(ULX3S_85F, description="Radiona ULX3S, Lattice LFE5U-45F", core="small", ram_kib=64,
                         platform=("ulx3s", "ULX3S_45F_Platform"),
                         nextpnr=("--45k", "--package", "CABGA381", "--speed", "6")),
    "arty-a7-100t": Board("Digilent Arty A7-100T, Xilinx XC7A100T; for Vivado", ("arty_a7", "ArtyA7_100Platform"),
                          ("arty", "Arty"), "full", 50, 128),
}

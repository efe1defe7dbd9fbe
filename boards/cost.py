"""`python -m boards cost`: what each option of the core costs on an ECP5, by synthesis alone."""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

from amaranth.back import rtlil

from ..rtl.config import CONFIGS, FULL, CoreConfig
from .greeting import greeting
from .report import count_cells
from .system import Image, System
from .tools import YOSYS, run

ROWS: dict[str, CoreConfig] = {
    "full": FULL,
    "no-h": CONFIGS["no-h"],
    "small": CONFIGS["small"],
    "full, Sv39 and Sv48": replace(FULL, va_bits=48),
    "full, Sv39 alone": replace(FULL, va_bits=39),
    "full, caches of 4 KiB": replace(FULL, icache_kib=4, dcache_kib=4),
    "full, caches of 8 KiB": replace(FULL, icache_kib=8, dcache_kib=8),
    "full, caches of 32 KiB": replace(FULL, icache_kib=32, dcache_kib=32),
    "full, no PMP": replace(FULL, pmp_entries=0),
}
"""What is synthesised, by name: the named configurations, and `full` with one thing changed."""

METHOD = """Method: `python -m boards cost` synthesises the computer of boards/system.py, with 8 KiB of RAM and without
its trace, for an ECP5 (Yosys, synth_ecp5 -abc9 as it is: for fewer cells than a bitstream takes), and counts cells.
LUT4 is all that look-up tables are needed for: logic, two for each CCU2C of a carry chain, four for each 16x4 bits of
LUT RAM, and two more for its write port. DP16KD are block RAMs of 2 KiB, those of the 8 KiB of RAM, the boot ROM and
the device tree among them."""


def measure(config: CoreConfig, folder: Path, name: str) -> dict[str, int]:
    """Cells of each kind that the machine needs. Raises ToolError, BadReport."""
    system = System(config, 50_000_000, 8, Image(greeting(), 0x8000_0000))
    (folder / "top.il").write_text(rtlil.convert(system, name="top", emit_src=False))
    # Into a file of its own: what Yosys says after it has run ABC does not reach a pipe in every build of it.
    (folder / "top.ys").write_text("read_rtlil top.il\nsynth_ecp5 -abc9 -top top\ntee -q -o cells.txt stat\n")
    run([YOSYS.find(), "top.ys"], folder, "synthesis.log", name)
    cells = count_cells((folder / "cells.txt").read_text())
    ram = cells.get("TRELLIS_DPR16X4", 0)
    return {"LUT4": cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0) + 6 * ram, "FF": cells.get("TRELLIS_FF", 0),
            "LUT RAM": ram, "DP16KD": cells.get("DP16KD", 0), "MULT18X18D": cells.get("MULT18X18D", 0)}


def main(arguments) -> int:
    """Measure and print, a line of a Markdown table for each row. Returns the exit status."""
    from .cli import Parser, Refused
    parser = Parser(prog="python -m boards cost", description=METHOD, allow_abbrev=False,
                    formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD",
                        help=f"only rows whose name has one of these words in it; the rows are: {'; '.join(ROWS)}")
    words = parser.parse_args(arguments).words
    rows = {name: config for name, config in ROWS.items() if not words or any(word in name for word in words)}
    if not rows:
        raise Refused(f"no row has {' or '.join(words)} in its name; the rows are: {'; '.join(ROWS)}")
    YOSYS.find()
    kinds = ("LUT4", "FF", "LUT RAM", "DP16KD", "MULT18X18D")
    print("| core |", " | ".join(kinds), "|\n|---|" + "---:|" * len(kinds))
    for name, config in rows.items():
        with tempfile.TemporaryDirectory() as folder:
            cells = measure(config, Path(folder), name)
        print(f"| {name} |", " | ".join(f"{cells[kind]:,}" for kind in kinds), "|", flush=True)
    return 0

"""What the tools said about a design, as numbers."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

CELLS = {"TRELLIS_COMB": "LUT4", "TRELLIS_FF": "FF", "DP16KD": "DP16KD", "MULT18X18D": "MULT18X18D",
         "TRELLIS_RAMW": "RAMW"}
"""Cells of an ECP5 as nextpnr counts them, and what they are called here. A RAMW serves two LUTs of RAM in each of two
slices; a carry chain takes two LUT4 for each pair of bits."""

EXPLAINED = {"LUT4": "LUT4, carries and LUT RAM among them", "FF": "flip-flops", "DP16KD": "block RAM, 2 KiB each",
             "MULT18X18D": "DSP, 18x18 multipliers", "RAMW": "write ports of LUT RAM (16x4)"}


class BadReport(ValueError):
    """A report that is not as expected. One line, with the mend."""


@dataclass(frozen=True)
class CriticalPath:
    """The slowest path between registers.

    nanoseconds : its length
    steps : cells and nets on the way, each with its delay in nanoseconds
    """
    nanoseconds: float
    steps: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class Report:
    """Of a placed and routed design.

    used : of each of `EXPLAINED`, (used, available)
    fmax : MHz at which the clock `sync` may run
    target : MHz that was asked for
    """
    used: dict[str, tuple[int, int]]
    fmax: float
    target: float
    critical: CriticalPath | None = None

    @property
    def meets(self) -> bool:
        """Whether the design runs at the frequency asked for."""
        return self.fmax >= self.target


def read_report(path: Path) -> Report:
    """What nextpnr's --report file says, of the clock that is furthest from its target.

    Raises BadReport.
    """
    try:
        data = json.loads(Path(path).read_text())
        used = {name: (data["utilization"][cell]["used"], data["utilization"][cell]["available"])
                for cell, name in CELLS.items()}
        clock, speed = min(data["fmax"].items(), key=lambda item: item[1]["achieved"] / item[1]["constraint"])
        return Report(used, speed["achieved"], speed["constraint"], _critical(data, clock))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadReport(f"{path}: not a report of nextpnr ({type(error).__name__}); "
                        "delete the folder and build again") from None


def _critical(data, clock):
    for found in data.get("critical_paths", ()):
        if clock in found["from"] and clock in found["to"]:
            steps = tuple((f"{step['from']['cell']}.{step['from']['port']} -> {step['to']['cell']}.{step['to']['port']}"
                           if step["type"] != "routing" else step["net"], step["delay"]) for step in found["path"])
            return CriticalPath(sum(delay for _, delay in steps), steps)
    return None


def count_cells(log: str) -> dict[str, int]:
    """Cells of each type in what the last `stat` of Yosys printed.

    Raises BadReport if there is none.
    """
    tables = re.split(r"Number of cells:|\d+ cells\b", log)
    if len(tables) < 2:
        raise BadReport("the log of Yosys has no statistics; build again")
    counts = {}
    for line in tables[-1].splitlines():
        if match := re.fullmatch(r"\s+(\w+)\s+(\d+)|\s+(\d+)\s+(\w+)", line):
            name, number = (match[1], match[2]) if match[1] else (match[4], match[3])
            counts[name] = int(number)
    return counts

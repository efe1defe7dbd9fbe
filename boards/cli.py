"""`python -m boards`: from the Soc to a bitstream, with a report."""

import argparse
import sys
from pathlib import Path

from ..rtl.config import CONFIGS
from ..sim.elf import BadProgram, load
from .boards import BOARDS, Board
from .greeting import greeting
from .report import EXPLAINED, BadReport, Report, read_report
from .system import Image
from .tools import ECPPACK, NEXTPNR, YOSYS, ToolError, run

RAM_BASE = 0x8000_0000
RAM_KIB = tuple(1 << n for n in range(3, 9))


class Refused(Exception):
    """What was asked for cannot be done. One line, with the mend."""


class Parser(argparse.ArgumentParser):
    """argparse, whose errors are one line."""
    def error(self, message):
        raise Refused(f"{message[0].lower()}{message[1:]}; see `{self.prog} --help`")


def parser() -> Parser:
    """The command line."""
    result = Parser(prog="python -m boards", allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter,
                    description="Builds the machine for a board, and reports what it needs and how fast it may run.",
                    epilog="boards:\n" + "".join(f"  {name:14} {board.description}, core {board.core}, "
                                                  f"{board.megahertz:g} MHz\n" for name, board in BOARDS.items())
                    + "  cost           what the options of the core cost on an ECP5, by synthesis alone\n\n"
                    "exit status:\n  0 success   1 the clock is too fast for the design   2 bad input, missing tools")
    result.add_argument("board", metavar="BOARD", help="one of those below")
    result.add_argument("--core", choices=CONFIGS, help="configuration of the core")
    result.add_argument("--program", type=Path, metavar="ELF",
                        help=f"what is in RAM at first, linked at {RAM_BASE:#x} (a greeting on the serial port)")
    result.add_argument("--mhz", type=float, metavar="MHZ", help="clock of the core")
    result.add_argument("--ram", type=int, choices=RAM_KIB, metavar="KIB",
                        help=f"RAM in KiB: {', '.join(map(str, RAM_KIB))}")
    result.add_argument("--output", type=Path, metavar="DIR", help="folder for everything made (build/BOARD)")
    result.add_argument("--seed", type=int, default=1, metavar="N", help="of the placer (1)")
    return result


def image_of(program: Path | None, ram_kib: int) -> Image:
    """What is in RAM at first. Raises BadProgram."""
    if program is None:
        return Image(greeting(), RAM_BASE)
    elf = load(program)
    elf.check_fits(RAM_BASE, ram_kib << 10)
    data = bytearray(max((segment.address + len(segment.data) for segment in elf.segments), default=RAM_BASE)
                     - RAM_BASE)
    for segment in elf.segments:
        at = segment.address - RAM_BASE
        data[at:at + len(segment.data)] = segment.data
    return Image(bytes(data), elf.entry)


def write_plan(board: Board, folder: Path, core: str, megahertz: float, ram_kib: int, image: Image) -> None:
    """Everything that the tools read, into `folder`. Raises Refused."""
    try:
        files = board.plan(core, megahertz, ram_kib, image)
    except ModuleNotFoundError as error:
        raise Refused(f"{error.name} is missing; pip install 'hyacinth-core[boards]' brings it") from None
    except ValueError as error:
        raise Refused(str(error)) from None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise Refused(f"{folder}: {error.strerror}; give another folder with --output") from None


def bitstream(board: Board, folder: Path, megahertz: float, seed: int) -> Report:
    """Synthesis, placement, routing, bitstream. Raises ToolError, BadReport."""
    yosys, nextpnr, ecppack = YOSYS.find(), NEXTPNR.find(), ECPPACK.find()
    run([yosys, "top.ys"], folder, "synthesis.log", "1/3 synthesis, some minutes")
    # The default placer lays the design out so that router2 never gets done with it.
    run([nextpnr, "--timing-allow-fail", "--placer", "static", "--router", "router2", "--freq", megahertz,
         "--seed", seed, *board.nextpnr, "--json", "top.json", "--lpf", "top.lpf", "--textcfg", "top.config",
         "--report", "report.json"],
        folder, "place.log", "2/3 placement and routing, some minutes")
    run([ecppack, "--compress", "--input", "top.config", "--bit", "top.bit"], folder, "pack.log", "3/3 bitstream")
    return read_report(folder / "report.json")


def describe(report: Report) -> str:
    """The report, as a table of text."""
    lines = [f"{name:11}{used:>7,} of {available:>7,}  {used / available:5.1%}  {EXPLAINED[name]}"
             for name, (used, available) in report.used.items()]
    verdict = "meets" if report.meets else "MISSES"
    lines.append(f"{'Fmax':11}{report.fmax:7.2f} MHz, {verdict} the target of {round(report.target, 2):g} MHz")
    if report.critical and not report.meets:
        first, last = report.critical.steps[0][0], report.critical.steps[-1][0]
        lines.append(f"{'slowest':11}{report.critical.nanoseconds:7.2f} ns from {first} to {last}")
    return "\n".join(lines)


def build(options) -> int:
    """One board. Returns the exit status."""
    if options.board not in BOARDS:
        raise Refused(f"no board {options.board!r}; the boards are {', '.join(BOARDS)}")
    board = BOARDS[options.board]
    core, megahertz = options.core or board.core, options.mhz or board.megahertz
    ram_kib = options.ram or board.ram_kib
    folder = options.output or Path("build") / options.board
    if board.nextpnr:
        for tool in (YOSYS, NEXTPNR, ECPPACK):
            tool.find()
    image = image_of(options.program, ram_kib)
    print(f"{options.board}: {board.description}; core {core}, {megahertz:g} MHz, {ram_kib} KiB of RAM")
    write_plan(board, folder, core, megahertz, ram_kib, image)
    if not board.nextpnr:
        print(f"Project   {folder}: run build_top.sh in it where the vendor's tools are")
        return 0
    report = bitstream(board, folder, megahertz, options.seed)
    print(describe(report))
    print(f"Bitstream {folder / 'top.bit'} (load it with: openFPGALoader --board ulx3s {folder / 'top.bit'})")
    return 0 if report.meets else 1


def main(arguments=None) -> int:
    """Returns the exit status."""
    try:
        arguments = sys.argv[1:] if arguments is None else list(arguments)
        if arguments[:1] == ["cost"]:
            from .cost import main as cost
            return cost(arguments[1:])
        return build(parser().parse_args(arguments))
    except (Refused, ToolError, BadReport, BadProgram) as error:
        print(f"boards: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("boards: interrupted", file=sys.stderr)
        return 130

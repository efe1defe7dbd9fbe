"""The options of `hyacinth` and what may be given to them."""

import argparse
import os
import re
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...sw.build import WAYS
from .status import BadInput

ENGINES = ("compiled", "pysim")
MEMORY = {f"{1 << power}M": 1 << power + 20 for power in range(4, 10)} | {"1G": 1 << 30, "2G": 2 << 30}
DEFAULT_STUCK = 1_000_000
DEFAULT_LATENCY = 20
CORE = "full, small or no-h, changed as in full-sstc, small+svinval or full:htinst=zero (docs/cores.md; default: full)"
DISTURB = ("let memory answer late, and evict translations and lines, now and then; the same way for the same "
           "SEED")
EXITS = """exit status:
  0 success   1 the program failed   2 bad input or usage   3 cycle limit
  4 no progress   5 core and referee differ   130 interrupted"""


class Parser(argparse.ArgumentParser):
    """argparse, whose errors are BadInput: one line, status 2."""
    def __init__(self, **options):
        super().__init__(allow_abbrev=False, **options)

    def error(self, message):
        raise BadInput(f"{message[0].lower()}{message[1:]}; see `{self.prog} --help`")


class Given(argparse.Action):
    """Stores a value, and its name in `given`: where the default is no wish."""
    def __call__(self, parser, namespace, values, option_string=None):
        setattr(namespace, self.dest, values)
        namespace.given |= {self.dest}


class Several(argparse.Action):
    """Collects values; the first one given takes the place of the default."""
    def __call__(self, parser, namespace, values, option_string=None):
        given = getattr(namespace, self.dest)
        setattr(namespace, self.dest, [values] if given is self.default else [*given, values])


def natural(text: str) -> int:
    """A number from 0 on, decimal or with 0x; underscores allowed."""
    try:
        value = int(text, 0)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number, give one such as 100000") from None
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative, give a number from 0 on")
    return value


def positive(text: str) -> int:
    """A number from 1 on."""
    if (value := natural(text)) == 0:
        raise argparse.ArgumentTypeError("0 is too few, give a number from 1 on")
    return value


def seed_or_none(text: str) -> int | None:
    """A seed, or `no`."""
    try:
        return None if text == "no" else natural(text)
    except argparse.ArgumentTypeError:
        raise argparse.ArgumentTypeError(f"{text!r} is no seed, give a number such as 0, or `no`") from None


def memory(text: str) -> int:
    """Bytes of RAM: a power of two from 16M to 2G."""
    if not re.fullmatch(r"\d+[MmGg]", text) or (size := MEMORY.get(text.upper(), MEMORY.get(
            f"{int(text[:-1]) >> 10}G" if text[-1] in "Mm" else f"{int(text[:-1]) << 10}M"))) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size of memory, give one of {', '.join(MEMORY)}")
    return size


def core(text: str) -> str:
    """The name of a configuration in rtl/config.py, perhaps with extensions that it lacks or has."""
    from ...rtl.config import named
    try:
        named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def engine(text: str) -> str:
    """The name of a simulator."""
    if text not in ENGINES:
        raise argparse.ArgumentTypeError(f"{text!r} is not an engine, give one of {', '.join(ENGINES)}")
    return text


def wave(text: str) -> Path:
    """A file for waves, whose ending says which format."""
    if Path(text).suffix not in (".fst", ".vcd"):
        raise argparse.ArgumentTypeError(f"{text!r} must end in .fst or .vcd")
    return Path(text)


def the_version() -> str:
    """The version of this package."""
    try:
        return version("hyacinth-core")
    except PackageNotFoundError:  # run from a clone
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return f"{tomllib.loads(project.read_text())['project']['version']} (a clone, not installed)"


def _machine(parser, memory_size="128M"):
    parser.set_defaults(given=frozenset())
    group = parser.add_argument_group("machine")
    group.add_argument("--core", type=core, action=Given, default="full", metavar="NAME",
                       help=CORE)
    group.add_argument("--engine", type=engine, default="compiled", metavar="NAME",
                       help="compiled: fast, built once; pysim: starts at once, slow (default: compiled)")
    group.add_argument("--memory", type=memory, action=Given, default=MEMORY[memory_size], metavar="SIZE",
                       help=f"RAM from 0x80000000 on, 16M to 2G (default: {memory_size})")
    group.add_argument("--memory-latency", type=natural, action=Given, default=DEFAULT_LATENCY, metavar="N",
                       help=f"cycles that memory waits before it answers (default: {DEFAULT_LATENCY})")
    group.add_argument("--disturb", type=natural, metavar="SEED", help=DISTURB)
    group = parser.add_argument_group("virtio devices, each in the next slot from 0x10001000 on")
    group.add_argument("--disk", type=Path, action="append", default=[], metavar="FILE",
                       help="a disk; what is written to it is kept in memory, the file stays as it is")
    group.add_argument("--disk-rw", type=Path, action="append", default=[], metavar="FILE",
                       help="a disk; what is written to it is written to the file")
    group.add_argument("--entropy", action="store_true", help="random numbers, the same in every run")
    group.add_argument("--virtio-console", action="store_true", help="a console beside the UART, on the same terminal")


def _limits_and_outputs(parser):
    group = parser.add_argument_group("limits")
    group.add_argument("--max-cycles", type=positive, metavar="N", help="stop after N cycles, with status 3")
    group.add_argument("--stuck-after", type=positive, default=DEFAULT_STUCK, metavar="N",
                       help=f"stop when nothing retires for N cycles, with status 4 (default: {DEFAULT_STUCK})")
    group = parser.add_argument_group("what is written")
    group.add_argument("--log", type=Path, metavar="FILE", help="a line for each instruction and trap (docs/log.md)")
    group.add_argument("--traps", action="store_true", help="explain each trap, on standard error")
    group.add_argument("--stats", type=Path, metavar="FILE", help="counts, as JSON")
    group.add_argument("--signature", type=Path, metavar="FILE",
                       help="memory from begin_signature to end_signature, a 32-bit word a line")
    group.add_argument("--wave", type=wave, metavar="FILE", help="waves; .fst or .vcd")
    group.add_argument("--wave-from", type=natural, metavar="N", help="first cycle of the waves")
    group.add_argument("--wave-to", type=natural, metavar="N", help="last cycle of the waves")
    group.add_argument("--wave-around-trap", type=positive, metavar="N",
                       help="waves around the Nth trap: runs twice, first to find it")
    parser.add_argument("--check", action="store_true", help="compare each instruction with Spike (status 5)")


def _snapshots(parser):
    group = parser.add_argument_group("snapshots")
    group.add_argument("--save-at", nargs=2, action="append", default=[], metavar=("WHERE", "FILE"),
                       help="save the machine and go on; WHERE is a cycle, a pc (0x...), a symbol, a text on the "
                            "console, or `end`; may be repeated")
    group.add_argument("--resume", type=Path, metavar="FILE", help="go on from a snapshot, in place of a program")


def _run(commands):
    parser = commands.add_parser(
        "run", help="run a program", formatter_class=argparse.RawDescriptionHelpFormatter, epilog=EXITS,
        description="Run a bare ELF64 program, or a firmware with a kernel, until it says that it is done.\n"
                    "The guest's console is this terminal; Ctrl-C stops, and leaves all files whole.")
    parser.add_argument("program", nargs="?", type=Path, metavar="PROGRAM",
                        help="an ELF file; tohost and fromhost in it are HTIF")
    _machine(parser)
    group = parser.add_argument_group("firmware and kernel")
    group.add_argument("--firmware", type=Path, metavar="FILE", help="such as OpenSBI, ELF or binary, at 0x80000000")
    group.add_argument("--kernel", type=Path, metavar="FILE", help="at 0x80200000, as the firmware expects it")
    group.add_argument("--initrd", type=Path, metavar="FILE", help="in high memory, named in the device tree")
    group.add_argument("--dtb", type=Path, metavar="FILE", help="a device tree, in place of the generated one")
    group.add_argument("--bootargs", default=None, metavar="STR", help="the kernel's command line")
    _limits_and_outputs(parser)
    _snapshots(parser)
    parser.set_defaults(command="run")


def _kvmtool(parser):
    parser.add_argument("--kvmtool", type=Path, default=None, metavar="DIR",
                        help="source of kvmtool, which runs the guest in place of the monitor (docs/linux.md)")


def _linux(commands):
    parser = commands.add_parser("linux", help="Linux with KVM, and a Linux guest under it",
                                 description="Linux as a host with KVM, and a Linux guest under it.")
    actions = parser.add_subparsers(metavar="ACTION", parser_class=Parser, required=True)
    build = actions.add_parser("build", help="make firmware, kernels and file systems from packages of Debian")
    _kvmtool(build)
    build.set_defaults(command="linux", action="build")
    boot = actions.add_parser(
        "boot", help="boot the host, which starts the guest", epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Boot the host, which starts the guest, which prints and powers off; then the host powers off.\n"
                    "Images are built first, unless they are there.")
    _machine(boot, "64M")
    boot.add_argument("--bootargs", default=None, metavar="STR",
                      help="the host kernel's command line; after `--` come arguments of the monitor: dirty-log, or "
                           "those of kvmtool")
    boot.add_argument("--guest", nargs="+", default=None, metavar=("PROGRAM", "ARGUMENT"),
                      help="first process of the guest, and its arguments: C source, a static executable for "
                           "rv64imac and lp64, or a name of sw/linux/user (guest, soak, checksum)")
    boot.add_argument("--bare", type=Path, default=None, metavar="PROGRAM",
                      help="a second guest, without a kernel: C source, a static executable for 0x80200000, or `bare`")
    _kvmtool(boot)
    _limits_and_outputs(boot)
    _snapshots(boot)
    boot.set_defaults(command="linux", action="boot")


def _campaign(commands):
    campaign = commands.add_parser(
        "campaign", help="many programs beside the referee, on every processor or a cluster", epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Random programs, or those of sw/tests on many machines that must change nothing, beside the\n"
                    "referee, on every processor of this machine or on a Dask cluster.\n"
                    "What is done is kept in a folder: the same command goes on where it was killed.")
    campaign.add_argument("--programs", nargs="*", metavar="WORD",
                          help="those of sw/tests whose name holds a WORD, or all: each trap must be the same on each "
                               "machine")
    campaign.add_argument("--way", choices=WAYS, action=Several, default=None,
                          help="a way to build these, see docs/verification.md; may be repeated (default: all)")
    campaign.add_argument("--every", action="store_true",
                          help="run these in every combination of way, core, latency and disturbance: six times as "
                               "many as it takes that each two of them meet")
    campaign.add_argument("--instructions", type=positive, default=100_000_000, metavar="N",
                          help="stop when N have been compared, those of earlier runs included (default: 100000000); "
                               "with --programs all are run")
    campaign.add_argument("--unchecked", action="store_true",
                          help="run these without Spike, some times as fast: only their own checks and traps count")
    campaign.add_argument("--core", type=core, action=Several, default=None, metavar="NAME",
                          help="a core to run each program on, see `hyacinth run --help`; may be repeated (default: "
                               "full; with --programs also one with small caches)")
    campaign.add_argument("--memory-latency", type=natural, action=Several, default=None, metavar="N",
                          help=f"cycles that memory waits; may be repeated (default: {DEFAULT_LATENCY}; with "
                               "--programs 1, 7 and 80)")
    campaign.add_argument("--disturb", type=seed_or_none, action=Several, default=None, metavar="SEED",
                          help="as in `hyacinth run --help`; or `no`; may be repeated (default: no; with --programs "
                               "no, 0 and 1)")
    campaign.add_argument("--seed", type=natural, default=0, metavar="N", help="of the first program (default: 0)")
    campaign.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, metavar="N",
                          help="programs at a time (default: one for each processor)")
    campaign.add_argument("--scheduler", metavar="ADDRESS", help="a Dask cluster, such as tcp://host:8786")
    campaign.add_argument("--folder", type=Path, default=Path("campaign"), metavar="DIR",
                          help="what is done, and reports of failures (default: campaign)")
    campaign.add_argument("--report", action="store_true", help="print what is known, and run nothing")
    campaign.add_argument("--shrink", action="store_true",
                          help="reduce the first failure of each group to the shortest program, as `hyacinth shrink`")
    campaign.set_defaults(command="campaign")


def _coverage(commands):
    parser = commands.add_parser(
        "coverage", help="which combinations of mode, cause, stage, register and outcome were met, and the holes",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Crosses of what can happen, with their holes: what programs have met, and what not.\n"
                    "With nothing named: the programs of sw/tests, some random ones, and random ones that aim at what\n"
                    "is left.")
    parser.add_argument("programs", nargs="*", type=Path, metavar="PROGRAM", help="ELF programs to run")
    parser.add_argument("--core", type=core, default="full", metavar="NAME", help=CORE)
    parser.add_argument("--random", type=natural, metavar="N", help="run N random programs, as a campaign has them")
    parser.add_argument("--seed", type=natural, default=0, metavar="N", help="of the first of them (default: 0)")
    parser.add_argument("--steered", type=natural, metavar="N", help="then run up to N that aim at holes")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="count what a campaign has met")
    parser.add_argument("--holes", type=natural, default=20, metavar="N",
                        help="print up to N holes of each cross (default: 20)")
    parser.add_argument("--unreachable", action="store_true", help="print why other bins cannot be met")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a page with a cell for each bin")
    parser.add_argument("--json", action="store_true", help="everything, as JSON")
    parser.set_defaults(command="coverage")


def _shrink(commands):
    shrink = commands.add_parser(
        "shrink", help="the shortest program that shows a difference, as a test", epilog=EXITS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Reduce a random program on which core and Spike differ, and save what is left as a program that\n"
                    "checks itself: it fails on this core, without Spike.")
    shrink.add_argument("seed", type=natural, metavar="SEED", help="of the program, as `hyacinth random` reports it")
    shrink.add_argument("--core", type=core, default="full", metavar="NAME", help=CORE)
    shrink.add_argument("--memory-latency", type=natural, default=DEFAULT_LATENCY, metavar="N",
                        help=f"cycles that memory waits before it answers (default: {DEFAULT_LATENCY})")
    shrink.add_argument("--disturb", type=natural, metavar="SEED", help=DISTURB)
    shrink.add_argument("--output", type=Path, metavar="FILE.S",
                        help="the test, with FILE.elf beside it (default: seed-SEED-CORE-latency-N.S)")
    shrink.set_defaults(command="shrink")


def parser() -> Parser:
    """The whole command line."""
    top = Parser(prog="hyacinth", description="An RV64 core with the complete hypervisor extension.",
                 formatter_class=argparse.RawDescriptionHelpFormatter)
    top.add_argument("--version", action="version", version=f"hyacinth {the_version()}")
    commands = top.add_subparsers(metavar="COMMAND", parser_class=Parser)
    _run(commands)
    demo = commands.add_parser("demo", help="run a hypervisor with its guests, and explain what happens")
    demo.add_argument("--core", type=core, default="full", metavar="NAME", help="full or small (default: full)")
    demo.add_argument("--wave", type=wave, default=Path("demo.fst"), metavar="FILE",
                      help="waves around the first trap (default: demo.fst)")
    demo.set_defaults(command="demo")
    doctor = commands.add_parser("doctor", help="say what is missing on this machine, or what will fail in images")
    doctor.add_argument("images", nargs="*", type=Path, metavar="IMAGE",
                        help="ELF, kernel, device tree, RAM disk: what is to run together; say what will fail")
    _machine(doctor)
    doctor.add_argument("--bootargs", default=None, metavar="STR", help="the kernel's command line")
    doctor.set_defaults(command="doctor")
    bench = commands.add_parser("bench", help="measure: cycles a second, CPI, time to build the model")
    bench.add_argument("--core", type=core, default="full", metavar="NAME", help=CORE)
    bench.add_argument("--build", action="store_true", help="also build a model in an empty cache, and time that")
    bench.add_argument("words", nargs="*", metavar="WORD", help="only programs whose name holds one of these")
    bench.set_defaults(command="bench")
    _linux(commands)
    random = commands.add_parser("random", help="random programs in every mode, compared with Spike")
    random.add_argument("--core", type=core, default="full", metavar="NAME", help=CORE)
    random.add_argument("--instructions", type=positive, default=10_000_000, metavar="N",
                        help="stop when N have been compared (default: 10000000)")
    random.add_argument("--seed", type=natural, default=0, metavar="N", help="of the first program (default: 0)")
    random.add_argument("--memory-latency", type=natural, default=DEFAULT_LATENCY, metavar="N",
                        help=f"cycles that memory waits before it answers (default: {DEFAULT_LATENCY})")
    random.add_argument("--disturb", type=natural, metavar="SEED", help=DISTURB)
    random.add_argument("--plain", action="store_true",
                        help="run each program without Spike, too, and say what the comparison costs")
    random.add_argument("--shrink", action="store_true",
                        help="reduce what differs to the shortest program, as `hyacinth shrink`")
    random.set_defaults(command="random")
    explain = commands.add_parser("explain", help="say what a cause or a CSR is")
    explain.add_argument("what", metavar="WHAT", help="the number or name of a cause (`i9` an interrupt), or a CSR")
    explain.set_defaults(command="explain")
    rules = commands.add_parser("rules", help="each normative rule of the manual, and what checks it")
    rules.add_argument("chapters", nargs="*", metavar="CHAPTER", help="such as hypervisor; rule by rule")
    shape = rules.add_mutually_exclusive_group()
    shape.add_argument("--open", action="store_true", help="only those that nothing checks, a line each")
    shape.add_argument("--json", action="store_true", help="everything, as JSON")
    rules.set_defaults(command="rules")
    mutants = commands.add_parser(
        "mutants", help="small wrong changes of the hardware: do the tests notice them?",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Change the hardware's sources in one place at a time, run the tests that import what was\n"
                    "changed, and tell which changes none of them noticed. Status 1 where one has no explanation in\n"
                    "tests/mutants.toml. All of them take days: begin with --sample, or with one file.")
    mutants.add_argument("sources", nargs="*", metavar="SOURCE",
                         help="file or folder below rtl/ (default: rtl/mmu rtl/csr rtl/isa)")
    mutants.add_argument("--sample", type=positive, metavar="N",
                         help="N of all mutants, drawn at random, of each source its part")
    mutants.add_argument("--seed", type=natural, default=0, metavar="N", help="of that (default: 0)")
    mutants.add_argument("--programs", action="store_true",
                         help="give what no unit test notices to the programs of sw/tests too: minutes each; with "
                              "--rules, give programs the mutants that tests/mutants.toml names for them")
    mutants.add_argument("--explore", action="store_true",
                         help="give what no test has noticed to random programs beside Spike first: hundreds of "
                              "mutants in one model, seconds each")
    mutants.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, metavar="N",
                         help="mutants at a time (default: one for each processor)")
    mutants.add_argument("--results", type=Path, default=Path("mutants.jsonl"), metavar="FILE",
                         help="verdicts, kept from run to run (default: mutants.jsonl)")
    mutants.add_argument("--within", type=positive, metavar="SECONDS",
                         help="for the tests of one mutant: what none has seen by then is left to a run without this")
    mutants.add_argument("--every-test", action="store_true",
                         help="go on after the first test that fails, to know all that do: much longer")
    mutants.add_argument("--rules", action="store_true",
                         help="give mutants to the tests of each rule that has none yet, and print which have one")
    mutants.add_argument("--again", action="store_true",
                         help="try those again that survived or are explained, after tests were added; with --rules, "
                              "all that were killed")
    mutants.add_argument("--known", action="store_true", help="print what is known, and try none")
    mutants.add_argument("--list", action="store_true", help="print the mutants, and try none")
    mutants.set_defaults(command="mutants")
    _campaign(commands)
    _coverage(commands)
    _shrink(commands)
    return top


def run_options(**given) -> argparse.Namespace:
    """The options of `hyacinth run` with their defaults, but for those given."""
    return argparse.Namespace(**vars(parser().parse_args(["run"])) | given)

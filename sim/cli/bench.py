"""`hyacinth bench`: what a cycle costs here, and what an instruction costs there."""

import os
import platform
import sys
import tempfile
import time

from ...rtl.config import named
from ...sw.build import BuildError, build_all, programs
from ..engines.engine import EngineError
from ..machine import Machine
from .arguments import DEFAULT_LATENCY, run_options
from .plan import plan
from .run import machine_of, session_of
from .status import BadInput, Status
from .terminal import Replay

MEMORY = 128 << 20
METHOD = f"""Method: each program of sw/bench runs once, from reset to its exit, with its start-up code, on the compiled
engine, with no log, no waves and no console; memory answers after {DEFAULT_LATENCY} cycles. Cycles and instructions are
the core's own counts; seconds are those of this process's wall clock within the run, without loading. CPI is cycles
per instruction."""


def main(options) -> Status:
    """Measure, and print a table; status 1 if a program failed."""
    sources = programs(*options.words, folders=("bench",))
    if not sources:
        raise BadInput(f"no program of sw/bench has {' or '.join(options.words)} in its name; leave the words out")
    try:
        if options.build:
            print(f"model of core {options.core}, built in an empty cache: {build_seconds(options.core):.0f} s")
        elves = build_all(sources)
        rows = []
        for source, elf in elves.items():
            rows.append(measure(source.stem, elf, options.core))
            if rows[-1][-1] == Status.INTERRUPTED:
                return Status.INTERRUPTED
    except (BuildError, EngineError) as error:
        raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None
    except BrokenPipeError:
        raise
    except OSError as error:
        raise BadInput(f"{error.filename or 'standard output'}: {error.strerror}; `hyacinth doctor` looks for the "
                       "cause") from None
    print_table(rows, options.core)
    return Status.SUCCESS if all(status == Status.SUCCESS for *_, status in rows) else Status.PROGRAM_FAILED


def build_seconds(core: str) -> float:
    """How long a model takes where nothing has been built before, the compiler's own library among it."""
    before = os.environ.get("HYACINTH_CACHE")
    with tempfile.TemporaryDirectory(prefix="hyacinth-bench-") as folder:
        os.environ["HYACINTH_CACHE"] = folder
        try:
            begun = time.monotonic()
            Machine(named(core)).close()
            return time.monotonic() - begun
        finally:
            if before is None:
                del os.environ["HYACINTH_CACHE"]
            else:
                os.environ["HYACINTH_CACHE"] = before


def measure(name: str, elf, core: str):
    """Name, cycles, instructions, seconds and Status of one program."""
    run = run_options(program=elf, core=core, memory=MEMORY)
    made = plan(run)
    with machine_of(run, made) as machine:
        session = session_of(machine, run, made, Replay([]))
        ending = session.run()
        if ending.text:
            print(f"hyacinth: {name}: {ending.text}", file=sys.stderr)
        return name, machine.cycle, machine.events["retired"], session.seconds, ending.status


def print_table(rows, core: str) -> None:
    """The table, and how it was made."""
    from rich.console import Console
    from rich.table import Table
    table = Table(title=f"core {core}, compiled engine", title_justify="left")
    table.add_column("program")
    for column in ("cycles", "instructions", "CPI", "seconds", "cycles/s"):
        table.add_column(column, justify="right")
    for name, cycles, instructions, seconds, status in rows:
        table.add_row(name if status == Status.SUCCESS else f"{name} (failed)", f"{cycles:,}", f"{instructions:,}",
                      f"{cycles / instructions:.2f}", f"{seconds:.2f}", f"{cycles / seconds:,.0f}")
    console = Console(width=None if sys.stdout.isatty() else 100)
    console.print(table)
    print(METHOD)
    print(f"Machine: {platform.processor() or platform.machine()}, {os.cpu_count()} processors, "
          f"Python {platform.python_version()}, {platform.system()}")

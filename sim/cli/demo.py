"""`hyacinth demo`: a hypervisor with two guests, its exits counted, its first guest-page fault explained and drawn."""

import sys
from dataclasses import replace

from ...rtl.config import named
from ...rtl.isa.causes import GUEST_PAGE_FAULTS
from ...sw.build import cache_directory
from ..engines.engine import EngineError
from ..trace.report import Trap, TrapWatcher, report
from ..trace.symbols import Symbols
from .arguments import run_options
from .plan import Plan, plan, probe
from .run import AROUND, machine_of, session_of, show_views
from .status import BadInput, Status
from .terminal import Replay, Terminal
from .watchers import Exits, Last

MEMORY = 128 << 20
MAX_CYCLES = 100_000_000
NEVER = 1 << 62
"""A cycle that no run reaches: waves that begin there stay empty."""


def main(options) -> Status:
    """Build, run, show. The status is that of the run."""
    if not named(options.core).hypervisor:
        raise BadInput(f"--core {options.core}: the demonstration needs the H extension; give full or small")
    probe("wave", options.wave)
    program, symbols = build()
    run = run_options(program=program, core=options.core, memory=MEMORY, max_cycles=MAX_CYCLES, wave=options.wave)
    made = plan(run)
    try:
        return demonstrate(run, replace(made, symbols=symbols))
    except EngineError as error:
        raise BadInput(str(error)) from None


def build():
    """The hypervisor's ELF file, and the symbols of it and of its guests."""
    from ...sw.hypervisor.build import build_demo
    say("Building the hypervisor and its guest")
    try:
        program = build_demo(cache_directory() / "demo")
    except (RuntimeError, OSError) as error:
        raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None
    guest = Symbols(program.with_name("kernel.elf"), program.with_name("user.elf"))
    return program, Symbols(program, guest=guest)


def demonstrate(run, made: Plan) -> Status:
    """Run twice: once to count and to find the trap, once to draw it."""
    terminal, last, exits, found = Terminal(), Last(), Exits(), []
    # The same model for both runs, so that only one is built: the first draws nothing with it.
    with machine_of(run, made, wave=run.wave, wave_from=NEVER) as machine:
        def keep(trap: Trap) -> None:
            searching = watcher in machine.watchers
            if searching and trap.walk and trap.record.code in GUEST_PAGE_FAULTS and not trap.record.interrupt:
                # Best is one behind both stages; until that comes, the first is kept.
                both = any(not step.g_stage for step in trap.walk.steps)
                found[:] = [trap] if both else found or [trap]
                if both:
                    machine.watchers.remove(watcher)

        watcher = TrapWatcher(made.symbols, made.config, keep)
        machine.watchers.append(watcher)
        machine.raw_watchers += [last, exits]
        say(f"Running {run.program}", "")
        session = session_of(machine, run, made, terminal, last=last)
        with terminal:
            ending = session.run()
        cycles, instructions = machine.cycle, machine.events["retired"]
    if ending.text:
        print(f"hyacinth: {ending.text}", file=sys.stderr)
    print_exits(exits, cycles)
    print(f"\n{cycles} cycles, {instructions} instructions, {session.seconds:.1f} s: "
          f"{cycles / session.seconds / 1000:.0f} thousand cycles a second")
    if found:
        trap = found[0]
        print(f"\nThe first guest-page fault with both stages on, explained:\n\n{report(trap)}\n")
        end = trap.record.cycle + AROUND
        with machine_of(run, made, wave=run.wave, wave_from=max(0, trap.record.cycle - AROUND),
                        wave_to=end) as machine:
            session_of(machine, run, made, Replay(terminal.typed), max_cycles=end + 1).run()
        show_views(run.wave, trap.record.cycle)
    return ending.status


def print_exits(exits: Exits, cycles: int) -> None:
    """The table of VM exits."""
    from rich.console import Console
    from rich.table import Table
    table = Table(title="VM exits by cause: from the guest's trap to its next instruction", title_justify="left")
    table.add_column("cause")
    for name in ("exits", "cycles", "share of run", "average", "least", "most"):
        table.add_column(name, justify="right")
    for cause, count, total, average, least, most in exits.counter.rows():
        table.add_row(cause, str(count), str(total), f"{total / cycles:.1%}", f"{average:.0f}", str(least), str(most))
    print()
    Console(width=None if sys.stdout.isatty() else 100).print(table)


def say(*lines: str) -> None:
    """What is being done, on standard error."""
    print(*lines, sep="\n", file=sys.stderr, flush=True)

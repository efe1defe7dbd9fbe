"""`hyacinth run`."""

import sys
from contextlib import ExitStack
from pathlib import Path

from ..around import disturbance
from ..engines.engine import EngineError
from ..machine import Machine
from ..records import RETIRE
from ..trace.report import TrapWatcher
from ..trace.signature import signature
from ..trace.variables import variables
from ..trace.waves import write_views
from .plan import OUTPUTS, Plan, plan
from .session import STEPS, Ending, Session
from .status import BadInput, Status
from .terminal import Replay, Terminal
from .watchers import Check, Last, LogWatcher, NthTrap, Stats, print_trap

AROUND = 200
"""Cycles shown before and after the trap of --wave-around-trap."""
TICKS = 2
"""Units of a wave's time in a cycle."""


def main(options) -> Status:
    """Run the program of `options`; returns the exit status."""
    made = plan(options)
    try:
        ending = run(options, made, Terminal())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise unwritten(options, error) from None
    except EngineError as error:
        raise BadInput(str(error)) from None
    say_ending(made, ending)
    return ending.status


def unwritten(options, error: OSError) -> BadInput:
    """What to say of a file that could not be written during the run."""
    files = ", ".join(str(path) for name in OUTPUTS if (path := getattr(options, name)))
    return BadInput(f"{error.filename or files or 'standard output'}: {error.strerror}; give another place")


def say_ending(made: Plan, ending: Ending) -> None:
    """What the user has to know besides the status, on standard error."""
    for point in made.save_points:
        if not point.done:
            print(f"hyacinth: --save-at: {point.path} was not made, {point.kind} {point.value} never came",
                  file=sys.stderr)
    if ending.text:
        print(f"hyacinth: {ending.text}", file=sys.stderr)


def machine_of(options, made: Plan, **waves) -> Machine:
    """A machine with the plan's program in it, reset; or as the plan's snapshot has it."""
    try:
        machine = Machine(made.config, options.engine, memory=options.memory, memory_latency=options.memory_latency,
                          disturbed=disturbance(options.disturb), devices=made.devices, **waves)
    except ValueError as error:
        raise BadInput(str(error)) from None
    try:
        if made.snapshot:
            made.snapshot.restore(machine)
            return machine
        machine.load_segments([(segment.address, segment.data) for segment in made.segments], made.entry,
                              tohost=made.tohost, fromhost=made.fromhost, dtb=made.dtb, bootargs=options.bootargs,
                              initrd=made.initrd)
    except ValueError as error:
        machine.close()
        raise BadInput(str(error)) from None
    return machine


def session_of(machine, options, made: Plan, terminal, *, max_cycles=None, **more) -> Session:
    """A session with the limits of `options`."""
    return Session(machine, terminal, made.symbols, max_cycles=options.max_cycles if max_cycles is None else max_cycles,
                   stuck_after=options.stuck_after, step=STEPS[options.engine], **more)


def run(options, made: Plan, terminal, *, watchers=(), phases=None) -> Ending:
    """Run to the end, and write what the options ask for; `watchers` get the bytes of all records."""
    last, nth = Last(made.config), NthTrap(options.wave_around_trap) if options.wave_around_trap else None
    stats = Stats(options.stats, program=str(options.program or options.firmware or options.resume), core=options.core,
                  engine=options.engine, memory_latency=options.memory_latency) if options.stats else None
    waves = {}
    if options.wave and not nth:
        waves = {"wave": options.wave, "wave_from": options.wave_from or 0, "wave_to": options.wave_to}
    with ExitStack() as stack:
        log = LogWatcher(options.log) if options.log else None
        if log:
            stack.callback(log.close)
        machine = stack.enter_context(machine_of(options, made, **waves))
        machine.raw_watchers += [watcher for watcher in (last, nth, stats, *watchers) if watcher]
        machine.watchers += [log] if log else []
        if options.traps:
            machine.watchers.append(traps := TrapWatcher(made.symbols, made.config, print_trap))
            if made.snapshot:
                traps.begin(machine)
        if made.snapshot and machine.last_record:
            last(RETIRE.pack(*machine.last_record))
        if stats:
            stats.begin(machine)
        check = Check(stack.enter_context(_referee(machine, options, made))) if options.check else None
        if check:
            machine.raw_watchers.append(check)
            machine.write_watchers.append(check.wrote)
        session = session_of(machine, options, made, terminal, last=last, check=check,
                             phases=phases, save_points=made.save_points)
        with terminal:
            ending = session.run()
        if stats:
            stats.write(machine, session.seconds, ending)
        cycles = machine.cycle
        if options.signature and made.signature:
            begin, end = made.signature
            options.signature.write_text(signature(machine.read(begin, end - begin)))
    if nth:
        _wave_around(options, made, nth, terminal.typed)
    elif options.wave and waves["wave_from"] < cycles:
        show_views(options.wave)
    elif options.wave:
        print(f"hyacinth: {options.wave} is empty: none of the cycles to {cycles} lies within --wave-from and "
              "--wave-to; give others", file=sys.stderr)
    return ending


def _referee(machine, options, made: Plan):
    from ..lockstep.referee import Referee, RefereeError
    try:
        if not made.snapshot:
            state, segments = None, [(segment.address, segment.data) for segment in made.segments]
        else:
            from ..lockstep.start import state_of
            state = state_of(machine)
            segments = state.segments
        return Referee(made.config, segments, options.memory, rom=machine.boot_rom, device_tree=machine.device_tree,
                       state=state, host_page=machine.host_page)
    except (RefereeError, ValueError) as error:
        raise BadInput(str(error)) from None


def _wave_around(options, made: Plan, nth: NthTrap, typed: list[bytes]) -> None:
    """Run again, as runs are deterministic, with waves of some cycles before and after the nth trap."""
    if nth.cycle is None:
        raise BadInput(f"--wave-around-trap {nth.n}: the program took {nth.count} traps; --traps shows them")
    first, end = max(0, nth.cycle - AROUND), nth.cycle + AROUND
    print(f"hyacinth: trap {nth.n} at cycle {nth.cycle}: {nth.cause}", file=sys.stderr)
    with machine_of(options, made, wave=options.wave, wave_from=first, wave_to=end) as machine:
        session_of(machine, options, made, Replay(typed), max_cycles=end + 1).run()
    show_views(options.wave, nth.cycle)


def show_views(wave: Path, cycle: int | None = None) -> None:
    """Write the views of a wave, and say how to open it."""
    surfer, gtkwave = write_views(wave, variables(wave), cursor=None if cycle is None else cycle * TICKS)
    # Surfer looks for the words in the folder that it is started in.
    there = "" if wave.parent == Path() else f"cd {wave.parent} && "
    print(f"hyacinth: waves in {wave}; open them with `{there}surfer {wave.name} --command-file {surfer.name}` "
          f"or `gtkwave {wave} {gtkwave}`", file=sys.stderr)

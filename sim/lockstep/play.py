"""One random program on the core, each instruction compared with Spike."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..around import disturbance
from ..machine import Machine
from .referee import Referee

MEMORY = 128 << 20
LONGEST = 5_000_000      # cycles; a program takes a tenth of it
STUCK = 100_000          # cycles


class Unfinished(Exception):
    """A random program did not say that it is done."""


@contextmanager
def beside(program, config, latency: int, disturbed: int | None = None) -> Iterator[tuple[Machine, Referee]]:
    """A machine that is about to run `program`, and its referee, who gets no records yet."""
    with _machine(program, config, latency, disturbed) as machine:
        contents = [(address, bytes(data)) for address, data in program.segments]
        with Referee(config, contents, MEMORY, rom=machine.boot_rom, device_tree=machine.device_tree,
                     host_page=machine.host_page) as referee:
            yield machine, referee


def compare(program, config, latency: int, watchers=(), disturbed: int | None = None, walk_watchers=()) -> int:
    """Run one random program beside Spike; the number of records that agreed.

    Parameters
    ----------
    program : RandomProgram
    config : CoreConfig
    latency : int
        Of memory, in cycles.
    watchers, walk_watchers : sequence
        Callables that get the core's records, as Machine.raw_watchers and Machine.raw_walk_watchers do.
    disturbed : int or None
        The seed of a disturbance.

    Raises
    ------
    Difference
        Core and Spike do not agree.
    Unfinished
        The program does not end.
    """
    with beside(program, config, latency, disturbed) as (machine, referee):
        machine.raw_watchers += [referee.check, *watchers]
        machine.raw_walk_watchers += walk_watchers
        outcome = machine.run(max_cycles=LONGEST, stuck_after=STUCK)
        agreed = referee.finish()
        _must_be_done(outcome)
        return agreed


def run_alone(program, config, latency: int, disturbed: int | None = None) -> None:
    """The same run with nobody watching: what `compare` costs is seen beside this. Raises Unfinished."""
    with _machine(program, config, latency, disturbed) as machine:
        _must_be_done(machine.run(max_cycles=LONGEST, stuck_after=STUCK))


def _machine(program, config, latency: int, disturbed: int | None) -> Machine:
    machine = Machine(config, memory=MEMORY, memory_latency=latency, disturbed=disturbance(disturbed))
    machine.load_segments(program.segments, program.entry, tohost=program.tohost)
    return machine


def _must_be_done(outcome) -> None:
    if outcome.exit_code != 0:
        raise Unfinished(f"the program ended with {outcome.end.value} at cycle {outcome.cycle}")

"""The shortest program that shows a difference: a random program is taken apart as long as the difference remains."""

from collections.abc import Callable
from dataclasses import dataclass

from ...rtl.config import CoreConfig
from ..records import RETIRE_FIELDS
from .form import AGAIN, LAST, STAGES, Form, Idle, physical
from .group import group
from .play import LONGEST, STUCK, beside
from .random_programs import Parts
from .referee import Difference, RefereeError

PC = RETIRE_FIELDS.index("pc")
PATIENCE = 5_000
"""Cycles without an instruction, and beyond twice what the last program took, after which a shorter one is given up."""


@dataclass(frozen=True)
class Seen:
    """What a program has shown.

    Parameters
    ----------
    difference : Difference
        Between the core and Spike.
    cycle : int
        At which the run was over.
    exit_code : int or None
        Of the core; None where it does not end.
    spike_exit_code : int or None
        Of Spike alone, from the difference on.
    executed : set of int
        Physical addresses of what was executed up to the difference.
    earlier : int
        How often the instruction that differs had been executed, or had trapped, before.
    """
    difference: Difference
    cycle: int
    exit_code: int | None
    spike_exit_code: int | None
    executed: set[int]
    earlier: int

    @property
    def group(self) -> str:
        """Which kind of difference it is."""
        return group(self.difference)

    @property
    def ends(self) -> tuple[bool, bool]:
        """Whether core and Spike end."""
        return self.exit_code is not None, self.spike_exit_code is not None


class Listener:
    """Gives records to the referee until there is a difference, so that the machine runs on."""
    def __init__(self, referee):
        self.referee, self.difference, self.pcs = referee, None, []

    def __call__(self, batch) -> None:
        """Some more records."""
        if self.difference is None:
            self.pcs += memoryview(batch).cast("Q")[PC::len(RETIRE_FIELDS)].tolist()
        self._unless_known(lambda: self.referee.check(batch))

    def finish(self) -> None:
        """There are no more."""
        self._unless_known(self.referee.finish)

    def _unless_known(self, ask: Callable[[], object]):
        if self.difference is None:
            try:
                ask()
            except Difference as difference:
                self.difference = difference


def observe(program, config: CoreConfig, latency: int, disturbed: int | None, longest: int = LONGEST,
            patience: int = STUCK) -> Seen | None:
    """Run a program beside Spike, and both to their end; None where they do not differ.

    It does not end that takes `longest` cycles, or `patience` of them without an instruction.
    """
    with beside(program, config, latency, disturbed) as (machine, referee):
        listener = Listener(referee)
        machine.raw_watchers.append(listener)
        outcome = machine.run(max_cycles=longest, stuck_after=patience)
        listener.finish()
        if listener.difference is None:
            return None
        stored = referee.go_on(program.tohost, longest)
        *before, last = listener.pcs[:listener.difference.count + 1]
        return Seen(listener.difference, outcome.cycle, outcome.exit_code, stored >> 1 if stored & 1 else None,
                    set(map(physical, (*before, last))), before.count(last))


def reduce(units: list, remains: Callable[[list], bool], size: int) -> list:
    """The units that must stay so that `remains` is true of those that are taken away.

    So many at once are tried, then half as many, and so on; those at the end first: what comes after a difference has
    no part in it.
    """
    gone: list = []
    while size:
        end = len(units)
        while end > 0:
            start = max(0, end - size)
            if remains(gone + units[start:end]):
                gone += units[start:end]
                del units[start:end]
            end = start
        size = min(size // 2, len(units))
    return units


class Shrinker:
    """Reduces a random program.

    Parameters
    ----------
    parts : Parts
        Of the program.
    config : CoreConfig
    latency : int
        Of memory, in cycles.
    disturbed : int or None
        The seed of a disturbance.
    progress : callable
        Called with the step, and how many programs have been tried.

    Attributes
    ----------
    seen : Seen or None
        What the shortest program shows; None where core and Spike do not differ.
    form : Form
        The shortest program.
    tried : int
        Programs that were run.
    stages : list of (Form, Seen)
        Programs on the way, the shortest last.
    """
    def __init__(self, parts: Parts, config: CoreConfig, latency: int, disturbed: int | None = None,
                 progress: Callable[[str, int], None] = lambda step, tried: None):
        self.config, self.latency, self.disturbed, self.progress = config, latency, disturbed, progress
        self.form, self.tried, self.stages = Form.of(parts), 0, []
        self.seen = observe(self.form.program(), config, latency, disturbed)

    def run(self) -> None:
        """Take away what can be, until nothing more can."""
        self._take(Idle(self.seen.executed))
        for stage in STAGES:
            for step in stage:
                self._take(step)
            self.stages.append((self.form, self.seen))
        while any([self._take(step, one_by_one=True) for step in AGAIN]):
            pass
        for step in LAST:
            self._take(step)
        self.stages.append((self.form, self.seen))

    def _take(self, step, one_by_one: bool = False) -> bool:
        """Whether something could be taken away."""
        base = self.form
        units = step.units(base)

        def remains(gone) -> bool:
            return self._try(step.name, step.without(base, gone))
        return len(reduce(list(units), remains, 1 if one_by_one else len(units))) < len(units)

    def _try(self, name: str, form: Form) -> bool:
        seen = self.observe(form)
        self.progress(name, self.tried)
        if seen is None or seen.group != self.seen.group or any(
                before and not now for before, now in zip(self.seen.ends, seen.ends, strict=True)):
            return False
        self.form, self.seen = form, seen
        return True

    def observe(self, form: Form) -> Seen | None:
        """What a program shows; None where it is no program either."""
        self.tried += 1
        try:
            return observe(form.program(), self.config, self.latency, self.disturbed,
                           2 * self.seen.cycle + PATIENCE, PATIENCE)
        except (ValueError, KeyError, RefereeError):  # a label is gone, no room; Spike has ended
            return None

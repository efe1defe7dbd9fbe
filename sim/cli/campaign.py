"""`hyacinth campaign`: many programs beside the referee, on every processor or on a cluster."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, product, starmap
from time import monotonic

from rich.progress import BarColumn, TextColumn, TimeElapsedColumn

from ...rtl.config import named
from ...sw.build import WAYS, BuildError
from ..campaign.programs import CORES, DISTURBANCES, LATENCIES, program_tasks
from ..campaign.records import BadRecords, Records
from ..campaign.run import PATIENCE, NoCluster, cluster, run
from ..campaign.tasks import Setting, Task
from ..engines.engine import EngineError
from ..lockstep.referee import unavailable
from ..machine import Machine
from .arguments import DEFAULT_LATENCY
from .progress import Bar
from .shrink import shrunk, told
from .status import BadInput, Status


def main(options) -> Status:
    """Go on until so many instructions agree, or all is done, then print counts by mode, and failures by group."""
    _fill_in(options)
    if not options.unchecked and (reason := unavailable()):
        raise BadInput(reason.replace("--check", "campaign"))
    todo = _programs(options) if options.programs is not None else _seeds(options)
    if options.report and not options.folder.is_dir():
        raise BadInput(f"--folder {options.folder}: there is no such folder; give that of a campaign")
    if options.folder.exists() and not options.folder.is_dir():
        raise BadInput(f"--folder {options.folder}: this is a file; give a folder")
    try:
        records = Records(options.folder)
    except BadRecords as error:
        raise BadInput(str(error)) from None
    if records.results and not options.report:
        print(f"{options.folder}: {len(records.results)} programs are done, {todo.done(records)} of {todo.total} "
              f"{todo.unit} of what is asked for")
    if not options.report and not todo.enough(records):
        _build(options)
        _go_on(options, todo, records)
    report(records)
    if options.shrink:
        _shrink(records)
    return Status.DIFFERENCE if records.groups else Status.SUCCESS


def _build(options) -> None:
    """Models are made once, here, before the workers ask for them."""
    if options.scheduler:
        return
    try:
        for core in options.core:
            Machine(named(core)).close()
    except EngineError as error:
        raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None


def _fill_in(options) -> None:
    """What was not given is what suits the kind of campaign."""
    for name in ("way", "unchecked", "every"):
        if options.programs is None and getattr(options, name):
            raise BadInput(f"--{name} is for --programs; give that too, or leave it out")
    programs = options.programs is not None
    options.way = options.way or list(WAYS)
    options.core = options.core or (list(CORES) if programs else ["full"])
    options.memory_latency = options.memory_latency or (list(LATENCIES) if programs else [DEFAULT_LATENCY])
    options.disturb = options.disturb or (list(DISTURBANCES) if programs else [None])


@dataclass(frozen=True)
class Todo:
    """What a campaign is to do.

    Parameters
    ----------
    tasks : iterator
    unit : str
        What is counted.
    total : int
    done : callable
        How many of these are done, given the records.
    """
    tasks: Iterator
    unit: str
    total: int
    done: Callable[[Records], int]

    def enough(self, records: Records) -> bool:
        """Whether nothing is left to do."""
        return self.done(records) >= self.total


def _seeds(options) -> Todo:
    """Endless tasks: each seed on each machine."""
    settings = list(starmap(Setting, product(options.core, options.memory_latency, options.disturb)))
    return Todo((Task(seed, setting) for seed in count(options.seed) for setting in settings),
                "instructions", options.instructions, lambda records: records.compared_on(settings))


def _programs(options) -> Todo:
    try:
        made = program_tasks(options.programs, options.way, options.core, options.memory_latency, options.disturb,
                             not options.unchecked, options.every)
    except BuildError as error:
        raise BadInput(str(error)) from None
    if not made:
        raise BadInput(f"no program of sw/tests is meant by {' '.join(options.programs)}; give a part of a name")
    keys = {task.key for task in made}
    return Todo(iter(made), "runs", len(made), lambda records: len(keys & records.results.keys()))


def _go_on(options, todo: Todo, records: Records) -> None:
    before, begun = records.compared, monotonic()
    bar = Bar(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"),
              TimeElapsedColumn(), TextColumn("{task.fields[text]}"))
    if options.scheduler:
        print(f"hyacinth: asking {options.scheduler} for workers, for {PATIENCE} s at most", file=sys.stderr)
    try:
        with cluster(options.scheduler, options.jobs) as client, bar:
            shown = bar.add_task(todo.unit, total=todo.total, completed=todo.done(records), text="")

            def each(result):
                rate = (records.compared - before) / (monotonic() - begun)
                failures = sum(map(len, records.groups.values()))
                bar.update(shown, completed=todo.done(records),
                           text=f"{records.compared} compared, {rate / 1000:.0f} k/s, {failures} failures")

            run(client, todo.tasks, records, lambda: todo.enough(records), each)
    except NoCluster as error:
        raise BadInput(str(error)) from None
    except KeyboardInterrupt:
        print(f"{options.folder}: {len(records.results)} programs are done and kept; the same command goes on",
              file=sys.stderr)
        raise


def _shrink(records: Records) -> None:
    """The first failure of each group becomes a test beside its report, unless it has before."""
    for failures in records.groups.values():
        first = failures[0]
        path = records.failure(first["key"], ".S")
        if path.exists():
            print(f"{path} is there already")
        elif "seed" not in first:
            print(f"{first['key']}: only random programs can be reduced")
        elif saved := shrunk(Task(first["seed"], Setting(first["core"], first["latency"], first.get("disturbed"))),
                             path):
            print(told(saved, path))
        else:
            print(f"{first['key']}: core and Spike agree by now, or the program does not end")


def report(records: Records) -> None:
    """The counts of a campaign."""
    total = sum(records.modes.values())
    print(f"{len(records.results)} programs run, {total} instructions and traps, {records.compared} of them compared "
          "with Spike")
    for mode in ("M", "HS", "U", "VS", "VU"):
        if number := records.modes[mode]:
            print(f"  {mode:3} {number:12}  {number / total:6.1%}")
    groups = records.groups
    if not groups:
        print("no difference")
    for name, failures in groups.items():
        alike = "differs" if len(failures) == 1 else "differ alike"
        print(f"{len(failures)} {alike}: {name}; the first is {failures[0]['key']}, "
              f"{records.failure(failures[0]['key'], '.txt')}")

"""`hyacinth campaign`: random programs beside the referee, on every processor or on a cluster."""

from itertools import count
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from ...rtl.config import named
from ..campaign.records import BadRecords, Records
from ..campaign.run import NoCluster, cluster, run
from ..campaign.tasks import Task
from ..engines.engine import EngineError
from ..lockstep.referee import unavailable
from ..machine import Machine
from .status import BadInput, Status


def main(options) -> Status:
    """Go on until so many instructions agree, then print counts by mode, and failures by group."""
    if reason := unavailable():
        raise BadInput(reason.replace("--check", "campaign"))
    try:
        records = Records(options.folder)
    except BadRecords as error:
        raise BadInput(str(error)) from None
    if records.results:
        print(f"{options.folder}: {len(records.results)} programs are done, {records.compared} instructions and traps")
    if not options.report and records.compared < options.instructions:
        _build(options)
        _go_on(options, records)
    report(records)
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


def tasks(options):
    """Endless tasks: each seed on each core with each latency."""
    return (Task(seed, core, latency) for seed in count(options.seed) for core in options.core
            for latency in options.memory_latency)


def _go_on(options, records: Records) -> None:
    before, begun = records.compared, monotonic()
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f} %"),
                   TimeElapsedColumn(), TextColumn("{task.fields[text]}"), console=Console(stderr=True))
    try:
        with cluster(options.scheduler, options.jobs) as client, bar:
            shown = bar.add_task("instructions", total=options.instructions, completed=before, text="")

            def each(result):
                rate = (records.compared - before) / (monotonic() - begun)
                failures = sum(map(len, records.groups.values()))
                bar.update(shown, completed=records.compared,
                           text=f"{records.compared} compared, {rate / 1000:.0f} k/s, {failures} failures")

            run(client, tasks(options), records, lambda: records.compared >= options.instructions, each)
    except NoCluster as error:
        raise BadInput(str(error)) from None


def report(records: Records) -> None:
    """The counts of a campaign."""
    total = sum(records.modes.values())
    print(f"{len(records.results)} programs, {records.compared} instructions and traps compared with Spike")
    for mode in ("M", "HS", "U", "VS", "VU"):
        if number := records.modes[mode]:
            print(f"  {mode:3} {number:12}  {number / total:6.1%}")
    groups = records.groups
    if not groups:
        print("no difference")
    for name, failures in groups.items():
        print(f"{len(failures)} differ alike: {name}; the first is {failures[0]['key']}, "
              f"{records.folder}/failures/{failures[0]['key'].replace(' ', '-')}.txt")

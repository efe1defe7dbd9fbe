"""`hyacinth coverage`: which combinations of mode, cause, stage, register and outcome runs have met, and the holes."""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from ...rtl.config import CoreConfig, named
from ..campaign.records import BadRecords, Records
from ..coverage.collector import Collector
from ..coverage.page import page
from ..coverage.standing import Met, OtherTable, Standing, unpack
from ..elf import BadProgram, load
from ..engines.engine import EngineError
from ..lockstep.aims import towards
from ..lockstep.random_programs import random_program
from ..machine import Machine
from .plan import probe
from .status import BadInput, Status

MEMORY = 128 << 20
CYCLES, STUCK = 60_000_000, 100_000
"""After which a program is left as it is: what it has met it has met."""
STEERED = 1 << 20
"""The seed of the first program that aims at holes."""


def main(options) -> Status:
    """Run what is asked for, read what a campaign has met, and print how the coverage stands."""
    if options.html:
        probe("html", options.html)
    config = named(options.core)
    standing = Standing(config)
    if options.folder:
        of_campaign(options, standing)
    run_all(options, standing)
    if options.json:
        print(json.dumps(as_data(standing), indent=1))
    else:
        Console().print(summary(standing))
        print("\n".join(lines(standing, options.holes, options.unreachable)))
    if options.html:
        options.html.write_text(page(standing), encoding="utf-8")
    return Status.PROGRAM_FAILED if standing.surprises else Status.SUCCESS


def of_campaign(options, standing: Standing) -> None:
    """What the programs of a campaign have met on this core."""
    if not options.folder.is_dir():
        raise BadInput(f"--folder {options.folder}: no such folder; give that of a campaign")
    try:
        records = Records(options.folder)
    except BadRecords as error:
        raise BadInput(str(error)) from None
    others, with_none = 0, 0
    for result in records.results.values():
        if named(result["core"]) != standing.config:
            continue
        try:
            standing.add(result["key"], unpack(result["coverage"], standing.config))
        except KeyError:
            with_none += 1
        except OtherTable:
            others += 1
    if others or with_none:
        Console(stderr=True).print(f"{options.folder}: of {others + with_none} programs it is not known what they met: "
                                   f"{with_none} failed or are of an older version, {others} have other crosses")


def run_all(options, standing: Standing) -> None:
    """Programs of the user, random ones, and random ones that aim at what is left."""
    asked = options.programs or options.folder or options.random is not None or options.steered is not None
    programs = options.programs if asked else own_programs(options.core)
    count = options.random if asked else 12
    jobs: list[tuple[str, object]] = [(path.name, path) for path in programs]
    jobs += [(f"seed {seed}", seed) for seed in range(options.seed, options.seed + (count or 0))]
    bar = Progress(TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn(),
                   TextColumn("{task.fields[text]}"), console=Console(stderr=True))
    with bar:
        shown = bar.add_task("programs", total=len(jobs), text="")

        def take(source: str, bins: Iterator[Met]) -> None:
            standing.add(source, bins)
            bar.update(shown, advance=1, text=f"{len(standing.first)} bins met")

        for source, job in jobs:
            take(source, met_by_seed(job, standing.config) if isinstance(job, int) else met_by_program(job, options))
        limit = options.steered if asked else STEERED
        some = list(islice(towards(standing.holes(), standing.config), limit or 0))
        bar.update(shown, total=len(jobs) + len(some))
        for n, aims in enumerate(some):
            take(f"steered {n}", met_by_seed(STEERED + n, standing.config, aims))


def own_programs(core: str) -> list:
    """The programs of sw/tests; raises BadInput where they cannot be built."""
    from ...sw.build import BuildError, build, needs, programs
    config = named(core)
    try:
        return [build(source) for source in programs(folders=("tests",))
                if all(map(config.has, needs(source))) and config.hypervisor]
    except BuildError as error:
        raise BadInput(f"coverage: {error}") from None


def met_by_seed(seed: int, config: CoreConfig, aims=None) -> Iterator[Met]:
    """The bins of a random program."""
    program = random_program(seed, config, aims=aims)
    return met(config, lambda machine: machine.load_segments(program.segments, program.entry, tohost=program.tohost))


def met_by_program(path, options) -> Iterator[Met]:
    """The bins of an ELF program."""
    try:
        program = load(path)
        return met(named(options.core), lambda machine: machine.load(program))
    except BadProgram as error:
        raise BadInput(str(error)) from None


def met(config: CoreConfig, prepare) -> Iterator[Met]:
    """The bins that a machine meets once `prepare` has put something into it."""
    collector = Collector(config)
    try:
        with Machine(config, memory=MEMORY) as machine:
            prepare(machine)
            machine.raw_watchers.append(collector.retired)
            machine.raw_walk_watchers.append(collector.walked)
            machine.run(CYCLES, stuck_after=STUCK)
    except EngineError as error:
        raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None
    return collector.bins()


def summary(standing: Standing) -> Table:
    """The counts of each cross, and of all."""
    table = Table(box=None, pad_edge=False)
    table.add_column("cross")
    for name in ("bins", "met", "", "holes", "cannot be"):
        table.add_column(name, justify="right")
    rows = {name: (len(cross.reachable), standing.met(name), len(cross.bins)) for name, cross in
            standing.crosses.items()}
    rows["all"] = tuple(map(sum, zip(*rows.values(), strict=True)))
    for name, (reachable, found, every) in rows.items():
        table.add_row(name, str(reachable), str(found), f"{found / reachable:.1%}", str(reachable - found),
                      str(every - reachable), style="bold" if name == "all" else "")
    return table


def lines(standing: Standing, most: int, unreachable: bool) -> Iterator[str]:
    """What was met though it cannot be, the holes of each cross, and why others are none."""
    for (name, words), source in standing.surprises.items():
        yield f"\n{name}: {', '.join(words)} was met by {source}, though {standing.reason((name, words))}"
    holes = standing.holes()
    for name, cross in standing.crosses.items():
        own = [each for each in cross.reachable if (name, each) in holes]
        if own:
            yield f"\nholes of {name} ({', '.join(cross.columns)}):"
            yield from (f"  {', '.join(each)}" for each in own[:most])
            if len(own) > most:
                yield f"  and {len(own) - most} more: --holes {len(own)}"
        if unreachable:
            yield f"\nbins of {name} that cannot be met:"
            yield from (f"  {count:6}  {reason}" for reason, count in Counter(cross.bins.values()).most_common()
                        if reason)


def as_data(standing: Standing) -> dict:
    """Everything, for JSON."""
    holes = standing.holes()
    return {name: {
        "columns": cross.columns, "reachable": len(cross.reachable), "met": standing.met(name),
        "first": [[*words, source] for (of, words), source in standing.first.items() if of == name],
        "holes": [words for words in cross.reachable if (name, words) in holes],
        "surprises": [[*words, source] for (of, words), source in standing.surprises.items() if of == name],
        "unreachable": {reason: count for reason, count in Counter(cross.bins.values()).items() if reason},
    } for name, cross in standing.crosses.items()}

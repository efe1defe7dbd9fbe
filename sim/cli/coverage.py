"""`hyacinth coverage`: which combinations of mode, cause, stage, register and outcome runs have met, and the holes."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from ...rtl.config import RAM, CoreConfig, named
from ..campaign.records import BadRecords, Records
from ..coverage.collector import Collector
from ..coverage.page import page
from ..coverage.standing import Met, OtherTable, Standing, unpack
from ..elf import Program, load
from ..engines.engine import EngineError
from ..lockstep.aims import Group, towards
from ..lockstep.random_programs import random_program
from ..machine import Machine
from .plan import probe
from .progress import Bar
from .status import BadInput, Status

MEMORY = 128 << 20
CYCLES, STUCK = 60_000_000, 100_000
"""After which a program is left as it is: what it has met it has met."""
SOME = 12
"""Random programs, where nothing is asked for."""
STEERED = 1 << 20
"""The seed of the first program that aims at holes, and more of them than there are groups of bins."""


@dataclass(frozen=True)
class RandomJob:
    """A random program that is to be run; without `aims` it has those of its seed."""
    seed: int
    aims: tuple[Group, ...] | None = None


@dataclass(frozen=True)
class Source:
    """A program in C or assembler that is to be built first."""
    path: Path

    def built(self) -> Program:
        """The program. Raises BadInput where it cannot be built."""
        from ...sw.build import BuildError, build
        try:
            return program(build(self.path))
        except BuildError as error:
            raise BadInput(f"coverage: {error}") from None


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
        if "core" not in result or named(result["core"]) != standing.config:
            continue  # of another core, or of something that is not counted here
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
    config = standing.config
    asked = options.programs or options.folder or options.random is not None or options.steered is not None
    count, steered = (options.random or 0, options.steered or 0) if asked else (SOME, STEERED)
    jobs: list[tuple[str, Program | RandomJob | Source]] = [(path.name, program(path)) for path in options.programs]
    jobs += [] if asked else [(source.path.stem, source) for source in own_programs(config)]
    jobs += [(f"seed {seed}", RandomJob(seed)) for seed in range(options.seed, options.seed + count)]
    bar = Bar(TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn(),
              TextColumn("{task.fields[text]}"), disable=not jobs and not steered)
    with bar:
        shown = bar.add_task("programs", total=len(jobs), text="")

        def do(source: str, job: Program | RandomJob | Source) -> None:
            standing.add(source, met(config, job))
            bar.update(shown, advance=1, text=f"{len(standing.first)} bins met")

        for source, job in jobs:
            do(source, job)
        more = list(islice(towards(standing.holes(), config), steered))
        bar.update(shown, total=len(jobs) + len(more))
        for n, aims in enumerate(more):
            do(f"steered {n}", RandomJob(STEERED + n, aims))


def own_programs(config: CoreConfig) -> list[Source]:
    """The programs of sw/tests that the core can run."""
    from ...sw.build import needs, programs
    return [Source(path) for path in programs(folders=("tests",))
            if config.hypervisor and all(map(config.has, needs(path)))]


def program(path: Path) -> Program:
    """An ELF program that fits into memory. Raises BadProgram."""
    loaded = load(path)
    loaded.check_fits(RAM.base, MEMORY)
    return loaded


def met(config: CoreConfig, job: Program | RandomJob | Source) -> Iterator[Met]:
    """The bins that a program meets."""
    collector = Collector(config)
    if isinstance(job, Source):
        job = job.built()
    try:
        with Machine(config, memory=MEMORY) as machine:
            if isinstance(job, RandomJob):
                made = random_program(job.seed, config, aims=job.aims)
                machine.load_segments(made.segments, made.entry, tohost=made.tohost)
            else:
                machine.load(job)
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
    reachable, found, every = map(sum, zip(*rows.values(), strict=True))
    rows["all"] = reachable, found, every
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

"""`hyacinth mutants`: which small wrong changes of the hardware the tests notice."""

import random
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, TextColumn, TimeRemainingColumn

from ..lockstep.referee import unavailable
from ..mutants.explorer import SEEDS, Explorer, NoModel
from ..mutants.operators import Mutant, enumerations, mutants
from ..mutants.results import BadResults, Results
from ..mutants.ties import Ties
from ..mutants.trial import Bench, File, Killers, Verdict, digest, files_of
from ..rules import ROOT, BadRules
from .progress import Bar, doing
from .status import BadInput, Status

DEFAULT = ("rtl/mmu", "rtl/csr", "rtl/isa")
LIST = "tests/mutants.toml"
AT_ONCE = 400
"""Mutants in one model."""


def main(options) -> Status:
    """Try mutants, print the score and the survivors; status 1 where one survived that nobody has explained."""
    if not (ROOT / "tests").is_dir():
        raise BadInput("mutants: tests are not part of an installed package; run `hyacinth mutants` in a clone")
    made = chosen(options.sources or DEFAULT, options.sample, options.seed)
    if options.list:
        print("".join(f"{each.path}:{each.line} {each.kind}: {each.shown}\n"
                      for each in sorted(made, key=lambda each: (each.path, each.start))), end="")
        return Status.SUCCESS
    explained = explanations(ROOT)
    if options.known and not options.results.exists():
        raise BadInput(f"mutants: --results {options.results}: there is no such file; leave --known out to make it")
    try:
        results = Results(options.results, ROOT)
    except BadResults as error:
        raise BadInput(f"mutants: --results {error}") from None
    if options.explore:
        explore([each for each in made if each.key not in explained and (
            (verdict := results.verdict(each)) is None or verdict.what == "survived")], results)
    todo = [] if options.known or options.rules else [
        each for each in made if open_still(results.verdict(each), options.again)
        and (options.again or each.key not in explained)]
    if len(todo) < len(made):
        known = sum(results.verdict(each) is not None for each in made)
        print(f"{known} of {len(made)} are known from {options.results}")
    killers = Killers()
    for each in made:
        if verdict := results.verdict(each):
            killers.add(each, verdict.tests)

    def tried(mutant, bench) -> bool:
        if verdict := bench.tried(mutant):
            results.add(mutant, verdict)
        return verdict is None or verdict.what == "survived"

    with_benches(todo, tried, results, options, killers, "survived" if options.within is None else "not seen yet")
    if options.rules:
        return rules(made, results, options, killers)
    survivors = report({each: verdict for each in made if (verdict := results.verdict(each) or (
        Verdict("survived") if each.key in explained else None))}, explained)
    return Status.PROGRAM_FAILED if survivors else Status.SUCCESS


def open_still(verdict: Verdict | None, again: bool) -> bool:
    """Whether a mutant is to be tried."""
    return verdict is None or again and verdict.what == "survived"


@contextmanager
def explorers(todo: list[Mutant]) -> Iterator[Iterator[tuple[Mutant, Explorer]]]:
    """Those of `todo` that can be woven into one model with others, and what tries them, with progress. Raises
    BadInput where no model can be made."""
    if todo and (reason := unavailable()):
        raise BadInput(f"mutants: {reason}")
    todo = [*todo]  # the caller takes from its own what has been tried

    def each() -> Iterator[tuple[Mutant, Explorer]]:
        for at in range(0, len(todo), AT_ONCE):
            with doing(f"one model of {len(todo[at:at + AT_ONCE])} mutants is made"):
                made.append(Explorer(ROOT, todo[at:at + AT_ONCE]))
            with Bar(*columns()) as bar:
                for mutant in bar.track(made[-1].ready, description="programs"):
                    yield mutant, made[-1]
            made.pop().close()

    made: list[Explorer] = []
    try:
        yield each()
    except NoModel as error:
        raise BadInput(f"mutants: {error}") from None
    finally:
        for explorer in made:
            explorer.close()


def explore(todo: list[Mutant], results: Results) -> None:
    """Gives mutants to random programs beside Spike, as far as they can be chosen in a model."""
    with explorers(todo) as ready:
        for mutant, explorer in ready:
            if seen := explorer.tried(mutant):
                results.add(mutant, Verdict("killed", seen, SEEDS))


def rules(made: list[Mutant], results: Results, options, killers: Killers) -> Status:
    """Ties mutants to the rules that unit tests check, and prints which have one."""
    try:
        ties = Ties(ROOT, results)
    except BadRules as error:
        raise BadInput(f"mutants: {error}") from None
    ties.take_known(made)

    def tied(mutant, bench) -> bool:
        before = len(ties.mutants)
        if options.programs:
            ties.tie_programs(mutant, for_programs[mutant.key], lambda names: bench.given_programs(mutant, names))
        else:
            ties.tie(mutant, bench, for_tests[mutant.key])
        return len(ties.mutants) > before

    for_programs, for_tests = by_mutant(ROOT, "programs"), by_mutant(ROOT, "tests")
    todo = [] if options.known else [each for each in made if for_tests[each.key] or (
        options.again or not results.of_marked(each)) and (
        (verdict := results.verdict(each)) is None or verdict.what == "killed")]
    todo.sort(key=lambda each: not for_tests[each.key])
    if options.programs:
        todo = [each for each in made
                if each.key in for_programs and not options.known
                and (options.again or not results.of_programs(each))]
        with explorers(todo) as ready:
            for mutant, explorer in ready:
                ties.tie_programs(mutant, for_programs[mutant.key], partial(explorer.given, mutant))
                todo.remove(mutant)
    with_benches(todo, tied, results, options, killers, "told something new", measure=not options.programs)
    for text in ties.lines():
        print(text)
    return Status.SUCCESS


def chosen(names, sample: int | None, seed: int) -> list[Mutant]:
    """The mutants of the sources that `names` mean, or `sample` of them: of each source its part.

    They come in an order of which each beginning is such a sample, too, so that a run may be stopped anywhere.
    """
    sources = []
    for name in names:
        path = ROOT / name
        found = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
        if not found or not path.resolve().is_relative_to(ROOT / "rtl"):
            raise BadInput(f"mutants: {name}: no source of the hardware; give a file or a folder such as rtl/csr")
        sources += found
    members = enumerations((ROOT / "rtl").rglob("*.py"))
    placed = []
    for path in dict.fromkeys(sources):
        made = list(mutants(path, ROOT, members))
        random.Random(f"{seed} {path.name}").shuffle(made)
        placed += [((number + 0.5) / len(made), each.path, each) for number, each in enumerate(made)]
    return [each for *_, each in sorted(placed, key=lambda place: place[:2])][:sample]


def listed(root: Path, table: str) -> dict[str, list[str]]:
    """A table of the list of mutants: keys of mutants by what is said of them. Raises BadInput."""
    path = root / LIST
    try:
        return tomllib.loads(path.read_text(encoding="utf-8")).get(table, {}) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{LIST}: {error}; mend it") from None


def by_mutant(root: Path, table: str) -> dict[str, list[str]]:
    """The names in a table of the list by the keys of the mutants that they have there."""
    names = defaultdict(list)
    for name, keys in listed(root, table).items():
        for key in keys:
            names[key].append(name)
    return names


def explanations(root: Path) -> dict[str, str]:
    """Why a survivor is no hole, by the mutant's key. Raises BadInput."""
    return {key: reason for reason, keys in listed(root, "explained").items() for key in keys}


def with_benches(todo: list[Mutant], act: Callable[[Mutant, Bench], bool], results: Results, options,
                 killers: Killers, counted: str, *, measure: bool = True) -> None:
    """`act` on every mutant of `todo`, as many at a time as there are jobs, with progress; what it returns is
    `counted`. It is known how long unit tests take, and what they import, if that is to be measured first."""
    if not todo:
        return
    files: dict[str, File] = {}
    made = [Bench(ROOT, files, killers, programs=options.programs, every=options.every_test, within=options.within)
            for _ in range(min(options.jobs, len(todo)))]
    benches: SimpleQueue[Bench] = SimpleQueue()
    try:
        for bench in made:
            benches.put(bench)
        if measure:
            names = dict.fromkeys(name for path in {each.path: None for each in todo} for name in files_of(path, ROOT))
            files |= measured(names, made[0], results)

        def done(mutant):
            bench = benches.get()
            try:
                return act(mutant, bench)
            finally:
                benches.put(bench)

        with Bar(*columns(), TextColumn("{task.fields[count]} " + counted)) as bar, \
                ThreadPoolExecutor(len(made)) as pool:
            task, count = bar.add_task("mutants", total=len(todo), count=0), 0
            try:
                for counts in pool.map(done, todo):
                    count += counts
                    bar.update(task, advance=1, count=count)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for bench in made:
            bench.close()


def columns() -> tuple[ProgressColumn, ...]:
    """What is shown of the progress."""
    return TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()


def measured(names: Iterable[str], bench: Bench, results: Results) -> dict[str, File]:
    """Files of tests, as they are without any change. Raises BadInput where a test fails."""
    found = {}
    hardware = b"".join(path.read_bytes() for path in sorted((ROOT / "rtl").rglob("*.py")))
    with Bar(*columns()) as bar:
        for name in bar.track(list(names), description="tests without any change"):
            beside = [path for path in sorted((ROOT / name).parent.glob("*.py")) if not path.name.startswith("test_")]
            of = f"{name} {digest(b''.join([hardware, *(path.read_bytes() for path in (ROOT / name, *beside))]))}"
            if of not in results.files:
                ran = bench.measured(name)
                if ran.failed:
                    raise BadInput(f"mutants: {next(iter(ran.failed))} fails without any change; mend that first")
                results.add_file(of, File(ran.passed, frozenset(ran.sources)))
            found[name] = results.files[of]
    return found


def report(verdicts: dict[Mutant, Verdict], explained: dict[str, str]) -> list[Mutant]:
    """Prints the score of each file and the survivors; returns those that nobody has explained, and explained ones that
    are no survivors."""
    files = defaultdict(lambda: defaultdict(int))
    survivors, contradicted = [], []
    for mutant, verdict in verdicts.items():
        what = verdict.what
        if what == "survived" and mutant.key in explained:
            what = "explained"
        elif what == "survived":
            survivors.append(mutant)
        elif mutant.key in explained:
            contradicted.append(mutant)
        for name in (mutant.path, "all"):
            files[name][what] += 1
    for name in (*sorted(set(files) - {"all"}), "all"):
        row = files[name]
        counted = row["killed"] + row["survived"]
        score = f"{row['killed'] / counted:.1%}" if counted else "-"
        print(f"{name:30} {row['killed']:5} of {counted:5} killed, {score:>6}  "
              f"({row['equivalent']} equivalent, {row['explained']} explained)")
    for mutant in sorted(survivors, key=lambda each: (each.path, each.start)):
        print(f"survived: {mutant.path}:{mutant.line} {mutant.kind}: {mutant.shown}")
    for mutant in contradicted:
        print(f"explained in {LIST}, but {verdicts[mutant].what}: {mutant.path}:{mutant.line} {mutant.shown}; take it "
              "from the list")
    return survivors + contradicted

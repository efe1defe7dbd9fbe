"""`hyacinth mutants`: which small wrong changes of the hardware the tests notice."""

import json
import random
import tomllib
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from ..mutants.operators import Mutant, enumerations, mutants
from ..mutants.trial import Bench, Verdict, digest
from ..rules import ROOT
from .status import BadInput, Status

DEFAULT = ("rtl/mmu", "rtl/csr", "rtl/isa")
EXPLAINED = "tests/mutants.toml"


def main(options) -> Status:
    """Try mutants, print the score and the survivors; status 1 where one survived that nobody has explained."""
    if not (ROOT / "tests").is_dir():
        raise BadInput("mutants: tests are not part of an installed package; run `hyacinth mutants` in a clone")
    made = chosen(options.sources or DEFAULT, options.sample, options.seed)
    if options.list:
        print("".join(f"{each.path}:{each.line} {each.kind}: {line(each)}\n" for each in made), end="")
        return Status.SUCCESS
    explained = explanations(ROOT)
    results = Results(options.results)
    todo = [each for each in made if results.verdict(each) is None]
    if len(todo) < len(made):
        print(f"{len(made) - len(todo)} of {len(made)} are known from {options.results}")
    try_all(todo, results, options.jobs, options.programs)
    survivors = report({each: verdict for each in made if (verdict := results.verdict(each))}, explained)
    return Status.PROGRAM_FAILED if survivors else Status.SUCCESS


def chosen(names, sample: int | None, seed: int) -> list[Mutant]:
    """The mutants of the sources that `names` mean, or `sample` of them."""
    sources = []
    for name in names:
        path = ROOT / name
        found = sorted(path.rglob("*.py")) if path.is_dir() else [path] if path.is_file() else []
        if not found or not path.resolve().is_relative_to(ROOT / "rtl"):
            raise BadInput(f"mutants: {name}: no source of the hardware; give a file or a folder such as rtl/csr")
        sources += found
    members = enumerations((ROOT / "rtl").rglob("*.py"))
    made = [each for path in dict.fromkeys(sources) for each in mutants(path, ROOT, members)]
    if sample is None or sample >= len(made):
        return made
    return sorted(random.Random(seed).sample(made, sample), key=lambda each: (each.path, each.start))


def explanations(root: Path) -> dict[str, str]:
    """Why a survivor is no hole, by the mutant's key. Raises BadInput."""
    path = root / EXPLAINED
    try:
        groups = tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{EXPLAINED}: {error}; mend it") from None
    return {key: reason for reason, keys in groups.items() for key in keys}


class Results:
    """Verdicts, in a file with a line of JSON for each, so that a run that was killed goes on where it was."""
    def __init__(self, path: Path):
        self.path, self.known, self.sources = path, {}, {}
        if path.exists():
            for text in path.read_text(encoding="utf-8").splitlines():
                try:
                    row = json.loads(text)
                except ValueError:
                    continue  # cut off as the run was killed
                self.known[tuple(row["mutant"])] = Verdict(row["what"], row["test"])

    def _key(self, mutant: Mutant) -> tuple:
        if mutant.path not in self.sources:
            self.sources[mutant.path] = digest((ROOT / mutant.path).read_bytes())
        return mutant.path, self.sources[mutant.path], mutant.start, mutant.before, mutant.after

    def verdict(self, mutant: Mutant) -> Verdict | None:
        """What is known of `mutant`, as long as its source is the same."""
        return self.known.get(self._key(mutant))

    def add(self, mutant: Mutant, verdict: Verdict) -> None:
        """One more."""
        self.known[self._key(mutant)] = verdict
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"mutant": self._key(mutant), "what": verdict.what, "test": verdict.test}) + "\n")


def try_all(todo: list[Mutant], results: Results, jobs: int, programs: bool) -> None:
    """Every mutant of `todo`, `jobs` at a time, with progress."""
    if not todo:
        return
    benches: SimpleQueue[Bench] = SimpleQueue()
    made = [Bench(ROOT, programs) for _ in range(jobs)]
    try:
        for path in sorted({each.path for each in todo}):
            if test := made[0].passes(path):
                raise BadInput(f"mutants: {test} fails without any change; mend that first")
        for bench in made:
            benches.put(bench)

        def tried(mutant):
            bench = benches.get()
            try:
                return mutant, bench.tried(mutant)
            finally:
                benches.put(bench)

        with Progress(*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn(),
                      TextColumn("{task.fields[alive]} survived"), console=Console(stderr=True)) as bar, \
                ThreadPoolExecutor(jobs) as pool:
            task, alive = bar.add_task("mutants", total=len(todo), alive=0), 0
            try:
                for mutant, verdict in pool.map(tried, todo):
                    results.add(mutant, verdict)
                    alive += verdict.what == "survived"
                    bar.update(task, advance=1, alive=alive)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    finally:
        for bench in made:
            bench.close()


def line(mutant: Mutant) -> str:
    """The change in one line."""
    return " ".join(f"{mutant.before}  ->  {mutant.after}".split("\n"))


def report(verdicts: dict[Mutant, Verdict], explained: dict[str, str]) -> list[Mutant]:
    """Prints the score of each file and the survivors; returns those that nobody has explained."""
    files = defaultdict(lambda: defaultdict(int))
    survivors = []
    for mutant, verdict in verdicts.items():
        what = verdict.what
        if what == "survived" and mutant.key in explained:
            what = "explained"
        elif what == "survived":
            survivors.append(mutant)
        for name in (mutant.path, "all"):
            files[name][what] += 1
    for name in (*sorted(set(files) - {"all"}), "all"):
        row = files[name]
        counted = row["killed"] + row["survived"]
        score = f"{row['killed'] / counted:.1%}" if counted else "-"
        print(f"{name:30} {row['killed']:5} of {counted:5} killed, {score:>6}  "
              f"({row['equivalent']} equivalent, {row['explained']} explained)")
    for mutant in survivors:
        print(f"survived: {mutant.path}:{mutant.line} {mutant.kind}: {line(mutant)}")
    return survivors

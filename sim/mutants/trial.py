"""One mutant after another: the tests that could see the change, those first that saw others near it."""

import hashlib
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from ...sw.build import cache_directory
from .operators import Mutant
from .worker import CRASH, TIME, Ran, Worker

UNIT = "tests/unit"
TESTS = (
    ("rtl/isa/causes", ("isa", "csr", "pipeline")),
    ("rtl/isa/csr", ("isa", "csr")),
    ("rtl/isa/modes", ("isa", "csr", "pipeline")),
    ("rtl/isa/paging", ("isa", "mmu", "csr")),
    ("rtl/isa/pmp", ("isa", "mmu", "csr")),
    ("rtl/isa/extensions", ("isa", "test_config.py", "test_device_tree.py")),
    ("rtl/isa", ("isa", "units", "pipeline/test_decode.py")),
    ("rtl/device_tree", ("test_device_tree.py",)),
    ("rtl/fabric", ("test_fabric.py", "test_soc.py")),
    ("rtl/soc", ("test_soc.py",)),
    ("rtl/config", ("test_config.py", "test_device_tree.py")),
)
"""Whose tests see changes of a source, below tests/unit, where that is not the folder with its folder's name."""
PROGRAMS = "tests/programs/test_programs_on_the_machine.py"
PROGRAM = f"{PROGRAMS}::test_a_program_passes_on_the_machine"
PATIENCE, MODEL = 60.0, 1800.0
"""Seconds after which a test has failed, unless it takes long without a change, too: what hangs is noticed; and a
program with the building of its model."""
NEAR, QUICK = 12, 0.1
"""Tests that saw mutants near this one, which are given it first; and seconds: no longer one runs before all others."""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant.

    Parameters
    ----------
    what : str
        "killed", "survived", or "equivalent": the same netlists in every named configuration.
    tests : dict
        Those that failed, with the name of the exception.
    given : int
        How many tests it was given.
    """
    what: str
    tests: dict[str, str] = field(default_factory=dict)
    given: int = 0

    @property
    def precise(self) -> bool:
        """Whether it says something of the rules that its tests check: a value was wrong in some tests, and at least
        as many others passed. What breaks every test would be seen by one that checks nothing."""
        return (self.what == "killed" and 2 * len(self.tests) <= self.given
                and not {*self.tests.values()} & {TIME, CRASH})


def nearest_tests(path: str) -> list[str]:
    """The tests of tests/unit that could see a change of the source at `path`, the nearest first."""
    for beginning, names in TESTS:
        if path.startswith(beginning):
            return [f"{UNIT}/{name}" for name in names]
    return [f"{UNIT}/{path.split('/')[1]}"]


class Killers:
    """Which tests saw mutants of a source, and at which lines: what was seen by one is likely to be seen again."""
    def __init__(self):
        self.seen: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))

    def add(self, mutant: Mutant, tests: Iterable[str]) -> None:
        """These saw `mutant`."""
        for test in tests:
            if "::" in test:
                self.seen[mutant.path][test].add(mutant.line)

    def near(self, mutant: Mutant) -> list[str]:
        """Tests that saw others of the same source, the nearest first."""
        distance = {test: min(abs(mutant.line - line) for line in lines)
                    for test, lines in self.seen[mutant.path].items()}
        return sorted(distance, key=lambda test: distance[test])[:NEAR]


def own(test: str, path: str) -> bool:
    """Whether a test, or a file of tests, has the name of the source at `path`."""
    return f"/test_{Path(path).name}" in test


def varied(seconds: dict[str, float], path: str) -> list[str]:
    """Tests by name, in an order in which one is soon found that fails: those that have the name of the source at
    `path`, then one row of each parametrised test, the shortest first, then the second rows."""
    rows: dict[str, int] = defaultdict(int)
    key = {}
    for name in seconds:
        function = name.split("[")[0]
        key[name] = not own(name, path), rows[function], seconds[name]
        rows[function] += 1
    return sorted(seconds, key=lambda name: key[name])


@dataclass(frozen=True)
class File:
    """A file of tests: how many seconds each takes without any change, and the sources that it imports. One that does
    not import a source sees no change of it."""
    seconds: dict[str, float]
    sources: frozenset[str]


def files_of(path: str, root: Path) -> list[str]:
    """The files of the tests that could see a change of the source at `path`, the nearest first."""
    return [found.relative_to(root).as_posix() for test in nearest_tests(path)
            for found in (sorted((root / test).rglob("test_*.py")) if (root / test).is_dir() else [root / test])]


class Bench:
    """Tries mutants, one by one.

    Parameters
    ----------
    root : Path
        The clone. Nothing is written there.
    files : dict
        A File by name, of all that could see the mutants.
    killers : Killers
        What is known of other mutants.
    programs : bool
        Whether what no unit test sees is also given to the programs of sw/tests, on a model of the mutant.
    every : bool
        Whether a mutant is given to the other tests, too, when one has failed.
    within : float or None
        Seconds for the tests of one mutant.
    """
    def __init__(self, root: Path, files: dict[str, File], killers: Killers, *, programs: bool = False,
                 every: bool = False, within: float | None = None):
        self.root, self.files, self.killers, self.programs, self.every = root, files, killers, programs, every
        self.within = within
        self.worker = Worker(root)
        self.netlists: list[str] | None = None

    def close(self) -> None:
        """Nothing is left behind."""
        self.worker.close()

    def measured(self, file: str) -> Ran:
        """A file of tests without any change."""
        return self.worker.ask([file], limit=MODEL)

    def _ask(self, mutant: Mutant, tests=(), **how) -> Ran:
        source = mutant.applied((self.root / mutant.path).read_bytes()).decode()
        return self.worker.ask(tests, path=mutant.path, source=source, **how)

    def _seeing(self, mutant: Mutant) -> list[str]:
        return [name for name in files_of(mutant.path, self.root)
                if name in self.files and mutant.path in self.files[name].sources]

    def tried(self, mutant: Mutant) -> Verdict | None:
        """The verdict on one mutant; None where its tests did not end in time."""
        files = self._seeing(mutant)
        seconds = {test: each for name in files for test, each in self.files[name].seconds.items()}
        near = [name for name in self.killers.near(mutant) if name in seconds]
        order = sorted(dict.fromkeys([*near, *varied(seconds, mutant.path)]), key=lambda name: seconds[name] > QUICK)
        how = {"every": self.every, "limit": _patience(seconds), "within": self.within}
        ran = Ran()
        # To read all files takes longer than the test does that most mutants fail.
        first = [name for name in order if name in near or own(name, mutant.path) and seconds[name] <= QUICK]
        if first and not self.every:
            nearest = list(dict.fromkeys(name.split("::")[0] for name in first))
            ran = self._ask(mutant, nearest, order=first, only=True, **how)
        if not ran.failed and not ran.cut:
            more = self._ask(mutant, files, order=order, but=ran.passed, **how)
            ran = Ran(ran.passed | more.passed, more.failed, cut=more.cut)
        given = len(ran.passed) + len(ran.failed)
        if ran.failed:
            self.killers.add(mutant, ran.failed)
            return Verdict("killed", ran.failed, given)
        if ran.cut:
            return None
        if self.same(mutant):
            return Verdict("equivalent", {}, given)
        if self.programs and (ran := self._on_the_machine(mutant)).failed:
            return Verdict("killed", ran.failed, given)
        return Verdict("survived", {}, given)

    def given(self, mutant: Mutant, names: list[str], others: int = 0, *, wherever: bool = False) -> Verdict:
        """What all tests of these names say of a mutant, of files that could see it, and as many `others` of these
        files, drawn at random; `wherever`: the tests of these names may be anywhere."""
        files = self._seeing(mutant)
        names = [name for name in names if wherever or name.split("::")[0] in files]
        if not names:
            return Verdict("survived")
        rest = [test for file in files for test in self.files[file].seconds
                if test not in names and test.split("[")[0] not in names]
        names = [*names, *Random(mutant.key).sample(rest, min(others, len(rest)))]
        files = list(dict.fromkeys(name.split("::")[0] for name in names))
        longest = _patience({test: seconds for name in files if name in self.files
                             for test, seconds in self.files[name].seconds.items()})
        ran = self._ask(mutant, files, order=names, only=True, every=True, limit=longest)
        return Verdict("killed" if ran.failed else "survived", ran.failed, len(ran.passed) + len(ran.failed))

    def same(self, mutant: Mutant) -> bool:
        """Whether the named configurations are made of the same netlists as without the change."""
        if self.netlists is None:
            self.netlists = self.worker.ask(netlists=True, limit=MODEL).netlists
        return self._ask(mutant, netlists=True, limit=MODEL, digests=self.netlists).netlists == self.netlists

    def given_programs(self, mutant: Mutant, names: list[str]) -> Verdict:
        """What these programs say of a mutant, each by the name of its source in sw/tests without an ending."""
        ran = self._on_the_machine(mutant, order=[f"{PROGRAM}[{name}]" for name in names], only=True, every=True)
        return Verdict("killed" if ran.failed else "survived", ran.failed, len(ran.passed) + len(ran.failed))

    def _on_the_machine(self, mutant: Mutant, **how) -> Ran:
        """What programs of sw/tests say of a model of the mutant, which is not kept."""
        with tempfile.TemporaryDirectory(prefix="hyacinth-mutant-") as folder:
            ran = self._ask(mutant, [PROGRAMS], limit=MODEL, cache=own_cache(Path(folder)), **how)
            for made in Path(folder).glob("runtime*"):  # is the same for all models
                if made.is_dir() and not made.is_symlink():
                    with suppress(OSError):
                        made.rename(cache_directory() / made.name)
            return ran


def own_cache(folder: Path) -> str:
    """Makes of the empty `folder` a cache that has all that is the same for every model, and no model."""
    for entry in cache_directory().iterdir():
        if entry.name.startswith(("zig", "runtime", "objects", "programs")):
            (folder / entry.name).symlink_to(entry)
    return str(folder)


def _patience(seconds: dict[str, float]) -> float:
    """Seconds that a test is waited for."""
    return max(PATIENCE, 5 * max(seconds.values(), default=0))


def digest(source: bytes) -> str:
    """By which a source is known again."""
    return hashlib.sha256(source).hexdigest()[:16]

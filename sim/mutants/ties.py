"""Mutants and the rules of the manual: for which rules has a test, marked with the rule, seen a wrong change."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random

from ..rules import standing
from .operators import Mutant
from .results import Results
from .trial import PROGRAMS, UNIT, Bench, Verdict

CHAPTERS = ("hypervisor", "supervisor", "machine")
"""Those that speak of modes, traps and translation."""

SOURCES = "sw/tests"
FEW = 6
"""Others of them, which show that a mutant does not break every test, or every program."""


class Ties:
    """Which mutant each rule is tied to.

    Parameters
    ----------
    root : Path
        The clone.
    results : Results
        What is known.
    """
    def __init__(self, root: Path, results: Results):
        self.root, self.results = root, results
        chapters = standing(root)
        self.chapters = {name: chapters[name].tested for name in CHAPTERS}
        self.rules: dict[str, set[str]] = defaultdict(set)  # by test
        for tested in self.chapters.values():
            for rule, tests in tested.items():
                for test in tests:
                    self.rules[test].add(rule)
        self.mutants: dict[str, Mutant] = {}

    def take(self, mutant: Mutant, verdict: Verdict) -> None:
        """Ties the rules of the tests that failed, where the verdict says something of them."""
        if verdict.precise:
            for test in verdict.tests:
                for rule in self.rules.get(source_of(test), ()):
                    self.mutants.setdefault(rule, mutant)

    def take_known(self, made: Iterable[Mutant]) -> None:
        """What the results have of these."""
        for mutant in made:
            for verdict in (self.results.verdict(mutant), *self.results.of_marked(mutant),
                            self.results.of_programs(mutant)):
                if verdict:
                    self.take(mutant, verdict)

    def missing(self, folder: str = UNIT) -> list[str]:
        """Tests below `folder` that are marked with rules that no mutant is tied to."""
        return [test for test, rules in self.rules.items() if test.startswith(folder) and rules - self.mutants.keys()]

    def tie(self, mutant: Mutant, bench: Bench, named: Iterable[str] = ()) -> None:
        """Gives a mutant to those of the tests `named` that are marked with a rule that has none, or, where none is
        named, to all such tests that could see it."""
        missing = self.missing()
        if names := [test for test in missing if not named or test in named]:
            verdict = bench.given(mutant, names, FEW, wherever=bool(named))
            self.results.add(mutant, verdict, marked=True)
            self.take(mutant, verdict)

    def tie_programs(self, mutant: Mutant, chosen: list[str], given: Callable[[list[str]], Verdict]) -> None:
        """Gives a mutant to the programs `chosen`, named without their ending, and to a few that should not see it,
        unless all rules of the former have a mutant; `given` says what programs say of it."""
        missing = [Path(name).stem for name in self.missing(SOURCES)]
        if {*chosen} & {*missing}:
            others = [name for name in missing if name not in chosen]
            verdict = given([*chosen, *Random(mutant.key).sample(others, min(FEW, len(others)))])
            self.results.add_of_programs(mutant, verdict)
            self.take(mutant, verdict)

    def lines(self) -> Iterable[str]:
        """The table: of each chapter, its rules that have no mutant, and the mutants of the others."""
        for name, tested in self.chapters.items():
            units = {rule for rule, tests in tested.items() if any(test.startswith(UNIT) for test in tests)}
            tied = tested.keys() & self.mutants.keys()
            yield (f"{name}: {len(tied)} of {len(tested)} tested rules have a mutant that a test marked with the rule "
                   f"sees; {len(tied & units)} of {len(units)} that unit tests check")
            for rule in sorted(tested.keys() - tied):
                how = "" if rule in units else " (programs alone)"
                yield f"  {rule}{how}: none"
            for rule in sorted(tied):
                mutant = self.mutants[rule]
                yield f"  {rule}: {mutant.path}:{mutant.line} {mutant.kind}"


def source_of(test: str) -> str:
    """Under which name the marks of a test are found, which pytest calls so."""
    function = test.split("[")[0]
    if function.startswith(PROGRAMS):
        return f"{SOURCES}/{test.split('[')[1].rstrip(']')}.c"
    return function

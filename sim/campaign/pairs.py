"""Enough combinations of choices that each two meet."""

from collections.abc import Iterable, Sequence
from itertools import combinations


def pairs(every: Iterable[Sequence]) -> list[Sequence]:
    """Combinations out of `every`, such that each two values that are in one of `every`, at two places, are in one of
    these.

    Most mistakes need no more than two conditions at once, and these are far fewer than all combinations of them.
    """
    every = list(every)
    missing = {two for each in every for two in _twos(each)}
    chosen = []
    while missing:
        best = max(every, key=lambda each: len(missing & _twos(each)))
        missing -= _twos(best)
        chosen.append(best)
    return chosen


def _twos(combination: Sequence) -> set:
    return set(combinations(enumerate(combination), 2))

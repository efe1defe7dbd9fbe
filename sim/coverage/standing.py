"""How the coverage of a core stands: what several runs have met together, and where each bin was met first."""

import hashlib
import zlib
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable
from functools import cache

from ...rtl.config import CoreConfig
from .crosses import Bin, crosses

Met = tuple[str, Bin]
"""The name of a cross, and one of its bins."""


class OtherTable(Exception):
    """What was packed belongs to other crosses than those of today."""


class Standing:
    """What has been met.

    Parameters
    ----------
    config : CoreConfig

    Attributes
    ----------
    first : dict of Met to str
        Where each reachable bin was met first.
    counts : Counter of Met
        In how many runs.
    surprises : dict of Met to str
        Where a bin was met that cannot be: a mistake of the table, or of the core.
    runs : int
    """
    def __init__(self, config: CoreConfig):
        self.config, self.crosses = config, crosses(config)
        self.first: dict[Met, str] = {}
        self.counts: Counter[Met] = Counter()
        self.surprises: dict[Met, str] = {}
        self.runs = 0

    def add(self, source: str, bins: Iterable[Met]) -> int:
        """What a run has met, and how it is called; how many of these bins had been holes."""
        self.runs += 1
        before = len(self.first)
        for each in set(bins):
            if self.reason(each):
                self.surprises.setdefault(each, source)
            else:
                self.first.setdefault(each, source)
                self.counts[each] += 1
        return len(self.first) - before

    def reason(self, each: Met) -> str:
        """Why a bin cannot be met, or ""."""
        name, words = each
        return self.crosses[name].bins.get(words, "the table has no such bin")

    def holes(self) -> set[Met]:
        """Every bin that could be met and was not."""
        return {(name, each) for name, cross in self.crosses.items() for each in cross.reachable
                if (name, each) not in self.first}

    def met(self, name: str) -> int:
        """How many bins of a cross were met."""
        return sum(cross == name for cross, _ in self.first)


@cache
def _numbered(config: CoreConfig) -> tuple[tuple[Met, ...], dict[Met, int], str]:
    """The reachable bins in order, their numbers, and by what that order can be known again."""
    every = tuple((name, each) for name, cross in crosses(config).items() for each in cross.reachable)
    return every, {each: n for n, each in enumerate(every)}, hashlib.sha256(repr(every).encode()).hexdigest()[:12]


def pack(bins: Iterable[Met], config: CoreConfig) -> dict:
    """What a run has met, as little plain data."""
    every, numbers, name = _numbered(config)
    marks, others = bytearray(-(-len(every) // 8)), []
    for each in bins:
        n = numbers.get(each)
        if n is None:
            others.append(each)
        else:
            marks[n // 8] |= 1 << n % 8
    packed = {"table": name, "met": b64encode(zlib.compress(bytes(marks), 9)).decode()}
    return packed | ({"surprises": sorted(others)} if others else {})


def unpack(data: dict, config: CoreConfig) -> list[Met]:
    """The bins of `pack`. Raises OtherTable where they cannot be told any more."""
    every, _, name = _numbered(config)
    if data["table"] != name:
        raise OtherTable
    marks = zlib.decompress(b64decode(data["met"]))
    return [each for n, each in enumerate(every) if marks[n // 8] >> n % 8 & 1] + [
        (cross, tuple(words)) for cross, words in data.get("surprises", ())]

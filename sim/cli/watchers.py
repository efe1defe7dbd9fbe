"""Those who watch a run: each takes the records of a batch, in order, and closes what it opened."""

import json
import sys
from pathlib import Path

from ..trace.log import Log
from ..trace.report import Reporter, report
from ..trace.stats import TrapCounter, statistics
from .status import BadInput

LAST = 20
"""Records kept for the report of a machine that is stuck."""


class LogWatcher:
    """Writes --log FILE."""
    def __init__(self, path: Path):
        self.path = path
        try:
            self.log = Log(open(path, "w", encoding="utf-8"))
        except OSError as error:
            raise BadInput(f"--log {path}: cannot be written ({error.strerror}); name another file") from None

    def take(self, records, steps) -> None:
        """Write a line for each record."""
        self.log.take(records)

    def close(self) -> None:
        """The file is whole."""
        self.log.close()


class TrapWatcher:
    """Explains traps, and calls `found` with each.

    Records and walk steps come in two streams; their cycles tell which steps came before a trap.
    """
    def __init__(self, symbols, config, found):
        self.reporter, self.found = Reporter(symbols, config), found

    def take(self, records, steps) -> None:
        """Follow a batch."""
        steps = iter(steps)
        ahead = next(steps, None)
        for record in records:
            while ahead is not None and ahead.cycle <= record.cycle:
                self.reporter.take_step(ahead)
                ahead = next(steps, None)
            if trap := self.reporter.take(record):
                self.found(trap)
        while ahead is not None:
            self.reporter.take_step(ahead)
            ahead = next(steps, None)

    def close(self) -> None:
        """Nothing is open."""


def print_trap(trap) -> None:
    """Explain a trap on standard error, which the guest's console is not on."""
    print(report(trap), end="\n\n", file=sys.stderr)


class StatsWatcher:
    """Counts traps, for --stats FILE."""
    def __init__(self, path: Path, about: dict):
        self.path, self.about, self.traps = path, about, TrapCounter()

    def take(self, records, steps) -> None:
        """Count the traps of a batch."""
        self.traps.take(records)

    def write(self, events, cycles: int, wall_seconds: float, ending) -> None:
        """Write the file."""
        data = statistics(events, self.traps, cycles=cycles, wall_seconds=wall_seconds, **self.about,
                          ending=ending.status.name.lower(), exit_code=ending.code)
        self.path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")

    def close(self) -> None:
        """Nothing is open."""


class LastWatcher:
    """Keeps the last records."""
    def __init__(self):
        self.records: list = []

    def take(self, records, steps) -> None:
        """Keep the last ones of a batch."""
        self.records = [*self.records, *records[-LAST:]][-LAST:]

    def close(self) -> None:
        """Nothing is open."""

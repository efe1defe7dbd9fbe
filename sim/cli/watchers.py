"""Those who watch a run: some take its records one by one, others batches of bytes, which costs nearly nothing."""

import json
import sys
from pathlib import Path

from ...rtl.config import CoreConfig
from ...rtl.isa.causes import Cause
from ..records import RETIRE, RETIRE_FIELDS, RetireRecord
from ..trace.lacking import lacking
from ..trace.log import Log
from ..trace.names import cause_name
from ..trace.report import report
from ..trace.stats import ExitCounter, TrapCounter, statistics
from .status import BadInput

LAST = 20
"""Records kept for the report of a machine that is stuck."""
WORDS = len(RETIRE_FIELDS)


def column(batch: bytes, field: str) -> list[int]:
    """One field of all records of a batch."""
    return memoryview(batch).cast("Q")[RETIRE_FIELDS.index(field)::WORDS].tolist()


def record_at(batch: bytes, index: int) -> RetireRecord:
    """One record of a batch."""
    return RetireRecord._make(RETIRE.unpack_from(batch, index * RETIRE.size))


def trapped(batch: bytes) -> list[RetireRecord]:
    """The records of a batch that are traps."""
    return [record_at(batch, index) for index, flag in enumerate(column(batch, "trapped")) if flag]


class LogWatcher:
    """Writes --log FILE."""
    def __init__(self, path: Path):
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


def print_trap(trap) -> None:
    """Explain a trap on standard error, which the guest's console is not on."""
    print(report(trap), end="\n\n", file=sys.stderr)


class Stats:
    """Counts traps, for --stats FILE; a watcher of batches."""
    def __init__(self, path: Path, **about):
        self.path, self.about, self.traps = path, about, TrapCounter()
        self._first, self._before = 0, {}

    def begin(self, machine) -> None:
        """The run begins, at reset or at a snapshot: what was before is not of this run."""
        self._first, self._before = machine.cycle, machine.events

    def __call__(self, batch: bytes) -> None:
        self.traps.take(trapped(batch))

    def write(self, machine, wall_seconds: float, ending) -> None:
        """Write the file."""
        events = {name: count - self._before[name] for name, count in machine.events.items()}
        data = statistics(events, self.traps, cycles=machine.cycle - self._first, wall_seconds=wall_seconds,
                          from_cycle=self._first, **self.about, ending=ending.status.name.lower(),
                          exit_code=ending.code)
        self.path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


class Last:
    """Keeps the last records, and the last instruction that the core lacks; a watcher of batches.

    Parameters
    ----------
    config : CoreConfig or None
        The core; without it nothing is lacking.

    Attributes
    ----------
    retired : RetireRecord or None
        The last instruction that retired.
    trap : RetireRecord or None
        The first trap since then.
    lacking : RetireRecord or None
        The last trap on an instruction that exists, but not on this core.
    """
    def __init__(self, config: CoreConfig | None = None):
        self._bytes, self.retired, self.trap = b"", None, None
        self.config, self.lacking = config, None

    def __call__(self, batch: bytes) -> None:
        self._bytes = (self._bytes + batch[-LAST * RETIRE.size:])[-LAST * RETIRE.size:]
        flags = column(batch, "trapped")[::-1]
        traps = flags.index(0) if 0 in flags else len(flags)
        if self.config and 1 in flags:
            self.lacking = next((record for record in reversed(trapped(batch))
                                 if record.code == Cause.ILLEGAL_INSTRUCTION and not record.interrupt
                                 and lacking(self.config, record.bits)), self.lacking)
        if traps < len(flags):
            self.retired, self.trap = record_at(batch, len(flags) - 1 - traps), None
        if traps and self.trap is None:
            self.trap = record_at(batch, len(flags) - traps)

    @property
    def records(self) -> list[RetireRecord]:
        """They, the last one last."""
        return list(map(RetireRecord._make, RETIRE.iter_unpack(self._bytes)))


class NthTrap:
    """Finds the cycle of the nth trap; a watcher of batches."""
    def __init__(self, n: int):
        self.n, self.count, self.cycle, self.cause = n, 0, None, ""

    def __call__(self, batch: bytes) -> None:
        traps = trapped(batch)
        if self.count < self.n <= self.count + len(traps):
            found = traps[self.n - self.count - 1]
            self.cycle, self.cause = found.cycle, cause_name(found.interrupt, found.code)
        self.count += len(traps)


class Exits:
    """Counts VM exits; a watcher of batches."""
    def __init__(self):
        self.counter = ExitCounter()

    def __call__(self, batch: bytes) -> None:
        pairs = zip(column(batch, "mode"), column(batch, "mode_after"), strict=True)
        self.counter.take(record_at(batch, index) for index, (mode, after) in enumerate(pairs) if (mode ^ after) & 4)


class Check:
    """Gives the records to the referee; a watcher of batches. What it finds is kept in `difference`, not raised."""
    def __init__(self, referee):
        self.referee, self.difference = referee, None

    def __call__(self, batch: bytes) -> None:
        self._ask(self.referee.check, batch)

    def wrote(self, address: int, contents: bytes) -> None:
        """A device has written memory."""
        self._ask(self.referee.wrote, address, contents)

    def finish(self) -> int | None:
        """Wait for the last answers; how many records agreed, or None."""
        return self._ask(self.referee.finish)

    def _ask(self, question, *arguments):
        from ..lockstep.referee import Difference
        if self.difference is None:
            try:
                return question(*arguments)
            except Difference as difference:
                self.difference = difference
        return None

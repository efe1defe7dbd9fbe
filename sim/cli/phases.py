"""The parts of a boot: what each cost, told by what the console says."""

import sys
import time

TAIL = 256
"""Bytes of console that are kept, so that a text in two pieces is found."""


class Phases:
    """Follows a console, and notes when each part is over.

    Parameters
    ----------
    parts : iterable of (name, text)
        In order; a part is over when the console has said its text, the last one, whose text is None, at the end.
    """
    def __init__(self, parts):
        self.parts, self.rows = list(parts), []
        self._tail, self._before = b"", (0, 0, 0.0)

    @property
    def cycles(self) -> int:
        """Of all parts that are over."""
        return sum(cycles for _, cycles, _, _ in self.rows)

    def begin(self, machine) -> None:
        """The run begins, at reset or at a snapshot."""
        self._before = machine.cycle, machine.events["retired"], time.monotonic()

    def take(self, output: bytes, machine) -> None:
        """Follow what the console has said until now."""
        self._tail += output
        while self.parts and (text := self.parts[0][1]) is not None and (
                at := self._tail.find(text.encode())) >= 0:
            self._tail = self._tail[at + len(text):]
            self._over(machine)
        self._tail = self._tail[-TAIL:]

    def end(self, machine) -> None:
        """The run has ended, in whichever part."""
        if self.parts:
            self._over(machine)

    def _over(self, machine) -> None:
        now = machine.cycle, machine.events["retired"], time.monotonic()
        cycles, instructions, seconds = (new - old for new, old in zip(now, self._before, strict=True))
        self.rows.append((self.parts.pop(0)[0], cycles, instructions, seconds))
        self._before = now

    def print(self) -> None:
        """The table."""
        from rich.console import Console
        from rich.table import Table
        table = Table(title="The boot, part by part")
        table.add_column("part")
        for name in ("instructions", "cycles", "CPI", "seconds", "cycles/s"):
            table.add_column(name, justify="right")
        for name, cycles, instructions, seconds in [*self.rows, ("all", *(
                sum(row[column] for row in self.rows) for column in (1, 2, 3)))]:
            table.add_row(name, f"{instructions:,}", f"{cycles:,}", f"{cycles / instructions:.2f}" if instructions else
                          "", f"{seconds:.1f}", f"{cycles / seconds:,.0f}" if seconds else "")
        Console(width=None if sys.stdout.isatty() else 100).print(table)

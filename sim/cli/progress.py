"""How far a long command is, for whoever looks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

from rich.console import Console
from rich.progress import Progress

from .terminal import REPORT

WIDTH = 120
"""Of a line where there is no terminal."""


class Bar(Progress):
    """rich's Progress on standard error; where that is no terminal, a line every REPORT seconds, and one at the end."""
    def __init__(self, *columns, disable: bool = False):
        console = Console(stderr=True)
        if not console.is_terminal:
            console = Console(stderr=True, width=WIDTH)
        super().__init__(*columns, console=console, disable=disable)
        self._spoke = monotonic()

    def update(self, *arguments, **fields) -> None:
        """As of rich."""
        super().update(*arguments, **fields)
        if not (self.console.is_terminal or self.disable) and monotonic() - self._spoke > REPORT:
            self._spoke = monotonic()
            self.console.print(self.get_renderable())


@contextmanager
def doing(text: str) -> Iterator[Callable[[str], None]]:
    """Shows what lasts while it lasts; yields what changes the text. Where there is no terminal, the text is a line,
    and then the present one is every REPORT seconds.
    """
    console, spoke = Console(stderr=True), 0.0

    def say(what: str) -> None:
        nonlocal spoke
        if monotonic() - spoke > REPORT:
            spoke = monotonic()
            print(what, file=sys.stderr, flush=True)

    if console.is_terminal:
        with console.status(text) as status:
            yield status.update
    else:
        say(text)
        yield say

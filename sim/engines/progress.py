"""What a build of a model is doing, shown on a terminal while it lasts."""

import sys
from typing import Any


class Progress:
    """A context manager; what it yields is called with (what, done, total or None).

    Nothing is shown before the first call, so a model that exists starts in silence. Without a terminal each stage is
    one line on standard error.
    """
    def __enter__(self):
        self._bar: Any = None
        self._task: Any = None
        self._stage = None
        return self

    def __call__(self, what: str, done: int, total: int | None) -> None:
        text = f"Building the model, once: {what}"
        if not sys.stderr.isatty():
            if what != self._stage:
                print(text, file=sys.stderr, flush=True)
        else:
            if self._bar is None:
                self._start()
            files = f"{done}/{total} files" if total else ""
            self._bar.update(self._task, description=text, completed=done, total=total, files=files)
        self._stage = what

    def _start(self):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
        self._bar = Progress(SpinnerColumn(), TextColumn("{task.description}"), BarColumn(24),
                             TextColumn("{task.fields[files]}"), TimeElapsedColumn(),
                             console=Console(stderr=True), transient=True)
        self._bar.start()
        self._task = self._bar.add_task("", total=None, files="")

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.stop()

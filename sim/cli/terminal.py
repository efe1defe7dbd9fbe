"""The guest's console on the user's terminal."""

import os
import select
import shutil
import sys
import time
from collections.abc import Callable

try:
    import termios
except ImportError:  # not a Unix: input comes line by line
    termios = None

CHUNK = 4096
SILENCE = 1.0
"""Seconds without a word of the guest after which the line of progress appears, where somebody looks."""
REPORT = 10.0
"""Seconds between two lines of progress where nobody does."""


class Terminal:
    """Standard input and output for the guest, as a context manager.

    While it is entered a terminal sends each key at once and does not echo it; Ctrl-C still interrupts. The terminal is
    left as it was found, whatever happens. Where standard input is no terminal, it is read as it is.

    Parameters
    ----------
    source, sink
        In place of standard input and output.
    talks : bool
        A long run: without a terminal, too, it says now and then on standard error how far it is.

    Attributes
    ----------
    typed : list of bytes
        What each call of `read` returned.
    """
    def __init__(self, source=None, sink=None, *, talks=False):
        self.source = sys.stdin if source is None else source
        self.sink = sys.stdout if sink is None else sink
        self._saved, self._ended = None, False
        self._talks, self._spoke, self._shown, self._at_start = talks, time.monotonic(), False, True
        self.typed: list[bytes] = []

    def __enter__(self):
        try:
            self._file = self.source.fileno()
        except (AttributeError, OSError, ValueError):
            self._ended = True
            return self
        if termios is not None and os.isatty(self._file) and os.tcgetpgrp(self._file) == os.getpgrp():
            self._saved = termios.tcgetattr(self._file)
            raw = termios.tcgetattr(self._file)
            raw[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(self._file, termios.TCSADRAIN, raw)
        return self

    def __exit__(self, *_):
        try:
            self._clear()
            self.sink.flush()
        finally:
            if self._saved is not None:
                termios.tcsetattr(self._file, termios.TCSADRAIN, self._saved)
                self._saved = None

    @property
    def interactive(self) -> bool:
        """Whether somebody may type."""
        return self._saved is not None

    def read(self) -> bytes:
        """What has been typed since the last call; never waits."""
        typed = b""
        if not self._ended and select.select([self._file], [], [], 0)[0]:
            typed = os.read(self._file, CHUNK)
            self._ended = not typed
        self.typed.append(typed)
        return typed

    def write(self, data: bytes) -> None:
        """Show what the guest wrote."""
        if data:
            self._clear()
            self.sink.buffer.write(data)
            self.sink.flush()
            self._at_start = data.endswith(b"\n")
            if self.sink.isatty():
                self._spoke = time.monotonic()

    def progress(self, text: Callable[[], str]) -> None:
        """How far the run is: a line that goes when the guest speaks again."""
        now = time.monotonic()
        if self.sink.isatty():
            # Never behind something the guest has written: it may be a prompt.
            if self._at_start and now - self._spoke > SILENCE:
                self._spoke, self._shown = now, True
                # A line that wraps could not be taken back.
                room = shutil.get_terminal_size().columns - len("[]") - 1
                self.sink.write(f"\r\033[K[{text()[:room]}]")
                self.sink.flush()
        elif self._talks and self._at_start and now - self._spoke > REPORT:
            self._spoke = now
            print(f"hyacinth: {text()}", file=sys.stderr, flush=True)

    def _clear(self) -> None:
        if self._shown:
            self.sink.write("\r\033[K")
            self._shown = False


class Replay:
    """Types again what was typed into another Terminal, call by call, and shows nothing."""
    interactive = False

    def __init__(self, typed: list[bytes]):
        self.typed, self._next = typed, iter(typed)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def read(self) -> bytes:
        """What the same call returned then."""
        return next(self._next, b"")

    def write(self, data: bytes) -> None:
        """It has been shown before."""

    def progress(self, text: Callable[[], str]) -> None:
        """So has this."""

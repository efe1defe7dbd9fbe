"""A forked process that tries one mutant, of a process that gets its requests on standard input."""

import os
import select
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


@contextmanager
def forked(act: Callable[[int], None]) -> Iterator[int]:
    """Runs `act`, which gets a file descriptor to write its answer to, in a process of its own; where to read it.

    Nothing else that it prints is seen. It ends, with all that it has started, with the block.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.close(reading)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in 0, 1, 2:
            os.dup2(nothing, stream)
        try:
            act(writing)
        finally:
            os._exit(0)
    os.close(writing)
    try:
        yield reading
    finally:
        os.close(reading)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)


def answers(reading: int, seconds: float) -> bool:
    """Whether something, if only the end, can be read within so many seconds. Ends this process where whoever asks it
    is gone: a request never comes before its predecessor is answered, so that standard input can only have ended."""
    ready = select.select([reading, sys.stdin], [], [], max(0, seconds))[0]
    if sys.stdin in ready:
        sys.exit(1)
    return bool(ready)

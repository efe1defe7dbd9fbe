"""`hyacinth random`: random programs on the core, each instruction compared with Spike."""

import os
import sys
import time
from contextlib import contextmanager

from rich.progress import TextColumn

from ...rtl.config import named
from ..campaign.tasks import Setting, Task
from ..engines.engine import EngineError
from ..lockstep.play import Unfinished, compare, run_alone
from ..lockstep.random_programs import random_programs
from ..lockstep.referee import Difference, RefereeError, unavailable
from .progress import Bar
from .shrink import default_path, offer, shrunk, told
from .status import BadInput, Status


def main(options) -> Status:
    """Run programs until so many instructions have been compared; the first that differs ends it, with a report."""
    if reason := unavailable():
        raise BadInput(reason)
    try:
        return _go_on(options)
    except Failed as failed:
        print(f"hyacinth: seed {failed.seed}: {failed.why}", file=sys.stderr)
        if isinstance(failed.why, Unfinished):
            return Status.STUCK
        task = Task(failed.seed, Setting(options.core, options.memory_latency, options.disturb))
        if not options.shrink:
            offer(task)
        elif saved := shrunk(task, path := default_path(task)):
            print(told(saved, path))
        return Status.DIFFERENCE
    except (EngineError, RefereeError) as error:
        raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None


class Failed(Exception):
    """The program of `seed` showed a Difference, or did not end: `why`."""
    def __init__(self, seed: int, why: Difference | Unfinished):
        self.seed, self.why = seed, why


def _go_on(options) -> Status:
    config = named(options.core)
    compared, begun, spent = 0, time.monotonic(), Spent()
    programs, last = random_programs(options.seed, config), options.seed
    with Bar(TextColumn("{task.description}")) as bar:
        shown = bar.add_task(f"seed {options.seed}", total=options.instructions)
        while compared < options.instructions:
            with spent.on("made"):
                program = next(programs)
            last = program.seed
            try:
                with spent.on("compared"):
                    compared += compare(program, config, options.memory_latency, disturbed=options.disturb)
                if options.plain:
                    with spent.on("alone"):
                        run_alone(program, config, options.memory_latency, options.disturb)
            except (Difference, Unfinished) as why:
                raise Failed(last, why) from why
            rate = compared / (time.monotonic() - begun)
            bar.update(shown, completed=compared, description=
                       f"seed {last}: {compared} of {options.instructions} instructions agree with Spike, "
                       f"{rate / 1000:.0f} k/s")
    print(f"core {options.core}, seeds {options.seed} to {last}: {compared} instructions and traps "
          f"compared with Spike, no difference; {time.monotonic() - begun:.0f} s")
    if options.plain:
        print(spent)
    return Status.SUCCESS


class Spent:
    """Seconds of processor time, Spike's process among it, by what they went to."""
    def __init__(self):
        self.seconds: dict[str, float] = dict.fromkeys(("made", "compared", "alone"), 0.0)

    @contextmanager
    def on(self, what: str):
        """Counts what is within."""
        begun = sum(os.times()[:4])
        yield
        self.seconds[what] += sum(os.times()[:4]) - begun

    def __str__(self):
        made, compared, alone = self.seconds.values()
        return (f"processor time: making the programs {made:.1f} s; running them beside Spike {compared:.1f} s, alone "
                f"{alone:.1f} s: {compared / alone:.2f} times as much")

"""`hyacinth random`: random programs on the core, each instruction compared with Spike."""

import os
import sys
import time
from contextlib import contextmanager

from ...rtl.config import named
from ..campaign.tasks import Setting, Task
from ..engines.engine import EngineError
from ..lockstep.play import Unfinished, compare, run_alone
from ..lockstep.random_programs import random_programs
from ..lockstep.referee import Difference, RefereeError, unavailable
from .shrink import default_path, offer, shrunk, told
from .status import BadInput, Status


def main(options) -> Status:
    """Run programs until so many instructions have been compared; the first that differs ends it, with a report."""
    if reason := unavailable():
        raise BadInput(reason)
    config = named(options.core)
    compared, begun, spent = 0, time.monotonic(), Spent()
    programs = random_programs(options.seed, config)
    while True:
        with spent.on("made"):
            program = next(programs)
        try:
            with spent.on("compared"):
                compared += compare(program, config, options.memory_latency, disturbed=options.disturb)
            if options.plain:
                with spent.on("alone"):
                    run_alone(program, config, options.memory_latency, options.disturb)
        except Difference as difference:
            print(f"\nhyacinth: seed {program.seed}: {difference}", file=sys.stderr)
            task = Task(program.seed, Setting(options.core, options.memory_latency, options.disturb))
            if not options.shrink:
                offer(task)
            elif saved := shrunk(task, path := default_path(task)):
                print(told(saved, path))
            return Status.DIFFERENCE
        except (EngineError, RefereeError) as error:
            raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None
        except Unfinished as problem:
            print(f"\nhyacinth: seed {program.seed}: {problem}", file=sys.stderr)
            return Status.STUCK
        rate = compared / (time.monotonic() - begun)
        print(f"\rseed {program.seed}: {compared} of {options.instructions} instructions agree with Spike, "
              f"{rate / 1000:.0f} k/s", end="", file=sys.stderr, flush=True)
        if compared >= options.instructions:
            print(file=sys.stderr)
            print(f"core {options.core}, seeds {options.seed} to {program.seed}: {compared} instructions and traps "
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

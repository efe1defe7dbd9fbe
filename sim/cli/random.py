"""`hyacinth random`: random programs on the core, each instruction compared with Spike."""

import sys
import time

from ...rtl.config import named
from ..engines.engine import EngineError
from ..lockstep.play import Unfinished, compare
from ..lockstep.random_programs import random_programs
from ..lockstep.referee import Difference, RefereeError, unavailable
from .status import BadInput, Status


def main(options) -> Status:
    """Run programs until so many instructions have been compared; the first that differs ends it, with a report."""
    if reason := unavailable():
        raise BadInput(reason)
    config = named(options.core)
    compared, begun = 0, time.monotonic()
    for program in random_programs(options.seed, config):
        try:
            compared += compare(program, config, options.memory_latency, disturbed=options.disturb)
        except Difference as difference:
            print(f"hyacinth: seed {program.seed}: {difference}", file=sys.stderr)
            return Status.DIFFERENCE
        except (EngineError, RefereeError) as error:
            raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None
        except Unfinished as problem:
            print(f"hyacinth: seed {program.seed}: {problem}", file=sys.stderr)
            return Status.STUCK
        rate = compared / (time.monotonic() - begun)
        print(f"\rseed {program.seed}: {compared} of {options.instructions} instructions agree with Spike, "
              f"{rate / 1000:.0f} k/s", end="", file=sys.stderr, flush=True)
        if compared >= options.instructions:
            print(file=sys.stderr)
            print(f"core {options.core}, seeds {options.seed} to {program.seed}: {compared} instructions and traps "
                  f"compared with Spike, no difference; {time.monotonic() - begun:.0f} s")
            return Status.SUCCESS
    raise AssertionError("random_programs has no end")

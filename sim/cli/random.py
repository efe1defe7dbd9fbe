"""`hyacinth random`: random programs on the core, each instruction compared with Spike."""

import sys
import time

from ...rtl.config import named
from ..engines.engine import EngineError
from ..lockstep.random_programs import random_programs
from ..lockstep.referee import Difference, Referee, RefereeError, unavailable
from ..machine import Machine
from .status import BadInput, Status

MEMORY = 128 << 20
LONGEST = 5_000_000      # cycles; a program takes a tenth of it
STUCK = 100_000          # cycles


def main(options) -> Status:
    """Run programs until so many instructions have been compared; the first that differs ends it, with a report."""
    if reason := unavailable():
        raise BadInput(reason)
    config = named(options.core)
    compared, begun = 0, time.monotonic()
    for program in random_programs(options.seed, config):
        try:
            compared += compare(program, config, options.memory_latency)
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


class Unfinished(Exception):
    """A random program did not say that it is done."""


def compare(program, config, latency: int) -> int:
    """Run one random program beside Spike; the number of records that agreed.

    Raises Difference where they do not, Unfinished where the program does not end.
    """
    with Machine(config, memory=MEMORY, memory_latency=latency) as machine:
        machine.load_segments(program.segments, program.entry, tohost=program.tohost)
        contents = [(address, bytes(data)) for address, data in program.segments]
        with Referee(config, contents, MEMORY, rom=machine.boot_rom, device_tree=machine.device_tree) as referee:
            machine.raw_watchers.append(referee.check)
            outcome = machine.run(max_cycles=LONGEST, stuck_after=STUCK)
            agreed = referee.finish()
        if outcome.exit_code != 0:
            raise Unfinished(f"the program ended with {outcome.end.value} at cycle {outcome.cycle}")
        return agreed

"""Every program of sw/tests and sw/bench ends with 0 on the simulated machine."""

import pytest
from programs.cores import core_for

from hyacinth.sim.machine import End, Machine
from hyacinth.sw.build import build, programs

CYCLES = 60_000_000
"""After which a program has failed."""
AT_COMMIT = ("retired", "trapped", "stall_empty", "stall_memory", "stall_divide", "stall_system")
OF_MEMORY = ("stall_translation", "stall_line", "stall_device")
STUCK = 100_000
"""Cycles without a retirement after which the machine has failed."""


@pytest.mark.parametrize("source", programs(), ids=lambda source: source.stem)
def test_a_program_passes_on_the_machine(source):
    with Machine(core_for(source), memory=16 << 20) as machine:
        machine.load(build(source))
        outcome = machine.run(CYCLES, stuck_after=STUCK)
        console = machine.take_output().decode(errors="replace")
        events, cycles = machine.events, machine.cycle
    assert (outcome.end, outcome.exit_code) == (End.EXITED, 0), console
    # In every cycle, the one in which the run ends among them, one of these is so.
    assert sum(events[name] for name in AT_COMMIT) == cycles + 1
    assert sum(events[name] for name in OF_MEMORY) <= events["stall_memory"]
    assert events["table_read_vs"] + events["table_read_g"] <= events["table_read"]

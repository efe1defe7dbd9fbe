"""Every program of sw/tests and sw/bench ends with 0 on the simulated machine."""

import pytest

from hyacinth.sim.machine import End, Machine
from hyacinth.sw.build import build, programs

CYCLES = 60_000_000
"""After which a program has failed."""
STUCK = 100_000
"""Cycles without a retirement after which the machine has failed."""


@pytest.mark.parametrize("source", programs(), ids=lambda source: source.stem)
def test_a_program_passes_on_the_machine(source):
    with Machine("full", memory=16 << 20) as machine:
        machine.load(build(source))
        outcome = machine.run(CYCLES, stuck_after=STUCK)
        console = machine.take_output().decode(errors="replace")
    assert (outcome.end, outcome.exit_code) == (End.EXITED, 0), console

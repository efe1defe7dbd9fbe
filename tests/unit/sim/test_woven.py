"""Mutants in one model: each is there when it is active, and the source is what it was when none is."""

import ast
from functools import partial
from operator import and_, or_

import pytest
from amaranth.hdl import Module, Signal
from amaranth.sim import Simulator

from hyacinth.sim.mutants.operators import mutants
from hyacinth.sim.mutants.woven import ACTIVE, LONGEST, REACHED, REFUSED, Weaver, either, woven
from hyacinth.sim.rules import ROOT

BOX = '''"""A box."""
from amaranth.hdl import Cat, Mux


def logic(m, a, b, out):
    m.d.comb += [out[0].eq(a & ~b), out[1].eq(Mux(a == b, a, b))]
    with m.If(a | b):
        m.d.comb += out[2].eq(1)
    wide = Cat(a, b)[0:2]
    m.d.comb += out[3].eq(wide.all())
'''


def found(text, folder):
    """The mutants of `text` by number, and the text with all of them."""
    (folder / "box.py").write_text(text)
    numbered = dict(enumerate(mutants(folder / "box.py", folder, {}), 1))
    return numbered, woven(numbered, folder)["box.py"]


def simulated(text, active):
    """What `logic` of `text` computes of all a and b, while the mutants of `active` are active one by one."""
    names = {}
    exec(compile(text, "box.py", "exec"), names)
    m, a, b, out = Module(), Signal(), Signal(), Signal(4)
    names["logic"](m, a, b, out)
    results = {}

    async def drive(ctx):
        for number in active:
            ctx.set(ACTIVE, number)
            for row in range(4):
                ctx.set(a, row & 1)
                ctx.set(b, row >> 1)
                results.setdefault(number, []).append(ctx.get(out))
    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
    return results


@pytest.fixture(autouse=True)
def forgotten():
    """What is reached by one test is not what another has reached."""
    yield
    REACHED.clear()
    REFUSED.clear()


def test_each_mutant_computes_what_its_own_source_does(tmp_path):
    numbered, text = found(BOX, tmp_path)
    plain = simulated(BOX, [0])[0]
    together = simulated(text, [0, *numbered])
    there = REACHED - REFUSED
    assert together[0] == plain and len(there) >= 10
    for number in there:
        alone = simulated(numbered[number].applied(BOX.encode()).decode(), [0])[0]
        assert together[number] == alone, numbered[number].shown
    assert {numbered[number].kind for number in there} >= {
        "operator", "comparison", "negation", "choice", "reduction", "assignment", "element"}


def test_a_mutant_without_a_place_to_choose_is_left_out(tmp_path):
    numbered, text = found('"""A table."""\nTABLE = [1 + 2, 3 == 4]\n\n\ndef f(a):\n    return a[:8 + 1]\n', tmp_path)
    ast.parse(text)
    names = {}
    exec(compile(text, "box.py", "exec"), names)
    assert len(names["f"](Signal(16))) == 9 and not REACHED - REFUSED and numbered


def test_what_breaks_or_has_another_width_is_refused():
    a = Signal(4)
    assert either(lambda: a, {1: lambda: 1 / 0, 2: lambda: a[:3], 3: lambda: None}) is a
    assert REFUSED == {1, 2, 3}


def test_choices_that_build_on_one_another_do_not_grow_without_end():
    a = value = Signal()
    for _ in range(64):
        value = either(partial(or_, value, a), {1: partial(and_, value, a)})
    assert len(repr(value)) < 3 * LONGEST and 1 in REFUSED


def test_every_source_of_the_hardware_can_be_rewritten():
    for path in sorted((ROOT / "rtl").rglob("*.py")):
        numbered = dict(enumerate(mutants(path, ROOT, {}), 1))
        ast.parse(Weaver(path.read_bytes(), numbered).woven())

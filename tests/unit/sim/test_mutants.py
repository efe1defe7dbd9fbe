"""`hyacinth mutants`: each change is one that a designer could have made, and verdicts are right and kept."""

import ast

import pytest

from hyacinth.sim.cli import main
from hyacinth.sim.cli.mutants import Results, chosen, explanations, report
from hyacinth.sim.mutants.operators import Mutant, enumerations, mutants
from hyacinth.sim.mutants.trial import Bench, Verdict, nearest_tests
from hyacinth.sim.rules import ROOT

MEMBERS = {"Mode": ["U", "HS", "M"]}


def changes(folder, text, path="rtl/box.py"):
    """What becomes of `text`, by the kinds of changes."""
    source = folder / path
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text)
    return {(each.kind, each.applied(source.read_bytes()).decode()) for each in mutants(source, folder, MEMBERS)}


@pytest.mark.parametrize("text, kind, after", [
    ("a == b", "comparison", "a != b"), ("a < b", "comparison", "a <= b"), ("a >= b", "comparison", "a > b"),
    ("a & b", "operator", "a | b"), ("a | b", "operator", "a & b"), ("a + b", "operator", "a - b"),
    ("a and b", "operator", "a or b"), ("~a", "negation", "a"), ("not a", "negation", "a"),
    ("f(0)", "constant", "f(1)"), ("f(1)", "constant", "f(0)"), ("f(7)", "constant", "f(8)"),
    ("f(True)", "constant", "f(False)"), ("Mux(a, b, c)", "choice", "Mux(a, c, b)"),
    ("(a | b).any()", "reduction", "(a | b).all()"), ("Mode.U", "member", "Mode.HS"), ("Mode.M", "member", "Mode.U"),
    ("m.d.sync += a.eq(b)", "assignment", "pass"), ("m.d.comb += [a.eq(b), c.eq(d)]", "element",
                                                    "m.d.comb += [c.eq(d)]")])
def test_a_change_of_each_kind(tmp_path, text, kind, after):
    assert (kind, after) in changes(tmp_path, text)


@pytest.mark.parametrize("text, after", [
    ("(Cause.A, Cause.B)", "(Cause.B,)"), ('Field("A", x, legal=y, needs="b.C")', 'Field("A", x, needs="b.C")')])
def test_a_table_may_forget_a_row_or_a_fact(tmp_path, text, after):
    assert after in {changed for _, changed in changes(tmp_path, text, "rtl/isa/box.py")}


@pytest.mark.parametrize("text", ['"""Of 3 & 4."""', "Signal(64)", 'raise ValueError(f"{1}")', "def f(x=3): return x",
                                  "a: In(8)"])
def test_what_is_no_mistake_of_the_design_stays(tmp_path, text):
    assert changes(tmp_path, text) == set()


def test_every_mutant_of_the_hardware_is_a_source_that_python_reads():
    members = enumerations((ROOT / "rtl").rglob("*.py"))
    assert {"Mode", "Cause", "Interrupt"} <= members.keys()
    for path in (ROOT / "rtl").rglob("*.py"):
        source = path.read_bytes()
        for each in list(mutants(path, ROOT, members))[::10]:  # a sample: to read a source takes a while
            assert source[each.start:].startswith(each.before.encode()) and each.before != each.after
            ast.parse(each.applied(source))


def test_the_tests_of_a_source_exist():
    for path in (ROOT / "rtl").rglob("*.py"):
        where = path.relative_to(ROOT).as_posix()
        if where.startswith(("rtl/mmu", "rtl/csr", "rtl/isa", "rtl/pipeline")):
            assert all((ROOT / name).exists() for name in nearest_tests(where)), where


def the_mutant(path, line, after):
    """The mutant that makes `after` of the line that reads so."""
    members = enumerations((ROOT / "rtl").rglob("*.py"))
    [found] = [each for each in mutants(ROOT / path, ROOT, members)
               if line in each.applied((ROOT / path).read_bytes()).decode() and each.after == after]
    return found


def test_a_mutant_is_killed_by_the_test_that_sees_it_and_the_tree_is_left_whole():
    mutant = the_mutant("rtl/isa/modes.py", "return mode[3]", "3")
    before = (ROOT / mutant.path).read_bytes()
    bench = Bench(ROOT, programs=False)
    try:
        bench.original = "not looked at"
        verdict = bench.tried(mutant)
        assert (bench.tree / mutant.path).read_bytes() == before
    finally:
        bench.close()
    assert verdict.what == "killed" and verdict.test.startswith("tests/unit/")
    assert (ROOT / mutant.path).read_bytes() == before and not bench.folder.exists()


def test_verdicts_are_kept_until_the_source_changes(tmp_path):
    one, two = chosen(["rtl/csr/traps.py"], 2, seed=1)
    Results(tmp_path / "m.jsonl").add(one, Verdict("killed", "tests/unit/x.py::test"))
    with open(tmp_path / "m.jsonl", "a") as file:
        file.write('{"mutant": ["cut o')
    again = Results(tmp_path / "m.jsonl")
    assert again.verdict(one) == Verdict("killed", "tests/unit/x.py::test") and again.verdict(two) is None
    again.sources[one.path] = "another"
    assert again.verdict(one) is None


def test_the_score_counts_neither_equivalent_nor_explained_ones(capsys):
    def mutant(n):
        return Mutant("rtl/a.py", n, n, "x", "y", "operator") if n else Mutant("rtl/a.py", 9, 9, "p", "q", "operator")

    verdicts = {mutant(0): Verdict("survived"), mutant(1): Verdict("killed"), mutant(2): Verdict("equivalent"),
                mutant(3): Verdict("survived")}
    assert [each.line for each in report(verdicts, {mutant(0).key: "why"})] == [3]
    assert "1 of     2 killed,  50.0%  (1 equivalent, 1 explained)" in capsys.readouterr().out


def test_every_explanation_is_of_a_mutant_that_exists():
    members = enumerations((ROOT / "rtl").rglob("*.py"))
    there = {each.key for path in (ROOT / "rtl").rglob("*.py") for each in mutants(path, ROOT, members)}
    assert explanations(ROOT).keys() - there == set()


def test_a_source_that_is_none_of_the_hardware_is_named(capsys):
    assert main(["mutants", "sim/rules.py"]) == 2
    assert "sim/rules.py: no source of the hardware" in capsys.readouterr().err

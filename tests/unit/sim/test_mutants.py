"""`hyacinth mutants`: each change is one that a designer could have made, and verdicts are right and kept."""

import ast
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import sleep

import pytest

from hyacinth.sim.cli import main
from hyacinth.sim.cli.mutants import chosen, explanations, listed, report
from hyacinth.sim.mutants.operators import Mutant, enumerations, mutants
from hyacinth.sim.mutants.results import Results
from hyacinth.sim.mutants.ties import FEW, Ties, source_of
from hyacinth.sim.mutants.trial import PROGRAM, Bench, File, Killers, Verdict, files_of, nearest_tests, varied
from hyacinth.sim.mutants.worker import COLLECTION, TIME, Worker
from hyacinth.sim.rules import ROOT, standing

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


def test_a_file_of_tests_is_found_by_its_folder_or_its_name():
    assert files_of("rtl/isa/compressed.py", ROOT)[-1] == "tests/unit/pipeline/test_decode.py"
    assert "tests/unit/mmu/test_tlb.py" in files_of("rtl/mmu/tlb.py", ROOT)


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


@pytest.fixture
def worker():
    made = Worker(ROOT)
    yield made
    made.close()


MODES = "tests/unit/isa/test_causes.py"


def test_a_mutant_is_killed_by_the_test_that_sees_it_and_nothing_is_written():
    mutant = the_mutant("rtl/isa/causes.py", "STORE_GUEST_PAGE_FAULT = 24", "24")
    before = (ROOT / mutant.path).read_bytes()
    killers, files = Killers(), {}
    bench = Bench(ROOT, files, killers)
    try:
        ran = bench.measured(MODES)
        files[MODES] = File(ran.passed, frozenset(ran.sources))
        verdict = bench.tried(mutant)
        [test] = verdict.tests
        again = bench.given(mutant, [test.split("[")[0]])
        beside = bench.given(mutant, [test.split("[")[0]], FEW)
    finally:
        bench.close()
    assert verdict.what == again.what == "killed" and test.startswith("tests/unit/") and test in again.tests
    assert test in beside.tests and beside.given == again.given + FEW
    assert killers.near(mutant) == [test] and (ROOT / mutant.path).read_bytes() == before


def test_without_a_change_all_tests_pass_and_are_timed(worker):
    ran = worker.ask([MODES])
    assert len(ran.passed) > 5 and not ran.failed and all(0 <= each < 60 for each in ran.passed.values())
    assert "rtl/isa/causes.py" in ran.sources and "rtl/pipeline/decode.py" not in ran.sources


def test_tests_run_in_the_order_given_and_stop_at_the_first_that_fails(worker):
    names = list(worker.ask([MODES]).passed)
    source = (ROOT / "rtl/isa/causes.py").read_text() + "\nMEDELEG = ()\n"
    every = worker.ask([MODES], path="rtl/isa/causes.py", source=source, every=True)
    assert len(every.failed) >= 1 and len(every.passed) + len(every.failed) == len(names)
    last = [*every.failed][-1]
    first = worker.ask([MODES], path="rtl/isa/causes.py", source=source, order=[last])
    assert list(first.failed) == [last] and not first.passed
    alone = worker.ask([MODES], order=[names[0].split("[")[0]], only=True)
    assert {name.split("[")[0] for name in alone.passed} == {names[0].split("[")[0]}


def test_a_mutant_that_cannot_be_read_is_noticed_and_so_is_one_that_never_ends(worker):
    assert worker.ask([MODES], path="rtl/isa/causes.py", source="nothing.at_all").failed == {COLLECTION: COLLECTION}
    assert worker.ask([MODES], path="rtl/isa/causes.py", source="while True: pass", limit=3).failed == {
        COLLECTION: TIME}


def test_what_takes_longer_than_it_may_in_all_has_not_failed(worker):
    ran = worker.ask([MODES], path="rtl/isa/causes.py", source="while True: pass", within=2)
    assert ran.cut and not ran.failed and not worker.ask([MODES], within=600).cut


def test_a_worker_whose_parent_is_gone_ends_with_what_it_runs():
    worker = Worker(ROOT)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(worker.ask, [MODES], path="rtl/isa/causes.py", source="while True: pass", limit=600)
        sleep(3)
        children = Path(f"/proc/{worker.process.pid}/task/{worker.process.pid}/children")
        running = children.read_text().split() if children.exists() else []
        worker.process.stdin.close()
        assert worker.process.wait(30) == 1 and isinstance(asked.exception(30), ValueError)
    worker.process.stdout.close()
    assert not any(Path(f"/proc/{child}").exists() for child in running)


def test_an_order_that_soon_finds_what_fails():
    seconds = {"t/test_a.py::f[1]": 1.0, "t/test_a.py::f[2]": 0.5, "t/test_a.py::g": 2.0, "t/test_box.py::h": 9.0}
    assert varied(seconds, "rtl/box.py") == ["t/test_box.py::h", "t/test_a.py::f[1]", "t/test_a.py::g",
                                             "t/test_a.py::f[2]"]


def test_a_sample_has_its_part_of_each_source_and_grows_by_adding():
    all_of = chosen(["rtl/mmu"], None, 0)
    few, more = chosen(["rtl/mmu"], 60, 0), chosen(["rtl/mmu"], 200, 0)
    assert few == more[:60] == all_of[:60] and chosen(["rtl/mmu"], 60, 1) != few
    for path in {each.path for each in all_of}:
        part, whole = (sum(each.path == path for each in some) for some in (more, all_of))
        assert abs(part - 200 * whole / len(all_of)) <= 1


def test_verdicts_are_kept_until_the_source_changes(tmp_path):
    one, two = chosen(["rtl/csr/traps.py"], 2, seed=1)
    verdict = Verdict("killed", {"tests/unit/x.py::test": "AssertionError"}, 3)
    Results(tmp_path / "m.jsonl", ROOT).add(one, verdict)
    Results(tmp_path / "m.jsonl", ROOT).add(one, verdict, marked=True)
    Results(tmp_path / "m.jsonl", ROOT).add_file("tests", File({"a": 1.5}, frozenset({"rtl/a.py"})))
    with open(tmp_path / "m.jsonl", "a") as file:
        file.write('{"mutant": ["cut o')
    again = Results(tmp_path / "m.jsonl", ROOT)
    assert again.verdict(one) == verdict and again.of_marked(one) == [verdict] and again.verdict(two) is None
    assert again.files == {"tests": File({"a": 1.5}, frozenset({"rtl/a.py"}))}
    again.sources[one.path] = "another"
    assert again.verdict(one) is None


def test_what_a_test_of_a_rule_has_seen_is_killed_and_what_it_has_not_seen_is_not_known(tmp_path):
    one, two = chosen(["rtl/csr/traps.py"], 2, seed=1)
    results = Results(tmp_path / "m.jsonl", ROOT)
    results.add(one, Verdict("killed", {"tests/unit/x.py::test": "AssertionError"}, 3), marked=True)
    results.add(two, Verdict("survived", {}, 3), marked=True)
    assert results.verdict(one).what == "killed" and results.verdict(two) is None


@pytest.mark.parametrize("tests, given, precise", [
    ({"a": "AssertionError"}, 2, True), ({"a": "AssertionError"}, 1, False), ({"a": TIME}, 9, False)])
def test_what_breaks_every_test_says_nothing_of_a_rule(tests, given, precise):
    assert Verdict("killed", tests, given).precise == precise


def test_a_rule_is_tied_to_a_mutant_that_its_test_sees(tmp_path):
    ties = Ties(ROOT, Results(tmp_path / "m.jsonl", ROOT))
    test = next(test for test in ties.missing() if test.startswith("tests/unit/csr"))
    [mutant] = chosen(["rtl/csr/traps.py"], 1, seed=1)
    ties.take(mutant, Verdict("killed", {f"{test}[row]": "AssertionError"}, 2))
    assert ties.mutants and ties.mutants.keys() == ties.rules[test] and test not in ties.missing()
    assert any(mutant.path in text for text in ties.lines())


def test_the_marks_of_a_program_are_found_by_its_test():
    name = "tests/programs/test_programs_on_the_machine.py::test_a_program_passes_on_the_machine[wfi]"
    assert source_of(name) == "sw/tests/wfi.c" and source_of("tests/unit/a.py::b[c]") == "tests/unit/a.py::b"


def test_the_score_counts_neither_equivalent_nor_explained_ones(capsys):
    def mutant(n):
        return Mutant("rtl/a.py", n, n, "x", "y", "operator") if n else Mutant("rtl/a.py", 9, 9, "p", "q", "operator")

    verdicts = {mutant(0): Verdict("survived"), mutant(1): Verdict("killed"), mutant(2): Verdict("equivalent"),
                mutant(3): Verdict("survived")}
    assert [each.line for each in report(verdicts, {mutant(0).key: "why"})] == [3]
    assert "1 of     2 killed,  50.0%  (1 equivalent, 1 explained)" in capsys.readouterr().out
    wrong = Mutant("rtl/b.py", 4, 4, "x", "y", "operator")
    assert report({wrong: Verdict("killed")}, {wrong.key: "why"}) == [wrong]
    assert "explained in tests/mutants.toml, but killed: rtl/b.py:4" in capsys.readouterr().out


def test_every_mutant_that_is_listed_exists_and_so_does_its_program():
    members = enumerations((ROOT / "rtl").rglob("*.py"))
    there = {each.key for path in (ROOT / "rtl").rglob("*.py") for each in mutants(path, ROOT, members)}
    programs, tests = listed(ROOT, "programs"), listed(ROOT, "tests")
    assert explanations(ROOT).keys() - there == set()
    assert {key for keys in (*programs.values(), *tests.values()) for key in keys} - there == set()
    assert tests.keys() - {test for chapter in standing(ROOT).values() for each in chapter.tested.values()
                           for test in each} == set()
    assert programs.keys() - {path.stem for path in (ROOT / "sw/tests").glob("*.c")} == set()


def test_a_mutant_is_given_to_its_programs_and_to_a_few_others_as_long_as_a_rule_lacks_one(tmp_path):
    def given(names):
        asked.append(names)
        return Verdict("killed", {f"{PROGRAM}[{name}]": "AssertionError" for name in failing}, len(names))

    asked, failing = [], ["wfi_traps_by_tw_and_vtw"]
    results = Results(tmp_path / "m.jsonl", ROOT)
    ties, (one, two) = Ties(ROOT, results), chosen(["rtl/csr/access.py"], 2, seed=1)
    ties.tie_programs(one, failing, given)
    assert asked[0][0] == failing[0] and len({*asked[0]}) == 1 + FEW
    assert "sw/tests/wfi_traps_by_tw_and_vtw.c" not in ties.missing("sw/tests")
    ties.tie_programs(two, failing, given)
    assert len(asked) == 1 and results.of_programs(two) is None
    again = Ties(ROOT, Results(tmp_path / "m.jsonl", ROOT))
    again.take_known([one])
    assert again.mutants == ties.mutants


def test_a_mutant_is_given_to_the_tests_that_are_named_for_it_or_to_all_whose_rules_lack_one(tmp_path):
    class Given:
        def given(self, mutant, names, others, *, wherever):
            asked.append((names, wherever))
            return Verdict("survived")

    asked = []
    ties, [mutant] = Ties(ROOT, Results(tmp_path / "m.jsonl", ROOT)), chosen(["rtl/csr/access.py"], 1, seed=1)
    ties.tie(mutant, Given())
    one = ties.missing()[3]
    ties.tie(mutant, Given(), [one, "tests/unit/a.py::none"])
    ties.tie(mutant, Given(), ["tests/unit/a.py::none"])
    assert asked == [(ties.missing(), False), ([one], True)]


def test_a_source_that_is_none_of_the_hardware_is_named(capsys):
    assert main(["mutants", "sim/rules.py"]) == 2
    assert "sim/rules.py: no source of the hardware" in capsys.readouterr().err

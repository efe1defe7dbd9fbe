"""`hyacinth rules`: marks and reasons are found, and no rule that was tested becomes open again."""

import json

import pytest

from hyacinth.sim.cli import main
from hyacinth.sim.rules import ROOT, BadRules, rules, standing

OPEN = ROOT / "tests/rules/open.txt"


def clone(folder, files):
    """A clone with `files`, each a path and a text."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def stands(folder, files, chapter="hypervisor"):
    """How `chapter` stands in such a clone."""
    return standing(clone(folder, files))[chapter]


def test_the_rules_that_are_open_are_those_of_the_list():
    still = {f"{name} {rule}" for name, each in standing().items() for rule in each.open}
    listed = set(OPEN.read_text().split("\n")) - {""}
    assert still - listed == set(), "rules that nothing checks any more"
    assert listed - still == set(), "no longer open: run `hyacinth rules --open > tests/rules/open.txt`"


def test_the_chapters_have_as_many_rules_as_the_manual():
    sizes = {name: len(chapter) for name, chapter in rules().items()}
    assert (sizes["hypervisor"], sizes["supervisor"], sizes["machine"]) == (288, 279, 630)


def test_every_rule_is_in_one_chapter():
    names = [name for chapter in rules().values() for name in chapter]
    assert len(names) == len(set(names))


def test_a_mark_on_a_test_a_class_and_a_module_is_found(tmp_path):
    found = stands(tmp_path, {"tests/unit/test_a.py": '''
import pytest
pytestmark = [pytest.mark.rule("misa_h_op")]

@pytest.mark.rule("hstatus_sz", "hstatus_acc")
@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.rule("hstatus_op"))])
def test_one(x):
    pass

@pytest.mark.rule("H_cause")
class TestMany:
    def test_two(self):
        pass

    def helper(self):
        pass
'''}).tested
    one, two = "tests/unit/test_a.py::test_one", "tests/unit/test_a.py::TestMany::test_two"
    assert found == {"misa_h_op": [two, one], "hstatus_sz": [one], "hstatus_acc": [one], "hstatus_op": [one],
                     "H_cause": [two]}


def test_rules_of_a_program_stand_in_its_first_comment(tmp_path):
    found = stands(tmp_path, {"sw/tests/b.c": "/* What it does.\n   rules: hstatus_sz,\n   hstatus_acc. */\n"
                                              "/* rules: misa_h_op */\nint x;\n"}).tested
    assert found == {"hstatus_sz": ["sw/tests/b.c"], "hstatus_acc": ["sw/tests/b.c"]}


def test_a_reason_answers_for_its_rules(tmp_path):
    found = stands(tmp_path, {"tests/rules/hypervisor.toml": '"XLEN is 64" = ["hstatus_vsxl_32", "hstatus_sz"]\n'})
    assert found.not_applicable == {"hstatus_vsxl_32": "XLEN is 64", "hstatus_sz": "XLEN is 64"}
    assert found.count == 288 and len(found.open) == 286


@pytest.mark.parametrize("files, message", [
    ({"tests/test_a.py": 'import pytest\n@pytest.mark.rule("no_rule")\ndef test_a(): pass\n'},
     "tests/test_a.py::test_a: 'no_rule' is no rule"),
    ({"tests/test_a.py": 'import pytest\n@pytest.mark.rule(NAME)\ndef test_a(): pass\n'},
     "tests/test_a.py:2: rules are named by plain strings, not NAME"),
    ({"sw/tests/a.c": "/* rules: no_rule */"}, "sw/tests/a.c: 'no_rule' is no rule"),
    ({"tests/rules/hypervisor.toml": '"why" = ["no_rule"]'}, "'no_rule' is no rule of this chapter"),
    ({"tests/rules/nothing.toml": ""}, "there is no such chapter"),
    ({"tests/rules/hypervisor.toml": '"why" = ['}, "tests/rules/hypervisor.toml: "),
    ({"tests/rules/hypervisor.toml": '"one" = ["hstatus_sz"]\n"two" = ["hstatus_sz"]'}, "has a reason already"),
    ({"tests/rules/hypervisor.toml": '"why" = ["hstatus_sz"]', "sw/tests/a.c": "/* rules: hstatus_sz */"},
     "hstatus_sz is checked by sw/tests/a.c; take it out here")])
def test_what_is_wrong_is_said_in_one_line(tmp_path, files, message):
    with pytest.raises(BadRules) as error:
        standing(clone(tmp_path, files))
    assert message in str(error.value) and "\n" not in str(error.value)


def test_the_command_prints_counts_lists_and_json(capsys):
    assert main(["rules"]) == 0
    assert "hypervisor" in capsys.readouterr().out
    assert main(["rules", "sstc"]) == 0
    assert capsys.readouterr().out.startswith("sstc: 6 rules")
    assert main(["rules", "--json", "sstc", "hypervisor"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed) == {"sstc", "hypervisor"} and set(printed["sstc"]) == {"tested", "not_applicable", "open"}


def test_an_unknown_chapter_is_named_with_those_there_are(capsys):
    assert main(["rules", "hyper"]) == 2
    assert "there is no chapter 'hyper'; give some of a-st-ext" in capsys.readouterr().err

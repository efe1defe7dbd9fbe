"""The house as a whole: what holds for every file, whichever box it belongs to."""

import ast
import re
from pathlib import Path

import pytest

from hyacinth.sim.cli import main
from hyacinth.sw.build import build, programs

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("rtl", "sim", "boards", "sw", "tests", "docs", ".ci")
TEXT = {".py", ".md", ".c", ".cc", ".h", ".S", ".ld", ".toml", ".txt", ".lpf", ""}
PLACES = (ROOT.glob("*.*"), *((ROOT / folder).rglob("*") for folder in FOLDERS))
FILES = sorted(path for place in PLACES for path in place
               if path.is_file() and path.suffix in TEXT and not {"__pycache__", "build"} & set(path.parts))
MODULES = [path for path in FILES if path.suffix == ".py"]
SHIPPED = [path for path in MODULES if path.relative_to(ROOT).parts[0] in ("rtl", "sim", "boards")]
WORKPLACE = re.compile(r"/(work|root|home|farm)/\w|/tmp/\w|\bsub-?agent|\bAI assistant|\b(this|previous|next) session\b"
                       r"|\bTODO\b|\bFIXME\b|\bXXX\b")
RULE = re.compile(r"\brules? ((?:[\w.-]*_[\w.*-]*(?:,? and |,?\s+(?:#\s*)?)?)+)")
FRAMEWORK = re.compile("elaborate|error|visit_.*|pytest_.*|get_code|find_spec")
"""Methods that Amaranth, argparse, ast, pytest and importlib have documented."""
LONGEST = 400
"""Lines of a file. Most have less than 300."""


def name(path):
    return path.relative_to(ROOT).as_posix()


def lines_with(pattern, paths):
    return [f"{name(path)}:{number}: {line.strip()}" for path in paths
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1) if pattern.search(line)]


def functions(node):
    """The functions of a module or class that others may use."""
    return [inner for inner in node.body if isinstance(inner, ast.FunctionDef) and not inner.name.startswith("_")]


def test_no_file_tells_where_or_how_it_was_written():
    assert lines_with(WORKPLACE, [path for path in FILES if path != Path(__file__).resolve()]) == []


@pytest.mark.parametrize("path", [path for path in SHIPPED if path.read_text().strip()], ids=name)
def test_a_module_says_what_it_is(path):
    text = ast.get_docstring(ast.parse(path.read_text()))
    assert text and text.partition("\n")[0][-1] in ".:,;" or "\n" in text


def test_what_others_may_use_has_a_docstring():
    trees = {path: ast.parse(path.read_text()) for path in SHIPPED}
    classes = {node.name: node for tree in trees.values() for node in tree.body if isinstance(node, ast.ClassDef)}

    def inherits(node, called):
        bases = [classes[base.id] for base in node.bases if isinstance(base, ast.Name) and base.id in classes]
        return any(called in names(base) or inherits(base, called) for base in bases)

    def names(node):
        return [each.name for each in functions(node)] + [each.target.id for each in node.body
                                                          if isinstance(each, ast.AnnAssign)]

    missing = [f"{name(path)}: {each.name}" for path, tree in trees.items() for each in functions(tree)
               if not ast.get_docstring(each) and each.name != "main"]
    for path, tree in trees.items():
        for node in (each for each in tree.body if isinstance(each, ast.ClassDef) and not each.name.startswith("_")):
            missing += [] if ast.get_docstring(node) else [f"{name(path)}: {node.name}"]
            missing += [f"{name(path)}: {node.name}.{each.name}" for each in functions(node)
                        if not ast.get_docstring(each) and not FRAMEWORK.fullmatch(each.name)
                        and not inherits(node, each.name)]
    assert missing == []


def test_packages_are_imported_by_relative_names_or_below_hyacinth():
    assert lines_with(re.compile(r"^\s*(import|from) (rtl|sim|sw|boards)\b"), MODULES) == []


def test_the_hardware_knows_nothing_of_those_who_simulate_it():
    hardware = [path for path in MODULES if name(path).startswith("rtl/")]
    assert lines_with(re.compile(r"^\s*(import|from) (hyacinth|\.*)\.?(sim|boards|sw)\b"), hardware) == []


def test_the_programs_know_nothing_of_those_who_run_them():
    software = [path for path in MODULES if name(path).startswith("sw/")]
    assert lines_with(re.compile(r"^\s*(import|from) (hyacinth|\.*)\.?(sim|boards)\b"), software) == []


def test_every_rule_that_is_named_is_a_rule_of_the_manual():
    # An id with * stands for all that begin so.
    known = {word for path in (ROOT / "rtl/isa/rules").glob("*.txt") for line in path.read_text().splitlines()
             for word in line.split()}
    unknown = []
    for path in SHIPPED:
        for found in RULE.finditer(path.read_text()):
            for rule in re.findall(r"[\w.-]*_[\w.-]*\w\b\*?|\w+_\*", found[1]):
                there = any(each.startswith(rule[:-1]) for each in known) if rule.endswith("*") else rule in known
                unknown += [] if there else [f"{name(path)}: {rule}"]
    assert unknown == []


def test_no_file_is_too_long_to_be_read_at_a_sitting():
    assert [name(path) for path in MODULES if len(path.read_text().splitlines()) > LONGEST
            and not name(path).startswith("tests/")] == []


def blocks(language):
    """The blocks of README.md in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def test_the_readme_needs_two_commands_to_set_everything_up():
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    setting_up = [line for line in commands if line.startswith("python3 -m venv")]
    assert [line.rpartition("&& ")[2] for line in setting_up] == [".venv/bin/hyacinth demo", ".venv/bin/pytest -n 2"]


def test_the_python_of_the_readme_runs(capsys):
    [snippet] = blocks("python")
    exec(compile(snippet, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "exit_code=0" in printed and "\ntrap " in printed


def test_the_c_of_the_readme_runs_as_the_readme_says(tmp_path, monkeypatch, capfd):
    [program] = blocks("c")
    monkeypatch.chdir(tmp_path)
    Path("hello.c").write_text(program)
    assert main(["run", "--traps", "--log", "hello.log", "--stats", "hello.json", str(build("hello.c"))]) == 0
    assert capfd.readouterr().out == "Hello from M-mode\n"
    assert Path("hello.log").stat().st_size and Path("hello.json").stat().st_size


def test_the_wave_of_the_readme_is_made(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    [elf] = [build(source) for source in programs("ecall_from")]
    assert main(["run", "--wave", "trap.fst", "--wave-around-trap", "3", str(elf)]) == 0
    assert {"trap.fst", "trap.sucl", "trap.gtkw"} <= {path.name for path in tmp_path.iterdir()}


def test_the_readme_shows_every_part_of_a_report():
    shown = next(block for block in blocks("") if block.startswith("trap "))
    parts = re.findall(r"^  (\w+)", shown, re.MULTILINE)
    assert parts == ["at", "in", "handler", "why", "address", "wrote", "walk"]

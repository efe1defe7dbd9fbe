"""The normative rules of the manual, and what checks each: marks in tests, and reasons why a rule does not apply.

A test in Python names the rules that it checks by `@pytest.mark.rule("name", …)` (or `pytestmark`, or the `marks` of a
parameter); a program of sw/tests by a line `rules: name, name` in its first comment. tests/rules/CHAPTER.toml gives
reasons, each with the rules that it answers for.
"""

import ast
import re
import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""Of a clone: tests/ is not part of an installed package."""
CHAPTERS = ROOT / "rtl/isa/rules"


class BadRules(Exception):
    """A mark or a reason is wrong; the message says where, and the mend."""


@dataclass(frozen=True)
class Rule:
    """One normative rule. `kind` is "rule", or "choice", "WARL" or "WLRL" where the implementation decides something;
    `anchors` are its places in the manual's text."""
    name: str
    kind: str
    anchors: tuple[str, ...]


@dataclass
class Chapter:
    """What is known of the rules of one chapter. Each is in one of the three."""
    tested: dict[str, list[str]] = field(default_factory=dict)  # rule: tests, as path::function or path
    not_applicable: dict[str, str] = field(default_factory=dict)  # rule: reason
    open: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many rules it has."""
        return len(self.tested) + len(self.not_applicable) + len(self.open)


def rules() -> dict[str, dict[str, Rule]]:
    """Every rule by its name, by chapter, in the manual's order."""
    found = {}
    for path in sorted(CHAPTERS.glob("*.txt")):
        rows = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
        found[path.stem] = {name: Rule(name, kind, tuple(anchors)) for name, kind, *anchors in rows}
    return found


def standing(root: Path = ROOT) -> dict[str, Chapter]:
    """How each rule of each chapter stands in the clone at `root`.

    Raises BadRules where a mark or a reason names no rule, a rule has two reasons, or one that is tested has a reason.
    """
    manual = rules()
    known = {name for chapter in manual.values() for name in chapter}
    marks, reasons = defaultdict(list), _reasons(root, manual)
    for test, name in _marks(root):
        if name not in known:
            raise BadRules(f"{test}: {name!r} is no rule of rtl/isa/rules; correct its name")
        marks[name].append(test)
    found = {}
    for title, chapter in manual.items():
        found[title] = made = Chapter()
        for name in chapter:
            if name in marks and name in reasons:
                raise BadRules(f"tests/rules/{title}.toml: {name} is checked by {marks[name][0]}; take it out here")
            if name in marks:
                made.tested[name] = sorted(set(marks[name]))
            elif name in reasons:
                made.not_applicable[name] = reasons[name]
            else:
                made.open.append(name)
    return found


def _reasons(root: Path, manual: dict[str, dict[str, Rule]]) -> dict[str, str]:
    found = {}
    for path in sorted((root / "tests/rules").glob("*.toml")):
        where = path.relative_to(root)
        if path.stem not in manual:
            raise BadRules(f"{where}: there is no such chapter; give one of {', '.join(manual)}")
        try:
            groups = tomllib.loads(path.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise BadRules(f"{where}: {error}") from None
        for reason, names in groups.items():
            for name in names:
                if name not in manual[path.stem]:
                    raise BadRules(f"{where}: {name!r} is no rule of this chapter; correct its name")
                if name in found:
                    raise BadRules(f"{where}: {name} has a reason already; leave one")
                found[name] = reason
    return found


def _marks(root: Path) -> Iterator[tuple[str, str]]:
    """Each test that names a rule, and the rule."""
    for path in sorted((root / "tests").rglob("*.py")):
        where = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        if "mark.rule" in text:
            yield from _marks_of(where, ast.parse(text, where).body)
    for path in sorted((root / "sw/tests").rglob("*.[cS]")):
        comment = re.match(r"\s*/\*(.*?)\*/", path.read_text(encoding="utf-8"), re.DOTALL)
        if comment and (listed := re.search(r"\brules: ([\w.,\s-]+)", comment[1])):
            for name in re.split(r"[,\s]+", listed[1].strip().rstrip(".")):
                yield path.relative_to(root).as_posix(), name


def _marks_of(where: str, body: Iterable[ast.stmt], inherited: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    """Marks of the tests in a module or class; `inherited` are those of the class, or of all tests of the module."""
    body = list(body)
    for statement in body:
        if isinstance(statement, ast.Assign) and any(isinstance(to, ast.Name) and to.id == "pytestmark"
                                                     for to in statement.targets):
            inherited += tuple(_named(statement.value, where))
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            own = tuple(name for each in statement.decorator_list for name in _named(each, where))
            yield from _marks_of(f"{where}::{statement.name}", statement.body, inherited + own)
        elif isinstance(statement, ast.FunctionDef) and statement.name.startswith("test"):
            own = tuple(name for each in statement.decorator_list for name in _named(each, where))
            yield from ((f"{where}::{statement.name}", name) for name in inherited + own)


def _named(expression: ast.expr, where: str) -> Iterator[str]:
    """The rules that `pytest.mark.rule(...)` names anywhere in an expression."""
    for node in ast.walk(expression):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.rule":
            for argument in node.args:
                if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
                    raise BadRules(f"{where}:{argument.lineno}: rules are named by plain strings, "
                                   f"not {ast.unparse(argument)}")
                yield argument.value

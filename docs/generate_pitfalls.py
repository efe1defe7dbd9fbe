"""docs/pitfalls.md: where hypervisor cores have gone wrong, and the tests that look there (tests/pitfalls.toml)."""

import ast
import tomllib
from collections import defaultdict
from itertools import groupby
from pathlib import Path

from generate_rules import link

INTRODUCTION = """# Pitfalls

Where processors and emulators with the hypervisor extension have gone wrong, some of them more than once, and the tests
that look there. The list is [tests/pitfalls.toml](../tests/pitfalls.toml)."""


def places(root: Path) -> dict[str, str]:
    """Where each test is, by its name: path of a program of sw/tests, path::function of a function in tests/."""
    found = defaultdict(list)
    for path in (root / "sw/tests").glob("*.c"):
        found[path.stem].append(path.relative_to(root).as_posix())
    for path in (root / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
                found[node.name].append(f"{path.relative_to(root).as_posix()}::{node.name}")
    return {name: where[0] for name, where in found.items() if len(where) == 1}


def pages(root: Path) -> dict[str, str]:
    """Path below docs/ and text of the page. Raises KeyError for a test that does not exist, or exists twice."""
    there = places(root)
    lines = [INTRODUCTION]
    listed = tomllib.loads((root / "tests/pitfalls.toml").read_text(encoding="utf-8"))["pitfall"]
    for group, each in groupby(listed, lambda pitfall: pitfall["group"]):
        lines += ["", f"## {group}", ""]
        for pitfall in each:
            lines += [f"- {pitfall['what']}", "  " + ", ".join(link(there[name], "..") for name in pitfall["tests"])]
    return {"pitfalls.md": "\n".join(lines) + "\n"}

"""Pages of docs/rules.md and docs/rules/: how each normative rule of the manual stands."""

import re
from pathlib import Path

from generate_isa import table

from hyacinth.sim.cli.rules import counts
from hyacinth.sim.rules import Chapter, rules, standing

INTRODUCTION = """# The rules of the manual

Each normative rule of the RISC-V manual, in the chapters whose subject this core has, with the tests that check it, or
the reason why there is nothing to check, or *open*. `hyacinth rules` prints the same. A rule's name leads to its place
in the manual's source, `norm:NAME`; how tests name rules stands in [sim/rules.py](../sim/rules.py)."""


def pages(root: Path) -> dict[str, str]:
    """Path below docs/ and text of each page."""
    chapters = standing(root)
    rows = [(f"[{name}](rules/{name}.md)", *map(str, counts(each))) for name, each in chapters.items()]
    rows.append(("all", *map(str, map(sum, zip(*map(counts, chapters.values()), strict=True)))))
    made = {"rules.md": "\n".join([INTRODUCTION, *table("chapter", "rules", "tested", "not applicable", "open",
                                                        rows=rows)]) + "\n"}
    return made | {f"rules/{name}.md": chapter(name, each) for name, each in chapters.items()}


def chapter(name: str, each: Chapter) -> str:
    """The page of a chapter, its rules in the manual's order."""
    rows = []
    for rule in rules()[name].values():
        kind = "" if rule.kind == "rule" else f" ({rule.kind})"
        how = ", ".join(map(link, each.tested[rule.name])) if rule.name in each.tested else \
            f"*not applicable:* {each.not_applicable[rule.name]}" if rule.name in each.not_applicable else "*open*"
        rows.append((f"`{rule.name}`{kind}", how))
    return "\n".join([f"# Rules of {name}", *table("rule", "checked by", rows=rows)]) + "\n"


def link(test: str, root: str = "../..") -> str:
    """A test, as a link to its file; `root` leads from the page to the clone."""
    path, _, function = test.partition("::")
    text = function or Path(path).stem
    return f"[{re.sub('^test_', '', text.split('::')[-1]).replace('_', ' ')}]({root}/{path})"

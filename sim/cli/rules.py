"""`hyacinth rules`: each normative rule of the manual, and what checks it."""

import json

from rich.console import Console
from rich.table import Table

from ..rules import ROOT, BadRules, Chapter, standing
from .status import BadInput, Status


def main(options) -> Status:
    """Print how the rules stand, of all chapters or of those named."""
    if not (ROOT / "tests").is_dir():
        raise BadInput("rules: tests are not part of an installed package; run `hyacinth rules` in a clone")
    try:
        chapters = standing()
    except BadRules as error:
        raise BadInput(f"rules: {error}") from None
    if unknown := [name for name in options.chapters if name not in chapters]:
        raise BadInput(f"rules: there is no chapter {unknown[0]!r}; give some of {', '.join(chapters)}")
    chosen = {name: chapters[name] for name in options.chapters or chapters}
    if options.json:
        print(json.dumps({name: {"tested": each.tested, "not_applicable": each.not_applicable, "open": each.open}
                          for name, each in chosen.items()}, indent=1))
    elif options.open:
        print("".join(f"{name} {rule}\n" for name, each in chosen.items() for rule in each.open), end="")
    elif options.chapters:
        for name, each in chosen.items():
            print("\n".join(lines(name, each)))
    else:
        Console().print(summary(chosen))
    return Status.SUCCESS


def summary(chapters: dict[str, Chapter]) -> Table:
    """The counts of each chapter, and of all."""
    table = Table(box=None, pad_edge=False)
    table.add_column("chapter")
    for name in ("rules", "tested", "not applicable", "open"):
        table.add_column(name, justify="right")
    for name, each in chapters.items():
        table.add_row(name, *map(str, counts(each)))
    table.add_row("all", *map(str, map(sum, zip(*map(counts, chapters.values()), strict=True))), style="bold")
    return table


def counts(chapter: Chapter) -> tuple[int, int, int, int]:
    """Rules, those tested, those that do not apply, and those open."""
    return chapter.count, len(chapter.tested), len(chapter.not_applicable), len(chapter.open)


def lines(name: str, chapter: Chapter) -> list[str]:
    """A chapter rule by rule."""
    tested, aside = len(chapter.tested), len(chapter.not_applicable)
    return [f"{name}: {chapter.count} rules, {tested} tested, {aside} not applicable, {len(chapter.open)} open",
            *(f"  {rule}  {', '.join(tests)}" for rule, tests in chapter.tested.items()),
            *(f"  {rule}  not applicable: {reason}" for rule, reason in chapter.not_applicable.items()),
            *(f"  {rule}  open" for rule in chapter.open)]

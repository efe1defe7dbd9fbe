"""Makes the pages under docs/rtl/, docs/isa/ and docs/rules/, and docs/cores.md, docs/pitfalls.md, docs/rules.md and
docs/sim.md.

    python docs/generate.py

A test makes them again and compares, so a page is never older than what it describes.
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTE = "<!-- Made by docs/generate.py. -->\n\n"


def sentence(path: Path) -> str:
    """The first paragraph of a module's docstring, in one line."""
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return " ".join(text.partition("\n\n")[0].split())


def modules(folder: str) -> str:
    """The page of a package: a table for each folder in it, its modules with their first sentences."""
    lines = [f"# {folder}/"]
    for inner in sorted({path.parent for path in (ROOT / folder).rglob("*.py")}):
        rows = [(path, sentence(path)) for path in sorted(inner.glob("*.py"))]
        where = inner.relative_to(ROOT).as_posix()
        if not any(text for _, text in rows):
            continue
        lines += ["", f"## {where}/", "", "| file | what it is |", "|---|---|"]
        lines += [f"| [{path.name}](../{where}/{path.name}) | {text} |" for path, text in rows if text]
    return "\n".join(lines) + "\n"


def pages() -> dict[str, str]:
    """Every generated page: its path below docs/, and its text."""
    import generate_boxes  # only now, when a clone that is not installed has been put on the path
    import generate_cores
    import generate_isa
    import generate_pitfalls
    import generate_rules
    made = generate_boxes.pages(ROOT) | generate_isa.pages() | generate_rules.pages(ROOT)
    made |= generate_cores.pages(ROOT) | generate_pitfalls.pages(ROOT) | {"sim.md": modules("sim")}
    return {path: NOTE + text for path, text in made.items()}


def main() -> None:
    """Write the pages, and remove those that are made no more."""
    docs, made = ROOT / "docs", pages()
    for old in [*docs.glob("rtl/**/*.md"), *docs.glob("isa/*.md"), *docs.glob("rules/*.md")]:
        if old.relative_to(docs).as_posix() not in made:
            old.unlink()
    for path, text in made.items():
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
        (docs / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "src"))
    main()

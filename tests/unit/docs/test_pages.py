"""The pages of docs/ say what the sources say, and lead somewhere."""

import importlib.util
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]


@pytest.fixture(scope="module")
def made():
    """What docs/generate.py makes now."""
    sys.path.insert(0, str(DOCS))
    try:
        spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module.pages()
    finally:
        sys.path.remove(str(DOCS))


def test_every_generated_page_is_what_the_sources_make_now(made):
    old = [path for path, text in made.items() if not (DOCS / path).exists() or (DOCS / path).read_text() != text]
    assert not old, "run `python docs/generate.py`"


def test_no_generated_page_outlives_its_box(made):
    there = {path.relative_to(DOCS).as_posix() for folder in ("rtl", "isa", "rules")
             for path in (DOCS / folder).rglob("*.md")}
    assert there <= set(made)


def test_the_map_leads_to_every_box(made):
    text = (DOCS / "map.md").read_text()
    assert [path for path in made if path.startswith("rtl/") and f"({path})" not in text] == []


def test_every_link_within_the_repository_leads_somewhere():
    astray = []
    for page in PAGES:
        links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text())]
        astray += [f"{page.relative_to(ROOT)}: {link}" for link in links
                   if link and "://" not in link and not (page.parent / link).exists()]
    assert astray == []

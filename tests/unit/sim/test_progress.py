"""Long commands say how far they are, to a file, too."""

import re

import pytest
from rich.progress import TextColumn

from hyacinth.sim.cli import progress


@pytest.fixture
def at_once(monkeypatch):
    """No time between two lines."""
    monkeypatch.setattr(progress, "REPORT", 0)


def test_a_bar_is_lines_in_a_file(at_once, capsys):
    with progress.Bar(TextColumn("{task.description}")) as bar:
        shown = bar.add_task("none", total=3)
        for number in "one", "two", "three":
            bar.update(shown, description=number, advance=1)
        lines = capsys.readouterr().err.split()
    assert lines == ["one", "two", "three"]
    assert "three" in capsys.readouterr().err


def test_a_bar_says_nothing_in_a_file_until_it_is_time(capsys):
    with progress.Bar(TextColumn("{task.description}")) as bar:
        shown = bar.add_task("one", total=3)
        bar.update(shown, description="two")
        assert capsys.readouterr().err == ""
    assert re.fullmatch(r"two *\n", capsys.readouterr().err)


def test_a_bar_that_is_disabled_says_nothing(at_once, capsys):
    with progress.Bar(TextColumn("{task.description}"), disable=True) as bar:
        bar.update(bar.add_task("one", total=3), advance=1)
    assert capsys.readouterr().err == ""


def test_what_lasts_is_said_in_a_file(capsys, monkeypatch):
    with progress.doing("begun") as say:
        say("too early")
        monkeypatch.setattr(progress, "REPORT", 0)
        say("later")
    assert capsys.readouterr().err.splitlines() == ["begun", "later"]

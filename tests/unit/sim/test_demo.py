"""Tests of the demonstration, run once on the compiled engine: what it prints, and what is in the wave it leaves."""

import re

import pytest

from hyacinth.rtl.isa.causes import Cause
from hyacinth.sim.cli import main
from hyacinth.sim.cli.run import TICKS
from hyacinth.sim.trace.variables import variables


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The folder with demo.fst, and what was printed."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with open(folder / "printed", "w+") as printed:
            patch.setattr("sys.stdout", printed)
            assert main(["demo"]) == 0
            printed.seek(0)
            return folder, printed.read()


def test_the_guests_are_heard_and_their_exits_counted(demo):
    _, text = demo
    assert "[guest 0] user: hello" in text and "[guest 1] user: hello" in text
    assert re.search(r"Load guest-page fault +│ +[1-9]", text)


def test_a_fault_behind_both_stages_is_explained(demo):
    _, text = demo
    report = text.partition("explained:")[2]
    for words in ("guest-page fault", "hedeleg", "walk of", "VS-stage level", "G-stage level", "refused: V = 0"):
        assert words in report


def test_the_wave_shows_that_trap_under_the_cursor(demo):
    folder, text = demo
    pywellen = pytest.importorskip("pywellen")
    cycle, code = map(int, re.search(r"trap \d+ at cycle (\d+): .*\(exception (\d+)\)", text).groups())
    assert Cause(code) in (Cause.LOAD_GUEST_PAGE_FAULT, Cause.STORE_GUEST_PAGE_FAULT)
    assert (folder / "demo.sucl").read_text().splitlines()[-1] == f"cursor_set {cycle * TICKS}"
    found = {variable.full_name: variable for variable in pywellen.Waveform(str(folder / "demo.fst")).all_vars()}
    for name, value in (("trapped", 1), ("code", code), ("mode_after", 1)):
        assert found[f"TOP.retire_payload_{name}"].signal.value_at(cycle * TICKS) == value


def test_the_views_name_only_what_is_in_the_wave(demo):
    folder, _ = demo
    present = {variable.path for variable in variables(folder / "demo.fst")}
    named = re.findall(r"^variable_add (\S+)$", (folder / "demo.sucl").read_text(), re.MULTILINE)
    assert len(named) > 30 and set(named) <= present

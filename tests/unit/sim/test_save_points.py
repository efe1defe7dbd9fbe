"""When a run is saved: what --save-at takes, and that each place is found; on a machine that is not one."""

import os
import signal
from pathlib import Path

import pytest

from hyacinth.sim.cli import save_points as module
from hyacinth.sim.cli.save_points import save_points
from hyacinth.sim.cli.session import Session
from hyacinth.sim.cli.status import BadInput, Status
from hyacinth.sim.cli.terminal import Replay
from hyacinth.sim.machine import End, Outcome
from hyacinth.sim.trace.symbols import Symbols


def points(*wishes, **more):
    return save_points([(where, f"file{number}") for number, where in enumerate(wishes)], Symbols(), {}, **more)


@pytest.mark.parametrize("where, kind, value", [
    ("7", "cycle", 7), ("007", "cycle", 7), ("1_000", "cycle", 1000), ("cycle:0x10", "cycle", 16), ("0", "cycle", 0),
    ("0x8000_0010", "pc", 0x8000_0010), ("pc:16", "pc", 16), ("0XaB", "pc", 0xab), ("end", "end", None),
    ("1__0", "text", "1__0"), ("0x", "text", "0x"), (" 5", "text", " 5"), ("\u0663", "text", "\u0663"),
    ("text:7", "text", "7")])
def test_a_place_is_what_it_looks_like(where, kind, value):
    [point] = points(where)
    assert (point.kind, point.value, point.path) == (kind, value, Path("file0"))


def test_a_run_watches_one_pc():
    with pytest.raises(BadInput, match="0x10, 0x20 are 2 pcs, and a run watches one; save the others in runs of their"):
        points("0x10", "0x20", "5")
    assert len(points("0x10", "pc:16", "5")) == 2 + 1


def test_a_cycle_before_the_snapshots_is_refused():
    with pytest.raises(BadInput, match="--save-at 5: the snapshot is of cycle 1000; give that one or a later one"):
        points("cycle:5", first=1000)
    assert points("1000", "0x10", first=1000)


class Talker:
    """A machine that says something in each step, and then has ended well."""
    events, last_record = dict.fromkeys(("retired", "trapped", "stall_system"), 0), None

    def __init__(self, *says):
        self.cycle, self.says = 0, list(says)

    def give_input(self, typed):
        """Nothing is typed."""

    def run(self, step, **_):
        """One cycle."""
        self.cycle += 1
        return Outcome(End.CYCLES, self.cycle) if self.says else Outcome(End.EXITED, self.cycle, 0)

    def take_output(self):
        """What it says in this step."""
        return self.says.pop(0) if self.says else b""


@pytest.fixture
def saved(monkeypatch):
    """Cycle and file of each snapshot, none of which is made."""
    made = []
    monkeypatch.setattr(module, "save", lambda machine, path, **_: made.append((machine.cycle, str(path))))
    return made


def run(machine, *wishes):
    return Session(machine, Replay([]), Symbols(), max_cycles=None, stuck_after=1000, step=100,
                   save_points=points(*wishes)).run()


def test_a_text_in_two_pieces_is_found_once(saved):
    assert run(Talker(b"in two pi", b"ec", b"es", b"in two pieces"), "in two pieces").status == Status.SUCCESS
    assert saved == [(3, "file0")]


def test_a_character_in_two_pieces_is_found(saved):
    run(Talker(b"gr\xc3", b"\xbc\xc3\x9fe\n", b"\xff"), "gr\u00fc\u00dfe", "\udcff")
    assert saved == [(2, "file0"), (3, "file1")]


def test_a_text_may_be_longer_than_a_screen(saved):
    run(Talker(*[b"x" * 1000] * 3, b"y"), f"{'x' * 2900}y")
    assert saved == [(4, "file0")]


def test_the_cycle_at_which_a_run_begins_may_be_saved(saved):
    run(Talker(b""), "0", "end")
    assert saved == [(0, "file0"), (2, "file1")]


def test_a_signal_within_the_last_snapshot_waits_for_it(saved, monkeypatch):
    def save(machine, path, **_):
        os.kill(os.getpid(), signal.SIGTERM)
        saved.append(path)
    monkeypatch.setattr(module, "save", save)
    ending = run(Talker(b""), "end")
    assert (ending.status, ending.text) == (Status.INTERRUPTED, "interrupted at cycle 2") and len(saved) == 1

"""The parts of a boot end where the console says so."""

from types import SimpleNamespace

from hyacinth.sim.cli.phases import Phases


def test_each_part_ends_with_its_text_and_the_last_one_with_the_run(capsys):
    machine = SimpleNamespace(cycle=0, events={"retired": 0})
    phases = Phases([("firmware", "Linux version"), ("kernel", "user space"), ("guest", "Linux version"),
                     ("end", None)])
    phases.begin(machine)
    for output, machine.cycle, machine.events["retired"] in (
            (b"OpenSBI\nLinux ver", 100, 10), (b"sion 6", 200, 30), (b"", 250, 40),
            (b"user space\nLinux version 6", 1000, 300), (b"Linux version again", 1200, 350)):
        phases.take(output, machine)
    machine.cycle = 1500
    phases.end(machine)
    assert [row[:3] for row in phases.rows] == [
        ("firmware", 200, 30), ("kernel", 800, 270), ("guest", 0, 0), ("end", 500, 50)]
    assert phases.cycles == 1500
    phases.print()
    assert "1,500" in capsys.readouterr().out


def test_a_run_that_ends_early_has_the_parts_that_there_were():
    machine = SimpleNamespace(cycle=0, events={"retired": 0})
    phases = Phases([("firmware", "Linux version"), ("kernel", None)])
    phases.begin(machine)
    machine.cycle, machine.events = 70, {"retired": 7}
    phases.take(b"nothing", machine)
    phases.end(machine)
    assert [row[:3] for row in phases.rows] == [("firmware", 70, 7)]


def test_what_was_before_a_snapshot_is_of_no_part():
    machine = SimpleNamespace(cycle=1000, events={"retired": 100})
    phases = Phases([("from the snapshot on", None)])
    phases.begin(machine)
    machine.cycle, machine.events = 1070, {"retired": 107}
    phases.end(machine)
    assert [row[:3] for row in phases.rows] == [("from the snapshot on", 70, 7)] and phases.cycles == 70

"""Tests of how a run ends, on a machine that is not one: each ending has its status, its text, and whole files."""

import json
import os
import signal

import pytest
from traces import RETIRE_FIELDS, elf, retire

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.modes import Mode
from hyacinth.sim.cli import arguments, main, run
from hyacinth.sim.cli.terminal import Replay, Terminal
from hyacinth.sim.cli.watchers import Exits, Last, NthTrap, trapped
from hyacinth.sim.machine import End, Outcome
from hyacinth.sim.records import RETIRE, RetireRecord


def packed(*records):
    """A batch, as the engine gives it."""
    return b"".join(RETIRE.pack(record.cycle, *(getattr(record, name) for name in RETIRE_FIELDS)) for record in records)


STILL = object()
"""What a script returns for a cycle in which nothing retires."""


class FakeMachine:
    """Retires one instruction a cycle until `script` says otherwise, a function of the cycle that returns an outcome,
    a record or None."""
    made: list = []
    script = None
    waits, mie = False, 0

    def __init__(self, config, engine, **options):
        self.config, self.options = config, options
        self.watchers, self.raw_watchers, self.cycle, self.instructions, self.traps = [], [], 0, 0, 0
        self.closed = False
        self.output, self.input = b"", b""
        FakeMachine.made.append(self)

    def load_segments(self, segments, entry, **options):
        self.entry = entry

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closed = True

    @property
    def events(self):
        return {"retired": self.instructions, "trapped": self.traps,
                "stall_system": self.cycle if self.waits else 0}

    def csr(self, name):
        return self.mie if name == "mie" else 0

    def give_input(self, typed):
        self.input += typed

    def take_output(self):
        output, self.output = self.output, b""
        return output

    def read(self, address, count):
        return bytes(range(count))

    def run(self, cycles, *, stuck_after, matched=None):
        records, outcome = [], None
        for _ in range(min(cycles, 50)):
            self.cycle += 1
            answer = type(self).script(self.cycle)
            if isinstance(answer, Outcome):
                outcome = answer
                break
            if answer is STILL:
                continue
            records.append(answer or retire(cycle=self.cycle, pc=0x8000_0000 + 4 * self.cycle))
            self.instructions += not records[-1].trapped
            self.traps += records[-1].trapped
        for watcher in self.raw_watchers if records else ():
            watcher(packed(*records))
        for watcher in self.watchers:
            watcher.take([RetireRecord._make(each) for each in RETIRE.iter_unpack(packed(*records))], [])
        return outcome or Outcome(End.CYCLES, self.cycle)


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    (tmp_path / "good.elf").write_bytes(elf())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(run, "Machine", FakeMachine)
    monkeypatch.setattr(run, "Terminal", lambda: Replay([]))
    FakeMachine.made = []
    return FakeMachine


def exits_with(code, at=10):
    return staticmethod(lambda cycle: Outcome(End.EXITED, cycle, code) if cycle == at else None)


def ended(capsys, command="run good.elf"):
    status = main(command.split())
    assert all(machine.closed for machine in FakeMachine.made)
    return status, capsys.readouterr().err


def test_a_program_that_ends_well_ends_in_silence(capsys, machine):
    machine.script = exits_with(0)
    assert ended(capsys) == (0, "")


def test_a_program_that_fails_has_its_code_printed(capsys, machine):
    machine.script = exits_with(7)
    assert ended(capsys) == (1, "hyacinth: the program failed with code 7\n")


def test_the_cycle_limit_is_a_status_of_its_own(capsys, machine):
    machine.script = staticmethod(lambda cycle: None)
    assert ended(capsys, "run good.elf --max-cycles 120") == (
        3, "hyacinth: not finished after 120 cycles (--max-cycles)\n")


def test_a_machine_that_stands_still_shows_where(capsys, machine):
    machine.script = staticmethod(lambda cycle: Outcome(End.STUCK, cycle) if cycle == 5 else None)
    status, text = ended(capsys, "run good.elf --stuck-after 1000")
    assert status == 4
    assert "no progress: no instruction has retired for 1000 cycles (--stuck-after); gave up at cycle 5" in text
    assert "the last instructions:" in text and "0x0000000080000010 00000013 addi zero, zero, 0" in text


def test_traps_that_follow_traps_are_no_progress(capsys, machine):
    machine.script = staticmethod(lambda cycle: retire(
        cycle=cycle, pc=0, bits=0, mode=Mode.M, trapped=1, code=1, next_pc=0) if cycle > 20 else None)
    status, text = ended(capsys, "run good.elf --stuck-after 200")
    assert status == 4
    assert "traps follow traps: the handler at 0x0 in M (unknown place) traps before it has done anything" in text
    began = text.partition("it began\n")[2].splitlines()
    assert [row.split()[0] for row in began[:2]] == ["20", "21"]


def test_a_hart_in_wfi_that_an_interrupt_may_wake_waits_longer(machine, capsys, monkeypatch):
    def waits(cycle):
        return Outcome(End.EXITED, cycle, 0) if cycle == 900 else STILL if cycle > 20 else None
    machine.script = staticmethod(waits)
    for mie, status in ((0, 4), (1 << 7, 0)):
        monkeypatch.setattr(machine, "waits", True)
        monkeypatch.setattr(machine, "mie", mie)
        assert ended(capsys, "run good.elf --stuck-after 100")[0] == status


def test_a_hart_in_wfi_does_not_wait_for_ever(machine, capsys, monkeypatch):
    machine.script = staticmethod(lambda cycle: STILL if cycle > 20 else None)
    monkeypatch.setattr(machine, "waits", True)
    monkeypatch.setattr(machine, "mie", 1)
    status, text = ended(capsys, "run good.elf --stuck-after 100")
    assert status == 4
    assert "mie = 0x1, mip = 0x0" in text
    assert FakeMachine.made[0].cycle in range(5000, 5200)


def test_ctrl_c_leaves_log_and_statistics_whole(capsys, machine):
    def interrupted(cycle):
        if cycle == 70:
            os.kill(os.getpid(), signal.SIGINT)
    machine.script = staticmethod(interrupted)
    before = signal.getsignal(signal.SIGINT)
    status, text = ended(capsys, "run good.elf --log log --stats stats")
    assert (status, text) == (130, "hyacinth: interrupted at cycle 100\n")
    assert signal.getsignal(signal.SIGINT) is before
    with open("log") as log, open("stats") as stats:
        assert len(log.readlines()) == 100
        assert json.load(stats)["ending"] == "interrupted"


def test_statistics_say_what_ran_and_how_it_ended(capsys, machine):
    machine.script = exits_with(3)
    ended(capsys, "run good.elf --stats stats --memory-latency 5")
    with open("stats") as file:
        stats = json.load(file)
    assert {"program": "good.elf", "core": "full", "engine": "compiled", "memory_latency": 5, "cycles": 10,
            "instructions_retired": 9, "ending": "program_failed", "exit_code": 3}.items() <= stats.items()
    assert {"wall_seconds", "stall_cycles", "traps", "tlb", "cache"} <= stats.keys()


def test_traps_are_explained_on_standard_error(capsys, machine):
    machine.script = staticmethod(lambda cycle: Outcome(End.EXITED, cycle, 0) if cycle == 10 else retire(
        cycle=cycle, trapped=1, code=2, tval=0x13) if cycle == 5 else None)
    status, text = ended(capsys, "run good.elf --traps")
    assert status == 0
    assert text.startswith("trap 1 at cycle 5: Illegal instruction (exception 2), M -> M\n")


def test_what_the_guest_writes_is_shown(machine, capsysbinary, monkeypatch):
    monkeypatch.setattr(run, "Terminal", Terminal)

    def hello(cycle):
        if cycle == 3:
            FakeMachine.made[0].output += b"hello\n"
        return Outcome(End.EXITED, cycle, 0) if cycle == 9 else None
    machine.script = staticmethod(hello)
    assert main(["run", "good.elf"]) == 0
    assert capsysbinary.readouterr().out == b"hello\n"


def test_a_trap_that_never_comes_is_bad_input(capsys, machine):
    machine.script = exits_with(0)
    assert ended(capsys, "run good.elf --wave w.fst --wave-around-trap 3") == (
        2, "hyacinth: --wave-around-trap 3: the program took 0 traps; --traps shows them\n")


def test_the_second_run_draws_the_cycles_around_the_trap(capsys, machine, monkeypatch):
    machine.script = staticmethod(lambda cycle: Outcome(End.EXITED, cycle, 0) if cycle == 900 else retire(
        cycle=cycle, trapped=1, code=2) if cycle in (100, 500) else None)
    shown = []
    monkeypatch.setattr(run, "show_views", lambda wave, cycle: shown.append((str(wave), cycle)))
    assert ended(capsys, "run good.elf --wave w.fst --wave-around-trap 2")[0] == 0
    first, second = FakeMachine.made
    assert "wave" not in first.options
    assert (second.options["wave_from"], second.options["wave_to"], second.cycle) == (300, 700, 701)
    assert shown == [("w.fst", 500)]


def test_the_memory_and_its_latency_reach_the_machine(capsys, machine):
    machine.script = exits_with(0)
    ended(capsys, "run good.elf --memory 64M --memory-latency 3 --core full")
    made, = FakeMachine.made
    assert (made.options, made.config) == (
        {"memory": 64 << 20, "memory_latency": 3, "disturbed": None, "devices": ()}, FULL)


def test_a_signature_is_what_lies_between_the_symbols(capsys, machine, monkeypatch):
    machine.script = exits_with(0)
    options = arguments.parser().parse_args(["run", "good.elf", "--signature", "s"])
    made = run.plan(arguments.parser().parse_args(["run", "good.elf"]))
    run.run(options, type(made)(**vars(made) | {"signature": (0x8000_0000, 0x8000_0008)}), Replay([]))
    with open("s") as file:
        assert file.read() == "03020100\n07060504\n"


def test_the_last_records_are_kept_across_batches():
    last = Last()
    for start in range(1, 60, 5):
        last(packed(*(retire(cycle=start + i) for i in range(5))))
    assert [record.cycle for record in last.records] == list(range(41, 61))


def test_the_traps_of_a_batch_are_found_without_decoding_it():
    batch = packed(retire(cycle=1), retire(cycle=2, trapped=1), retire(cycle=3))
    assert [record.cycle for record in trapped(batch)] == [2]


def test_the_nth_trap_is_counted_across_batches():
    nth = NthTrap(2)
    for cycle in (10, 20, 30):
        nth(packed(retire(cycle=cycle, trapped=1)))
    assert (nth.cycle, nth.count) == (20, 3)


def test_exits_are_counted_from_batches():
    exits = Exits()
    exits(packed(retire(cycle=10, mode=Mode.VS, mode_after=Mode.HS, trapped=1, code=10),
                 retire(cycle=11, mode=Mode.HS)))
    exits(packed(retire(cycle=40, mode=Mode.HS, mode_after=Mode.VS, bits=0x10200073)))
    assert exits.counter.rows() == [("Environment call from VS-mode", 1, 30, 30.0, 30, 30)]

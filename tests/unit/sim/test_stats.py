"""Tests of what is counted, and of signatures."""

import json
from types import SimpleNamespace

from traces import retire

from hyacinth.rtl.isa.modes import Mode
from hyacinth.sim.cli.session import Ending
from hyacinth.sim.cli.status import Status
from hyacinth.sim.cli.watchers import Stats
from hyacinth.sim.trace.signature import signature
from hyacinth.sim.trace.stats import ExitCounter, TrapCounter, statistics

EVENTS = {"retired": 50, "trapped": 2, "stall_memory": 7, "stall_empty": 1, "itlb_miss": 3, "dcache_miss": 4,
          "mispredicted": 5, "interrupted": 1}


def guest_exit(cycle, code=21, **fields):
    return retire(cycle=cycle, mode=Mode.VS, mode_after=Mode.HS, trapped=1, code=code, **fields)


def entry(cycle):
    return retire(cycle=cycle, bits=0x10200073, mode=Mode.HS, mode_after=Mode.VS)


def test_statistics_have_cycles_instructions_and_their_quotient():
    data = statistics(EVENTS, TrapCounter(), cycles=100, wall_seconds=0.5, program="x")
    assert (data["cycles"], data["instructions_retired"], data["cycles_per_instruction"]) == (100, 50, 2.0)
    assert (data["wall_seconds"], data["cycles_per_second"], data["program"]) == (0.5, 200, "x")


def test_statistics_sort_events_by_what_they_are_about():
    data = statistics(EVENTS, TrapCounter(), cycles=100, wall_seconds=0.5)
    assert data["stall_cycles"] == {"nothing_to_commit": 1, "memory": 7}
    assert (data["tlb"], data["cache"], data["flow"]) == ({"itlb_miss": 3}, {"dcache_miss": 4}, {"mispredicted": 5})


def test_what_was_before_a_snapshot_is_not_counted(tmp_path):
    stats = Stats(tmp_path / "stats", program="x")
    stats.begin(SimpleNamespace(cycle=1000, events={"retired": 400, "trapped": 3, "itlb_miss": 7}))
    stats.write(SimpleNamespace(cycle=1500, events={"retired": 600, "trapped": 4, "itlb_miss": 7}), 0.5,
                Ending(Status.SUCCESS))
    data = json.loads((tmp_path / "stats").read_text())
    assert {"from_cycle": 1000, "cycles": 500, "instructions_retired": 200, "cycles_per_second": 1000,
            "cycles_per_instruction": 2.5, "traps_taken": 1, "tlb": {"itlb_miss": 0}}.items() <= data.items()


def test_statistics_are_json():
    json.dumps(statistics({}, TrapCounter(), cycles=0, wall_seconds=0.0))


def test_traps_are_counted_by_cause_and_target():
    traps = TrapCounter()
    traps.take([guest_exit(1), guest_exit(2), retire(), retire(trapped=1, interrupt=1, code=7)])
    assert traps.as_data() == [
        {"cause": "load_guest_page_fault", "interrupt": False, "code": 21, "from": "VS", "to": "HS", "count": 2},
        {"cause": "mti", "interrupt": True, "code": 7, "from": "M", "to": "M", "count": 1}]


def test_an_exit_lasts_until_the_guest_goes_on():
    exits = ExitCounter()
    exits.take([guest_exit(100), retire(cycle=110, mode=Mode.HS), entry(150), guest_exit(200), entry(230)])
    assert exits.rows() == [("Load guest-page fault", 2, 80, 40.0, 30, 50)]


def test_a_trap_within_the_hypervisor_does_not_end_an_exit():
    exits = ExitCounter()
    exits.take([guest_exit(100), retire(cycle=110, mode=Mode.HS, mode_after=Mode.M, trapped=1, code=9),
                retire(cycle=120, mode=Mode.M, mode_after=Mode.HS, bits=0x30200073), entry(150)])
    assert exits.rows() == [("Load guest-page fault", 1, 50, 50.0, 50, 50)]


def test_a_trap_that_the_guest_takes_itself_is_no_exit():
    exits = ExitCounter()
    exits.take([retire(mode=Mode.VU, mode_after=Mode.VS, trapped=1, code=8)])
    assert exits.rows() == []


def test_a_signature_is_a_word_a_line_in_eight_digits():
    assert signature(bytes([0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0])) == "12345678\n00000001\n"


def test_a_signature_that_ends_within_a_word_is_filled_with_zeros():
    assert signature(b"\xff") == "000000ff\n"


def test_an_empty_signature_is_empty():
    assert signature(b"") == ""

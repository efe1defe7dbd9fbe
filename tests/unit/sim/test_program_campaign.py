"""Campaigns of programs: an exception that differs is told, an interrupt is not, and what is done is not done again."""

from itertools import combinations

import pytest

from hyacinth.rtl.config import FULL, named
from hyacinth.sim.campaign.programs import (
    CORES,
    DISTURBANCES,
    LATENCIES,
    RECORD,
    TIGHT,
    Exceptions,
    ProgramTask,
    Seen,
    plain_of,
    program_tasks,
    suits,
    unlike,
)
from hyacinth.sim.campaign.records import Records
from hyacinth.sim.campaign.tasks import Setting
from hyacinth.sim.cli import main
from hyacinth.sim.lockstep.referee import unavailable
from hyacinth.sim.records import RETIRE, RETIRE_FIELDS
from hyacinth.sw.build import WAYS, programs, remark

ENTRY = 0x8000_0000


def batch(*records):
    """Retire records with these fields, the others 0."""
    return b"".join(RETIRE.pack(*(record.get(field, 0) for field in RETIRE_FIELDS)) for record in records)


def exception(code=13, **more):
    """An exception."""
    return {"trapped": 1, "pc": ENTRY + 64, "mode_after": 3, "code": code} | more


def seen(*records):
    """The exceptions in records that come in two batches."""
    kept = Exceptions(ENTRY)
    kept(batch(*records[:1]))
    kept(batch(*records[1:]))
    return kept


def test_exceptions_are_kept_and_nothing_else():
    kept = seen({"pc": ENTRY}, exception(13, tval=5), exception(7, interrupt=1), {"pc": ENTRY + 4}, exception(8))
    assert [record[RECORD.index("code")] for record in kept.records] == [13, 8]
    assert kept.records[0][RECORD.index("tval")] == 5
    assert kept.begins == [0]


def test_where_the_program_begins_again_is_known():
    assert seen({"pc": ENTRY}, exception(13), {"pc": ENTRY}, exception(13)).begins == [0, 1]


@pytest.mark.parametrize("field", [field for field in RECORD if field != "double"])
def test_whatever_differs_is_told(field):
    one, other = seen(exception()), seen(exception(**{field: 1}))
    said = unlike(one.records, other.records)
    assert said.startswith("exception 1 of 1 is not as expected") and unlike(one.records, one.records) is None
    expected, got = said.splitlines()[1:]
    assert expected.split(maxsplit=1)[1] != got.split(maxsplit=1)[1]


def test_an_exception_too_many_or_too_few_is_told():
    one, two = seen(exception(13)).records, seen(exception(13), exception(8)).records
    assert "exception 2 of 1" in unlike(one, two) and unlike(two, one).endswith("got      none")


@pytest.mark.parametrize(("exceptions", "begins", "group"), [
    ([1, 2, 1, 2], [0, 2], None), ([1, 2, 1, 3], [0, 2], "the second time differs"), ([1, 2], [0], "not run twice"),
    ([1, 2, 9, 1, 2], [0, 3], "the second time differs")])
def test_the_second_pass_has_the_exceptions_of_the_first(exceptions, begins, group):
    records = [seen(exception(code)).records[0] for code in exceptions]
    failure = ProgramTask("x", "twice", Setting("full", 1))._unlike_passes(Seen(records, begins, 0, {}))
    assert failure is None if group is None else group in failure[0]


def test_the_reference_differs_only_in_what_no_program_can_notice():
    assert plain_of(TIGHT) == "full" and plain_of("full-sstc:tlb_entries=16") == "full-sstc"
    assert plain_of("full:htinst=zero") == "full:htinst=zero"


def test_each_program_is_run_in_each_way_but_those_that_it_excludes():
    every = programs(folders=("tests",))
    for way, seed in (*((way, None) for way in WAYS), ("plain", 1)):
        tasks = program_tasks((), [way], ["full"], [1], [seed])
        left_out = {source.stem for source in every} - {task.name for task in tasks}
        excluded = {source.stem for source in every
                    if remark(source, f"not {way}") or seed is not None and remark(source, "not disturbed")}
        assert left_out == excluded and len(excluded) < 10
    tight = {task.name for task in program_tasks((), ["plain"], [TIGHT], [1], [None])}
    assert {source.stem for source in every} - tight == {source.stem for source in every if remark(source, "not tight")}
    assert "every_event_counts_what_it_names" not in tight
    assert not suits(programs("amocas_swaps")[0], "plain", named("small"), False)
    assert all(suits(source, "plain", FULL, False) for source in every)


def test_each_two_conditions_meet_on_each_program():
    for source in programs("lr_and_sc", "amocas_swaps", folders=("tests",)):
        made, every = (program_tasks((source.stem,), WAYS, CORES, LATENCIES, DISTURBANCES, every=every)
                       for every in (False, True))
        assert set(made) < set(every) and len(every) == len(set(every)) == 72 and len(made) < 20
        conditions = [(lambda task: task.way), (lambda task: task.setting.core), (lambda task: task.setting.latency),
                      (lambda task: task.setting.disturbed)]
        for one, other in combinations(conditions, 2):
            assert {(one(task), other(task)) for task in made} == {(one(task), other(task)) for task in every}


def test_what_is_excluded_is_a_way_and_has_a_reason():
    for source in programs(folders=("tests",)):
        text = source.read_text().partition("*/")[0]
        for line in text.splitlines():
            if line.strip(" *").startswith("not ") and ": " in line:
                way, _, reason = line.strip(" *").removeprefix("not ").partition(": ")
                assert way in (*WAYS, "disturbed", "tight") and reason, source


@pytest.mark.parametrize(("command", "text"), [
    ("campaign --way again", "--way is for --programs"),
    ("campaign --programs no_such_program", "no program of sw/tests is meant by no_such_program"),
    ("campaign --programs --way sideways", "argument --way: invalid choice: 'sideways'"),
    ("campaign --programs --disturb x", "argument --disturb: 'x' is no seed")])
@pytest.mark.skipif(unavailable() is not None, reason="there is no referee")
def test_what_cannot_be_is_refused_in_one_line(tmp_path, monkeypatch, capsys, command, text):
    monkeypatch.chdir(tmp_path)
    assert main(command.split()) == 2
    said = capsys.readouterr().err
    assert text in said and said.count("\n") == 1


@pytest.mark.skipif(unavailable() is not None, reason="there is no referee")
def test_a_campaign_of_programs_runs_each_once(tmp_path, capsys):
    pytest.importorskip("distributed")
    command = ["campaign", "--programs", "ecall_from", "--way", "plain", "--core", "full", "--memory-latency", "1",
               "--disturb", "no", "--disturb", "7", "--jobs", "1", "--folder", str(tmp_path)]
    assert main(command) == 0
    assert "2 programs" in capsys.readouterr().out
    assert main(command) == 0
    assert set(Records(tmp_path).results) == {
        "ecall_from_hs_and_vs_is_delegated plain full latency 1",
        "ecall_from_hs_and_vs_is_delegated plain full latency 1 disturbed 7"}

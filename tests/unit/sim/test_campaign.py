"""Campaigns: nothing that was done is lost or done again, whenever they are killed; equal failures stand together."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from hyacinth.sim.campaign.records import BadRecords, Records
from hyacinth.sim.campaign.tasks import Setting, Task
from hyacinth.sim.cli import main
from hyacinth.sim.lockstep.group import group
from hyacinth.sim.lockstep.random_programs import random_program
from hyacinth.sim.lockstep.referee import Difference, unavailable
from hyacinth.sim.machine import Machine
from hyacinth.sim.records import RETIRE_FIELDS
from hyacinth.sim.rules import ROOT

FAILURE = {"group": "register at add in VS", "report": "core and Spike differ"}


def result(seed, compared=100, **more):
    """What a worker says of a seed."""
    return {"key": Task(seed, Setting("full", 20)).key, "seed": seed, "core": "full", "latency": 20,
            "compared": compared, "modes": {"M": compared}} | more


def test_records_survive_and_a_task_is_kept_once(tmp_path):
    records = Records(tmp_path)
    records.add(result(1))
    records.add(result(1))
    records.add(result(2, compared=50))
    again = Records(tmp_path)
    assert again.compared == 150 and again.modes == {"M": 150}
    assert again.has(Task(2, Setting("full", 20))) and not again.has(Task(2, Setting("full", 1)))
    assert len((tmp_path / "done.jsonl").read_text().splitlines()) == 2


def test_a_record_that_was_cut_off_is_done_again_and_those_before_it_are_kept(tmp_path):
    records = Records(tmp_path)
    records.add(result(1))
    records.add(result(2))
    path = tmp_path / "done.jsonl"
    path.write_bytes(path.read_bytes()[:-10])
    again = Records(tmp_path)
    assert again.has(Task(1, Setting("full", 20))) and not again.has(Task(2, Setting("full", 20)))
    again.add(result(2))
    assert Records(tmp_path).compared == 200


def test_a_file_of_something_else_is_refused_in_one_line(tmp_path, capsys):
    (tmp_path / "done.jsonl").write_text("shopping list\n")
    with pytest.raises(BadRecords, match="done.jsonl:1: no record of a campaign"):
        Records(tmp_path)
    if not unavailable():
        assert main(["campaign", "--folder", str(tmp_path)]) == 2
        assert capsys.readouterr().err.count("\n") == 1


def test_failures_that_look_alike_are_one_group_with_a_report_each(tmp_path):
    records = Records(tmp_path)
    for seed in range(3):
        records.add(result(seed, **FAILURE))
    records.add(result(3, **FAILURE | {"group": "pc at ecall in HS"}))
    assert {name: len(each) for name, each in Records(tmp_path).groups.items()} == {
        "register at add in VS": 3, "pc at ecall in HS": 1}
    assert (tmp_path / "failures/seed-0-full-latency-20.txt").read_text() == "core and Spike differ\n"


def test_a_group_names_what_differs_and_where_but_no_seed_and_no_value():
    finding = {"what": "CSR", "number": 0x300, "core": 1, "spike": 2, "spike_csrs": [], "spike_pc": 0, "spike_mode": 3,
               "core_x": [0] * 32, "spike_x": [0] * 32}
    record = dict.fromkeys(RETIRE_FIELDS, 0) | {"bits": 0x30029073, "mode": 3}  # csrw mstatus, t0
    assert group(Difference(finding, 5, record, [])) == "CSR mstatus at csrrw in M"


def command(folder, instructions, *more):
    """A campaign as a process of its own."""
    return [sys.executable, "-m", "hyacinth", "campaign", "--instructions", str(instructions), "--jobs", "2",
            "--folder", str(folder), *more]


def environment():
    """Where the package is, for a process that pytest has not told."""
    return os.environ | {"PYTHONPATH": str(ROOT / "src")}


@pytest.mark.skipif(unavailable() is not None, reason="there is no referee")
def test_a_campaign_that_is_killed_goes_on_and_does_no_seed_twice(tmp_path):
    pytest.importorskip("distributed")
    Machine("full").close()  # its model is built before
    done = tmp_path / "done.jsonl"
    first = subprocess.Popen(command(tmp_path, 10**9), env=environment(), start_new_session=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 300
        while not (done.exists() and done.stat().st_size) and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    before = [json.loads(line)["key"] for line in done.read_text().splitlines() if line.endswith("}")]
    assert before
    enough = Records(tmp_path).compared + 60_000
    second = subprocess.run(command(tmp_path, enough), env=environment(), capture_output=True, text=True, timeout=600)
    assert second.returncode == 0 and "no difference" in second.stdout, second.stderr
    results = [json.loads(line) for line in done.read_text().splitlines()]
    seeds = Counter(each["seed"] for each in results)
    assert set(seeds) == set(range(len(seeds))) and set(seeds.values()) == {1}
    assert [each["key"] for each in results][:len(before)] == before
    assert sum(each["compared"] for each in results) >= enough
    third = subprocess.run(command(tmp_path, 10**9, "--report"), env=environment(), capture_output=True, text=True)
    assert f"{len(results)} programs" in third.stdout


def test_a_task_is_the_same_program_wherever_it_runs():
    assert random_program(7).segments == random_program(7).segments


@pytest.mark.skipif(unavailable() is not None, reason="there is no referee")
def test_a_cluster_that_does_not_answer_is_named_with_the_mend(tmp_path, capsys):
    pytest.importorskip("distributed")
    assert main(["campaign", "--folder", str(tmp_path), "--scheduler", "nonsense://"]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("hyacinth: --scheduler nonsense://: ") and "tcp://host:8786" in said

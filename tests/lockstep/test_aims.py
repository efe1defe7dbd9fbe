"""Programs that aim at bins meet them, agree with Spike, and fall into none that the table says cannot be met."""

import pytest

pytest.importorskip("riscv")

from hyacinth.rtl.config import FULL
from hyacinth.sim.campaign.tasks import Setting, Task
from hyacinth.sim.coverage.collector import Collector
from hyacinth.sim.coverage.standing import Standing, unpack
from hyacinth.sim.lockstep.aims import SHARE, groups, groups_of
from hyacinth.sim.lockstep.play import compare
from hyacinth.sim.lockstep.random_programs import random_program

LATENCY = 20
ELSEWHERE = {("exceptions", ("HS", "ECALL_HS", "HS")), ("exceptions", ("VS", "ECALL_VS", "HS")),
             ("instructions", ("sret", "M", "done")), ("instructions", ("wfi", "HS", "done")),
             ("instructions", ("wfi", "VS", "done"))}
"""What ends bodies or needs something that ends it: programs of sw/tests meet these."""


def test_a_campaign_keeps_what_its_programs_met():
    result = Task(0, Setting("full", LATENCY)).play()
    standing = Standing(FULL)
    standing.add(result["key"], unpack(result["coverage"], FULL))
    assert "group" not in result and not standing.surprises
    assert standing.met("exceptions") > 50 and standing.met("CSRs") > 50


@pytest.mark.parametrize("each", [
    ("interrupts", ("VS", "SGEI", "HS")), ("interrupts", ("VU", "SGEI", "M, double")),
    ("refusals", ("M", "block", "G", "page", "PROTECTION", "M"))], ids=["SGEI", "SGEI twice", "a block of no memory"])
def test_where_spike_does_otherwise_it_is_mended(each):
    aims = [group for group in groups(FULL) if group.cross == each[0] and each[1] in group.bins]
    collector = Collector(FULL)
    assert compare(random_program(1, aims=aims, iterations=1), FULL, LATENCY, [collector.retired], None,
                   [collector.walked]) > 100
    assert each in set(collector.bins())


@pytest.mark.parametrize("seed", range(SHARE - 1, 4 * SHARE, SHARE))
def test_a_program_meets_what_it_aims_at_and_agrees_with_spike(seed):
    collector, standing = Collector(FULL), Standing(FULL)
    assert compare(random_program(seed), FULL, LATENCY, [collector.retired], None, [collector.walked]) > 5_000
    standing.add("seed", collector.bins())
    assert not standing.surprises
    missed = {(group.cross, each) for group in groups_of(seed, FULL) for each in group.bins} & standing.holes()
    assert missed <= ELSEWHERE

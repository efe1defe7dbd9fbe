"""What random programs aim at: every bin in turn, by the seed alone, and holes where they are known."""

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.sim.coverage.crosses import crosses
from hyacinth.sim.lockstep.aims import PER_GROUP, PER_PMP, PER_PROGRAM, SHARE, groups, groups_of, needs_pmp, towards
from hyacinth.sim.lockstep.random_programs import random_program

CONFIGS = pytest.mark.parametrize("config", [FULL, SMALL, NO_H], ids=["full", "small", "no-h"])


@CONFIGS
def test_every_bin_is_in_one_group(config):
    aimed = [(group.cross, each) for group in groups(config) for each in group.bins]
    reachable = {(name, each) for name, cross in crosses(config).items() for each in cross.reachable}
    # M-mode fetches from nowhere in bodies that are left to chance.
    assert len(aimed) == len(set(aimed)) and {each[:2] for _, each in reachable - set(aimed)} == {("M", "fetch")}
    assert set(aimed) <= reachable


@CONFIGS
def test_a_group_is_no_larger_than_one_iteration_can_be(config):
    for group in groups(config):
        assert 0 < len(group.bins) <= PER_GROUP
        assert sum(needs_pmp(each, config) for each in group.bins) <= PER_PMP


@CONFIGS
def test_the_programs_of_a_campaign_aim_at_every_group(config):
    programs = -(-len(groups(config)) // PER_PROGRAM)
    found = {group for n in range(programs) for group in groups_of(n * SHARE + SHARE - 1, config)}
    assert found == set(groups(config))
    assert not groups_of(0, config) and len(groups_of(SHARE - 1, config)) == PER_PROGRAM


def test_holes_are_aimed_at_and_nothing_else():
    hole = groups(FULL)[5]
    assert list(towards({(hole.cross, hole.bins[0])}, FULL)) == [(hole,)]
    assert list(towards(set(), FULL)) == []
    many = {(group.cross, group.bins[-1]) for group in groups(FULL)[:PER_PROGRAM + 1]}
    assert [len(each) for each in towards(many, FULL)] == [PER_PROGRAM, 1]


@CONFIGS
def test_every_group_makes_a_program_that_fits(config):
    every = groups(config)
    for n in range(0, len(every), 8 * PER_PROGRAM):
        aims = every[n:n + PER_PROGRAM]
        assert random_program(n, config, aims=aims) == random_program(n, config, aims=aims)

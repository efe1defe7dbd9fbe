"""Covers: they hold what they must and nothing of what they must not, and are short."""

import random

import pytest

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.compressed import COMPRESSED, cubes
from hyacinth.rtl.isa.cover import cover, cube, pattern, without
from hyacinth.rtl.isa.instructions import INSTRUCTIONS, Unit

WIDTH = 6


def words(cubes):
    return {word for word in range(1 << WIDTH) for named, values in cubes if word & named == values}


def some_cubes(chooser, count):
    return [cube("".join(chooser.choice("01-") for _ in range(WIDTH))) for _ in range(count)]


def test_a_cube_is_its_pattern():
    assert cube("1-0") == (0b101, 0b100)
    assert pattern((0b101, 0b100), 4) == "-1-0"


@pytest.mark.parametrize("seed", range(20))
def test_what_is_taken_away_is_gone_and_nothing_else(seed):
    one, other = some_cubes(random.Random(seed), 2)
    parts = without(one, other)
    assert words(parts) == words([one]) - words([other])
    assert sum(len(words([part])) for part in parts) == len(words(parts))


@pytest.mark.parametrize("seed", range(40))
def test_a_cover_holds_what_is_wanted_and_none_of_the_others(seed):
    chooser = random.Random(seed)
    others = some_cubes(chooser, 4)
    wanted = some_cubes(chooser, 5)
    for other in others:
        wanted = [part for each in wanted for part in without(each, other)]
    found = cover(tuple(wanted), tuple(others))
    assert words(wanted) <= words(found)
    assert not words(found) & words(others)
    assert len(found) <= len(wanted)


def test_what_is_wanted_must_not_be_among_the_others():
    with pytest.raises(ValueError, match="both wanted and not"):
        cover((cube("1-0"),), (cube("-10"),))


def test_a_cover_names_few_bits():
    branches = [cube(row.pattern) for row in INSTRUCTIONS if row.unit == Unit.BRANCH]
    others = [cube(row.pattern) for row in INSTRUCTIONS if row.unit != Unit.BRANCH]
    (found,) = cover(tuple(branches), tuple(others))
    assert found[0].bit_count() <= 4


def test_the_cubes_of_compressed_instructions_are_the_words_that_each_row_wins():
    def winner(word):
        return next((row for row in COMPRESSED if not (named := cube(row.pattern))[0] & (word ^ named[1])), None)
    for word in random.Random(1).sample(range(1 << 16), 5000):
        found = [row for row, (named, values) in cubes(FULL) if word & named == values]
        row = winner(word)
        assert found == ([row] if row is not None and row.expands_to else []), hex(word)

"""Short patterns that tell some words from others: what a decoder is made of.

A cube is a pattern of 0, 1 and - as a pair of numbers: the bits that it names, and their values.
"""

from functools import cache

from amaranth.hdl import Signal


def cube(pattern: str) -> tuple[int, int]:
    """The cube of a pattern."""
    return int("".join("0" if c == "-" else "1" for c in pattern), 2), int(pattern.replace("-", "0"), 2)


def pattern(cube, width: int) -> str:
    """The pattern of a cube, for `m.Case` and `Value.matches`."""
    named, values = cube
    return "".join(str(values >> bit & 1) if named >> bit & 1 else "-" for bit in reversed(range(width)))


def without(cube, other) -> list:
    """What remains of `cube` where `other` has been taken away: cubes that have no word in common."""
    (named, values), (other_named, other_values) = cube, other
    if named & other_named & (values ^ other_values):
        return [cube]
    parts = []
    for bit in range(other_named.bit_length()):
        one = 1 << bit
        if other_named & ~named & one:
            parts.append((named | one, values | ~other_values & one))
            named, values = named | one, values | other_values & one
    return parts


@cache
def cover(wanted: tuple, others: tuple) -> list:
    """Few cubes, of few bits each, that have every word of the cubes `wanted` and none of the cubes `others`.

    What is in neither may fall on either side. Among bits that serve as well the lowest are taken: there stands the
    opcode. Raises ValueError where a word is in both.
    """
    def widened(named, values):
        # It must keep one of the bits in which it differs from each of the others: the bit that most of them need.
        differing = {named & other & (values ^ other_values) for other, other_values in others}
        if 0 in differing:
            raise ValueError("a word is both wanted and not")
        bits, kept = [1 << n for n in range(named.bit_length())], 0
        while differing:
            bit = max(bits, key=lambda bit: sum(bool(each & bit) for each in differing))
            kept |= bit
            differing = {each for each in differing if not each & bit}
        return kept, values & kept

    def holds(candidate):
        named, values = candidate
        return {each for each in wanted if named & each[0] == named and not named & (values ^ each[1])}

    held = {each: holds(each) for each in sorted({widened(*each) for each in wanted})}
    left, chosen = set(wanted), []
    while left:
        best = max(held, key=lambda each: len(held[each] & left))
        left -= held[best]
        chosen.append(best)
    return chosen


def recogniser(m, word):
    """A function of `wanted` and `others` that gives a bit: whether `word` is in what `cover` makes of them."""
    known = {}

    def recognise(wanted, others):
        patterns = tuple(sorted(pattern(each, len(word)) for each in cover(tuple(wanted), tuple(others))))
        if patterns not in known:
            known[patterns] = Signal(name=f"match_{len(known)}")
            m.d.comb += known[patterns].eq(word.matches(*patterns))
        return known[patterns]
    return recognise

"""Proofs: how a range of memory lies to a PMP entry, by what is true of each of its words of 4 bytes."""

import pytest
from amaranth.hdl import Cat, Const, Mux, Signal
from amaranth.lib import data
from prover import Claim

from hyacinth.rtl.isa.pmp import PMP_A
from hyacinth.rtl.mmu.protection import Compared, compared
from hyacinth.rtl.payloads import PmpEntry

pytestmark = pytest.mark.proof


def matches(entry, below, word):
    """Whether an entry matches the word at 4 times `word`: the table of the machine chapter, step by step."""
    ones = entry.address & ~(entry.address + 1)             # the trailing ones of pmpaddr
    size = (Cat(Const(1, 1), ones))[:54]                    # they and the zero above them vary within a NAPOT region
    return Mux(entry.a == PMP_A["OFF"], 0, Mux(
        entry.a == PMP_A["TOR"], (word >= below) & (word < entry.address), Mux(
            entry.a == PMP_A["NA4"], word == entry.address, (word | size) == (entry.address | size))))


@pytest.mark.rule("pmp_a_field_encoding", "pmp_a_field_off", "pmp_a_field_napot_na4", "pmp_a_field_tor",
                  "pmp_napot_encoding_low_bits")
def test_a_range_lies_to_an_entry_as_each_of_its_words_does():
    claim = Claim("A range overlaps a PMP entry where the entry matches one of its words, and is covered where it "
                  "matches all of them")
    entry = data.View(PmpEntry, claim.any(data.Layout.cast(PmpEntry).size, "entry"))
    below, base, mask = claim.any(54, "below"), claim.any(32, "base"), claim.any(32, "mask")
    claim.suppose("a range has a power of two of words, and is aligned", (mask & (mask + 1)[:32]) == 0)
    first, last = Signal(32), Signal(32)
    claim.m.d.comb += [first.eq(base & ~mask), last.eq(first | mask)]
    found = Signal(Compared)
    claim.m.d.comb += found.as_value().eq(compared(entry, below, first, last, mask))
    overlaps, covers = found.relation()

    word = claim.any(54, "word")
    within = (word >= first) & (word <= last)
    claim.hold(~matches(entry, below, word), within & ~overlaps)
    claim.hold(matches(entry, below, word), within & overlaps & covers)
    # If it overlaps there is such a word: where the range begins or ends, or where the entry begins.
    starts = Mux(entry.a == PMP_A["TOR"], below, entry.address)
    claim.hold(matches(entry, below, first) | matches(entry, below, last)
               | (starts >= first) & (starts <= last) & matches(entry, below, starts), overlaps)
    claim.hold(~matches(entry, below, first) | ~matches(entry, below, last), overlaps & ~covers)
    claim.prove()

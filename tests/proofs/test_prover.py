"""The prover itself: what is false is found to be false."""

import pytest
from amaranth.hdl import Signal
from prover import RESULTS, Claim

pytestmark = pytest.mark.proof


def refused(claim, cycles=1):
    """The words with which a claim is refused."""
    before = len(RESULTS)
    with pytest.raises(pytest.fail.Exception) as error:
        claim.prove(cycles)
    assert len(RESULTS) == before
    return str(error.value)


def test_a_false_claim_is_refused_with_its_words():
    claim = Claim("No number is 42")
    claim.hold(claim.any(8, "number") != 42)
    assert refused(claim).startswith("No number is 42")


def test_a_claim_that_becomes_false_in_a_later_cycle_is_refused():
    claim = Claim("It never counts to 3")
    count = Signal(4)
    claim.m.d.sync += count.eq(count + 1)
    claim.hold(count != 3)
    refused(claim, cycles=5)


def test_what_contradicts_itself_proves_nothing():
    claim = Claim("All numbers are 42")
    number = claim.any(8, "number")
    claim.suppose("it is 1", number == 1)
    claim.suppose("it is 2", number == 2)
    claim.hold(number == 42)
    assert "Assumptions are unsatisfiable" in refused(claim)

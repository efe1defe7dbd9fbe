"""Proofs: which mode takes a trap, and which interrupt is taken."""

import pytest
from amaranth.hdl import Mux, Signal
from amaranth.lib import data
from prover import Claim

from hyacinth.rtl.csr.interrupts import MIP_BITS, InterruptCsrs, due
from hyacinth.rtl.csr.traps import trap_target
from hyacinth.rtl.isa.causes import INTERRUPT_ORDER
from hyacinth.rtl.isa.modes import Mode, privilege, v

pytestmark = pytest.mark.proof
NAMES = ("medeleg", "mideleg", "hedeleg", "hideleg")


def level(mode):
    """M above HS above VS; users below both."""
    return Mux(mode == Mode.M, 4, Mux(mode == Mode.HS, 3, Mux(mode == Mode.VS, 2, 1)))


@pytest.mark.rule("H_trap_deleg", "hedeleg_op", "hideleg_op")
def test_a_trap_goes_where_delegation_sends_it():
    claim = Claim("A trap goes to VS where M and HS delegate it and V=1, else to HS where M does, else to M; "
                  "and from M to M alone")
    mode, code, interrupt = claim.any(Mode, "mode"), claim.any(6, "code"), claim.any(1, "interrupt")
    deleg = {name: claim.any(64, name) for name in NAMES}
    claim.is_mode(mode)
    claim.suppose("the cause is one that this core raises: an exception below 24, an interrupt below 16",
                  Mux(interrupt, code < 16, code < 24))
    target = Signal(Mode)
    claim.m.d.comb += target.eq(trap_target(code, interrupt, mode, deleg))
    by_m = Mux(interrupt, deleg["mideleg"] >> code, deleg["medeleg"] >> code)[0]
    by_hs = Mux(interrupt, deleg["hideleg"] >> code, deleg["hedeleg"] >> code)[0]
    to_m = (mode == Mode.M) | ~by_m
    to_vs = ~to_m & by_hs & ((mode == Mode.VS) | (mode == Mode.VU))
    claim.hold((target == Mode.M) == to_m)
    claim.hold((target == Mode.VS) == to_vs)
    claim.hold((target == Mode.HS) == (~to_m & ~to_vs))
    claim.hold(level(target) >= level(mode))
    claim.prove()


@pytest.mark.rule("intr_mip_mie_op", "intr_M_mode_highest_pri", "hsint_priority")
def test_the_interrupt_that_is_taken_is_the_first_of_those_that_may_be():
    claim = Claim("An interrupt is taken if and only if one is pending, enabled, and its mode may interrupt this one; "
                  "the one taken is of the most privileged such mode, and the first there in the manual's order")
    mip = claim.any(MIP_BITS, "mip")
    csrs = data.View(InterruptCsrs, claim.any(InterruptCsrs.as_shape().size, "csrs"))
    mode = csrs.mode
    claim.is_mode(mode)
    claim.suppose("only interrupts of INTERRUPT_ORDER can be pending",
                  (mip & ~sum(1 << each for each in INTERRUPT_ORDER)) == 0)
    taken, code = due(mip, csrs)
    # One case after the other, as the chapters tell them: whose interrupt is it, and may that mode have it now?
    may, rank = {}, {}
    for each in INTERRUPT_ORDER:
        pending = mip[each] & csrs.mie[each]
        of_m, of_vs = ~csrs.mideleg[each], csrs.mideleg[each] & csrs.hideleg[each]
        in_m = Mux(mode == Mode.M, csrs.machine_enable, 1)
        in_hs = Mux(mode == Mode.M, 0, Mux(mode == Mode.HS, csrs.supervisor_enable, 1))
        in_vs = Mux(v(mode), Mux(privilege(mode) == 1, csrs.guest_enable, 1), 0)
        may[each] = pending & Mux(of_m, in_m, Mux(of_vs, in_vs, in_hs))
        rank[each] = Mux(of_m, 2, Mux(of_vs, 0, 1))
    some = 0
    for each in INTERRUPT_ORDER:
        some = some | may[each]
    claim.hold(taken == some)
    for place, each in enumerate(INTERRUPT_ORDER):
        better = 0
        for other in INTERRUPT_ORDER:
            before = INTERRUPT_ORDER.index(other) < place
            wins = (rank[other] >= rank[each]) if before else (rank[other] > rank[each])
            better = better | may[other] & wins if other is not each else better
        claim.hold((taken & (code == int(each))) == (may[each] & ~better))
    claim.prove()



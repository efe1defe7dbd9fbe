"""Proofs: permissions of both stages, the manual's table written out, equal what TLBs decide by."""

import pytest
from amaranth.hdl import Mux, Signal
from amaranth.lib import data
from prover import Claim

from hyacinth.rtl.isa.modes import Mode, v
from hyacinth.rtl.mmu.permissions import Asked, Grants, Rights, allowed, asked, granted, grants_allow
from hyacinth.rtl.payloads import Context, Reach

pytestmark = pytest.mark.proof


def given(claim):
    """Any context that can be, and any rights."""
    context = data.View(Context, claim.any(data.Layout.cast(Context).size, "context"))
    rights = data.View(Rights, claim.any(data.Layout.cast(Rights).size, "rights"))
    claim.is_mode(context.mode)
    claim.suppose("the access is a fetch, a load or a store", context.reach < 3)
    claim.suppose("HLVX is a load for a guest",
                  ~context.hlvx | (context.reach == Reach.LOAD) & v(context.mode))
    claim.suppose("vsstatus.MXR counts in a guest alone", ~context.vs_mxr | v(context.mode))
    return context, rights


def manual(context, rights):
    """Whether the access is allowed: the texts of the supervisor, hypervisor and machine chapters, step by step."""
    fetch, load = context.reach == Reach.FETCH, context.reach == Reach.LOAD
    user = (context.mode == Mode.U) | (context.mode == Mode.VU)
    # First stage: U bit and SUM, then R, W and X.
    owner = Mux(user, rights.s_u, Mux(rights.s_u, Mux(fetch, 0, context.sum), 1))
    readable = Mux(context.hlvx, rights.s_x, rights.s_r | rights.s_x & (context.mxr | context.vs_mxr))
    first = Mux(fetch, rights.s_x, Mux(load, readable, rights.s_w))
    # G stage: always as a user, so there is no owner to look at; MXR of HS alone.
    g_readable = Mux(context.hlvx, rights.g_x, rights.g_r | rights.g_x & context.mxr)
    second = Mux(fetch, rights.g_x, Mux(load, g_readable, rights.g_w))
    # Memory itself: HLVX needs to read and to execute.
    third = Mux(fetch, rights.p_x, Mux(load, rights.p_r & Mux(context.hlvx, rights.p_x, 1), rights.p_w))
    return (rights.s_off | owner) & first & second & third


@pytest.mark.rule("vsstatus_mxr_vm")
def test_permissions_are_the_manuals():
    claim = Claim("An access is allowed where R, W, X, U, SUM, MXR, HLVX and PMP of both stages allow it")
    context, rights = given(claim)
    claim.hold(allowed(context, rights) == manual(context, rights))
    claim.prove()


def test_what_a_tlb_keeps_says_the_same():
    claim = Claim("What TLBs keep of the rights of a page allows the same accesses as the rights themselves")
    context, rights = given(claim)
    kept, wish = Signal(Grants), Signal(Asked)
    claim.suppose("a stage that is off grants R, W and X", ~rights.s_off | rights.s_r & rights.s_w & rights.s_x)
    claim.m.d.comb += [kept.as_value().eq(granted(rights)), wish.as_value().eq(asked(context))]
    claim.hold(grants_allow(wish, kept) == manual(context, rights))
    claim.prove()

"""Which accesses a translation allows: one rule for TLBs and walker (supervisor and hypervisor chapters)."""

from amaranth.hdl import Mux, Value
from amaranth.lib import data

from ..isa.modes import privilege
from ..payloads import Reach


class Rights(data.Struct):
    """What the leaves of both stages and the protection of physical memory grant for a page.

    A stage that is off grants everything. W stands for W and D together: a store needs both, and whether it failed for
    the one or the other is the walker's to say.
    """
    s_r: 1    # VS stage, or the one stage there is where V=0
    s_w: 1
    s_x: 1
    s_u: 1    # its U bit
    s_off: 1  # it is off, so U says nothing
    g_r: 1    # G stage
    g_w: 1
    g_x: 1
    p_r: 1    # PMP and PMA together
    p_w: 1
    p_x: 1


def by_reach(reach, read, write, execute) -> Value:
    """That of the three which `reach`, a Reach, asks for."""
    return Mux(reach == Reach.FETCH, execute, Mux(reach == Reach.LOAD, read, write))


def user_allows(context, u) -> Value:
    """Whether a page with U bit `u` of the first stage may be reached: SUM lets S reach user data, never user code."""
    is_user = privilege(context.mode) == 0
    return Mux(is_user, u, ~u | (context.sum & (context.reach != Reach.FETCH)))


def first_stage_allows(context, r, w, x) -> Value:
    """R, W and X of the VS stage or single stage. HLVX asks for X in place of R; either MXR lets X stand for R."""
    return by_reach(context.reach, Mux(context.hlvx, x, r | (x & (context.mxr | context.vs_mxr))), w, x)


def g_stage_allows(context, r, w, x) -> Value:
    """R, W and X of the G stage: vsstatus.MXR says nothing here (rule vsstatus_mxr_vm)."""
    return by_reach(context.reach, Mux(context.hlvx, x, r | (x & context.mxr)), w, x)


def memory_allows(context, r, w, x) -> Value:
    """PMP and PMA: HLVX needs both read and execute permission of the physical memory (rule hlsv_u_op)."""
    return by_reach(context.reach, r & (x | ~context.hlvx), w, x)


def allowed(context, rights) -> Value:
    """Whether `rights` surely allow the access `context`. Where they do not, the walker finds out why."""
    return ((rights.s_off | user_allows(context, rights.s_u))
            & first_stage_allows(context, rights.s_r, rights.s_w, rights.s_x)
            & g_stage_allows(context, rights.g_r, rights.g_w, rights.g_x)
            & memory_allows(context, rights.p_r, rights.p_w, rights.p_x))

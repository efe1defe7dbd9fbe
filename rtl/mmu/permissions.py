"""Which accesses a translation allows: one rule for TLBs and walker (supervisor and hypervisor chapters)."""

from amaranth.hdl import Cat, Mux, Value
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


class Grants(data.Struct):
    """Rights, summed up by the kinds of access there are: less to keep, and less to look at late in a cycle."""
    fetch: 1
    store: 1
    load: 1         # with no MXR that counts
    load_vs_mxr: 1  # vsstatus.MXR alone
    load_mxr: 1     # sstatus.MXR
    hlvx: 1
    user: 1         # as a user, and so on
    supervisor: 1


class Asked(data.Struct):
    """What a Context asks of Grants. Of the first six one is set, and one of the other three."""
    fetch: 1
    store: 1
    load: 1
    load_vs_mxr: 1
    load_mxr: 1
    hlvx: 1
    user: 1
    supervisor: 1
    either: 1       # SUM: whosever page it is


def granted(rights) -> Value:
    """The Grants of `rights`."""
    s_load, g_load = rights.s_r | rights.s_x, rights.g_r | rights.g_x
    return Cat(rights.s_x & rights.g_x & rights.p_x, rights.s_w & rights.g_w & rights.p_w,
               rights.s_r & rights.g_r & rights.p_r, s_load & rights.g_r & rights.p_r, s_load & g_load & rights.p_r,
               rights.s_x & rights.g_x & rights.p_r & rights.p_x,
               rights.s_off | rights.s_u, rights.s_off | ~rights.s_u)


def asked(context) -> Value:
    """The Asked of `context`."""
    fetch, load = context.reach == Reach.FETCH, context.reach == Reach.LOAD
    user, plain = privilege(context.mode) == 0, load & ~context.hlvx
    either = ~user & context.sum & ~fetch
    return Cat(fetch, ~fetch & ~load, plain & ~context.mxr & ~context.vs_mxr,
               plain & ~context.mxr & context.vs_mxr, plain & context.mxr, load & context.hlvx,
               user, ~user & ~either, either)


def grants_allow(asked, grants) -> Value:
    """The same as `allowed`, of an Asked and of Grants."""
    kind = (Cat(asked.fetch, asked.store, asked.load, asked.load_vs_mxr, asked.load_mxr, asked.hlvx)
            & Cat(grants.fetch, grants.store, grants.load, grants.load_vs_mxr, grants.load_mxr, grants.hlvx)).any()
    return kind & (asked.either | (asked.user & grants.user) | (asked.supervisor & grants.supervisor))

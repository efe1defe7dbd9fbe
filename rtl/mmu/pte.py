"""Entries of page tables: what they hold, and what one says to an access."""

from amaranth.hdl import Cat, Const, Module, Mux, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from ..payloads import Reach, record
from .permissions import first_stage_allows, g_stage_allows, user_allows
from .refusal import Refusal

NAPOT_BITS = 4
"""An entry with N=1 maps so many bits of page number more: 64 KiB, the one size that there is (rule
Svnapot_valid_encoding)."""


class Pte(data.Struct):
    """A page-table entry of any scheme (supervisor chapter, "Sv39")."""
    valid: 1
    r: 1
    w: 1
    x: 1
    u: 1
    g: 1
    a: 1
    d: 1
    software: 2
    ppn: 44
    reserved: 7   # of extensions that are not here
    pbmt: 2       # Svpbmt: 0 PMA, 1 NC, 2 IO
    n: 1          # Svnapot


class Demand(data.Struct):
    """What the access asks of a leaf: any of R, W and X that is set here is enough."""
    r: 1
    w: 1            # it is a store: D is needed too
    x: 1
    user: 1         # the page must be a user's
    supervisor: 1   # it must not


def demanded(context, guest) -> Value:
    """The Demand of an access.

    context  a Context
    guest    whether the leaf is one of the G stage, to which every access is a user's (rule H_vm_gpapriv)
    """
    yes, no = Const(1, 1), Const(0, 1)
    return record(
        Demand, r=Mux(guest, g_stage_allows(context, yes, no, no), first_stage_allows(context, yes, no, no)),
        w=context.reach == Reach.STORE,
        x=Mux(guest, g_stage_allows(context, no, no, yes), first_stage_allows(context, no, no, yes)),
        user=guest | ~user_allows(context, no), supervisor=~guest & ~user_allows(context, yes))


class Judge(wiring.Component):
    """What an entry says to an access (supervisor chapter, "Virtual Address Translation Process"). Combinational.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    pte : In(Pte), level : In(3)
        The entry, and the level of its table.
    demand : In(Demand), target : In(64)
        What is asked of a leaf, and for which address.
    pbmte : In(1), adue : In(1)
        In this stage PBMT may be used; A and D are set by hardware.
    leaf : Out(1)
        It maps a page, else it points on.
    refused : Out(1), reason : Out(Refusal)
        It is a fault of its stage.
    lacks : Out(1), updated : Out(8)
        Not refused, but A, or D of a store, is 0: then with which bits 7:0 it is to be written first.
    page : Out(56)
        Of a leaf: where `target` lies.
    napot : Out(1), uncached : Out(1)
        Of a leaf: its page is of 64 KiB; its PBMT is NC or IO.
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({
            "pte": In(Pte), "level": In(3), "demand": In(Demand), "target": In(64), "pbmte": In(1), "adue": In(1),
            "leaf": Out(1), "refused": Out(1), "reason": Out(Refusal), "lacks": Out(1), "updated": Out(8),
            "page": Out(56), "napot": Out(1), "uncached": Out(1)})

    def elaborate(self, platform):
        m = Module()
        pte, level, demand, leaf = self.pte, self.level, self.demand, self.leaf
        reserved = pte.reserved.any() | (~pte.r & pte.w) | ~leaf & (pte.a | pte.d | pte.u)
        misaligned = Const(0, 1)
        for n in range(4):
            misaligned = misaligned | (level > n) & pte.ppn[9 * n:9 * n + 9].any()
        bad_napot, bad_type = pte.n, pte.pbmt.any()
        if self.config.has("svnapot"):
            m.d.comb += self.napot.eq(pte.n)
            # Of a larger page these bits would have to be 0.
            bad_napot = pte.n & (~leaf | (pte.ppn[:NAPOT_BITS] != 1 << NAPOT_BITS - 1))
        if self.config.has("svpbmt"):
            m.d.comb += self.uncached.eq(pte.pbmt.any())
            bad_type = pte.pbmt.any() & (~self.pbmte | ~leaf | pte.pbmt.all())
        traps, sets = Const(1, 1), Const(0, 1)
        if self.config.has("svadu"):
            traps, sets = ~self.adue, self.adue
        m.d.comb += leaf.eq(pte.r | pte.x)
        for bad, reason in reversed((
            (~pte.valid, Refusal.INVALID), (reserved, Refusal.RESERVED), (bad_napot, Refusal.NAPOT),
            (bad_type, Refusal.MEMORY_TYPE), (~leaf & (level == 0), Refusal.NO_LEAF),
            (leaf & misaligned, Refusal.MISALIGNED),
            (leaf & Mux(pte.u, demand.supervisor, demand.user), Refusal.USER),
            (leaf & ~(pte.r & demand.r | pte.w & demand.w | pte.x & demand.x), Refusal.PERMISSION),
            (leaf & ~pte.a & traps, Refusal.ACCESSED), (leaf & ~pte.d & demand.w & traps, Refusal.DIRTY),
        )):
            with m.If(bad):
                m.d.comb += [self.reason.eq(reason), self.refused.eq(1)]
        m.d.comb += [self.lacks.eq(leaf & (~pte.a | ~pte.d & demand.w) & sets),
                     self.updated.eq(Cat(pte.as_value()[:6], Const(1, 1), pte.d | demand.w))]

        # The page: below its size the bits are those of the address.
        number, parts = self.target[12:56], []
        for n in range(4):
            within, own = number[9 * n:9 * n + 9], pte.ppn[9 * n:9 * n + 9]
            if n == 0:
                low = Mux(self.napot, within[:NAPOT_BITS], own[:NAPOT_BITS])
                own = Cat(low, own[NAPOT_BITS:])
            parts.append(Mux(level > n, within, own))
        m.d.comb += self.page.eq(Cat(self.target[:12], *parts, pte.ppn[36:]))
        return m

"""Proofs: what a first-level TLB says it knows has been put into it, and is not after it was emptied."""

import pytest
from amaranth.hdl import Cat, Mux, Signal
from prover import Claim

from hyacinth.rtl.isa.modes import Mode, v
from hyacinth.rtl.mmu.permissions import Asked, Grants, asked, granted, grants_allow
from hyacinth.rtl.mmu.tlb import Entry, Tlb
from hyacinth.rtl.payloads import Context

pytestmark = pytest.mark.proof
VA_BITS, ENTRIES, CYCLES = 39, 2, 6


def lies_in(vpn, entry):
    """Whether the page `vpn` lies in the page of `entry`, whose numbers are 52 bits wide."""
    return Mux(entry.level == 0, vpn == entry.vpn,
               Mux(entry.level == 1, vpn[9:] == entry.vpn[9:], vpn[18:] == entry.vpn[18:]))


def test_a_tlb_knows_what_was_put_in_last_until_it_is_emptied():
    claim = Claim("A first-level TLB hits only where an entry that covers the address, and allows the access, was put "
                  "in after it was last emptied and was not replaced by one for the same address; it gives that page")
    m = claim.m
    m.submodules.tlb = tlb = Tlb(ENTRIES, VA_BITS)
    va, context = claim.free(64, "va"), claim.free(Context, "context")
    install, flush, entry = claim.free(1, "install"), claim.free(1, "flush"), claim.free(Entry, "entry")
    m.d.comb += [tlb.lookup.va.eq(va), tlb.lookup.context.eq(context), tlb.install.eq(install),
                 tlb.flush.eq(flush), tlb.entry.eq(entry)]
    claim.is_mode(tlb.lookup.context.mode)
    claim.suppose("an entry has one of three sizes", tlb.entry.level < 3)

    # One address and one kind of mode, whichever: what was put in last for it, and is still valid.
    vpn, virtual, machine = claim.any(52, "vpn"), claim.any(1, "virtual"), claim.any(1, "machine")
    known, last = Signal(), Signal(Entry)
    covers = lies_in(vpn, tlb.entry) & (tlb.entry.v == virtual) & (tlb.entry.machine == machine)
    with m.If(install & covers):
        m.d.sync += [known.eq(1), last.eq(tlb.entry)]
    with m.If(flush):
        m.d.sync += known.eq(0)
    kept, wish = Signal(Grants), Signal(Asked)
    m.d.comb += [kept.as_value().eq(granted(last.rights)), wish.as_value().eq(asked(tlb.lookup.context))]
    asked_for = (va[12:] == vpn) & (v(tlb.lookup.context.mode) == virtual) & \
        ((tlb.lookup.context.mode == Mode.M) == machine)
    claim.hold(known & grants_allow(wish, kept), asked_for & tlb.lookup.hit)
    offset = Mux(last.level == 0, last.page.ppn, Mux(
        last.level == 1, Cat(vpn[:9], last.page.ppn[9:]), Cat(vpn[:18], last.page.ppn[18:])))
    claim.hold(tlb.lookup.page.ppn == offset, asked_for & tlb.lookup.hit)
    claim.hold(tlb.lookup.page.cacheable == last.page.cacheable, asked_for & tlb.lookup.hit)
    claim.prove(CYCLES)

"""Proofs: the second-level TLB knows what was put in and no fence has named since, and nothing else."""

import pytest
from amaranth.hdl import Cat, Mux, Signal, Value
from amaranth.lib import data
from prover import DEEP, Claim, opened

from hyacinth.rtl.isa.modes import Mode, v
from hyacinth.rtl.mmu.permissions import Asked, Grants, asked, granted, grants_allow
from hyacinth.rtl.mmu.second_level import WAYS, SecondLevel, Stored
from hyacinth.rtl.payloads import AtpFields, Context, Fence, FenceKind

pytestmark = pytest.mark.proof
VA_BITS, ENTRIES = 39, 8 if DEEP else 4
CYCLES = ENTRIES // WAYS + 6  # more than a fence takes, and more than a lookup
HELD = 3                      # cycles for which an answer is looked at


class Known(data.Struct):
    """A translation that was put in, in whole."""
    vpn: 52
    napot: 1      # the first stage's page is one of 64 KiB
    stored: Stored


def within(a, b, level, napot=0):
    """Whether two page numbers lie in one page of a size; a page of 64 KiB is one of level 0 that is `napot`."""
    return Mux(level == 0, Mux(napot, a[4:] == b[4:], a == b), Mux(level == 1, a[9:] == b[9:], a[18:] == b[18:]))


def is_legal(vpn):
    """Whether a page number is one of an address of the first stage or of a guest: its upper bits are alike."""
    high = vpn[VA_BITS + 2 - 12:]
    return high.all() | ~high.any()


def has_levels(stored):
    """Whether the sizes of pages are those of Sv39; of a first stage that is off, the whole."""
    return (stored.level < 3) & Mux(stored.rights.s_off, stored.s_level == 4, stored.s_level < 3)


def names(fence, vmid, known):
    """Whether a fence names a translation: the chapters' texts on SFENCE.VMA and the two HFENCEs.

    HFENCE.GVMA by address names the whole VMID: it may do more than it has to.
    """
    entry, vpn = known.stored, fence.address[12:]
    page = ~fence.by_address | Mux(entry.rights.s_off, is_legal(vpn),
                                   within(vpn, known.vpn, entry.s_level, known.napot))
    space = ~fence.by_id | ~entry.is_global & (entry.asid == fence.id)
    return Mux(fence.kind == FenceKind.ALL, 1, Mux(
        fence.kind == FenceKind.SFENCE_VMA, ~entry.v & page & space, Mux(
            fence.kind == FenceKind.HFENCE_VVMA, entry.v & (entry.vmid == vmid) & page & space,
            entry.v & (~fence.by_id | (entry.vmid == fence.id[:14])))))


def is_for(known, va, context, s, vmid):
    """Whether a translation is that of an address, in a mode and its address spaces."""
    entry = known.stored
    return entry.valid & within(va[12:], known.vpn, entry.level) & (entry.v == v(context.mode)) & (
        entry.machine == (context.mode == Mode.M)) & (
            entry.rights.s_off | entry.is_global | (entry.asid == s.id)) & (~entry.v | (entry.vmid == vmid))


def kept_as(row, known, number_bits, index_bits):
    """Whether a row of the memory is how the TLB keeps a translation, but for its `valid`."""
    entry = known.stored
    return Cat(*(Value.cast(row.stored[name]) == Value.cast(entry[name])
                 for name, _ in data.Layout.cast(Stored) if name != "valid"),
               row.tag == known.vpn[index_bits:number_bits], row.grants.as_value() == granted(entry.rights),
               row.any_asid == entry.is_global | entry.rights.s_off, row.napot == known.napot,
               row.inside == Cat(entry.level > n for n in range(2)),
               row.s_inside == Cat(entry.s_level > n for n in range(4))).all()


@pytest.mark.rule("sfence_vma_all_asid_va", "sfence_vma_asid_only", "sfence_vma_va_all_asid", "sfence_vma_va_asid",
                  "sfence_vma_invalid_va", "hfence-vvma_asid", "hfence-vvma_limits", "hfence-gvma_vmid")
def test_what_was_put_in_is_found_until_a_fence_names_it_or_another_takes_its_place():
    claim = Claim("The second-level TLB hits if and only if a translation was put in that has the address, for this "
                  "mode, ASID and VMID, allows the access, and has since neither been named by a fence nor made room; "
                  "it gives that one. Room is made by one translation, by one of the same address if there is any")
    m = claim.m
    m.submodules.tlb = tlb = SecondLevel(ENTRIES, VA_BITS)
    inside = opened(tlb)
    read, install, ends, fences, napot = (
        claim.free(1, name) for name in ("read", "install", "ends", "fences", "napot"))
    va, context, s = claim.free(64, "va"), claim.free(Context, "context"), claim.free(AtpFields, "s")
    vmid, new, fence = claim.free(14, "vmid"), claim.free(Stored, "new"), claim.free(Fence, "fence")
    m.d.comb += [
        tlb.va.eq(va), tlb.read.eq(read), tlb.context.eq(context), tlb.s.eq(s), tlb.vmid.eq(vmid),
        tlb.install.eq(install), tlb.new.eq(new), tlb.new_napot.eq(napot),
        tlb.fence.valid.eq(fences), tlb.fence.payload.eq(fence), tlb.current_vmid.eq(vmid)]

    # Who uses it looks up, puts in what was missing, and fences, at any time and in any order. A lookup has the
    # address, then for whom it is, then the answer, for as long as its user looks.
    fenced, phase = fences & tlb.fence.ready, Signal(range(3 + HELD))
    held = Signal(data.StructLayout({"va": 64, "context": Context, "s": AtpFields, "vmid": 14}))
    answers, asks = phase >= 2, Cat(context, s, vmid)
    with m.If(phase != 0):
        m.d.sync += phase.eq(phase + 1)
    with m.If(read):
        m.d.sync += [phase.eq(1), held.va.eq(va)]
    with m.If(answers & (ends | install) | (phase == 1 + HELD) | fenced):
        m.d.sync += phase.eq(0)
    with m.If(phase == 1):
        m.d.sync += [held.context.eq(context), held.s.eq(s), held.vmid.eq(vmid)]
    claim.suppose("a lookup begins when no other lookup and no fence is under way",
                  ~read | (phase == 0) & tlb.fence.ready & ~fences)
    claim.suppose("a request is held while it is answered, which is looked at for three cycles at most",
                  ~answers | (Cat(held.context, held.s, held.vmid) == asks))
    claim.suppose("what is put in was looked up and is missing", ~install | answers & ~tlb.hit & ~fences)
    claim.suppose("sizes of pages are those of Sv39", ~install | has_levels(new))
    claim.is_mode(context.mode)

    # What one row, whichever, ought to hold: in each way a translation.
    row = claim.any(tlb.index_bits, "row")
    here = held.va[12:12 + tlb.index_bits] == row
    ways = [Signal(Known, name=f"known_{n}") for n in range(WAYS)]
    fits = [is_for(each, held.va, context, s, vmid) for each in ways]
    memories = [inside.submodules[f"way_{n}"] for n in range(WAYS)]
    replaced = Cat(memory.write_ports[0].en for memory in memories)
    for n, known in enumerate(ways):
        with m.If(install & here & replaced[n]):
            m.d.sync += [known.vpn.eq(held.va[12:]), known.napot.eq(napot), known.stored.eq(new),
                         known.stored.valid.eq(new.valid & is_legal(held.va[12:]))]
        with m.If(fenced & names(fence, vmid, known)):
            m.d.sync += known.stored.valid.eq(0)
    claim.hold((replaced == 1) | (replaced == 2), install)
    claim.hold((replaced & Cat(fits)).any(), install & here & Cat(fits).any())

    # It answers so.
    wish, hits = Signal(Asked), Signal(WAYS)
    m.d.comb += wish.as_value().eq(asked(context))
    for n, known in enumerate(ways):
        grants = Signal(Grants, name=f"grants_{n}")
        m.d.comb += [grants.as_value().eq(granted(known.stored.rights)),
                     hits[n].eq(fits[n] & grants_allow(wish, grants))]
    claim.hold(tlb.hit == hits.any(), answers & here)
    claim.hold(tlb.found.as_value() == Mux(hits[0], ways[0].stored.as_value(), ways[1].stored.as_value()),
               answers & here & tlb.hit)

    # Why: it keeps what it ought to.
    for memory, known in zip(memories, ways, strict=True):
        peek = memory.read_port(domain="comb")
        m.d.comb += peek.addr.eq(row)
        claim.hold(peek.data.stored.valid == known.stored.valid, tlb.fence.ready)
        claim.hold(kept_as(peek.data, known, VA_BITS + 3 - 12, tlb.index_bits) & is_legal(known.vpn)
                   & has_levels(known.stored) & (known.vpn[:tlb.index_bits] == row), known.stored.valid)
    claim.prove(CYCLES, induction=True)

"""Proofs: the second-level TLB knows what was put in and no fence has named since, and nothing else."""

import pytest
from amaranth.hdl import Cat, Mux, Signal
from amaranth.lib import data
from prover import Claim, opened

from hyacinth.rtl.isa.modes import Mode, v
from hyacinth.rtl.mmu.permissions import Asked, Grants, asked, granted, grants_allow
from hyacinth.rtl.mmu.second_level import WAYS, SecondLevel, Stored
from hyacinth.rtl.payloads import AtpFields, Context, Fence, FenceKind

pytestmark = pytest.mark.proof
VA_BITS, ENTRIES = 39, 4
HELD = 3      # cycles for which an answer is looked at


class Known(data.Struct):
    """A translation that was put in, in whole."""
    vpn: 52
    napot: 1
    stored: Stored


def within(a, b, level, napot=0):
    """Whether two page numbers lie in one page of a size; a page of 64 KiB is one of level 0 that is `napot`."""
    return Mux(level == 0, Mux(napot, a[4:] == b[4:], a == b), Mux(level == 1, a[9:] == b[9:], a[18:] == b[18:]))


def is_legal(vpn):
    """Whether a page number is one of an address of the first stage or of a guest: its upper bits are alike."""
    high = vpn[VA_BITS + 2 - 12:]
    return high.all() | ~high.any()


def names(fence, vmid, known):
    """Whether a fence names a translation: the chapters' texts on SFENCE.VMA and the two HFENCEs."""
    entry = known.stored
    vpn = fence.address[12:]
    page = ~fence.by_address | Mux(entry.rights.s_off, is_legal(vpn), within(
        vpn, known.vpn, entry.s_level, known.napot))
    space = ~fence.by_id | ~entry.is_global & (entry.asid == fence.id)
    return Mux(fence.kind == FenceKind.ALL, 1, Mux(
        fence.kind == FenceKind.SFENCE_VMA, ~entry.v & page & space, Mux(
            fence.kind == FenceKind.HFENCE_VVMA, entry.v & (entry.vmid == vmid) & page & space,
            entry.v & (~fence.by_id | (entry.vmid == fence.id[:14])))))


def is_for(known, va, context, s, vmid):
    """Whether a translation is that of an address, in a mode and its address spaces."""
    entry = known.stored
    return entry.valid & within(va[12:], known.vpn, entry.level) & (entry.v == v(context.mode)) & \
        (entry.machine == (context.mode == Mode.M)) & \
        (entry.rights.s_off | entry.is_global | (entry.asid == s.id)) & (~entry.v | (entry.vmid == vmid))


class Scene:
    """The TLB among a user who looks up, puts in what was missing, and fences, at any time and in any order.

    Beside it, a list of what any one of its rows ought to hold.
    """
    def __init__(self, text):
        self.claim = claim = Claim(text)
        self.inputs, m = [], claim.m
        m.submodules.tlb = tlb = SecondLevel(ENTRIES, VA_BITS)
        inside = opened(tlb)
        read, install, ends, fences, napot = (self.free(1, name) for name in (
            "read", "install", "ends", "fences", "napot"))
        va, context, s = self.free(64, "va"), self.free(Context, "context"), self.free(AtpFields, "s")
        vmid, new, fence = self.free(14, "vmid"), self.free(Stored, "new"), self.free(Fence, "fence")
        m.d.comb += [
            tlb.va.eq(va), tlb.read.eq(read), tlb.context.eq(context), tlb.s.eq(s), tlb.vmid.eq(vmid),
            tlb.install.eq(install), tlb.new.eq(new), tlb.new_napot.eq(napot),
            tlb.fence.valid.eq(fences), tlb.fence.payload.eq(fence), tlb.current_vmid.eq(vmid)]

        # A lookup: the address, then for whom it is, then the answer, for as long as its user looks.
        fenced = fences & tlb.fence.ready
        phase, held = Signal(range(3 + HELD)), Signal(data.StructLayout(
            {"va": 64, "context": Context, "s": AtpFields, "vmid": 14}))
        answers = phase >= 2
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
        claim.suppose("a request is held while it is answered, and its answer looked at for three cycles at most",
                      ~answers | (held.context.as_value() == context.as_value())
                      & (held.s.as_value() == s.as_value()) & (held.vmid == vmid))
        claim.suppose("what is put in was looked up and is missing", ~install | answers & ~tlb.hit & ~fences)
        claim.suppose("its levels are those of Sv39, or that of no first stage", ~install | (new.level < 3) & Mux(
            new.rights.s_off, new.s_level == 4, new.s_level < 3))
        claim.is_mode(context.mode)

        # What one row, whichever, ought to hold: in each way a translation.
        row = claim.any(tlb.index_bits, "row")
        here = held.va[12:12 + tlb.index_bits] == row
        ways = [Signal(Known, name=f"known_{n}") for n in range(WAYS)]
        fits = [is_for(each, held.va, context, s, vmid) for each in ways]
        memories = [inside.submodules[f"way_{n}"] for n in range(WAYS)]
        replaced = Cat(memory.write_ports[0].en for memory in memories)
        claim.hold((replaced == 1) | (replaced == 2), install)
        claim.hold((replaced & Cat(fits)).any(), install & here & Cat(fits).any())
        for n, known in enumerate(ways):
            with m.If(install & here & replaced[n]):
                m.d.sync += [known.vpn.eq(held.va[12:]), known.napot.eq(napot), known.stored.eq(new),
                             known.stored.valid.eq(new.valid & is_legal(held.va[12:]))]
            with m.If(fenced & names(fence, vmid, known)):
                m.d.sync += known.stored.valid.eq(0)

        # It holds that, as it keeps it.
        for n, known in enumerate(ways):
            peek = memories[n].read_port(domain="comb")
            m.d.comb += peek.addr.eq(row)
            kept, entry = peek.data, known.stored
            same = Cat(kept.stored[name] == entry[name] if not hasattr(entry[name], "as_value") else
                       kept.stored[name].as_value() == entry[name].as_value()
                       for name, _ in data.Layout.cast(Stored) if name != "valid")
            claim.hold(kept.stored.valid == entry.valid, tlb.fence.ready)
            claim.hold(
                same.all()
                & (kept.grants.as_value() == granted(entry.rights))
                & (kept.any_asid == entry.is_global | entry.rights.s_off)
                & (kept.inside == Cat(entry.level > n for n in range(2)))
                & (kept.s_inside == Cat(entry.s_level > n for n in range(4)))
                & (kept.napot == known.napot) & (kept.tag == known.vpn[tlb.index_bits:VA_BITS + 3 - 12])
                & (known.vpn[:tlb.index_bits] == row)
                & is_legal(known.vpn) & (entry.level < 3) & Mux(
                    entry.rights.s_off, entry.s_level == 4, entry.s_level < 3),
                entry.valid)

        # And it answers so.
        wish = Signal(Asked)
        m.d.comb += wish.as_value().eq(asked(context))
        hits = []
        for known, fit in zip(ways, fits, strict=True):
            grants = Signal(Grants)
            m.d.comb += grants.as_value().eq(granted(known.stored.rights))
            hits.append(fit & grants_allow(wish, grants))
        claim.hold(tlb.hit == hits[0] | hits[1], answers & here)
        claim.hold(tlb.found.as_value() == Mux(hits[0], ways[0].stored.as_value(), ways[1].stored.as_value()), answers & here & tlb.hit)

    def free(self, shape, name):
        """An input that can be anything in each cycle."""
        signal = Signal(data.Layout.cast(shape).size if not isinstance(shape, int) else shape, name=name)
        self.inputs.append(signal)
        return signal if isinstance(shape, int) else data.View(data.Layout.cast(shape), signal)


def test_it():
    scene = Scene("The second-level TLB hits")
    scene.claim.prove(7, scene.inputs, induction=True)

"""Fences: what they name is not used any more, and what they do not name is still there."""

from dataclasses import dataclass
from itertools import count

import pytest
from unit.mmu.harness import Guest, run
from unit.mmu.model import A, Access, D, G, R, U, V, W, X, leaf

from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import FenceKind

FULL = V | R | W | X | A | D
BASE, SUPER = 0x12_0000_0000, 0x13_0020_0000  # 4 KiB pages; one page of 2 MiB at the first stage
CONFIG = {"tlb_entries": 128}                 # 64 rows: each entry of the test has its own


@dataclass(frozen=True)
class Kept:
    """An entry of the second level: whose it is, and which page."""
    v: int
    vmid: int
    asid: int
    kind: str   # "plain", "global" or "super"
    va: int

    @property
    def access(self):
        return Access(self.va, Mode.VS if self.v else Mode.HS)


def world():
    """One set of tables that all address spaces share, and an entry for each space and kind of page."""
    guest = Guest(8, 8)
    machine, tables = guest.machine, guest.tables
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    rows, kept = count(), []
    guest.map(SUPER, SUPER, 1, FULL)
    tables.place(8, root, SUPER, 1, leaf(0x9000_0000, FULL))
    for v, vmid, asid in [(0, 0, 1), (0, 0, 2), *((1, vmid, asid) for vmid in (1, 2) for asid in (1, 2))]:
        for kind in ("plain", "plain", "global", "super"):
            row = next(rows)
            va = (SUPER if kind == "super" else BASE) + (row << 12)
            if v:
                guest.map_guest(va, 0x9000_0000 + (row << 12), 0)
            if kind != "super":
                flags = FULL | (G if kind == "global" else 0)
                if v:
                    guest.map(va, va, 0, flags)
                else:
                    tables.place(8, root, va, 0, leaf(0x9000_0000 + (row << 12), flags))
            kept.append(Kept(v, vmid, asid, kind, va))
    return guest, kept


async def enter(player, entry):
    """The CSRs as the address space of `entry` wants them."""
    machine = player.machine
    if entry.v:
        machine.vsatp = machine.vsatp[0], entry.asid, machine.vsatp[2]
        machine.hgatp = machine.hgatp[0], entry.vmid, machine.hgatp[2]
    else:
        machine.satp = machine.satp[0], entry.asid, machine.satp[2]
    await player.flush_first()


def gone_after(kind, *, vmid=1, **names):
    """The entries that a fence, made while hgatp.VMID is `vmid`, has emptied; all others are still there."""
    guest, kept = world()
    gone = set()

    async def scenario(player):
        for entry in kept:
            await enter(player, entry)
            assert await player.check(entry.access) in ("walk", "shortened")
        for entry in kept:
            await enter(player, entry)
            assert await player.check(entry.access) == "second"
        player.machine.hgatp = player.machine.hgatp[0], vmid, player.machine.hgatp[2]
        await player.flush_first()
        await player.fence(kind, **names)
        for entry in kept:
            await enter(player, entry)
            if await player.check(entry.access) != "second":
                gone.add(entry)
    run(scenario, guest.machine, **CONFIG)
    return gone


def chosen(**facts):
    _, kept = world()
    return {entry for entry in kept if all(getattr(entry, name) == value for name, value in facts.items())}


def first(**facts):
    return min(chosen(**facts), key=lambda entry: entry.va)


@pytest.mark.rule("sfence_vma_v0", "hfence-vvma_hfence-gvma_op")
@pytest.mark.rule("sfence_vma_all_asid_va")
def test_sfence_vma_of_everything_names_all_of_v_0_and_spares_guests():
    assert gone_after(FenceKind.SFENCE_VMA) == chosen(v=0)


@pytest.mark.rule("sfence_vma_asid_only")
def test_sfence_vma_by_asid_spares_other_asids_and_global_pages():
    assert gone_after(FenceKind.SFENCE_VMA, id=1) == chosen(v=0, asid=1) - chosen(kind="global")


@pytest.mark.rule("sfence_vma_va_all_asid")
@pytest.mark.parametrize("kind", ("plain", "global"))
def test_sfence_vma_by_address_names_that_page_in_every_address_space(kind):
    entry = first(v=0, kind=kind)
    assert gone_after(FenceKind.SFENCE_VMA, address=entry.va + 0x123) == {entry}


def test_sfence_vma_by_address_names_a_superpage_by_any_of_its_addresses():
    assert gone_after(FenceKind.SFENCE_VMA, address=SUPER + 0x1F_FFF8) == chosen(v=0, kind="super")
    assert gone_after(FenceKind.SFENCE_VMA, address=SUPER + 0x20_0000) == set()


@pytest.mark.rule("sfence_vma_va_asid")
def test_sfence_vma_by_address_and_asid_names_what_both_name():
    entry, of_all = first(v=0, asid=2, kind="plain"), first(v=0, asid=2, kind="global")
    assert gone_after(FenceKind.SFENCE_VMA, address=entry.va, id=2) == {entry}
    assert gone_after(FenceKind.SFENCE_VMA, address=entry.va, id=1) == set()
    assert gone_after(FenceKind.SFENCE_VMA, address=of_all.va, id=2) == set()


@pytest.mark.rule("hfence-vvma_mode", "hfence-vvma_limits", "sfence_vma_v1")
@pytest.mark.parametrize("vmid", (1, 2))
def test_hfence_vvma_names_the_current_vmid_alone(vmid):
    assert gone_after(FenceKind.HFENCE_VVMA, vmid=vmid) == chosen(v=1, vmid=vmid)


def test_hfence_vvma_names_the_vmid_that_was_current_when_it_was_taken():
    # The second level is still being swept when hgatp is written; its rows are those of the old VMID all the same.
    guest, kept = world()
    entry = max((one for one in kept if (one.v, one.vmid, one.kind) == (1, 1, "plain")), key=lambda one: one.va)

    async def scenario(player):
        await enter(player, entry)
        await player.check(entry.access)
        await player.fence(FenceKind.HFENCE_VVMA)
        player.machine.hgatp = player.machine.hgatp[0], 2, player.machine.hgatp[2]
        await player.flush_first()
        assert not player.ctx.get(player.dut.fence.ready)
        await player.ctx.tick().until(player.dut.fence.ready)
        await enter(player, entry)
        assert await player.check(entry.access) != "second"
    run(scenario, guest.machine, **CONFIG)


@pytest.mark.rule("hfence-vvma_limits")
def test_hfence_vvma_by_asid_spares_other_asids_and_global_pages():
    assert gone_after(FenceKind.HFENCE_VVMA, vmid=2, id=1) == chosen(v=1, vmid=2, asid=1) - chosen(kind="global")


def test_hfence_vvma_by_address_hits_entries_that_are_kept_at_the_smaller_size_of_the_g_stage():
    assert gone_after(FenceKind.HFENCE_VVMA, address=SUPER + 0x1F_F000) == chosen(v=1, vmid=1, kind="super")


@pytest.mark.rule("hfence-vvma_limits")
def test_hfence_vvma_by_address_spares_other_pages():
    entry = first(v=1, vmid=1, kind="plain")
    assert gone_after(FenceKind.HFENCE_VVMA, address=entry.va) == {entry}


def test_hfence_gvma_names_every_guest_and_spares_v_0():
    assert gone_after(FenceKind.HFENCE_GVMA) == chosen(v=1)


@pytest.mark.rule("hfence-gvma_op", "H_vm_gpa_g")
def test_hfence_gvma_by_vmid_spares_other_guests_and_no_g_bit_saves_an_entry():
    assert gone_after(FenceKind.HFENCE_GVMA, id=2) == chosen(v=1, vmid=2)


@pytest.mark.rule("hfence-gvma_op")
def test_hfence_gvma_by_address_takes_a_gpa_shifted_right_by_2():
    entry = first(v=1, vmid=2, kind="plain")
    # The whole VMID goes, since entries keep no GPA; a fence by its number taken for an address would miss it.
    assert entry in gone_after(FenceKind.HFENCE_GVMA, address=entry.va >> 2, id=2)


def test_a_change_of_regime_leaves_nothing():
    guest, kept = world()

    async def scenario(player):
        for entry in kept:
            await enter(player, entry)
            await player.check(entry.access)
        await player.flush_all()
        for entry in kept:
            await enter(player, entry)
            assert await player.check(entry.access) != "second"
        # Bare, with the same ASID and VMID: entries of either regime do not serve the other.
        for name in ("satp", "vsatp", "hgatp"):
            atp = getattr(player.machine, name)
            setattr(player.machine, name, (0, *atp[1:]))
            await player.flush_all()
            for entry in (kept[0], kept[-1]):
                await player.check(entry.access)
            setattr(player.machine, name, atp)
            await player.flush_all()
            for entry in (kept[0], kept[-1]):
                await player.check(entry.access)
    run(scenario, guest.machine, **CONFIG)


def test_a_reset_leaves_nothing():
    guest, kept = world()

    async def scenario(player):
        for entry in kept:
            await enter(player, entry)
            await player.check(entry.access)
        await player.reset()
        for entry in kept:
            await enter(player, entry)
            assert await player.check(entry.access) != "second", entry
    run(scenario, guest.machine, **CONFIG)


def test_asid_vmid_and_v_are_part_of_a_match_and_a_global_page_is_of_every_asid():
    guest, kept = world()
    guest.machine.vsatp = guest.machine.vsatp[0], 2, guest.machine.vsatp[2]

    async def scenario(player):
        for entry in kept:
            await enter(player, entry)
            await player.check(entry.access)
            for change in ("asid", "vmid", "v"):
                values = {"v": entry.v, "vmid": entry.vmid, "asid": entry.asid}
                values[change] = 1 - values[change] if change == "v" else values[change] + 4
                if change == "vmid" and not entry.v:
                    continue
                other = Kept(**values, kind=entry.kind, va=entry.va)
                await enter(player, other)
                how = await player.check(other.access)
                assert (how == "second") == (entry.kind == "global" and change == "asid"), (entry, change)
    # Two ways: the entry itself, and one other.
    run(scenario, guest.machine, tlb_entries=512)


def test_a_pointer_with_g_makes_what_lies_below_global_also_where_a_walk_is_shortened():
    guest, kept = world()
    machine = guest.machine
    pages = [entry.va for entry in kept if (entry.v, entry.kind) == (0, "plain")][:2]
    machine.memory[(machine.satp[2] << 12) + 8 * (pages[0] >> 30)] |= G

    async def scenario(player):
        hows = [await player.check(Access(va)) for va in pages]
        assert hows == ["walk", "shortened"]
        await enter(player, Kept(0, 0, 2, "plain", 0))
        await player.fence(FenceKind.SFENCE_VMA, id=1)
        assert [await player.check(Access(va)) for va in pages] == ["second"] * 2
    run(scenario, machine, **CONFIG)


@pytest.mark.parametrize("delay", range(1, 64, 7))
def test_a_lookup_waits_until_a_fence_has_gone_through_the_rows(delay):
    guest, kept = world()
    entries = [entry for entry in kept if (entry.v, entry.asid) == (0, 1)]

    async def scenario(player):
        await enter(player, entries[0])
        for entry in entries:
            await player.check(entry.access)
        for entry in entries:
            await player.fence(FenceKind.SFENCE_VMA, address=BASE - 0x1000)
            await player.ctx.tick().repeat(delay)
            assert await player.check(entry.access) == "second"
    run(scenario, guest.machine, **CONFIG)


@pytest.mark.parametrize("kind,names", [
    (FenceKind.SFENCE_VMA, {}), (FenceKind.SFENCE_VMA, {"address": BASE, "id": 1}),
    (FenceKind.HFENCE_VVMA, {"address": BASE, "id": 1}), (FenceKind.HFENCE_GVMA, {"address": BASE >> 2, "id": 1})],
    ids=("sfence", "sfence-narrow", "vvma", "gvma"))
def test_after_any_fence_the_upper_levels_are_read_again(kind, names):
    guest, kept = world()
    entry = first(v=int(kind != FenceKind.SFENCE_VMA), kind="plain", asid=1)
    memory = guest.machine.memory

    async def scenario(player):
        await enter(player, entry)
        await player.check(entry.access)
        root = guest.vs_root if entry.v else guest.machine.satp[2] << 12
        place = (guest.at[root >> 12] << 12 if entry.v else root) + 8 * (entry.va >> 30)
        if kind == FenceKind.HFENCE_GVMA:
            place = guest.g_root + 8 * (entry.va >> 30)
        memory[place] = 0
        named = names | ({"address": entry.va >> 2 * (kind == FenceKind.HFENCE_GVMA)} if "address" in names else {})
        await player.fence(kind, **named)
        await player.check(entry.access)
        assert player.expect(entry.access)[1]
    run(scenario, guest.machine, **CONFIG)


@pytest.mark.rule("sfence_vma_implicit_access")
def test_a_write_of_satp_with_another_root_does_not_use_upper_levels_of_the_old_one():
    guest, kept = world()
    entry, machine = first(v=0, kind="plain", asid=1), guest.machine

    async def scenario(player):
        await enter(player, entry)
        await player.check(entry.access)
        root = guest.tables.page()
        guest.tables.place(8, root, entry.va + (1 << 18), 0, leaf(0xA000_0000, FULL | U))
        machine.satp = 8, 1, root >> 12
        await player.flush_first()
        await player.check(Access(entry.va + (1 << 18), sum=1))
    run(scenario, machine, **CONFIG)


@pytest.mark.rule("hfence-vvma_asid")
@pytest.mark.rule("sfence_vma_rs2_bits")
@pytest.mark.parametrize("bits", (0, 8, 16))
@pytest.mark.parametrize("v", (0, 1), ids=("sfence", "vvma"))
def test_bits_of_an_asid_that_are_not_implemented_do_not_keep_a_fence_from_its_work(v, bits):
    guest, kept = world()
    entry = first(v=v, kind="plain", asid=1)
    asid = 1 & (1 << bits) - 1

    async def scenario(player):
        await enter(player, Kept(v, 1, asid, "plain", entry.va))
        await player.check(entry.access)
        await player.fence(FenceKind.HFENCE_VVMA if v else FenceKind.SFENCE_VMA, id=asid | 0xFFFF << bits & 0xFFFF)
        assert await player.check(entry.access) != "second"
    run(scenario, guest.machine, asid_bits=bits)


@pytest.mark.rule("hfence-gvma_vmid")
@pytest.mark.parametrize("bits", (0, 7, 14))
def test_bits_of_a_vmid_that_are_not_implemented_do_not_keep_a_fence_from_its_work(bits):
    guest, kept = world()
    entry = first(v=1, kind="plain", asid=1, vmid=1)
    vmid = 1 & (1 << bits) - 1

    async def scenario(player):
        await enter(player, Kept(1, vmid, 1, "plain", entry.va))
        await player.check(entry.access)
        await player.fence(FenceKind.HFENCE_GVMA, id=vmid | 0xFFFF << bits & 0xFFFF)
        assert await player.check(entry.access) != "second"
    run(scenario, guest.machine, vmid_bits=bits)

"""Pages of 64 KiB (Svnapot): where they lead, at either stage; what is reserved; what a fence by address reaches."""

import pytest
from unit.mmu.cases import FULL, GPA, PA, VA, at, guest_with, outcomes
from unit.mmu.harness import Guest, Tables, run
from unit.mmu.model import PPN_SHIFT, Machine, N, R, U, V, W, X, leaf

from hyacinth.rtl.config import FULL as FULL_CORE
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import FenceKind, Reach

SIZE, PIECES = 0x1_0000, range(0, 0x1_0000, 0x1000)
NAPOT = N | 8 << PPN_SHIFT


def wide(*stages):
    """A guest whose page at VA, and those around it, are of 64 KiB at each of the `stages`, "vs" and "g"."""
    guest = Guest(8, 8)
    va, gpa, pa = (address & -SIZE for address in (VA, GPA, PA))
    guest.leaves = []
    for piece in PIECES:
        *_, g_leaf = guest.map_guest(gpa + piece, pa + (0 if "g" in stages else piece), 0,
                                     FULL | U | (NAPOT if "g" in stages else 0))
        *_, vs_leaf = guest.map(va + piece, gpa + (0 if "vs" in stages else piece), 0,
                                FULL | (NAPOT if "vs" in stages else 0))
        guest.leaves.append((vs_leaf, g_leaf))
    return guest


@pytest.mark.rule("Svnapot_pte_N", "Svnapot_range_napot", "Svnapot_valid_encoding", "Svnapot_implicit_read_ppn_subst",
                  "Svnapot_hyp_gstage")
@pytest.mark.parametrize("stages", ({"vs"}, {"g"}, {"vs", "g"}), ids=lambda stages: "+".join(sorted(stages)))
def test_every_piece_of_a_page_of_64_kib_lies_at_its_own_place(stages):
    accesses = [at((piece - (VA & SIZE - 1)) + 0x128) for piece in PIECES]
    assert outcomes(wide(*stages), *accesses, *accesses) == [(PA & -SIZE) + piece + 0x128 for piece in PIECES] * 2


def test_a_table_on_a_g_stage_page_of_64_kib_is_found():
    guest = guest_with()
    table = guest.machine.memory[guest.places[1]] >> PPN_SHIFT << 12
    old, new = guest.at[table >> 12] << 12, guest.tables.page(16)
    for offset in range(0, 0x1000, 8):         # moved to where it has the same place within 64 KiB as its GPA
        if (pte := guest.machine.memory.pop(old + offset, 0)):
            guest.machine.memory[new + table % SIZE + offset] = pte
    guest.map_guest(table, new, 0, FULL | U | NAPOT)
    assert outcomes(guest, at()) == [PA]


@pytest.mark.rule("Svnapot_reserved_encoding_fault", "Sv39_pte_svnapot_rsv")
@pytest.mark.parametrize("low", [low for low in range(16) if low != 8])
def test_every_other_encoding_of_the_low_bits_is_a_fault_of_its_stage(low):
    guest = guest_with()
    guest.machine.memory[guest.leaf] = leaf(GPA & -SIZE, FULL) | N | low << PPN_SHIFT
    assert outcomes(guest, at()) == [(13, 0, 0)]
    guest = guest_with()
    guest.machine.memory[guest.g_leaf] = leaf(PA & -SIZE, FULL | U) | N | low << PPN_SHIFT
    assert outcomes(guest, at()) == [(21, GPA, 0)]


@pytest.mark.rule("Svnapot_reserved_encoding_fault")
@pytest.mark.parametrize("level", (1, 2))
def test_n_of_a_larger_page_or_of_a_pointer_is_a_fault_of_its_stage(level):
    for levels, fault in (((level, 0), (13, 0, 0)), ((0, level), (21, GPA, 0))):
        guest = guest_with(levels=levels)
        guest.machine.memory[guest.leaf if levels[0] else guest.g_leaf] |= N
        assert outcomes(guest, at()) == [fault]
    guest = guest_with()
    guest.machine.memory[guest.places[2 - level]] |= N | 8 << PPN_SHIFT
    assert outcomes(guest, at()) == [(13, 0, 0)]


@pytest.mark.rule("Svnapot_reserved_encoding_fault")
@pytest.mark.parametrize("level", (1, 2))
def test_n_of_a_pointer_is_a_fault_also_where_its_ppn_ends_as_that_of_64_kib(level):
    machine = Machine()
    tables = Tables(machine)
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    places = tables.place(8, root, VA, 0, leaf(PA, FULL), table=lambda: tables.page(16) + 0x8000)
    pointer = places[2 - level]
    assert machine.memory[pointer] >> PPN_SHIFT & 15 == 8
    assert outcomes(None, at(mode=Mode.HS), machine=machine) == [PA]
    machine.memory[pointer] |= N
    assert outcomes(None, at(mode=Mode.HS), machine=machine) == [(13, 0, 0)]


def test_without_the_extension_n_is_reserved():
    guest = wide("vs")
    guest.machine.napot = 0
    assert outcomes(guest, at(), extensions=FULL_CORE.without("svnapot").extensions) == [(13, 0, 0)]


@pytest.mark.rule("Svnapot_cache_entries")
@pytest.mark.parametrize("mode", (Mode.VS, Mode.HS), ids=lambda mode: mode.name)
@pytest.mark.parametrize("named", (0, 0x7000, 0xF000), ids=hex)
def test_a_fence_by_any_address_of_a_page_of_64_kib_reaches_every_piece(named, mode):
    guest = wide("vs")
    machine, tables = guest.machine, guest.tables
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    leaves = [tables.place(8, root, (VA & -SIZE) + piece, 0, leaf(PA & -SIZE, FULL) | NAPOT)[-1] for piece in PIECES]
    leaves = leaves if mode == Mode.HS else [vs for vs, _ in guest.leaves]
    accesses = [at(piece - (VA & SIZE - 1), mode=mode) for piece in PIECES]

    async def fenced(player):
        for access in accesses:
            await player.check(access)
        await player.fence(FenceKind.SFENCE_VMA if mode == Mode.HS else FenceKind.HFENCE_VVMA,
                           address=(VA & -SIZE) + named + 0x123)
        for place in leaves:
            machine.memory[place] &= ~V
        assert [await player.check(access) for access in accesses] == ["fault"] * 16
    run(fenced, machine, tlb_entries=128)


@pytest.mark.rule("Svnapot_cache_entries")
def test_a_fence_by_an_address_beside_a_page_of_64_kib_spares_it():
    guest = wide("vs")
    accesses = [at(piece - (VA & SIZE - 1)) for piece in PIECES]

    async def scenario(player):
        for access in accesses:
            await player.check(access)
        for beside in (-0x1000, SIZE):
            await player.fence(FenceKind.HFENCE_VVMA, address=(VA & -SIZE) + beside)
        assert [await player.check(access) for access in accesses] == ["second"] * 16
    run(scenario, guest.machine, tlb_entries=128)


def test_a_fence_by_address_tells_pages_of_4_kib_apart():
    guest = wide()
    accesses = [at(piece - (VA & SIZE - 1)) for piece in PIECES]

    async def scenario(player):
        for access in accesses:
            await player.check(access)
        await player.fence(FenceKind.HFENCE_VVMA, address=(VA & -SIZE) + 0x3000)
        hows = [await player.check(access) for access in accesses]
        assert [how == "second" for how in hows] == [piece != 0x3000 for piece in PIECES]
    run(scenario, guest.machine, tlb_entries=128)


@pytest.mark.parametrize("reach", list(Reach), ids=lambda reach: reach.name.lower())
def test_the_permissions_of_a_page_of_64_kib_are_checked(reach):
    guest = wide("vs")
    for place, _ in guest.leaves:
        guest.machine.memory[place] &= ~(X, R | W | X, W)[reach] | (X if reach == Reach.LOAD else 0)
    assert outcomes(guest, at(reach=reach)) == [((12, 13, 15)[reach], 0, 0)]

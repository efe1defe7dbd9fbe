"""Which fault an access meets, and what is reported of it: the rules at which other cores went wrong, one at a time."""

import pytest
from unit.mmu.cases import FULL, GPA, PA, VA, at, guest_with, outcomes
from unit.mmu.harness import RAM, Guest, Tables, run
from unit.mmu.model import NAPOT, PPN_SHIFT, A, Access, D, G, Machine, Pmp, R, U, V, W, X, leaf, pointer

from hyacinth.rtl.config import PHYSICAL_BITS, Region
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import FenceKind, Reach

REACHES = pytest.mark.parametrize("reach", list(Reach), ids=lambda reach: reach.name.lower())
PAGE_FAULT, GUEST_PAGE_FAULT, ACCESS_FAULT = (12, 13, 15), (20, 21, 23), (1, 5, 7)


def test_an_access_reaches_its_page():
    assert outcomes(guest_with(), at(0x18)) == [PA + 0x18]


@REACHES
def test_a_vs_fault_is_a_page_fault_without_gpa(reach):
    assert outcomes(guest_with(flags=0), at(reach=reach)) == [(PAGE_FAULT[reach], 0, 0)]


@pytest.mark.rule("fetch_page_fault_no_x", "load_page_fault_no_r", "store_page_fault_no_w")
@pytest.mark.parametrize("reach, missing", ((Reach.FETCH, X), (Reach.LOAD, R | W), (Reach.STORE, W)))
def test_a_page_that_does_not_grant_the_access_is_a_page_fault_of_its_kind(reach, missing):
    machine = Machine(satp=(8, 0, RAM >> 12))
    tables = Tables(machine)
    lacking, having = VA, VA + 0x1000
    tables.place(8, RAM, lacking, 0, leaf(PA, FULL & ~missing))
    tables.place(8, RAM, having, 0, leaf(PA, FULL))
    accesses = [Access(va, Mode.HS, reach) for va in (lacking, having, lacking)]
    assert outcomes(None, *accesses, machine=machine) == [(PAGE_FAULT[reach], 0, 0), PA, (PAGE_FAULT[reach], 0, 0)]


@REACHES
def test_a_g_stage_fault_reports_the_gpa_of_the_byte(reach):
    assert outcomes(guest_with(g_flags=0), at(0x128, reach=reach)) == [(GUEST_PAGE_FAULT[reach], GPA + 0x128, 0)]


@pytest.mark.parametrize("levels", [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2), (1, 2), (2, 1), (2, 2)], ids=str)
def test_the_gpa_of_a_superpage_at_either_stage_comes_from_the_smaller_page(levels):
    guest = guest_with(g_flags=V | R | X | A | U, levels=levels)
    assert outcomes(guest, at(0x128, reach=Reach.STORE)) == [(23, GPA + 0x128, 0)]


@pytest.mark.rule("H_vm_gstagetrans")
@REACHES
def test_with_vs_bare_the_gpa_is_the_address(reach):
    guest = guest_with(g_flags=0)
    guest.machine.vsatp = 0, 0, 0
    assert outcomes(guest, Access(GPA + 8, Mode.VS, reach)) == [(GUEST_PAGE_FAULT[reach], GPA + 8, 0)]


# Implicit accesses.

@REACHES
@pytest.mark.parametrize("level", (0, 1, 2))
def test_a_fault_of_a_table_read_reports_the_gpa_of_that_entry_and_the_original_access(level, reach):
    guest = guest_with()
    table = guest.vs_root if level == 2 else guest.machine.memory[guest.places[1 - level]] >> PPN_SHIFT << 12
    entry = table + 8 * (VA >> 12 + 9 * level & 511)
    *_, g_leaf = guest.map_guest(table, guest.at[table >> 12] << 12, 0, 0)
    assert outcomes(guest, at(reach=reach)) == [(GUEST_PAGE_FAULT[reach], entry, 1)]
    assert g_leaf


@pytest.mark.rule("H_vm_gpapriv")
@pytest.mark.parametrize("flags,faults", [
    (V | R | U | A, 0), (V | R | X | U | A, 0), (V | X | U | A, 1), (V | R | U, 1), (V | R | W | U | D, 1),
    (V | R | A, 1)], ids=("r-a", "rx-a", "x-a", "a=0", "d-without-a", "u=0"))
@pytest.mark.parametrize("reach", (Reach.LOAD, Reach.STORE), ids=("load", "store"))
def test_the_page_of_a_vs_table_needs_read_permission_a_and_u_whatever_the_access_is(reach, flags, faults):
    guest = guest_with()
    guest.map_guest(guest.vs_root, guest.at[guest.vs_root >> 12] << 12, 0, flags)
    entry = guest.vs_root + 8 * (VA >> 30)
    assert outcomes(guest, at(reach=reach)) == [(GUEST_PAGE_FAULT[reach], entry, 1) if faults else PA]


@pytest.mark.parametrize("how", ({"mxr": 1}, {"vs_mxr": 1}, {"hlvx": 1}), ids=str)
def test_neither_mxr_nor_hlvx_lets_a_table_be_read_from_an_execute_only_page(how):
    guest = guest_with()
    guest.map_guest(guest.vs_root, guest.at[guest.vs_root >> 12] << 12, 0, V | X | U | A)
    assert outcomes(guest, at(**how)) == [(21, guest.vs_root + 8 * (VA >> 30), 1)]


@REACHES
@pytest.mark.parametrize("stage", ("vs", "g", "single"))
def test_a_table_beyond_physical_memory_is_an_access_fault_of_the_original_type(stage, reach):
    guest = guest_with()
    memory, far = guest.machine.memory, 1 << 40
    if stage == "vs":
        guest.map_guest(guest.vs_root, far, 0)
    elif stage == "g":
        memory[guest.g_root + 8 * (GPA >> 30)] = pointer(far)
    else:
        guest.machine.satp = 8, 0, far >> 12
    mode = Mode.HS if stage == "single" else Mode.VS
    assert outcomes(guest, at(reach=reach, mode=mode)) == [(ACCESS_FAULT[reach], 0, 0)]


@pytest.mark.rule("pma_vm_hw_tbl_acc", "pma_idp_implicit_ok")
@REACHES
@pytest.mark.parametrize("stage", ("vs", "g", "single"))
@pytest.mark.parametrize("device", (0x1000_0000, 0xC20_0000), ids=("uart", "plic"))
def test_a_table_in_a_device_is_an_access_fault_and_is_not_read(stage, reach, device):
    # A walk may be that of a fetch on a wrong path, and what a device does when it is read cannot be taken back.
    guest = guest_with()
    memory = guest.machine.memory
    if stage == "vs":
        guest.map_guest(guest.vs_root, device, 0)
    elif stage == "g":
        memory[guest.g_root + 8 * (GPA >> 30)] = pointer(device)
    else:
        guest.machine.satp = 8, 0, device >> 12
    mode = Mode.HS if stage == "single" else Mode.VS
    assert outcomes(guest, at(reach=reach, mode=mode)) == [(ACCESS_FAULT[reach], 0, 0)]


@pytest.mark.parametrize("level", (0, 1))
def test_an_entry_that_points_beyond_physical_memory_is_no_shortcut_to_what_its_low_bits_name(level):
    guest = guest_with()
    machine = guest.machine
    for place in guest.places[:2 - level][-1:]:
        table = machine.memory[place] >> PPN_SHIFT << 12
        guest.map_guest(table, (guest.at[table >> 12] << 12) + (1 << 34), 0)
    assert outcomes(guest, at(), at(), at(8)) == [(5, 0, 0)] * 3


@pytest.mark.parametrize("stage", ("g", "single"))
@pytest.mark.parametrize("level", (1, 2))
def test_a_pointer_beyond_physical_memory_is_no_shortcut_to_what_its_low_bits_name(level, stage):
    guest = guest_with()
    machine, tables = guest.machine, Tables(guest.machine, RAM + 0x80_0000)
    root = tables.page(4)
    *above, _ = tables.place(8, root, VA, 0, leaf(PA, FULL | U))
    machine.memory[above[2 - level]] |= 1 << 34 - 12 + PPN_SHIFT
    atp = 8, 1, root >> 12
    if stage == "g":
        machine.hgatp, machine.vsatp = atp, (0, 0, 0)
    else:
        machine.satp = atp
    access = at(mode=Mode.VS if stage == "g" else Mode.HS, sum=1)
    assert outcomes(guest, access, access) == [(5, 0, 0)] * 2


@REACHES
def test_a_bus_error_on_a_table_read_is_an_access_fault_of_the_original_type(reach):
    guest = guest_with()
    for place in (guest.leaf, guest.g_leaf, guest.places[0]):
        guest.machine.broken = {place}
        assert outcomes(guest, at(reach=reach)) == [(ACCESS_FAULT[reach], 0, 0)]


def test_a_table_on_an_uncached_page_is_read_past_the_cache():
    guest = guest_with()
    guest.machine.uncached_page = guest.leaf >> 12
    assert outcomes(guest, at()) == [PA]  # the memory behind `tables` looks at `cacheable`


@pytest.mark.rule("pmp_check_pagetable_access")
def test_a_table_is_read_with_supervisor_privilege_where_pmp_denies_it():
    machine = Machine()
    guest = Guest(8, 8, machine=machine)
    guest.map_guest(GPA, PA, 0)
    guest.map(VA, GPA, 0)
    root = guest.g_root
    for reach in Reach:
        machine.pmp = (Pmp(root >> 2 | 0x7FF, NAPOT, 0, 1, 1), Pmp((1 << 54) - 1, NAPOT, 1, 1, 1))
        assert outcomes(guest, at(reach=reach), pmp_entries=16) == [(ACCESS_FAULT[reach], 0, 0)]
    machine.pmp = (Pmp(root >> 2 | 0x7FF, NAPOT, 1, 0, 0), Pmp((1 << 54) - 1, NAPOT, 1, 1, 1))
    assert outcomes(guest, at(), pmp_entries=16) == [PA]


# Permissions.

@pytest.mark.rule("hlsv_u_op")
@pytest.mark.parametrize("flags,g_flags,hlv,hlvx", [
    (FULL, FULL | U, PA, PA), (V | R | A, FULL | U, PA, (13, 0, 0)), (V | X | A, FULL | U, (13, 0, 0), PA),
    (FULL, V | R | A | U, PA, (21, GPA, 0)), (FULL, V | X | A | U, (21, GPA, 0), PA)],
    ids=("all", "vs-r", "vs-x", "g-r", "g-x"))
@pytest.mark.parametrize("first", ("hlv", "hlvx"))
def test_hlvx_wants_x_instead_of_r_at_both_stages_and_does_not_serve_hlv(flags, g_flags, hlv, hlvx, first):
    guest = guest_with(flags, g_flags)
    pairs = [(at(), hlv), (at(hlvx=1), hlvx)]
    pairs = pairs if first == "hlv" else pairs[::-1]
    pairs += pairs
    assert outcomes(guest, *(access for access, _ in pairs)) == [result for _, result in pairs]


@pytest.mark.rule("vsstatus_mxr_vm", "sstatus_mxr_vm")
def test_mxr_of_vsstatus_widens_the_vs_stage_alone_and_that_of_sstatus_both():
    for flags, g_flags, vs_mxr, mxr in ((V | X | A, FULL | U, PA, PA), (FULL, V | X | A | U, (21, GPA, 0), PA)):
        guest = guest_with(flags, g_flags)
        assert outcomes(guest, at(mxr=1), at(vs_mxr=1), at(mxr=1)) == [mxr, vs_mxr, mxr]
        assert all(isinstance(result, tuple) for result in outcomes(guest, at()))


def test_mxr_does_not_let_a_store_or_hlvx_through():
    guest = guest_with(V | X | A, FULL | U)
    assert outcomes(guest, at(reach=Reach.STORE, mxr=1, vs_mxr=1)) == [(15, 0, 0)]
    guest = guest_with(V | R | A, FULL | U)
    assert outcomes(guest, at(hlvx=1, mxr=1, vs_mxr=1)) == [(13, 0, 0)]


@pytest.mark.parametrize("sum", (0, 1))
@REACHES
def test_sum_lets_a_supervisor_reach_user_data_but_not_user_code(reach, sum):
    allowed = sum and reach != Reach.FETCH
    assert outcomes(guest_with(FULL | U), at(reach=reach, sum=sum)) == [PA if allowed else (PAGE_FAULT[reach], 0, 0)]


@REACHES
def test_a_user_never_reaches_a_supervisor_page(reach):
    guest = guest_with()
    assert outcomes(guest, at(reach=reach), at(reach=reach, mode=Mode.VU, sum=1)) == [PA, (PAGE_FAULT[reach], 0, 0)]


@pytest.mark.rule("H_vm_gpatrans", "H_vm_gpapriv")
@pytest.mark.parametrize("mode", (Mode.VS, Mode.VU), ids=("VS", "VU"))
@pytest.mark.parametrize("sum", (0, 1))
def test_the_g_stage_treats_every_access_as_one_of_a_user(sum, mode):
    flags = FULL | (U if mode == Mode.VU else 0)
    assert outcomes(guest_with(flags, FULL), at(mode=mode, sum=sum)) == [(21, GPA, 0)]
    assert outcomes(guest_with(flags, FULL | U), at(mode=mode, sum=sum)) == [PA]


@REACHES
def test_a_vs_fault_hides_that_of_the_g_stage_cold_and_warm(reach):
    guest = guest_with(V | A | D | (X if reach != Reach.FETCH else R), V | R | W | X | A)  # both deny
    machine = guest.machine
    machine.memory[guest.g_leaf] = leaf(PA, FULL)  # U=0
    if reach == Reach.STORE:
        machine.memory[guest.leaf] = leaf(GPA, V | R | A)
    assert outcomes(guest, *[at(reach=reach)] * 3) == [(PAGE_FAULT[reach], 0, 0)] * 3


def test_when_both_stages_deny_a_store_the_cause_is_the_same_after_a_load_has_been_served():
    guest = guest_with(V | R | A, V | R | A | U)
    assert outcomes(guest, at(reach=Reach.STORE), at(), at(reach=Reach.STORE)) == [(15, 0, 0), PA, (15, 0, 0)]


@REACHES
@pytest.mark.parametrize("stage", ("vs", "g"))
@pytest.mark.parametrize("flags", (V | R | W | X, V | R | W | X | D), ids=("d=0", "d=1"))
def test_a_zero_faults_also_where_d_is_one(flags, stage, reach):
    guest = guest_with(flags, FULL | U) if stage == "vs" else guest_with(FULL, flags | U)
    fault = (PAGE_FAULT[reach], 0, 0) if stage == "vs" else (GUEST_PAGE_FAULT[reach], GPA, 0)
    assert outcomes(guest, at(reach=reach)) == [fault]


@pytest.mark.parametrize("stage", ("vs", "g"))
def test_d_zero_faults_on_a_store_alone_whatever_a_load_has_left_behind(stage):
    flags = V | R | W | X | A
    guest = guest_with(flags, FULL | U) if stage == "vs" else guest_with(FULL, flags | U)
    fault = (15, 0, 0) if stage == "vs" else (23, GPA, 0)
    assert outcomes(guest, at(), at(reach=Reach.STORE), at()) == [PA, fault, PA]


def test_a_store_walks_again_once_d_has_been_set_without_a_fence():
    guest = guest_with(V | R | W | A)
    memory = guest.machine.memory

    async def set_d(player):
        memory[guest.leaf] |= D
    assert outcomes(guest, at(reach=Reach.STORE), at(), at(reach=Reach.STORE), between=set_d) == [(15, 0, 0), PA, PA]


@pytest.mark.rule("Svvptc_explicit_stores_update_valid_bit")
def test_a_fault_is_not_cached():
    guest = guest_with()
    memory = guest.machine.memory
    entry = memory[guest.leaf]
    memory[guest.leaf] = 0

    async def mend(player):
        memory[guest.leaf] = entry
    assert outcomes(guest, at(), at(), between=mend) == [(13, 0, 0), PA]


# Entries.

@pytest.mark.rule("Sv39_pte_svnapot_rsv", "Sv39_pte_svpbmt_rsv", "Sv39_pte_future_rsv")
@pytest.mark.parametrize("bit", range(54, 64))
def test_a_reserved_bit_of_a_leaf_faults(bit):
    guest = guest_with()
    guest.machine.memory[guest.leaf] |= 1 << bit
    assert outcomes(guest, at()) == [(13, 0, 0)]
    guest.machine.memory[guest.leaf] ^= 1 << bit
    guest.machine.memory[guest.g_leaf] |= 1 << bit
    assert outcomes(guest, at()) == [(21, GPA, 0)]


@pytest.mark.parametrize("bit", (U, A, D, W, 1 << 54, 1 << 60, 1 << 61, 1 << 63), ids=lambda bit: f"{bit:#x}")
def test_a_reserved_bit_of_a_pointer_faults(bit):
    guest = guest_with()
    guest.machine.memory[guest.places[0]] |= bit
    assert outcomes(guest, at()) == [(13, 0, 0)]
    guest.machine.memory[guest.places[0]] ^= bit
    guest.machine.memory[guest.g_root + 8 * (GPA >> 30)] |= bit
    assert outcomes(guest, at(8)) == [(21, GPA + 8, 0)]


@pytest.mark.rule("H_vm_gpa_g")
def test_the_bits_for_software_and_g_of_a_pointer_are_free():
    guest = guest_with()
    for place in (*guest.places, guest.g_root + 8 * (GPA >> 30), guest.g_leaf):
        guest.machine.memory[place] |= 3 << 8 | G
    assert outcomes(guest, at()) == [PA]


@pytest.mark.parametrize("flags", (V | W | A | D, V | W | X | A | D), ids=("w", "wx"))
@REACHES
def test_a_writable_page_that_is_not_readable_is_reserved(reach, flags):
    assert outcomes(guest_with(flags), at(reach=reach)) == [(PAGE_FAULT[reach], 0, 0)]
    assert outcomes(guest_with(FULL, flags | U), at(reach=reach)) == [(GUEST_PAGE_FAULT[reach], GPA, 0)]


def test_an_entry_of_the_last_level_that_points_on_faults():
    guest = guest_with()
    guest.machine.memory[guest.leaf] = pointer(GPA)
    assert outcomes(guest, at()) == [(13, 0, 0)]
    guest = guest_with()
    guest.machine.memory[guest.g_leaf] = pointer(PA)
    assert outcomes(guest, at()) == [(21, GPA, 0)]


@pytest.mark.parametrize("stage", (0, 1), ids=("vs", "g"))
@pytest.mark.parametrize("level", (1, 2, 3, 4))
def test_a_misaligned_superpage_faults_at_every_bit_that_must_be_zero(level, stage):
    levels = [0, 0]
    levels[stage] = level
    gpa = GPA | 5 << 48  # apart from the guest's tables
    guest = guest_with(modes=(10, 10), levels=levels, gpa=gpa)
    place, memory = (guest.leaf, guest.g_leaf)[stage], guest.machine.memory
    entry = memory[place]
    accesses = []

    async def scenario(player):
        for bit in (0, 8, 9 * level - 9, 9 * level - 1, 9 * level):
            memory[place] = entry ^ 1 << PPN_SHIFT + bit
            await player.cold(at())
            _, fault = player.expect(at())
            accesses.append(fault in ((13, 0, 0), (21, gpa, 0)))
    run(scenario, guest.machine)
    assert accesses[:-1] == [True] * 4


# Widths.

@pytest.mark.rule("Sv39_va_signext", "Sv48_va_signext", "Sv57_va_signext")
@pytest.mark.parametrize("mode,width", ((8, 39), (9, 48), (10, 57)), ids=("sv39", "sv48", "sv57"))
def test_a_virtual_address_is_a_sign_extension(mode, width):
    machine = Machine(satp=(mode, 0, RAM >> 12))
    tables = Tables(machine)
    tables.place(mode, RAM, 0, 0, leaf(PA))
    tables.place(mode, RAM, (1 << width) - 0x1000, 0, leaf(PA))
    wrong = [1 << width - 1, 1 << width, 1 << 63, -1 << width, (1 << width) - 0x1000]
    results = outcomes(None, Access(0), Access(-0x1000 % (1 << 64)),
                       *(Access(va % (1 << 64)) for va in wrong), machine=machine)
    assert results == [PA, PA] + [(13, 0, 0)] * len(wrong)


@pytest.mark.rule("hgatp_mode_sv39x4", "hgatp_mode_sv48x4", "hgatp_mode_sv57x4")
@REACHES
@pytest.mark.parametrize("mode,width", ((8, 41), (9, 50), (10, 59)), ids=("sv39x4", "sv48x4", "sv57x4"))
def test_the_bits_of_a_gpa_above_its_width_are_zero_and_no_sign(mode, width, reach):
    guest = Guest(8, mode)
    guest.machine.vsatp = 0, 0, 0
    top = (1 << width) - 0x1000
    guest.map_guest(top, PA, 0)
    wrong = [1 << width, 1 << 63, top - (1 << width) & (1 << 64) - 1, top | 1 << width]
    asked = [Access(gpa, Mode.VS, reach) for gpa in (top, *wrong)]
    assert outcomes(guest, *asked, *asked[1:]) == [PA] + [(GUEST_PAGE_FAULT[reach], gpa, 0) for gpa in wrong] * 2


@pytest.mark.parametrize("mode,width", ((8, 41), (9, 50)), ids=("sv39x4", "sv48x4"))
def test_a_vs_entry_that_leads_beyond_the_gpa_width_is_a_guest_page_fault_at_the_leaf_and_at_every_table(mode, width):
    guest = Guest(8, mode)
    guest.map_guest(GPA, PA, 0)
    places = guest.map(VA, GPA, 0)
    memory, results = guest.machine.memory, []
    for n, place in enumerate(places):
        kept = memory[place]
        memory[place] |= 1 << PPN_SHIFT + width - 12
        results += outcomes(guest, at(0x10))
        level = 1 - n
        offset = 8 * (VA >> 12 + 9 * level & 511) if level >= 0 else 0x10
        assert results[-1] == (21, (memory[place] >> PPN_SHIFT << 12) + offset, int(level >= 0))
        memory[place] = kept
    guest.machine.vsatp = 8, 1, guest.machine.vsatp[2] | 1 << width - 12
    assert outcomes(guest, at())[0][::2] == (21, 1)


def test_the_root_of_a_guest_is_not_cut_to_the_width_of_physical_memory():
    guest = Guest(8, 10)
    high, low = 0x12_3456_7000 | 1 << 54, guest.vs_root
    guest.map_guest(GPA, PA, 0)
    guest.map(VA, GPA, 0)
    guest.map_guest(high, guest.at[low >> 12] << 12, 0)
    guest.machine.vsatp = 8, 1, high >> 12
    assert outcomes(guest, at()) == [PA]


@pytest.mark.rule("hgatp_mode_x4", "hgatp_mode_sv39x4", "hgatp_mode_sv48x4", "hgatp_mode_sv57x4")
@pytest.mark.parametrize("mode,levels", ((8, 3), (9, 4), (10, 5)), ids=("sv39x4", "sv48x4", "sv57x4"))
def test_x4_widens_the_root_index_alone(mode, levels):
    guest = Guest(8, mode)
    guest.machine.vsatp = 0, 0, 0
    root_shift = 12 + 9 * (levels - 1)
    for quarter in range(4):
        # All ones below, so that an index of eleven bits anywhere else would reach into the next table.
        gpa = (quarter << 9 | 0x155) << root_shift | ((1 << root_shift) - 0x1000)
        guest.map_guest(gpa, PA + 0x1000 * quarter, 0)
    asked = [Access((q << 9 | 0x155) << root_shift | ((1 << root_shift) - 0x1000), Mode.VS) for q in range(4)]
    assert outcomes(guest, *asked) == [PA + 0x1000 * quarter for quarter in range(4)]


@pytest.mark.rule("satp_ppn_sv39_sz", "satp_ppn_sv48_sz", "satp_ppn_sv57_sz")
@pytest.mark.parametrize("mode", (8, 9, 10), ids=("sv39", "sv48", "sv57"))
def test_every_bit_of_the_ppn_of_a_leaf_counts(mode):
    machine = Machine()
    tables = Tables(machine)
    root = tables.page()
    machine.satp = mode, 1, root >> 12
    *_, place = tables.place(mode, root, VA, 0, leaf(PA))
    results = []

    async def scenario(player):
        for bit in range(44):
            machine.memory[place] = leaf(PA ^ 1 << 12 + bit)
            await player.cold(Access(VA))
            page, fault = player.expect(Access(VA))
            results.append(page[0] if page else fault)
    run(scenario, machine)
    # The last bit that stays in RAM is 30; above it nothing is.
    assert results == [PA ^ 1 << 12 + bit for bit in range(19)] + [(5, 0, 0)] * 25


def test_the_scheme_of_an_address_is_that_of_its_effective_mode():
    guest = guest_with()
    high = 1 << 50
    machine = guest.machine
    tables = Tables(machine, RAM + 0x80_0000)
    root = tables.page()
    machine.satp = 10, 1, root >> 12
    tables.place(10, root, high, 0, leaf(PA))
    assert outcomes(guest, Access(high), Access(high, Mode.VS), Access(high)) == [PA, (13, 0, 0), PA]


# Memory itself.

@pytest.mark.rule("pma_chk_paddr", "pma_precise_recom")
@pytest.mark.parametrize("pa", (1 << 34, 1 << 40, 1 << 55, (1 << 55) + PA, 0x1_0000_0000, 0x3000), ids=hex)
@REACHES
def test_absent_memory_is_an_access_fault(reach, pa):
    machine = Machine()
    assert outcomes(None, Access(pa, Mode.M, reach, size=1), machine=machine) == [(ACCESS_FAULT[reach], 0, 0)]
    guest = guest_with()
    guest.machine.memory[guest.g_leaf] = leaf(pa, FULL | U)
    assert outcomes(guest, at(reach=reach)) == [(ACCESS_FAULT[reach], 0, 0)]


@pytest.mark.parametrize("bit", range(34, 64))
def test_no_bit_of_an_address_above_physical_memory_is_dropped(bit):
    assert outcomes(None, Access(PA, Mode.M), Access(PA | 1 << bit, Mode.M), machine=Machine()) == [PA, (5, 0, 0)]


@pytest.mark.rule("pma_indep_exec_context", "pma_io_rwx_per_sz")
@pytest.mark.parametrize("mode", (Mode.M, Mode.HS, Mode.VS), ids=lambda mode: mode.name)
def test_a_device_is_read_and_written_but_not_executed(mode):
    uart = 0x1000_0000
    accesses = [Access(uart, mode, reach) for reach in Reach]
    assert outcomes(None, *accesses, *accesses, machine=Machine()) == [(1, 0, 0), uart, uart] * 2


@pytest.mark.parametrize("mode", (Mode.M, Mode.HS), ids=lambda mode: mode.name)
def test_a_rom_is_not_written(mode):
    accesses = [Access(0x1000, mode, reach) for reach in Reach]
    assert outcomes(None, *accesses, *accesses, machine=Machine()) == [0x1000, 0x1000, (7, 0, 0)] * 2


def test_the_uncached_page_alone_is_not_cacheable():
    machine = Machine(uncached_page=PA >> 12)
    pages = []

    async def scenario(player):
        for pa in (PA - 8, PA, PA + 0xFF8, PA + 0x1000, PA, PA - 8):
            await player.check(Access(pa, Mode.M))
            pages.append(player.expect(Access(pa, Mode.M))[0][2])
    run(scenario, machine)
    assert pages == [1, 0, 0, 1, 0, 1]


def test_every_bit_of_the_number_of_the_uncached_page_counts():
    everywhere = (Region("memory", 0, 1 << PHYSICAL_BITS, memory=True),)
    machine = Machine(regions=everywhere)

    async def scenario(player):
        for bit in range(12, PHYSICAL_BITS):
            machine.uncached_page = 1 << bit - 12
            await player.flush_all()
            for pa in (1 << bit, 0):
                await player.check(Access(pa, Mode.M))
                assert player.look(Access(pa, Mode.M))[3] == (pa == 0)
    run(scenario, machine, memory_map=everywhere)


# What happened before has no say.

def test_an_access_after_one_in_another_context_is_judged_in_its_own():
    guest = guest_with(FULL | U)
    hypervisor = Access(VA, Mode.HS)  # satp is Bare: VA is a physical address that is absent
    assert outcomes(guest, at(mode=Mode.VU), hypervisor, at(mode=Mode.VS), at(sum=1), hypervisor, at()) == \
        [PA, (5, 0, 0), (13, 0, 0), PA, (5, 0, 0), (13, 0, 0)]


def test_a_fault_is_reported_also_when_the_entry_has_been_emptied_in_between():
    guest = guest_with(FULL, V | R | A | U)

    async def empty(player):
        await player.fence(FenceKind.ALL)
    store = at(reach=Reach.STORE)
    assert outcomes(guest, at(), store, at(), store, between=empty) == [PA, (23, GPA, 0)] * 2


@pytest.mark.rule("cbm_access", "cbm_unperm_fault", "cbm_unperm_translate")
@pytest.mark.parametrize("flags,g_flags,fault", (
    (V | R | A, FULL | U, None), (V | R | A, V | R | A | U, None), (V | X | A, FULL | U, (15, 0, 0)),
    (V | R, FULL | U, (15, 0, 0)), (FULL, V | X | A | U, (23, GPA + 0x33, 0)), (FULL, V | R | U, (23, GPA + 0x33, 0))))
def test_a_load_that_is_reported_as_a_store_needs_the_rights_of_a_load(flags, g_flags, fault):
    access = at(0x33, as_store=1, size=2)
    assert outcomes(guest_with(flags, g_flags), access, access) == [fault or PA + 0x33] * 2


def test_an_access_fault_of_a_load_that_is_reported_as_a_store_is_one_of_a_store():
    guest = guest_with()
    machine = guest.machine
    machine.memory[guest.g_leaf] = leaf(1 << 40, FULL | U)
    assert outcomes(guest, at(as_store=1)) == [(7, 0, 0)]

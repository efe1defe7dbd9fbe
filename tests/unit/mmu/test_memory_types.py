"""Memory types in page tables (Svpbmt): which counts, and what is reserved."""

from itertools import product

import pytest
from unit.mmu.cases import FULL, GPA, PA, VA, at, guest_with, outcomes
from unit.mmu.harness import Tables, run
from unit.mmu.model import IO, NC, PPN_SHIFT, A, U, leaf

from hyacinth.rtl.config import FULL as FULL_CORE
from hyacinth.rtl.isa.modes import Mode

UART = 0x1000_0000
TYPES = {"pma": 0, "nc": NC, "io": IO}


def typed(vs=0, g=0, *, pbmte=1, vs_pbmte=1, **how):
    guest = guest_with(FULL | vs, FULL | U | g, **how)
    guest.machine.pbmte, guest.machine.vs_pbmte = pbmte, vs_pbmte
    return guest


def cacheable(guest, access):
    """Whether the access is through the caches, the first time and again."""
    answers = []

    async def scenario(player):
        for _ in range(2):
            await player.check(access)
            answers.append(player.look(access)[3])
        await player.flush_first()
        assert await player.check(access) == "second"
        answers.append(player.look(access)[3])
    run(scenario, guest.machine)
    assert len(set(answers)) == 1
    return answers[0]


@pytest.mark.rule("Svpbmt_hgatp_stage_override_rule", "Svpbmt_vsatp_stage_override_rule")
@pytest.mark.parametrize("vs,g", [*product(TYPES, repeat=2)])
def test_a_page_is_past_the_caches_if_a_stage_that_is_on_says_nc_or_io(vs, g):
    guest = typed(TYPES[vs], TYPES[g])
    assert cacheable(guest, at()) == (vs == g == "pma")
    guest.machine.vsatp = 0, 0, 0
    assert cacheable(guest, at(GPA - VA)) == (g == "pma")


@pytest.mark.rule("Svpbmt_hgatp_stage_override_rule")
@pytest.mark.parametrize("kind", TYPES)
def test_a_single_stage_overrides_memory(kind):
    guest = typed()
    machine, tables = guest.machine, Tables(guest.machine, 0x8180_0000)
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    tables.place(8, root, VA, 0, leaf(PA, FULL) | TYPES[kind])
    assert cacheable(guest, at(mode=Mode.HS)) == (kind == "pma")


@pytest.mark.rule("Svpbmt_io_pma_nc_pbmt_obey_rvwmo")
@pytest.mark.parametrize("kind", TYPES)
def test_a_device_stays_one_whatever_its_pages_say(kind):
    guest = typed(TYPES[kind])
    guest.machine.memory[guest.g_leaf] = leaf(UART, FULL | U)
    assert outcomes(guest, at(), at(reach=0, size=1)) == [UART, (1, 0, 0)]


@pytest.mark.rule("menvcfg_pbmte_op", "henvcfg_pbmte_op", "menvcfg_pbmte_henvcfg_pbmte_rdonly0")
@pytest.mark.parametrize("pbmte,vs_pbmte", [*product((0, 1), repeat=2)])
@pytest.mark.parametrize("kind", ("nc", "io"))
def test_each_stage_has_a_switch_of_its_own_and_henvcfgs_counts_only_where_menvcfgs_does(kind, pbmte, vs_pbmte):
    switches = {"pbmte": pbmte, "vs_pbmte": vs_pbmte}
    assert outcomes(typed(TYPES[kind], **switches), at()) == [PA if pbmte and vs_pbmte else (13, 0, 0)]
    guest = typed(0, TYPES[kind], **switches)
    assert outcomes(guest, at()) == [PA if pbmte else (21, GPA, 0)]
    machine, tables = guest.machine, Tables(guest.machine, 0x8180_0000)
    root = tables.page()
    machine.satp = 8, 1, root >> 12
    tables.place(8, root, VA, 0, leaf(PA, FULL) | TYPES[kind])
    assert outcomes(guest, at(mode=Mode.HS)) == [PA if pbmte else (13, 0, 0)]


@pytest.mark.rule("Svpbmt_leaf_pte_pbmt_reserved_3_fault")
@pytest.mark.parametrize("level", (0, 1, 2))
def test_the_reserved_type_faults_in_its_stage(level):
    assert outcomes(typed(NC | IO, levels=(level, 0)), at()) == [(13, 0, 0)]
    assert outcomes(typed(0, NC | IO, levels=(0, level)), at()) == [(21, GPA, 0)]


@pytest.mark.rule("Svpbmt_nonleaf_pte_pbmt_must_be_zero")
@pytest.mark.parametrize("kind", (NC, IO, NC | IO), ids=hex)
@pytest.mark.parametrize("level", (1, 2))
def test_a_pointer_with_a_type_faults_in_its_stage(level, kind):
    guest = typed()
    memory = guest.machine.memory
    memory[guest.places[2 - level]] |= kind
    assert outcomes(guest, at()) == [(13, 0, 0)]
    guest = typed()
    memory, root = guest.machine.memory, guest.g_root + 8 * (GPA >> 30)
    below = (memory[root] >> PPN_SHIFT << 12) + 8 * (GPA >> 21 & 511)
    memory[root if level == 2 else below] |= kind
    assert outcomes(guest, at()) == [(21, GPA, 0)]


def test_a_fault_for_the_type_comes_before_a_is_set():
    guest = typed(NC | IO)
    guest.machine.adue = guest.machine.vs_adue = 1
    guest.machine.memory[guest.leaf] &= ~A
    assert outcomes(guest, at()) == [(13, 0, 0)] and not guest.machine.memory[guest.leaf] & A


@pytest.mark.parametrize("kind", ("nc", "io"))
def test_tables_are_read_through_the_cache_whatever_the_g_stage_says_of_their_page(kind):
    guest = typed()
    table = guest.vs_root
    guest.map_guest(table, guest.at[table >> 12] << 12, 0, FULL | U | TYPES[kind])
    assert outcomes(guest, at()) == [PA]  # the memory behind `tables` looks at `cacheable`


def test_without_the_extension_every_type_is_reserved():
    for kind in (NC, IO):
        guest = typed(kind, pbmte=0)      # what the CSRs of such a core say
        assert outcomes(guest, at(), extensions=FULL_CORE.without("svpbmt").extensions) == [(13, 0, 0)]

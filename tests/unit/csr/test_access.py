"""Tests of who may do what: of each function, and of the CSR file that puts them together."""

from dataclasses import replace
from itertools import product

import pytest
from testbench import truth_table

from hyacinth.rtl.config import FULL, NO_H
from hyacinth.rtl.csr import access
from hyacinth.rtl.csr.access import Access, csr_access
from hyacinth.rtl.isa.csr import Guard
from hyacinth.rtl.isa.modes import Mode

O, I, V = Access.OK, Access.ILLEGAL, Access.VIRTUAL
MODES = (Mode.U, Mode.HS, Mode.M, Mode.VU, Mode.VS)
MSTATUS, HSTATUS, VSSTATUS, SSTATUS, CYCLE, HGEIP = 0x300, 0x600, 0x200, 0x100, 0xc00, 0xe12
TM = 1 << 1
STCE = 1 << 63


@pytest.mark.rule("hgeip_acc")
@pytest.mark.parametrize("address, write, answers", [
    #                   U  HS M  VU VS
    (MSTATUS,  False, (I, I, O, I, I)),
    (HSTATUS,  False, (I, O, O, V, V)),
    (VSSTATUS, False, (I, O, O, V, V)),
    (SSTATUS,  True,  (I, O, O, V, O)),
    (CYCLE,    False, (O, O, O, O, O)),
    (CYCLE,    True,  (I, I, I, I, I)),
    (HGEIP,    False, (I, O, O, V, V)),
    (HGEIP,    True,  (I, I, I, I, I)),
])
def test_who_may_access_a_csr(address, write, answers):
    rows = [(address, 1, write, mode) for mode in MODES]
    assert truth_table(csr_access, [12, 1, 1, Mode], rows) == list(answers)


def test_a_csr_that_does_not_exist_is_illegal_in_every_mode():
    rows = [(address, 0, 0, mode) for address in (SSTATUS, HSTATUS, 0x682) for mode in MODES]
    assert set(truth_table(csr_access, [12, 1, 1, Mode], rows)) == {I}


@pytest.mark.rule("mstatus_tw_umode_op", "WFI_OPT_U_MODE", "mstatus_tw_op")
@pytest.mark.parametrize("tw, vtw, answers", [
    #        U  HS M  VU VS
    (0, 0, (I, O, O, V, O)),
    (0, 1, (I, O, O, V, V)),
    (1, 0, (I, I, O, I, I)),
    (1, 1, (I, I, O, I, I)),
])
def test_tw_makes_wfi_illegal_and_vtw_makes_it_virtual(tw, vtw, answers):
    assert truth_table(access.wfi_access, [Mode, 1, 1], [(mode, tw, vtw) for mode in MODES]) == list(answers)


@pytest.mark.rule("Zawrs_priv_illegal_instr_excp", "Zawrs_virtual_instr_excp")
@pytest.mark.parametrize("tw, vtw, answers", [
    #        U  HS M  VU VS
    (0, 0, (O, O, O, O, O)),
    (0, 1, (O, O, O, V, V)),
    (1, 0, (I, I, O, I, I)),
    (1, 1, (I, I, O, I, I)),
])
def test_tw_makes_wrs_nto_that_waits_long_illegal_and_vtw_makes_it_virtual(tw, vtw, answers):
    assert truth_table(access.wrs_nto_access, [Mode, 1, 1], [(mode, tw, vtw) for mode in MODES]) == list(answers)


@pytest.mark.parametrize("tsr, vtsr, answers", [
    #        U  HS M  VU VS
    (0, 0, (I, O, O, V, O)),
    (0, 1, (I, O, O, V, V)),
    (1, 0, (I, I, O, V, O)),
    (1, 1, (I, I, O, V, V)),
])
def test_tsr_makes_sret_illegal_in_hs_alone_and_vtsr_makes_it_virtual(tsr, vtsr, answers):
    assert truth_table(access.sret_access, [Mode, 1, 1], [(mode, tsr, vtsr) for mode in MODES]) == list(answers)


@pytest.mark.rule("mret_in_S_mode", "mret_in_U_mode")
def test_mret_is_illegal_below_m():
    assert truth_table(access.mret_access, [Mode], [(mode,) for mode in MODES]) == [I, I, O, I, I]


@pytest.mark.parametrize("tvm, vtvm, answers", [
    #        U  HS M  VU VS
    (0, 0, (I, O, O, V, O)),
    (0, 1, (I, O, O, V, V)),
    (1, 0, (I, I, O, V, O)),
    (1, 1, (I, I, O, V, V)),
])
def test_tvm_makes_sfence_illegal_in_hs_alone_and_vtvm_makes_it_virtual(tvm, vtvm, answers):
    assert truth_table(access.sfence_vma_access, [Mode, 1, 1], [(mode, tvm, vtvm) for mode in MODES]) == list(answers)


def test_hfence_vvma_is_for_m_and_hs_whatever_tvm_says():
    assert truth_table(access.hfence_vvma_access, [Mode], [(mode,) for mode in MODES]) == [I, O, O, V, V]


@pytest.mark.parametrize("tvm, answers", [(0, (I, O, O, V, V)), (1, (I, I, O, V, V))])
def test_tvm_makes_hfence_gvma_illegal_in_hs_and_leaves_it_virtual_in_a_guest(tvm, answers):
    assert truth_table(access.hfence_gvma_access, [Mode, 1], [(mode, tvm) for mode in MODES]) == list(answers)


@pytest.mark.rule("Svinval_sfence_w_inval_inval_u_mode", "Svinval_sfence_w_inval_inval_vu_mode",
                  "Svinval_sfence_w_inval_inval_s_vs_mode")
def test_sfence_w_inval_and_sfence_inval_ir_are_forbidden_to_users_alone():
    assert truth_table(access.sfence_inval_access, [Mode], [(mode,) for mode in MODES]) == [I, O, O, V, O]


@pytest.mark.parametrize("hu, answers", [(0, (I, O, O, V, V)), (1, (O, O, O, V, V))])
def test_hlv_from_u_needs_hu_and_is_virtual_in_a_guest(hu, answers):
    assert truth_table(access.hlsv_access, [Mode, 1], [(mode, hu) for mode in MODES]) == list(answers)


def expected(csr, write):
    """The manual's list of virtual-instruction cases, in words."""
    if csr.guard in (Guard.SIREG, Guard.VSIREG, Guard.NEVER):  # there is nothing behind them
        return {Guard.SIREG: (I, I, I, V, I), Guard.VSIREG: (I, I, I, V, V), Guard.NEVER: (I,) * 5}[csr.guard]
    least = csr.address >> 8 & 3
    if write and csr.is_read_only:
        return (I,) * 5
    return {3: (I, I, O, I, I), 2: (I, O, O, V, V), 1: (I, O, O, V, O), 0: (O, O, O, O, O)}[least]


@pytest.mark.rule("H_vscsrs_acc_vs", "H_vscsrs_acc_u", "H_vscsrs_acc_m_hs", "H_cause_virtual_instruction",
                  "H_virtinst_vu_vs_nonhigh_allowedhs_tvm0", "H_virtinst_vu_nonhigh_supervisor_allowedhs_tvm0")
@pytest.mark.rule("Zicsr_higher_priv", "Zicsr_rw", "Zicsr_access")
@pytest.mark.rule("M_access_all_lower_priv_CSRs", "cycle_rdonly", "instret_rdonly", "hpmcounter_rdonly", "time_rdonly")
def test_every_csr_of_the_table_answers_by_its_address_once_nothing_else_forbids(play):
    async def scenario(s):
        for name in ("mcounteren", "hcounteren", "scounteren"):
            await s.write(name, 0xffffffff)
        for name in ("menvcfg", "henvcfg"):
            await s.write(name, STCE)
        for level, n in product("mh", range(4)):
            await s.write(f"{level}stateen{n}", -1)
        answers = {(name, write): [] for name in s.csrs for write in (0, 1)}
        for mode in MODES:
            await s.enter(mode)
            for (name, write), row in answers.items():
                row.append(await s.access(name, write))
        assert answers == {(name, write): list(expected(s.csrs[name], write)) for name, write in answers}
    play(scenario)


@pytest.mark.rule("Zicsr_debug_illegal", "ssstrict_unimplemented_opcodes_csr_exception")
def test_every_address_that_the_table_lacks_is_illegal_everywhere(play):
    likely = {0xc81, 0xc80, 0x181, 0x615, 0x690, 0x3a1, 0x3b9, 0x682, 0x747, 0x757, *range(0x7b0, 0x7c0)}

    async def scenario(s):
        known = {csr.address for csr in s.csrs.values()}
        assert not known & set(range(0x7b0, 0x7c0))  # of debug mode
        for mode in MODES:
            await s.enter(mode)
            for address in set(range(0, 4096)) - known:
                # A seventh of them in each mode, to save time, and the likely mistakes in all.
                if address % 7 == mode or address in likely:
                    assert (address, await s.access(address)) == (address, I)
    play(scenario)


HIGH_HALVES = {
    "cycleh": 0xc80, "timeh": 0xc81, "instreth": 0xc82, "htimedeltah": 0x615, "hedelegh": 0x612, "henvcfgh": 0x61a,
    "vstimecmph": 0x25d, "stimecmph": 0x15d, "mstatush": 0x310, "medelegh": 0x312, "menvcfgh": 0x31a,
    "mcyclecfgh": 0x721, "minstretcfgh": 0x722, "mhpmevent3h": 0x723, "mseccfgh": 0x757, "mcycleh": 0xb80,
    "minstreth": 0xb82, "mhpmcounter3h": 0xb83, "hpmcounter3h": 0xc83}


@pytest.mark.rule("hedelegh_sz", "hedelegh_acc", "hedelegh_op", "henvcfgh_sz", "henvcfgh_acc", "henvcfgh_op",
                  "htimedeltah_sz", "htimedeltah_acc", "htimedeltah_op", "vstimecmp_acc", "H_illegal_high_half")
@pytest.mark.rule("stimecmp_stimecmph_sz_acc", "menvcfgh_sz", "menvcfgh_acc", "menvcfgh_op", "mseccfgh_presence",
                  "zicntr_rdcycleh_op", "zicntr_rdtimeh_op", "zicntr_rdinstreth_op")
@pytest.mark.parametrize("address", HIGH_HALVES.values(), ids=HIGH_HALVES)
def test_high_halves_are_illegal_not_virtual_in_a_guest(play, address):
    async def scenario(s):
        assert await s.in_every_mode(address) == (I, I, I, I, I)
    play(scenario)


@pytest.mark.rule("hcounteren_op", "H_virtinst_vs_nonhighctr_h0_m1", "H_virtinst_vu_nonhighctr_h0_s0_m1")
@pytest.mark.rule("scounteren_op")
@pytest.mark.rule("mcounteren_op", "mcounteren_enc", "mcounteren_clr_ill_inst_exc", "mcounteren_set_nxt_priv")
@pytest.mark.parametrize("csr, number", (("cycle", 0), ("time", 1), ("instret", 2), ("hpmcounter3", 3),
                                         ("hpmcounter31", 31)))
def test_a_counter_needs_the_bit_of_every_mode_above(play, csr, number):
    async def scenario(s):
        for machine, hypervisor, supervisor in product((0, 1), repeat=3):
            for name, on in (("mcounteren", machine), ("hcounteren", hypervisor), ("scounteren", supervisor)):
                # Every other bit says the opposite, so that no neighbour is looked at.
                await s.write(name, (1 << number) if on else ~(1 << number) & 0xffffffff)
            answers = await s.in_every_mode(csr)
            if not machine:
                assert answers == (I, I, O, I, I)
                continue
            assert answers == (O if supervisor else I, O, O, O if hypervisor and supervisor else V,
                               O if hypervisor else V)
    play(scenario)


@pytest.mark.rule("hcounteren_acc", "henvcfg_stce")
def test_stimecmp_needs_stce_and_tm_of_every_mode_above(play):
    async def scenario(s):
        for machine, tm, guest, guest_tm in product((0, 1), repeat=4):
            await s.write("menvcfg", STCE * machine)
            await s.write("mcounteren", TM * tm)
            await s.write("henvcfg", STCE * guest)
            await s.write("hcounteren", TM * guest_tm)
            hs, vs = machine and tm, guest and guest_tm
            for write in (0, 1):
                assert await s.in_every_mode("stimecmp", write) == \
                    ((I, O, O, V, O if vs else V) if hs else (I, I, O, I, I))
                assert await s.in_every_mode("vstimecmp", write) == ((I, O, O, V, V) if hs else (I, I, O, I, I))
    play(scenario)


@pytest.mark.rule("hgatp_tvm_illegal", "mstatus_tvm_hs")
def test_tvm_forbids_satp_and_hgatp_in_hs_and_nothing_in_a_guest(play):
    async def scenario(s):
        await s.write("mstatus", 1 << 20)
        for write in (0, 1):
            assert await s.in_every_mode("satp", write) == (I, I, O, V, O)
            assert await s.in_every_mode("hgatp", write) == (I, I, O, V, V)
            assert await s.in_every_mode("vsatp", write) == (I, O, O, V, V)
    play(scenario)


def test_vtvm_makes_satp_virtual_in_vs_and_nothing_else(play):
    async def scenario(s):
        await s.write("hstatus", 1 << 20)
        assert await s.in_every_mode("satp", 1) == (I, O, O, V, V)
        assert await s.in_every_mode("hgatp", 1) == (I, O, O, V, V)
        assert await s.in_every_mode("vsatp", 1) == (I, O, O, V, V)
    play(scenario)


def test_a_csr_access_that_traps_writes_nothing(play):
    async def scenario(s):
        await s.write("mscratch", 1)
        await s.enter(Mode.VS)
        for csr in ("mscratch", "hstatus", "vsscratch"):
            before = s.peek(csr)
            answer, _, written = await s.execute(csr, 0x7f, write=1)
            assert answer != O and written is None and s.peek(csr) == before
    play(scenario)


HYPERVISOR_CSRS = ("hstatus", "hedeleg", "hgatp", "hvip", "hgeip", "vsstatus", "vsatp", "vstimecmp", "mtinst")


@pytest.mark.rule("misa_h_op")
def test_with_misa_h_off_the_hypervisor_csrs_do_not_exist(play):
    async def scenario(s):
        await s.write("menvcfg", STCE)
        for name in HYPERVISOR_CSRS:
            assert (name, await s.access(name)) == (name, O)
        await s.write("misa", 0)
        for name in HYPERVISOR_CSRS:
            assert (name, await s.access(name)) == (name, I)
        await s.write("misa", 1 << 7)
        for name in HYPERVISOR_CSRS:
            assert (name, await s.access(name)) == (name, O)
    play(scenario)


def test_without_the_extension_the_hypervisor_csrs_do_not_exist(play):
    async def scenario(s):
        for address in (0x600, 0x602, 0x680, 0x645, 0xe12, 0x200, 0x280, 0x24d, 0x34a):
            assert (address, await s.access(address)) == (address, I)
        for mode, answers in {Mode.U: (I, I, I), Mode.HS: (O, O, I), Mode.M: (O, O, O)}.items():
            await s.enter(mode)
            assert tuple([await s.access(csr) for csr in ("sstatus", "satp", "mstatus")]) == answers
    play(scenario, NO_H)


def test_without_sstc_stimecmp_does_not_exist(play):
    async def scenario(s):
        assert [await s.access(address) for address in (0x14d, 0x24d)] == [I, I]
    play(scenario, FULL.without("sstc"))


def test_without_pmp_its_registers_do_not_exist(play):
    async def scenario(s):
        assert [await s.access(address) for address in (0x3a0, 0x3b0)] == [I, I]
    play(scenario, replace(FULL, pmp_entries=0))

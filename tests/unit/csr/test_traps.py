"""Tests of trap entry and return: where they lead, and every field that they write."""

from itertools import product

import pytest
from testbench import truth_table

from hyacinth.rtl.config import NO_H
from hyacinth.rtl.csr.traps import trap_target
from hyacinth.rtl.isa.causes import VS_INTERRUPTS, Cause, Interrupt
from hyacinth.rtl.isa.csrs import CSRS
from hyacinth.rtl.isa.modes import Mode

ALL = (1 << 64) - 1
MODES = (Mode.U, Mode.HS, Mode.M, Mode.VU, Mode.VS)


def taken_in(code, interrupt, mode, medeleg, mideleg, hedeleg, hideleg):
    return trap_target(code, interrupt, mode, {"medeleg": medeleg, "mideleg": mideleg, "hedeleg": hedeleg,
                                               "hideleg": hideleg})


def target_in_words(mode, m_delegates, hs_delegates):
    """M keeps what it does not delegate, HS likewise; only a guest's trap reaches VS."""
    if mode == Mode.M or not m_delegates:
        return Mode.M
    return Mode.VS if hs_delegates and mode in (Mode.VS, Mode.VU) else Mode.HS


@pytest.mark.rule("hedeleg_op", "hideleg_op", "H_trap_deleg")
@pytest.mark.rule("medeleg_enc", "mideleg_enc", "MEDELEG_OP", "MIDELEG_OP", "trap_never_trans_lower")
def test_a_trap_goes_where_its_own_delegation_bits_send_it_and_no_other_bit_matters():
    rows, answers = [], []
    for mode, interrupt, m, hs in product(Mode, (0, 1), (0, 1), (0, 1)):
        for code in range(16 if interrupt else 24):
            own = 1 << code
            first, second = (own if m else ALL ^ own), (own if hs else ALL ^ own)
            medeleg, mideleg = (ALL ^ first, first) if interrupt else (first, ALL ^ first)
            hedeleg, hideleg = (ALL ^ second, second) if interrupt else (second, ALL ^ second)
            rows.append((code, interrupt, mode, medeleg, mideleg, hedeleg, hideleg))
            answers.append(target_in_words(mode, m, hs))
    assert truth_table(taken_in, [6, 1, Mode, 64, 64, 64, 64], rows) == answers


async def fields(s, *paths):
    return {path: s.field(path) for path in paths}


async def delegate_all(s):
    for name in ("medeleg", "mideleg", "hedeleg", "hideleg"):
        await s.write(name, ALL)


TRAP = {"pc": 0x1234, "tval": 0x5678, "gva": 1, "gpa": 0x9abc, "tinst": 0x3000}
TRAP_CSRS = {Mode.M: ("mepc", "mcause", "mtval", "mtval2", "mtinst"),
             Mode.HS: ("sepc", "scause", "stval", "htval", "htinst"), Mode.VS: ("vsepc", "vscause", "vstval")}


@pytest.mark.rule("vspec_op", "vscause_op", "vstval_op", "H_trap_m_csrwrites", "H_trap_hs_csrwrites",
                  "H_trap_vs_csrwrites", "shvstvala_vstval_written")
@pytest.mark.rule("sepc_op_trap_write", "scause_op", "stval_op")
@pytest.mark.rule("mepc_op", "mcause_op", "mtval_op", "trap_del_S_mode_op", "trap_del_S_mode_no_M_mode")
@pytest.mark.parametrize("target", (Mode.M, Mode.HS, Mode.VS), ids=lambda mode: mode.name)
def test_a_trap_writes_the_registers_of_its_target_and_no_others(play, target):
    values = (0x1234, int(Cause.LOAD_ACCESS_FAULT), 0x5678, 0x9abc >> 2, 0x3000)

    async def scenario(s):
        if target != Mode.M:
            await s.write("medeleg", ALL)
        if target == Mode.VS:
            await s.write("hedeleg", ALL)
        await s.enter(Mode.VS)
        before = {name: s.peek(name) for name in s.csrs if "cycle" not in name}
        _, mode = await s.trap(Cause.LOAD_ACCESS_FAULT, **TRAP)
        assert mode == s.mode == target
        changed = {name: s.peek(name) for name, old in before.items() if s.peek(name) != old}
        status = {Mode.M: {"mstatus"}, Mode.HS: {"mstatus", "sstatus", "hstatus"}, Mode.VS: {"vsstatus"}}[target]
        assert {name: changed[name] for name in changed.keys() - status} == dict(zip(TRAP_CSRS[target], values,
                                                                                      strict=False))
        assert changed.keys() >= status
        if target == Mode.HS:
            assert (before["mstatus"] ^ s.peek("mstatus")) & ~0x122 == 0  # SIE, SPIE and SPP alone
    play(scenario)


@pytest.mark.rule("MEPC_INV_ADDR_CONV", "MTVAL_INV_ADDR_CONV")
@pytest.mark.parametrize("target", (Mode.M, Mode.HS, Mode.VS), ids=lambda mode: mode.name)
def test_an_address_that_is_no_valid_one_is_kept_as_it_is(play, target):
    epc, _, tval, *_ = TRAP_CSRS[target]

    async def scenario(s):
        await s.write("medeleg", 0 if target == Mode.M else ALL)
        await s.write("hedeleg", ALL if target == Mode.VS else 0)
        for bit in range(1, 64):
            await s.enter(Mode.VS)
            await s.trap(Cause.LOAD_PAGE_FAULT, **TRAP | {"pc": 1 << bit, "tval": ~(1 << bit) & (1 << 64) - 1})
            assert (s.peek(epc), s.peek(tval)) == (1 << bit, ~(1 << bit) & (1 << 64) - 1)
    play(scenario)


@pytest.mark.rule("mstatus_mpv_op", "H_trap_m_csrwrites")
@pytest.mark.rule("mstatus_xpp_op", "mstatus_xpp_trap_op", "mstatus_mpp_sz")
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_trap_into_m_records_where_it_came_from(play, mode):
    async def scenario(s):
        await s.enter(mode)
        await s.to_m()
        await s.write("mstatus", 1 << 3)  # MIE
        await s.enter(mode)
        await s.trap(Cause.ILLEGAL_INSTRUCTION)
        assert (s.mode, s.field("mstatus.MPP"), s.field("mstatus.MPV")) == (Mode.M, mode & 3, mode >> 2)
        assert (s.field("mstatus.MIE"), s.field("mstatus.GVA")) == (0, 0)
    play(scenario)


@pytest.mark.rule("mstatus_xpie_op", "mstatus_xpie_trap_op", "mstatus_xie_trap_op", "trap_del_S_mode_op")
@pytest.mark.parametrize("enabled", (0, 1))
def test_each_target_saves_and_clears_its_own_interrupt_enable(play, enabled):
    async def scenario(s):
        bits = {Mode.M: ("mstatus", "M"), Mode.HS: ("mstatus", "S"), Mode.VS: ("vsstatus", "S")}
        for target, (csr, letter) in bits.items():
            await s.enter(Mode.VS)
            await s.to_m()
            await s.write("medeleg", 0 if target == Mode.M else ALL)
            await s.write("hedeleg", ALL if target == Mode.VS else 0)
            await s.enter(Mode.VS)
            await s.to_m()
            status = CSRS[csr]
            on = status.field(f"{letter}IE").mask
            await s.set(csr, on) if enabled else await s.clear(csr, on)
            # MRET copies MPIE to MIE.
            await s.set("mstatus", 1 << 7) if enabled else await s.clear("mstatus", 1 << 7)
            await s.enter(Mode.VS)
            await s.trap(Cause.ILLEGAL_INSTRUCTION)
            assert s.mode == target
            assert (s.field(f"{csr}.{letter}IE"), s.field(f"{csr}.{letter}PIE")) == (0, enabled)
    play(scenario)


@pytest.mark.rule("hstatus_spv_op", "hstatus_spvp_op")
@pytest.mark.rule("trap_del_S_mode_op")
@pytest.mark.parametrize("mode", (Mode.U, Mode.HS, Mode.VU, Mode.VS), ids=lambda mode: mode.name)
@pytest.mark.parametrize("spvp", (0, 1))
def test_a_trap_into_hs_writes_spv_spp_and_gva_and_spvp_only_from_a_guest(play, mode, spvp):
    async def scenario(s):
        await s.write("medeleg", ALL)
        await s.write("hstatus", spvp << 8)
        await s.enter(mode)
        await s.trap(Cause.LOAD_PAGE_FAULT, gva=1)
        guest, privilege = mode >> 2, mode & 3
        assert await fields(s, "hstatus.SPV", "mstatus.SPP", "hstatus.SPVP", "hstatus.GVA") == {
            "hstatus.SPV": guest, "mstatus.SPP": privilege, "hstatus.SPVP": privilege if guest else spvp,
            "hstatus.GVA": 1}
    play(scenario)


@pytest.mark.rule("hstatus_gva_op", "mstatus_gva_op")
def test_gva_is_rewritten_by_every_trap_into_m_and_into_hs(play):
    async def scenario(s):
        for name, deleg in (("mstatus", 0), ("hstatus", ALL)):
            await s.to_m()
            await s.write("medeleg", deleg)
            for gva in (1, 0, 1):
                await s.enter(Mode.VS)
                await s.trap(Cause.LOAD_PAGE_FAULT, gva=gva)
                assert s.field(f"{name}.GVA") == gva
    play(scenario)


def test_gva_of_hs_is_untouched_by_a_trap_into_vs(play):
    async def scenario(s):
        await delegate_all(s)
        await s.write("hstatus", 1 << 6)
        await s.enter(Mode.VS)
        before = s.peek("hstatus"), s.peek("mstatus")
        await s.trap(Cause.LOAD_PAGE_FAULT, gva=1)
        assert (s.mode, (s.peek("hstatus"), s.peek("mstatus"))) == (Mode.VS, before)
    play(scenario)


@pytest.mark.rule("hideleg_trans")
@pytest.mark.parametrize("interrupt", VS_INTERRUPTS, ids=lambda each: each.name)
@pytest.mark.parametrize("delegated", (0, 1))
def test_vs_interrupts_have_the_guests_codes_in_vs_and_their_own_in_hs(play, interrupt, delegated):
    async def scenario(s):
        await s.write("hideleg", ALL * delegated & ALL)
        await s.write("vstvec", 0x4000_0001)
        await s.write("stvec", 0x8000_0001)
        await s.enter(Mode.VU)
        pc, mode = await s.trap(interrupt, interrupt=1)
        name, base, code, target = (("vscause", 0x4000_0000, interrupt - 1, Mode.VS) if delegated
                                    else ("scause", 0x8000_0000, interrupt, Mode.HS))
        assert (mode, s.peek(name), pc) == (target, 1 << 63 | code, base + 4 * code)
    play(scenario)


def test_exceptions_keep_their_codes_in_vs(play):
    async def scenario(s):
        await delegate_all(s)
        for code in (2, 6, 8, 12, 13, 15):
            await s.enter(Mode.VU)
            _, mode = await s.trap(code)
            assert (mode, s.peek("vscause")) == (Mode.VS, code)
    play(scenario)


@pytest.mark.rule("vstvec_op", "shvstvecd_vstvec_mode_direct")
@pytest.mark.rule("stvec_sz_base")
@pytest.mark.rule("MTVEC_BASE_ALIGN_FUNC_MODE", "mtvec_mode_direct_op", "mtvec_mode_vectored_op")
@pytest.mark.parametrize("csr, target", (("mtvec", Mode.M), ("stvec", Mode.HS), ("vstvec", Mode.VS)))
def test_vectors_are_for_interrupts_where_mode_is_vectored(play, csr, target):
    async def scenario(s):
        code = Interrupt.VSTI if target != Mode.M else Interrupt.MTI
        seen = 5 if target == Mode.VS else int(code)
        for vectored in (0, 1):
            await s.to_m()
            await s.write("medeleg", 0 if target == Mode.M else ALL)
            await s.write("hedeleg", ALL if target == Mode.VS else 0)
            await s.write("hideleg", ALL if target == Mode.VS else 0)
            await s.write(csr, 0x7000_0ff4 | vectored)
            await s.enter(Mode.VS)
            assert await s.trap(Cause.BREAKPOINT) == (0x7000_0ff4, target)
            await s.enter(Mode.VS)
            assert await s.trap(code, interrupt=1) == (0x7000_0ff4 + 4 * seen * vectored, target)
    play(scenario)


@pytest.mark.rule("mstatus_mpv_op", "mret_h")
@pytest.mark.rule("mstatus_xie_xret_op", "mstatus_xpie_xret_op", "mstatus_xpp_xret_op", "mstatus_mprv_xret_op",
                  "mstatus_mprv_clr_mret_sret_less_priv", "mret_op")
@pytest.mark.parametrize("mpp", (0, 1, 3))
@pytest.mark.parametrize("mpv", (0, 1))
def test_mret_enters_mpp_and_mpv_unless_mpp_is_m(play, mpp, mpv):
    async def scenario(s):
        await s.write("mepc", 0x2222)
        await s.write("mstatus", mpp << 11 | mpv << 39 | 1 << 7 | 1 << 17)
        mode = Mode(mpp | (mpv << 2 if mpp != 3 else 0))
        assert await s.mret() == (0x2222, mode)
        assert s.mode == mode
        assert await fields(s, "mstatus.MPV", "mstatus.MPP", "mstatus.MIE", "mstatus.MPIE", "mstatus.MPRV") == {
            "mstatus.MPV": 0, "mstatus.MPP": 0, "mstatus.MIE": 1, "mstatus.MPIE": 1, "mstatus.MPRV": int(mpp == 3)}
    play(scenario)


@pytest.mark.rule("hstatus_spv_sret", "sret_h", "sret_v0")
@pytest.mark.rule("mstatus_xie_xret_op", "mstatus_xpie_xret_op", "mstatus_xpp_xret_op", "mstatus_mprv_xret_op",
                  "mstatus_mprv_clr_mret_sret_less_priv", "sret_in_M_mode")
@pytest.mark.parametrize("spp", (0, 1))
@pytest.mark.parametrize("spv", (0, 1))
@pytest.mark.parametrize("mode", (Mode.M, Mode.HS), ids=lambda mode: mode.name)
def test_sret_at_v0_enters_spp_and_spv(play, mode, spp, spv):
    async def scenario(s):
        await s.enter(mode)
        await s.write("sepc", 0x4444)
        await s.write("sstatus", spp << 8 | 1 << 5)
        await s.write("hstatus", spv << 7)
        if mode == Mode.M:
            await s.set("mstatus", 1 << 17)
        before = s.peek("vsstatus")
        assert await s.sret() == (0x4444, spp | spv << 2)
        assert await fields(s, "hstatus.SPV", "mstatus.SPP", "mstatus.SIE", "mstatus.SPIE", "mstatus.MPRV") == {
            "hstatus.SPV": 0, "mstatus.SPP": 0, "mstatus.SIE": 1, "mstatus.SPIE": 1, "mstatus.MPRV": 0}
        assert s.peek("vsstatus") == before
    play(scenario)


@pytest.mark.rule("vspec_op", "sret_v1")
@pytest.mark.parametrize("spp", (0, 1))
def test_sret_at_v1_enters_vsstatus_spp_and_leaves_hs_alone(play, spp):
    async def scenario(s):
        await s.write("vsepc", 0x6666)
        await s.write("vsstatus", spp << 8 | 1 << 5)
        await s.write("hstatus", 0)
        await s.write("sstatus", 1 << 8)
        await s.enter(Mode.VS)
        before = s.peek("hstatus"), s.peek("sstatus")
        assert await s.sret() == (0x6666, 4 | spp)
        assert await fields(s, "vsstatus.SPP", "vsstatus.SIE", "vsstatus.SPIE") == {
            "vsstatus.SPP": 0, "vsstatus.SIE": 1, "vsstatus.SPIE": 1}
        assert (s.peek("hstatus"), s.peek("sstatus")) == before
    play(scenario)


def test_xret_restores_a_cleared_interrupt_enable(play):
    async def scenario(s):
        await s.write("mstatus", 1 << 3 | 3 << 11)
        await s.mret()
        assert (s.field("mstatus.MIE"), s.field("mstatus.MPIE")) == (0, 1)
        await s.write("sstatus", 1 << 1 | 1 << 8)
        await s.sret()
        assert (s.field("mstatus.SIE"), s.field("mstatus.SPIE")) == (0, 1)
    play(scenario)


def test_without_the_extension_traps_go_to_m_and_s(play):
    async def scenario(s):
        await s.write("medeleg", 1 << 8)
        await s.write("stvec", 0x100)
        await s.write("mtvec", 0x200)
        await s.enter(Mode.U)
        assert await s.trap(Cause.ECALL_U) == (0x100, Mode.HS)
        assert await s.sret() == (0x8000_0000, Mode.U)
        assert await s.trap(Cause.ILLEGAL_INSTRUCTION) == (0x200, Mode.M)
        assert await s.mret() == (0x8000_0000, Mode.U)
    play(scenario, NO_H)

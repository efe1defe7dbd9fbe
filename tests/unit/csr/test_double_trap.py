"""Tests of Ssdbltrp and Smdbltrp: SDT and MDT, who sets and clears them, and where a trap goes that finds one set."""

from dataclasses import replace

import pytest

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.isa.causes import Cause, Interrupt
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1
SIE, MIE, SPIE, MPIE, SPP, SDT, MDT = 1 << 1, 1 << 3, 1 << 5, 1 << 7, 1 << 8, 1 << 24, 1 << 42
DTE, SPV, HIGH = 1 << 59, 1 << 7, 1 << 63
DOUBLE = 16
FAULT = Cause.LOAD_PAGE_FAULT
WITH_MDT = replace(FULL, extensions=(*FULL.extensions, "smdbltrp"))
TRAP = {"pc": 0x1234, "tval": 0x5678, "gva": 1, "gpa": 0x9abc, "tinst": 0x3000}


async def start(s, *, dte=1, h_dte=1, to_hs=ONES, to_vs=ONES):
    """DTE as asked for, and traps delegated to HS and VS."""
    if "mstatus" in s.csrs and s.peek("mstatus") & MDT:
        await s.clear("mstatus", MDT)
    await s.write("menvcfg", DTE)
    await s.write("medeleg", to_hs)
    if "hedeleg" in s.csrs:
        await s.write("henvcfg", DTE * h_dte)  # where menvcfg.DTE is 0, it could not be set
        await s.write("hedeleg", to_vs)
        await s.write("hideleg", to_vs)
        await s.write("vstvec", 0x3000)
    await s.write("menvcfg", DTE * dte)
    await s.write("mtvec", 0x1001)
    await s.write("stvec", 0x2001)


def sdts(s):
    return s.field("mstatus.SDT"), s.field("vsstatus.SDT")


@pytest.mark.rule("sstatus_sdt_trap", "menvcfg_dte_op", "henvcfg_dte_op", "vsstatus_sdt_op")
@pytest.mark.parametrize("dte, h_dte", ((0, 0), (0, 1), (1, 0), (1, 1)))
def test_a_trap_sets_the_sdt_of_the_mode_that_takes_it_where_dte_enables_that(play, dte, h_dte):
    async def scenario(s):
        await start(s, dte=dte, h_dte=h_dte, to_vs=0)
        await s.enter(Mode.VS)
        assert (await s.trap(FAULT))[1] == Mode.HS and sdts(s) == (dte, 0)
        await s.to_m()
        await s.clear("mstatus", SDT)
        await s.write("hedeleg", ONES)
        await s.enter(Mode.VS)
        assert (await s.trap(FAULT))[1] == Mode.VS and sdts(s) == (0, dte & h_dte)
        await s.to_m()
        await s.write("menvcfg", DTE)
        assert sdts(s) == (0, dte & h_dte)  # nor does it come to light later
    play(scenario)


@pytest.mark.rule("sstatus_sdt_trap", "M_mode_invoke_error", "HS_mode_invoke_error")
@pytest.mark.parametrize("guest", (0, 1), ids=("HS", "VS"))
def test_a_trap_into_a_mode_whose_sdt_is_set_goes_to_m_with_what_it_would_have_told(play, guest):
    async def scenario(s):
        await start(s, to_vs=ONES * guest)
        for mode in (Mode.VS, Mode.VU) if guest else (Mode.HS, Mode.U, Mode.VS):
            await s.to_m()
            await s.write("vsstatus" if guest else "sstatus", SDT)
            await s.enter(mode)
            before = {name: s.peek(name) for name in ("sepc", "scause", "stval", "htval", "vsepc", "vscause")}
            assert await s.trap(FAULT, **TRAP) == (0x1000, Mode.M)
            assert {name: s.peek(name) for name in before} == before
            assert [s.peek(name) for name in ("mepc", "mcause", "mtval", "mtval2", "mtinst")] == \
                [0x1234, DOUBLE, 0x5678, FAULT, 0x3000]
            assert (s.field("mstatus.MPP"), s.field("mstatus.MPV"), s.field("mstatus.GVA")) == (mode & 3, mode >> 2, 1)
            assert sdts(s) == (not guest, guest)
    play(scenario)


@pytest.mark.rule("sstatus_sdt_trap")
def test_an_interrupt_too_and_as_an_exception_that_no_vector_moves(play):
    async def scenario(s):
        await start(s)
        await s.write("vsstatus", SDT)
        await s.enter(Mode.VU)
        # What mcause would have been: the guest's own code is of vscause alone.
        assert await s.trap(Interrupt.VSSI, interrupt=1) == (0x1000, Mode.M)
        assert (s.peek("mcause"), s.peek("mtval2")) == (DOUBLE, HIGH | Interrupt.VSSI)
    play(scenario)


def test_a_trap_that_m_keeps_looks_at_no_sdt_and_neither_does_one_for_the_other_mode(play):
    async def scenario(s):
        await start(s, to_hs=0)
        await s.write("sstatus", SDT)
        await s.write("vsstatus", SDT)
        await s.enter(Mode.VU)
        await s.trap(FAULT)
        assert (s.mode, s.peek("mcause")) == (Mode.M, FAULT)
        await s.write("medeleg", ONES)
        await s.write("hedeleg", 0)
        await s.write("sstatus", 0)
        await s.enter(Mode.VU)
        await s.trap(FAULT)
        assert (s.mode, s.peek("scause"), sdts(s)) == (Mode.HS, FAULT, (1, 1))
    play(scenario)


@pytest.mark.rule("sstatus_sdt_sstatus_sie_overwrite", "sstatus_sdt_sz", "sstatus_sdt_op", "SSTATUS_SDT_WARL",
                  "vsstatus_SDT", "sstatus_SDT")
@pytest.mark.parametrize("csr", ("mstatus", "sstatus", "vsstatus"))
def test_a_write_that_leaves_sdt_set_clears_sie(play, csr):
    async def scenario(s):
        await start(s)
        assert await s.write(csr, SIE | SDT) & (SIE | SDT) == SDT
        assert await s.set(csr, SIE) & (SIE | SDT) == SDT
        assert await s.write(csr, SIE) & (SIE | SDT) == SIE        # SDT becomes 0 by the same write
        assert await s.set(csr, SDT) & (SIE | SDT) == SDT
    play(scenario)


@pytest.mark.rule("menvcfg_dte_op", "henvcfg_dte_op", "menvcfg_DTE", "henvcfg_DTE", "sstatus_sdt_acc")
def test_while_dte_is_zero_sdt_reads_as_zero_cannot_be_set_and_stops_no_trap(play):
    async def scenario(s):
        await start(s)
        for csr in ("sstatus", "vsstatus"):
            await s.write(csr, SDT)
        await s.write("menvcfg", 0)
        assert await s.read("henvcfg") & DTE == 0
        for csr in ("mstatus", "sstatus", "vsstatus"):
            assert await s.read(csr) & SDT == 0
            assert await s.write(csr, SDT | SIE) & (SDT | SIE) == SIE
        await s.enter(Mode.VS)
        assert (await s.trap(FAULT))[1] == Mode.VS
        await s.to_m()
        await s.write("hedeleg", 0)
        await s.enter(Mode.VS)
        assert (await s.trap(FAULT))[1] == Mode.HS
        await s.to_m()
        await s.write("menvcfg", DTE)
        await s.write("henvcfg", 0)
        assert await s.read("vsstatus") & SDT == 0
    play(scenario)


@pytest.mark.rule("sstatus_sdt_sret", "sret_dt")
@pytest.mark.parametrize("spp, spv, cleared", ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 1)), ids=("U", "HS", "VS", "VU"))
def test_sret_from_hs_clears_sstatus_sdt_and_where_it_leads_to_vu_that_of_vsstatus(play, spp, spv, cleared):
    async def scenario(s):
        await start(s)
        await s.write("vsstatus", SDT)
        await s.enter(Mode.HS)
        await s.write("sstatus", SDT | SPP * spp)
        await s.write("hstatus", SPV * spv)
        await s.sret()
        assert sdts(s) == (0, 1 - cleared)
    play(scenario)


@pytest.mark.rule("sret_dt")
@pytest.mark.parametrize("spp", (0, 1))
def test_sret_from_vs_clears_vsstatus_sdt_alone(play, spp):
    async def scenario(s):
        await start(s)
        await s.write("sstatus", SDT)
        await s.write("vsstatus", SDT | SPP * spp)
        await s.enter(Mode.VS)
        await s.sret()
        assert sdts(s) == (1, 0)
    play(scenario)


@pytest.mark.rule("mstatus_mdt_clr_mret_sret", "sstatus_sdt_clr_mret_sret", "vsstatus_sdt_clr_mret_sret")
@pytest.mark.parametrize("mode", (Mode.M, Mode.HS, Mode.U, Mode.VS, Mode.VU), ids=lambda mode: mode.name)
@pytest.mark.parametrize("smdbltrp", (0, 1))
def test_mret_clears_mdt_and_sdt_where_smdbltrp_is(play, mode, smdbltrp):
    async def scenario(s):
        await start(s)
        await s.write("vsstatus", SDT)
        await s.write("mstatus", SDT | (MDT if smdbltrp else 0) | (mode & 3) << 11 | (mode >> 2) << 39)
        await s.mret()
        lower = mode in (Mode.U, Mode.VS, Mode.VU) and smdbltrp
        assert (s.mode, sdts(s)) == (mode, (not lower, not (mode == Mode.VU and smdbltrp)))
        assert not s.peek("mstatus") & MDT
    play(scenario, WITH_MDT if smdbltrp else FULL)


@pytest.mark.rule("mstatus_mdt_clr_mret_sret", "sstatus_sdt_sret", "vsstatus_sdt_clr_mret_sret")
@pytest.mark.parametrize("smdbltrp", (0, 1))
@pytest.mark.parametrize("spv", (0, 1))
def test_sret_in_m_clears_mdt_and_sdt(play, spv, smdbltrp):
    async def scenario(s):
        await start(s)
        await s.write("vsstatus", SDT)
        await s.write("hstatus", SPV * spv)
        await s.write("mstatus", SDT | (MDT if smdbltrp else 0))
        await s.sret()
        assert (s.mode, sdts(s)) == (Mode.VU if spv else Mode.U, (0, not (spv and smdbltrp)))
        assert not s.peek("mstatus") & MDT
    play(scenario, WITH_MDT if smdbltrp else FULL)


@pytest.mark.rule("mstatus_mdt_rst", "mstatus_mdt_sz", "MSTATUS_MDT_WARL", "mstatus_mie_clr_by_mdt",
                  "mstatus_mie_clr_by_mdt_rv64", "mstatus_mie_set_mdt_0", "mstatus_mie_set_mdt_0_rv64")
def test_mdt_is_one_after_reset_and_a_write_that_leaves_it_set_clears_mie(play):
    async def scenario(s):
        assert s.field("mstatus.MDT") == 1
        assert await s.set("mstatus", MIE) & (MIE | MDT) == MDT
        assert await s.write("mstatus", MIE) & (MIE | MDT) == MIE
        assert await s.write("mstatus", MIE | MDT) & (MIE | MDT) == MDT
    play(scenario, WITH_MDT)


@pytest.mark.rule("trap_exp")
def test_a_trap_into_m_sets_mdt_of_a_double_trap_too(play):
    async def scenario(s):
        await start(s)
        assert s.field("mstatus.MDT") == 0
        for sdt in (0, SDT):
            await s.to_m()
            await s.write("sstatus", sdt)
            await s.write("medeleg", ONES if sdt else 0)
            await s.enter(Mode.HS)
            await s.trap(FAULT)
            assert (s.mode, s.field("mstatus.MDT")) == (Mode.M, 1)
            assert s.ctx.get(s.dut.csr.status.mdt) == 1
    play(scenario, WITH_MDT)


@pytest.mark.rule("mtval2_Ssdbltrap")
def test_without_the_h_extension_there_is_mtval2_for_the_cause(play):
    async def scenario(s):
        await start(s)
        await s.write("sstatus", SDT)
        await s.enter(Mode.U)
        await s.trap(FAULT, pc=0x1234)
        assert (s.mode, s.peek("mcause"), s.peek("mtval2")) == (Mode.M, DOUBLE, FAULT)
    play(scenario, NO_H)
    assert "mtval2" not in table(NO_H.without("ssdbltrp"))


@pytest.mark.rule("medeleg_16_no_rd0")
def test_a_double_trap_cannot_be_delegated(play):
    async def scenario(s):
        assert not await s.write("medeleg", ONES) >> DOUBLE & 1
        assert not await s.write("hedeleg", ONES) >> DOUBLE & 1
    play(scenario)


@pytest.mark.rule("sstatus_sdt_Ssdbltrp")
@pytest.mark.parametrize("config", (FULL.without("ssdbltrp"), SMALL), ids=("full-ssdbltrp", "small"))
def test_without_ssdbltrp_there_is_no_sdt_and_no_dte(play, config):
    async def scenario(s):
        for csr in ("menvcfg", "henvcfg"):
            assert not await s.write(csr, ONES) & DTE
        for csr in ("mstatus", "sstatus", "vsstatus"):
            assert await s.write(csr, SDT | MDT | SIE) & (SDT | MDT | SIE) == SIE
        await s.write("medeleg", ONES)
        await s.enter(Mode.HS)
        for _ in range(2):
            assert (await s.trap(FAULT))[1] == Mode.HS
    play(scenario, config)

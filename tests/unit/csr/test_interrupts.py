"""Tests of which interrupt is taken, where, and when; what is pending is tested in test_pending.py."""

from itertools import product

import pytest
from testbench import assert_exports, truth_table

from hyacinth.rtl.config import FULL, NO_H
from hyacinth.rtl.csr.interrupts import Interrupts, due
from hyacinth.rtl.isa.causes import INTERRUPT_ORDER, Interrupt
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1
STCE = 1 << 63            # of menvcfg and henvcfg
FROM_INTERRUPT = 1 << 63  # of scause and vscause
VSTI, VSEI, SGEI = (1 << each for each in (Interrupt.VSTI, Interrupt.VSEI, Interrupt.SGEI))
MODES = (Mode.U, Mode.HS, Mode.M, Mode.VU, Mode.VS)


@pytest.mark.parametrize("config", (FULL, NO_H), ids=("full", "no-h"))
def test_it_exports(config):
    assert_exports(Interrupts(config))


def answer(mip, mie, mideleg, hideleg, mode, machine, supervisor, guest):
    """What is taken, by the manual's conditions (a), (b), (c) for each interrupt of each target, in words."""
    for target in (Mode.M, Mode.HS, Mode.VS):
        for each in INTERRUPT_ORDER:
            bit = 1 << each
            goes_to = Mode.M if not mideleg & bit else Mode.HS if not hideleg & bit else Mode.VS
            if not mip & mie & bit or goes_to != target:
                continue
            on = {Mode.M: mode != Mode.M or machine,
                  Mode.HS: mode in (Mode.U, Mode.VU, Mode.VS) or mode == Mode.HS and supervisor,
                  Mode.VS: mode == Mode.VU or mode == Mode.VS and guest}[target]
            if on:
                return 1, int(each)
    return 0, 0


def both(mip, mie, mideleg, hideleg, mode, machine, supervisor, guest):
    class Csrs:
        machine_enable, supervisor_enable, guest_enable = machine, supervisor, guest
    Csrs.mie, Csrs.mideleg, Csrs.hideleg, Csrs.mode = mie, mideleg, hideleg, mode
    interrupt, code = due(mip, Csrs)
    return (code << 1 | interrupt)[:7]


SHAPES = [16, 16, 16, 16, Mode, 1, 1, 1]


def check(rows):
    assert truth_table(both, SHAPES, rows) == [code << 1 | taken for taken, code in (answer(*row) for row in rows)]


@pytest.mark.rule("hideleg_hs")
@pytest.mark.rule("sie_sip_supervisor_strap", "sie_seie_op", "sie_stie_op", "sie_ssie_op")
@pytest.mark.rule("mstatus_xie_intr_en_dis", "intr_mip_mie_op")
def test_one_pending_interrupt_is_taken_where_its_target_has_it_enabled():
    check([(1 << each, mie << each, mideleg << each, hideleg << each, mode, *enables)
           for each in Interrupt for mie, mideleg, hideleg in product((0, 1), repeat=3)
           for mode in MODES for enables in product((0, 1), repeat=3)])


@pytest.mark.rule("sip_priority_bit_order", "sie_priority_bit_order")
@pytest.mark.rule("s_interrupt_priority")
@pytest.mark.rule("intr_M_mode_highest_pri")
def test_of_two_the_more_urgent_is_taken_and_a_higher_target_goes_first():
    rows = []
    for one, other in product(Interrupt, repeat=2):
        for targets in product((0, 1, 2), repeat=2):
            mideleg = hideleg = 0
            for each, target in zip((one, other), targets, strict=True):
                mideleg |= (target > 0) << each
                hideleg |= (target > 1) << each
            for mode in MODES:
                rows.append((1 << one | 1 << other, ONES & 0xffff, mideleg, hideleg, mode, 1, 1, 1))
    check(rows)


@pytest.mark.rule("hsint_priority")
@pytest.mark.rule("intr_M_mode_pri")
def test_the_order_within_a_mode_is_the_manuals():
    assert [each.name for each in INTERRUPT_ORDER] == \
        ["MEI", "MSI", "MTI", "SEI", "SSI", "STI", "SGEI", "VSEI", "VSSI", "VSTI", "LCOFI"]
    rows = [(sum(1 << each for each in INTERRUPT_ORDER[n:]), 0xffff, 0, 0, Mode.U, 0, 0, 0)
            for n in range(len(INTERRUPT_ORDER))]
    assert [taken >> 1 for taken in truth_table(both, SHAPES, rows)] == [int(each) for each in INTERRUPT_ORDER]


async def settled(s, **inputs):
    for name, value in inputs.items():
        s.ctx.set(getattr(s.dut, name), value)
    await s.pause()


def taken(s):
    return s.ctx.get(s.dut.csr.interrupt_code) if s.ctx.get(s.dut.csr.interrupt) else None


@pytest.mark.rule("mtime_intr_taken", "intr_mip_mie_bounded_time")
def test_an_interrupt_is_announced_and_wfi_wakes_whether_or_not_it_is_enabled(play):
    async def scenario(s):
        await settled(s, mtip=1)
        assert (taken(s), s.ctx.get(s.dut.csr.wake)) == (None, 0)
        await s.write("mie", 1 << 7)
        await s.pause()
        assert (taken(s), s.ctx.get(s.dut.csr.wake)) == (None, 1)
        await s.write("mstatus", 1 << 3)
        await s.pause()
        assert taken(s) == 7
        await s.trap(7, interrupt=1)
        await s.pause()
        assert taken(s) is None
    play(scenario)


@pytest.mark.rule("wfi_unaffected_conditions")
def test_wfi_wakes_on_what_mie_enables_whatever_the_mode_the_delegation_and_the_global_enables_are(play):
    sources = {3: "msip", 7: "mtip", 11: "meip"}

    async def scenario(s):
        for code in (1, 2, 3, 5, 6, 7, 9, 10, 11):
            bit = 1 << code
            pend = "hvip" if code in (2, 6, 10) else "mip"
            for mode, delegated, enabled in product((Mode.M, Mode.HS, Mode.VS), (0, 1), (0, 1)):
                await s.to_m()
                await s.write("mideleg", ONES * delegated & ONES)
                await s.write("hideleg", ONES * delegated & ONES)
                for status in ("mstatus", "vsstatus"):
                    await s.write(status, 0xaa * enabled)
                for own in (0, 1):
                    await s.to_m()
                    await s.write("mie", bit if own else ONES ^ bit)
                    if code in sources:
                        s.ctx.set(getattr(s.dut, sources[code]), 1)
                    else:
                        await s.write(pend, bit)
                    await s.enter(mode)
                    await s.pause()
                    assert (code, mode, s.ctx.get(s.dut.csr.wake)) == (code, mode, own)
            await s.to_m()
            await s.write(pend, 0)
            if code in sources:
                s.ctx.set(getattr(s.dut, sources[code]), 0)
    play(scenario)


@pytest.mark.rule("hip_sgeip_sgeie_op", "hgeie_op")
def test_sgeip_is_hgeip_and_hgeie_whatever_vgein_says_and_wfi_wakes_on_it(play):
    async def scenario(s):
        await s.write("hstatus", 1 << 12)
        await s.write("hgeie", 1 << 2)
        await s.write("hie", SGEI)
        await settled(s, hgeip_lines=1 << 1)
        assert (await s.read("hip"), s.ctx.get(s.dut.csr.wake)) == (VSEI, 0)
        await settled(s, hgeip_lines=1 << 2)
        assert (await s.read("hip"), s.ctx.get(s.dut.csr.wake)) == (SGEI, 1)
        await s.enter(Mode.HS)
        await s.set("sstatus", 2)
        await s.pause()
        assert taken(s) == Interrupt.SGEI
    play(scenario)


@pytest.mark.parametrize("mode", (Mode.VS, Mode.VU), ids=lambda mode: mode.name)
def test_a_vs_interrupt_that_hideleg_keeps_reaches_hs_with_sstatus_sie_clear(play, mode):
    async def scenario(s):
        await s.write("hie", VSTI)
        await s.write("hvip", VSTI)
        await s.enter(mode)
        await s.pause()
        assert taken(s) == Interrupt.VSTI
        _, target = await s.trap(Interrupt.VSTI, interrupt=1)
        assert (target, s.peek("scause")) == (Mode.HS, FROM_INTERRUPT | 6)
    play(scenario)


def test_an_interrupt_for_vs_waits_until_the_guest_runs_and_enables_it(play):
    async def scenario(s):
        await s.write("hideleg", ONES)
        await s.write("hie", VSTI)
        await s.write("hvip", VSTI)
        seen = {}
        for mode, sie in product(MODES, (0, 1)):
            await s.to_m()
            await s.write("mstatus", 0xa | 0x80)
            await s.write("vsstatus", sie << 1)
            await s.enter(mode)
            await s.pause()
            seen[mode.name, sie] = taken(s)
        assert {key for key, value in seen.items() if value} == {("VS", 1), ("VU", 0), ("VU", 1)}
    play(scenario)


@pytest.mark.rule("hip_vstip_enable")
@pytest.mark.parametrize("mode", (Mode.VS, Mode.VU), ids=lambda mode: mode.name)
def test_the_guests_timer_arrives_in_the_guest(play, mode):
    async def scenario(s):
        for name in ("menvcfg", "henvcfg"):
            await s.write(name, STCE)
        await s.write("vstimecmp", 50)
        await s.write("hideleg", ONES)
        await s.write("hie", ONES)
        await s.write("vsstatus", 2)
        await s.enter(mode)
        await settled(s, time=49)
        assert (taken(s), s.ctx.get(s.dut.csr.wake)) == (None, 0)
        await settled(s, time=50)
        assert (taken(s), s.ctx.get(s.dut.csr.wake)) == (Interrupt.VSTI, 1)
        _, target = await s.trap(Interrupt.VSTI, interrupt=1)
        assert (target, s.peek("vscause")) == (Mode.VS, FROM_INTERRUPT | 5)
    play(scenario)

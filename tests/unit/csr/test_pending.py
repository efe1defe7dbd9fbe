"""Tests of what is pending: the sources of each bit, and the registers that show or write the same bits."""

from dataclasses import replace
from itertools import product

import pytest

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.causes import Interrupt
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1
STCE = 1 << 63
VSSI, VSTI, VSEI = (1 << each for each in (Interrupt.VSSI, Interrupt.VSTI, Interrupt.VSEI))


async def settled(s, **inputs):
    for name, value in inputs.items():
        s.ctx.set(getattr(s.dut, name), value)
    await s.pause()


@pytest.mark.rule("mip_meip_rdonly", "mip_mtip_rdonly", "mip_msip_rdonly", "mip_bits_rdonly_op",
                  "MIP_MSIP_MAYBE_RDONLY0")
def test_the_lines_are_seen_in_mip_and_software_cannot_change_them(play):
    async def scenario(s):
        for line, each in (("msip", 3), ("mtip", 7), ("meip", 11), ("seip", 9)):
            await settled(s, **{line: 1})
            assert await s.read("mip") == 1 << each
            assert s.ctx.get(s.dut.csr.mip) == 1 << each
            await s.write("mip", 0)
            assert await s.read("mip") == 1 << each
            await settled(s, **{line: 0})
            assert await s.read("mip") == 0
    play(scenario)


@pytest.mark.rule("sip_seip_op")
@pytest.mark.rule("mip_bits_wr_op", "mip_seip_acc", "mip_seip_rdcsr", "mip_seip_wrcsr", "intr_sei_op")
def test_seip_reads_as_software_or_controller_and_a_set_changes_software_alone(play):
    async def scenario(s):
        await settled(s, seip=1)
        assert await s.execute("mip", 0, write=1, set=1) == (0, 1 << 9, 1 << 9)
        await settled(s, seip=0)
        assert await s.read("mip") == 0
        await s.set("mip", 1 << 9)
        await settled(s, seip=1)
        await s.clear("mip", 1 << 1)
        await settled(s, seip=0)
        assert await s.read("mip") == 1 << 9
        await s.clear("mip", 1 << 9)
        assert await s.read("mip") == 0
    play(scenario)


@pytest.mark.rule("SIP_WARL", "SIE_WARL")
def test_sip_and_sie_show_what_mideleg_delegates(play):
    async def scenario(s):
        await s.write("mip", ONES)
        await s.write("mie", ONES)
        for delegated in (0, 2, 0x20, 0x200, 0x2000, 0x2222):
            await s.write("mideleg", delegated)
            assert (await s.read("sip"), await s.read("sie")) == (delegated, delegated)
        await s.write("mideleg", 0)
        await s.write("sie", 0)
        await s.write("sip", 0)
        assert (await s.read("mie"), await s.read("mip")) == (0x3eee, 0x2226)
        await s.write("mideleg", 0x2222)
        await s.write("sie", 0)
        await s.write("sip", 0)
        assert (await s.read("mie"), await s.read("mip")) == (0x1ccc, 0x224)
    play(scenario)


@pytest.mark.rule("hip_vseip_vseie_op", "hip_vstip_vstie_op", "hvip_op", "sie_hip_hie_mutex")
def test_hvip_shows_only_what_software_wrote_and_hip_the_sources_together(play):
    async def scenario(s):
        await s.write("menvcfg", STCE)
        await s.write("henvcfg", STCE)
        await s.write("hstatus", 3 << 12)
        await settled(s, hgeip_lines=1 << 3, time=5)  # vstimecmp is 0, so due
        due_now = VSTI | VSEI
        assert (await s.read("hvip"), await s.read("hip"), await s.read("mip")) == (0, due_now, due_now | 1 << 5)
        await s.write("hvip", ONES)
        assert (await s.read("hvip"), await s.read("hip")) == (VSSI | VSTI | VSEI, VSSI | VSTI | VSEI)
        await s.write("vstimecmp", 6)
        await settled(s, hgeip_lines=0)
        assert await s.read("hip") == VSSI | VSTI | VSEI
        await s.write("hvip", 0)
        assert await s.read("hip") == 0
    play(scenario)


@pytest.mark.rule("hip_vssip_vssie_op", "mip_mie_alias")
@pytest.mark.parametrize("csr, bit", (("hip", VSSI), ("mip", VSSI), ("vsip", 2)))
def test_vssip_is_one_bit_in_hvip_hip_mip_and_vsip(play, csr, bit):
    async def scenario(s):
        await s.write("hideleg", ONES)
        await s.write(csr, ONES)
        assert [await s.read(name) & mask for name, mask in
                (("hvip", ONES), ("hip", ONES), ("mip", VSSI), ("vsip", ONES))] == [VSSI, VSSI, VSSI, 2]
        await s.clear(csr, bit)
        assert await s.read("hvip") == 0
    play(scenario)


@pytest.mark.rule("hip_vstip_vstie_acc", "hip_acc", "HIP_WARL")
def test_the_other_bits_of_hip_are_read_only(play):
    async def scenario(s):
        await s.write("hip", ONES)
        assert await s.read("hip") == VSSI
        await s.write("hvip", ONES)
        await s.write("hip", 0)
        assert await s.read("hip") == VSTI | VSEI
    play(scenario)


@pytest.mark.rule("mip_mie_alias")
def test_hie_and_mie_are_one_register(play):
    async def scenario(s):
        await s.write("hie", ONES)
        assert await s.read("mie") == 0x1444
        await s.write("mie", 1 << 3)
        assert await s.read("hie") == 0
    play(scenario)


@pytest.mark.rule("vsip_vsie_sei", "vsip_vsie_sti", "vsip_vsie_ssi")
def test_vsip_and_vsie_follow_hideleg_shifted_by_one(play):
    async def scenario(s):
        await s.write("hvip", ONES)
        await s.write("hie", ONES)
        for delegated in (0, VSSI, VSTI, VSEI, VSSI | VSTI | VSEI):
            await s.write("hideleg", delegated)
            assert (await s.read("vsip"), await s.read("vsie")) == (delegated >> 1, delegated >> 1)
        await s.write("hideleg", VSTI)
        await s.write("vsie", 0)
        assert await s.read("hie") == 0x1444 & ~VSTI
        await s.write("vsip", 0)
        assert await s.read("hvip") == VSSI | VSTI | VSEI
    play(scenario)


def test_the_guest_writes_its_interrupt_bits_through_sip_and_sie(play):
    async def scenario(s):
        await s.write("hideleg", ONES)
        await s.enter(Mode.VS)
        await s.write("sie", ONES)
        await s.write("sip", ONES)
        assert (await s.read("sie"), await s.read("sip")) == (0x222, 2)
        assert (s.peek("hie"), s.peek("hvip"), s.peek("sie"), s.peek("sip")) == (0x444, VSSI, 0, 0)
    play(scenario)


@pytest.mark.rule("hstatus_vgein_op", "hgeip_sz", "hgeip_hgeie_fields")
def test_hgeip_is_indexed_by_the_guests_number_and_zero_selects_nothing(play):
    async def scenario(s):
        await settled(s, hgeip_lines=ONES)
        assert await s.read("hgeip") == 0x1fe
        for line, vgein in product(range(10), range(9)):
            await s.write("hstatus", vgein << 12)
            await settled(s, hgeip_lines=1 << line)
            assert bool(await s.read("hip") & VSEI) == (0 < line < 9 and vgein == line)
    play(scenario)


@pytest.mark.rule("sip_stip_op", "mip_stip_op", "sip_stip_acc")
@pytest.mark.rule("mip_stip_no_stimecmp_acc", "mip_stip_stimecmp_acc", "mip_stip_stimecmp_op", "mip_stip_stimecmp_clr")
def test_stip_follows_stimecmp_while_stce_is_set_and_software_while_it_is_not(play):
    async def scenario(s):
        stip = 1 << 5
        await settled(s, time=10)
        assert await s.write("mip", stip) == stip
        await s.write("mip", 0)
        await s.write("menvcfg", STCE)
        for stimecmp, due_now in ((10, 1), (11, 0), (9, 1), (0, 1), (ONES, 0)):
            await s.write("stimecmp", stimecmp)
            await s.pause()
            assert await s.read("mip") == stip * due_now
            await s.write("mip", 0 if due_now else stip)
            assert await s.read("mip") == stip * due_now
        await s.write("menvcfg", 0)
        assert await s.read("mip") == 0
    play(scenario)


@pytest.mark.rule("hip_vstip_vstie_op", "hip_vstip_op", "hip_vstip_clear", "henvcfg_stce")
def test_vstip_follows_vstimecmp_htimedelta_time_and_both_stce(play):
    async def scenario(s):
        async def pending():
            await s.pause()
            return bool(await s.read("hip") & VSTI)

        await settled(s, time=100)
        await s.write("vstimecmp", 50)
        assert not await pending()
        await s.write("menvcfg", STCE)
        assert not await pending()
        await s.write("henvcfg", STCE)
        assert await pending()
        await s.write("htimedelta", -60)
        assert not await pending()
        await settled(s, time=110)
        assert await pending()
        await s.write("vstimecmp", 51)
        assert not await pending()
        await s.write("htimedelta", -59)
        assert await pending()
        await s.write("henvcfg", 0)
        assert not await pending()
        await s.write("henvcfg", STCE)
        assert await pending()
        await s.write("menvcfg", 0)
        assert not await pending()
        assert await s.read("henvcfg") == 0
        await s.write("menvcfg", STCE)
        assert await pending()
    play(scenario)


def test_a_stored_henvcfg_stce_cannot_be_changed_while_menvcfg_has_none(play):
    async def scenario(s):
        assert await s.write("henvcfg", STCE | 1) == 1
        await s.write("menvcfg", STCE)
        assert await s.read("henvcfg") == 1
    play(scenario)


@pytest.mark.rule("mip_stip_no_stimecmp_acc")
def test_without_sstc_stip_is_softwares_and_vstip_hvips(play):
    async def scenario(s):
        await settled(s, time=100)
        assert await s.write("mip", ONES) == 0x2226
        await s.write("hvip", VSTI)
        assert await s.read("hip") == VSTI
    play(scenario, FULL.without("sstc"))


@pytest.mark.rule("GEILEN", "mideleg_hroz")
def test_without_guest_external_interrupts_there_is_no_sgei(play):
    async def scenario(s):
        await settled(s, hgeip_lines=ONES)
        assert (await s.write("hideleg", ONES), await s.write("hip", ONES), await s.write("hip", 0)) == (0x444, VSSI, 0)
        for name, value in (("hgeip", 0), ("mideleg", 0x444), ("mip", 0)):
            assert (name, await s.read(name)) == (name, value)
        for name, value in (("hgeie", 0), ("hie", 0x444), ("mie", 0x2eee), ("hstatus", 0x30002007003c0)):
            assert (name, await s.write(name, ONES)) == (name, value)
    play(scenario, replace(FULL, geilen=0))

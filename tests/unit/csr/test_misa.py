"""Tests of clearing and setting misa.H: what belongs to the H extension goes, and comes back."""

import pytest

from hyacinth.rtl.isa.modes import Mode

ALL = (1 << 64) - 1


async def fields(s, *paths):
    return {path: s.field(path) for path in paths}


async def delegate_all(s):
    for name in ("medeleg", "mideleg", "hedeleg", "hideleg"):
        await s.write(name, ALL)


TRAP = {"pc": 0x1234, "tval": 0x5678, "gva": 1, "gpa": 0x9abc, "tinst": 0x3000}
TRAP_CSRS = {Mode.M: ("mepc", "mcause", "mtval", "mtval2", "mtinst"),
             Mode.HS: ("sepc", "scause", "stval", "htval", "htinst"), Mode.VS: ("vsepc", "vscause", "vstval")}


@pytest.mark.rule("misa_s_op", "misa_u_op")
def test_the_modes_that_s_and_u_promise_can_be_entered(play):
    async def scenario(s):
        assert (s.field("misa.S"), s.field("misa.U")) == (1, 1)
        for mode in (Mode.HS, Mode.U):
            await s.to_m()
            await s.write("mstatus", mode << 11)  # MPP
            assert s.field("mstatus.MPP") == mode
            await s.enter(mode)
            assert s.mode == mode
    play(scenario)


def test_clearing_misa_h_forgets_what_leads_to_a_guest(play):
    async def scenario(s):
        await delegate_all(s)
        await s.write("mstatus", ALL)
        await s.write("hstatus", 1 << 7)
        await s.write("mie", ALL)
        await s.write("hvip", ALL)
        await s.write("misa", 0)
        assert await fields(s, "mstatus.MPV", "mstatus.GVA") == {"mstatus.MPV": 0, "mstatus.GVA": 0}
        assert await s.read("medeleg") == 0x0cb3fe
        assert (await s.read("mideleg"), await s.read("mie"), await s.read("mip")) == (0x2222, 0x2aaa, 0)
        for name, value in (("mideleg", 0x2222), ("mie", 0x2aaa), ("medeleg", 0x0cb3fe), ("mip", 0x2222)):
            assert (name, await s.write(name, ALL)) == (name, value)
        assert await s.write("mstatus", ALL) == 0xa007e19aa
        await s.write("mstatus", 1 << 11)
        assert (await s.mret())[1] == Mode.HS
        assert (await s.sret())[1] == Mode.U
    play(scenario)


def test_setting_misa_h_again_brings_the_guests_interrupts_back_to_hs(play):
    async def scenario(s):
        await s.write("misa", 0)
        await s.write("misa", 1 << 7)
        assert await s.read("mideleg") == 0x1444
        assert await s.read("hstatus") == 2 << 32
    play(scenario)


def test_a_write_of_misa_that_leaves_h_alone_leaves_the_rest_alone(play):
    async def scenario(s):
        await s.write("mstatus", 1 << 39)
        await s.write("hvip", 1 << 6)
        await s.write("misa", ALL)
        assert (s.field("mstatus.MPV"), await s.read("hvip")) == (1, 1 << 6)
    play(scenario)

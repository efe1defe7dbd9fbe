"""Tests of reset, from whatever state software had left (machine chapter, "Reset")."""

import pytest
from amaranth.hdl import ResetInserter, Signal
from testbench import Bench
from unit.csr.conftest import Software

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.csr.file import CsrFile
from hyacinth.rtl.isa.csr import NOBODY
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1
CONFIGS = pytest.mark.parametrize("config", (FULL, SMALL, NO_H), ids=("full", "small", "no-h"))


def after_reset(scenario, config=FULL):
    """`scenario(software)` after a reset that finds every CSR written."""
    reset, dut = Signal(), CsrFile(config)

    async def process(ctx):
        software = Software(ctx, dut, table(config))
        for name, csr in software.csrs.items():
            if not csr.is_read_only and csr.guard not in NOBODY and name not in ("misa", "mstatus"):
                await software.write(name, ONES)
        for name in ("satp", "vsatp", "hgatp"):
            if name in software.csrs:
                await software.write(name, 8 << 60 | 4)
                assert software.field(f"{name}.MODE") == 8
        await software.write("mstatus", 1 << 3 | 1 << 17 | 3 << 11)
        assert software.field("mstatus.MIE") and software.field("mstatus.MPRV")
        await software.write("misa", 0)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        await scenario(software)

    Bench(ResetInserter(reset)(dut), deadline=20_000).run(process)


@pytest.mark.rule("M_mode_at_rst", "mstatus_mie_rst", "mstatus_mprv_rst", "mstatus_mbe_rst")
@CONFIGS
def test_a_hart_starts_in_m_mode_with_mie_and_mprv_clear_and_no_big_endian_access(config):
    async def scenario(s):
        assert s.mode == Mode.M
        assert [s.field(f"mstatus.{name}") for name in ("MIE", "MPRV", "MBE", "SBE", "UBE")] == [0] * 5
    after_reset(scenario, config)


@pytest.mark.rule("M_mode_at_rst")
def test_a_reset_in_a_lower_mode_leads_to_m_mode():
    reset, dut = Signal(), CsrFile(FULL)

    async def process(ctx):
        software = Software(ctx, dut, table(FULL))
        await software.enter(Mode.VU)
        ctx.set(reset, 1)
        await ctx.tick()
        ctx.set(reset, 0)
        assert software.mode == Mode.M

    Bench(ResetInserter(reset)(dut)).run(process)


@pytest.mark.rule("misa_extensions_rst", "MISA_CSR_IMPLEMENTED")
@CONFIGS
def test_misa_has_all_that_it_can_have(config):
    async def scenario(s):
        value = await s.read("misa")
        await s.write("misa", ONES)
        assert value == await s.read("misa") and value & 0x8000000000141105 == 0x8000000000141105
        assert bool(value >> 7 & 1) == config.hypervisor
    after_reset(scenario, config)


@pytest.mark.rule("MCAUSE_RST_VAL", "mcause_rst_zero", "MCAUSE_RST_ALIAS_OK")
def test_mcause_is_0():
    async def scenario(s):
        assert await s.read("mcause") == 0
    after_reset(scenario)


@pytest.mark.rule("PMP_A_L_RST")
def test_no_pmp_entry_is_on_or_locked():
    async def scenario(s):
        for name in ("pmpcfg0", "pmpcfg2"):
            assert await s.read(name) & 0x9898_9898_9898_9898 == 0
            assert await s.write(name, 0x0f0f_0f0f_0f0f_0f0f) == 0x0f0f_0f0f_0f0f_0f0f
    after_reset(scenario)


@pytest.mark.rule("hgatp_vsatp_mode_rst")
def test_no_stage_of_a_guest_translates():
    async def scenario(s):
        assert (s.field("vsatp.MODE"), s.field("hgatp.MODE"), s.field("satp.MODE")) == (0, 0, 0)
    after_reset(scenario)


@pytest.mark.rule("warl_rst")
@CONFIGS
def test_no_field_has_a_value_that_it_cannot_hold(config):
    async def scenario(s):
        for name, csr in s.csrs.items():
            for field in csr.fields:
                value = (s.peek(name) & field.mask) >> field.lsb
                assert field.legal is None or value in field.legal, (name, field.name)
        assert all(s.peek(f"pmpcfg{n}") >> 8 * i & 3 != 2 for n in (0, 2) for i in range(8))
    after_reset(scenario, config)


@pytest.mark.rule("VENDOR_ID_BANK", "VENDOR_ID_OFFSET", "ARCH_ID", "IMP_ID", "HART_ID", "MCONFIGPTR_VAL")
@pytest.mark.rule("mvendorid_op", "marchid_op", "mimpid_op", "mconfigptr_op")
def test_the_identity_is_that_of_a_core_without_a_vendor_and_of_hart_0():
    async def scenario(s):
        for name in ("mvendorid", "marchid", "mimpid", "mhartid", "mconfigptr"):
            assert (name, await s.read(name)) == (name, 0)
    after_reset(scenario)

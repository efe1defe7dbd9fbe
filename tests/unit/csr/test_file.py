"""Tests of the CSR file as a whole: what registers hold, and what stands for what."""

from dataclasses import replace

import pytest
from testbench import assert_exports

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.csr.file import CsrFile
from hyacinth.rtl.isa.csr import NOBODY
from hyacinth.rtl.isa.csrs import table
from hyacinth.rtl.isa.modes import Mode

ONES = (1 << 64) - 1


@pytest.mark.parametrize("config", (FULL, SMALL, NO_H), ids=("full", "small", "no-h"))
def test_it_exports(config):
    assert_exports(CsrFile(config))
    assert len(table(config)) > 130


@pytest.mark.parametrize("config", (FULL, SMALL, NO_H), ids=("full", "small", "no-h"))
def test_after_reset_every_csr_has_the_value_of_its_table(play, config):
    async def scenario(s):
        assert s.mode == Mode.M
        for name, csr in s.csrs.items():
            if name not in ("mcycle", "cycle") and csr.guard not in NOBODY:
                assert (name, await s.read(name)) == (name, csr.reset)
    play(scenario, config)


STCE, PBMTE, ADUE, DTE, PMM = 1 << 63, 1 << 62, 1 << 61, 1 << 59, 3 << 32
ENVCFG = STCE | PBMTE | ADUE | DTE | PMM

# What reads back after all ones and after zero were written, in M-mode, with menvcfg all ones; written by hand
# from the manual, not from the tables.
MASKS = {
    "sstatus": (0x2010c0120, 0x200000000), "sie": (0x2222, 0), "stvec": (ONES & ~2, 0), "scounteren": (0xffffffff, 0),
    "senvcfg": (PMM | 0xf1, 0), "sscratch": (ONES, 0), "sepc": (ONES & ~1, 0), "scause": (ONES, 0), "stval": (ONES, 0),
    "sip": (0x2002, 0), "stimecmp": (ONES, 0), "vsstatus": (0x2000c0122, 0x200000000), "vsie": (0x222, 0),
    "vstvec": (ONES & ~2, 0), "vsscratch": (ONES, 0), "vsepc": (ONES & ~1, 0), "vscause": (ONES, 0),
    "vstval": (ONES, 0), "vsip": (2, 0), "vstimecmp": (ONES, 0), "mstatus": (0xca017e19a8, 0xa00000000),
    "misa": (0x8000000000141187, 0x8000000000141107), "medeleg": (0xfcb7fe, 0), "mideleg": (0x3666, 0x1444),
    "mie": (0x3eee, 0), "mtvec": (ONES & ~2, 0), "mcounteren": (0xffffffff, 0), "menvcfg": (ENVCFG | 0xf1, 0),
    "mcountinhibit": (0xfffffffd, 0), "mscratch": (ONES, 0), "mepc": (ONES & ~1, 0), "mcause": (ONES, 0),
    "mtval": (ONES, 0), "mip": (0x2206, 0), "mtval2": (ONES, 0), "mtinst": (ONES, 0),
    "hstatus": (0x30002007003c0, 0x200000000), "hedeleg": (0xcb1ff, 0), "hideleg": (0x444, 0), "hie": (0x1444, 0),
    "htimedelta": (ONES, 0), "hcounteren": (0xffffffff, 0), "hgeie": (0x1fe, 0), "henvcfg": (ENVCFG | 0xf1, 0),
    "htval": (ONES, 0), "hip": (4, 0), "hvip": (0x444, 0), "htinst": (ONES, 0), "mhpmevent3": (0xfc << 56, 0),
    "mhpmevent7": (0, 0), "mhpmcounter3": (ONES, 0), "mhpmcounter7": (0, 0), "pmpaddr0": ((1 << 54) - 1, 0),
    "mcyclecfg": (0x7c << 56, 0), "minstretcfg": (0x7c << 56, 0), "mseccfg": (3 << 32 | 7, 3),
}


@pytest.mark.rule("HSXLEN", "hstatus_sz", "hedeleg_sz", "hedeleg_acc", "HEDELEG_WARL", "hideleg_sz", "HIDELEG_WARL",
                  "hideleg_acc", "hvip_sz", "HVIP_WARL", "hip_hie_sz", "HIP_WARL", "HIE_WARL", "hie_acc", "hgeie_sz",
                  "HGEIE_WARL", "GEILEN", "henvcfg_sz", "henvcfg_acc", "hcounteren_sz", "HCOUNTEREN_WARL",
                  "htimedelta_sz", "htval_sz", "HTVAL_WARL", "htinst_sz", "HTINST_WARL", "vsstatus_sz",
                  "vsstatus_sd_xs_op", "VSSTATUS_UBE", "vsip_vsie_sz", "VSIP_WARL", "VSIE_WARL", "vstvec_sz",
                  "VSTVEC_MODE_WARL", "VSTVEC_BASE_WARL", "vsscratch_sz", "vspec_sz", "VSEPC_WARL", "vscause_sz",
                  "VSCAUSE_WLRL", "vstval_sz", "VSTVAL_WARL", "vstimecmp_sz", "mideleg_acc_h", "mideleg_hroz",
                  "mtval2_sz", "MTVAL2_WARL", "mtinst_sz", "MTINST_WARL", "mip_mie_vs", "menvcfg_stce_exist",
                  "henvcfg_stce_exist", "shcounterenw_hpmcounter_hcounteren", "shvstvecd_vstvec_mode_direct",
                  "shvstvecd_vstvec_base_aligned_address")
@pytest.mark.rule("sstatus_sz", "stvec_sz", "sip_sz", "sie_sz", "scounteren_sz", "sscratch_sz", "sepc_sz", "scause_sz",
                  "stval_sz", "senvcfg_sz", "senvcfg_acc", "senvcfg_fiom_sz", "stimecmp_stimecmph_sz_acc",
                  "Zicsr_wpri_roz", "Zicsr_write_ro")
@pytest.mark.rule("misa_acc", "MISA_WARL", "misa_mxl_acc", "misa_mxl_enc", "misa_sz", "misa_extensions_enc",
                  "MISA_EXTENSIONS_WARL", "misa_extensions_op", "MISA_EXTENSIONS_WRITABLE_BITS",
                  "misa_extensions_rsv_ret_0", "misa_i_op", "misa_e_not_i", "misa_e_acc", "misa_x_op", "misa_enc",
                  "misa_mxl_op", "MXLEN", "mstatus_sz", "MSTATUS_FS_WARL", "MSTATUS_VS_WARL",
                  "MSTATUS_FS_RDONLY0_S_NO_F", "MSTATUS_VS_RDONLY0_S_NO_V", "mstatus_xs_acc", "mstatus_sd_rdonly0",
                  "mtvec_enc", "mtvec_sz", "mtvec_acc", "MTVEC_WARL", "mtvec_mandatory", "MTVEC_RDONLY",
                  "mtvec_base_align_4B", "mtvec_mode_enc", "medeleg_sz", "medeleg_acc", "mideleg_sz", "mideleg_acc",
                  "MEDELEG_WARL", "MIDELEG_WARL", "medeleg_no_rd1", "mideleg_no_rd1", "MIDELEG_RD1_LOWER_LEVEL",
                  "medeleg_when_rd0", "medeleg_16_no_rd0", "mip_sz", "mip_acc", "mie_sz", "mie_acc", "MIP_WARL",
                  "MIE_WARL", "MIP_BITS_WR_OR_RDONLY", "mie_bits_wr", "mie_bits_rdonly0", "MHPMCOUNTER_WARL",
                  "MHPMCOUNTER_N_SZ", "mcounteren_sz", "mcounteren_flds_mandatory", "MCOUNTEREN_FLDS_WARL",
                  "MCOUNTEREN_CY_RDONLY0", "MCOUNTEREN_TM_RDONLY0", "MCOUNTEREN_IR_RDONLY0",
                  "MCOUNTEREN_HPM_N_RDONLY0", "mcountinhibit_sz", "MCOUNTINHIBIT_WARL", "mcountinhibit_enc",
                  "mscratch_sz", "mscratch_acc", "mscratch_enc", "mepc_sz", "mepc_acc", "mepc_align", "MEPC_WARL",
                  "mepc_enc", "mcause_sz", "mcause_acc", "mcause_enc", "MCAUSE_EXCCODE_WLRL", "mtval_sz", "mtval_acc",
                  "mtval_enc", "mtval_vaddr_and_0_sz", "mtval_instr_bits_sz", "MTVAL_RDONLY0", "MTVAL_WARL",
                  "menvcfg_sz", "menvcfg_acc", "menvcfg_enc", "menvcfg_cde_rdonly0", "misa_e_op",
                  "MENVCFG_FIOM_RDONLY0_OK", "mseccfg_useed_rdonly0", "mseccfg_sseed_rdonly0",
                  "menvcfg_sse_rdonly0", "mseccfg_enc")
def test_of_all_ones_and_of_zeros_the_legal_bits_stay(play):
    async def scenario(s):
        for name, (ones, zeros) in MASKS.items():
            await s.write("menvcfg", ENVCFG)
            await s.write("mideleg", 0x2222)
            await s.write("hideleg", 0x444)
            await s.write("misa", ONES)
            # Neither timer is due, and nothing is left pending by the CSR before.
            for timer in ("stimecmp", "vstimecmp"):
                await s.write(timer, ONES)
            await s.write("mip", 0)
            await s.write("hvip", 0)
            await s.pause()
            if name == "misa":
                await s.write(name, 0)
                assert (name, await s.read(name)) == (name, zeros)
                assert (name, await s.write(name, ONES)) == (name, ones)
                continue
            assert (name, await s.write(name, ONES)) == (name, ones)
            assert (name, await s.read(name)) == (name, ones)
            assert (name, await s.write(name, 0)) == (name, zeros)
    play(scenario)


@pytest.mark.rule("mtvec_mode_enc")
def test_every_csr_of_the_table_holds_what_its_fields_say(play):
    # The hardware against the table, with patterns that tell neighbouring bits apart.
    dynamic = {"mcycle", "cycle", "minstret", "instret", "misa", "mip", "sip", "hip", "vsip", "mseccfg"}

    async def scenario(s):
        await s.write("menvcfg", ONES)
        await s.write("henvcfg", ONES)
        await s.write("mideleg", ONES)
        await s.write("hideleg", ONES)
        for n in range(4):
            await s.write(f"mstateen{n}", ONES)
        for name, csr in s.csrs.items():
            if csr.is_read_only or csr.guard in NOBODY or name in dynamic or name.startswith("pmpcfg"):
                continue
            for value in (0x5a5a_5a5a_5a5a_5a5a, 0xa5a5_a5a5_a5a5_a5a5, 0x8765_4321_0fed_cba9, 0):
                expected = csr.reset & ~csr.writable | csr.stored(value)
                if csr.void.name == "ALWAYS" and value >> 60 not in csr.field("MODE").legal:
                    expected = await s.read(name)
                assert (name, await s.write(name, value)) == (name, expected)
            if name in ("menvcfg", "mideleg", "hideleg") or name.startswith("mstateen"):
                await s.write(name, ONES)
    play(scenario)


def test_a_read_writes_nothing_and_set_and_clear_touch_the_bits_of_their_operand(play):
    async def scenario(s):
        assert await s.write("mscratch", 0xff00) == 0xff00
        assert await s.set("mscratch", 0x0ff0) == 0xfff0
        assert await s.clear("mscratch", 0xf0f0) == 0x0f00
        s.ctx.set(s.dut.csr.op, {"address": s.address("mscratch"), "operand": ONES})
        await s.pause()
        assert await s.read("mscratch") == 0x0f00
    play(scenario)


@pytest.mark.rule("zicsr_order")
def test_rd_gets_the_value_before_the_write(play):
    async def scenario(s):
        await s.write("mscratch", 5)
        assert await s.execute("mscratch", 6, write=1) == (Access.OK, 5, 6)
    play(scenario)


@pytest.mark.rule("priv_levels")
@pytest.mark.rule("MSTATUS_XPP_WARL")
def test_mpp_never_holds_the_reserved_privilege(play):
    async def scenario(s):
        await s.write("mstatus", 3 << 11)
        await s.write("mstatus", 2 << 11)
        assert s.field("mstatus.MPP") == 0
    play(scenario)


@pytest.mark.rule("satp_mode_op_unsupported", "satp_mode_sxlen64", "Sv48_requires_Sv39", "Sv57_requires_Sv48",
                  "Svnapot_depends_Sv39", "Svpbmt_depends_Sv39")
@pytest.mark.parametrize("config, modes", ((FULL, (0, 8, 9, 10)), (replace(FULL, va_bits=48), (0, 8, 9)),
                                            (SMALL, (0, 8))), ids=("Sv57", "Sv48", "Sv39"))
def test_satp_with_an_unsupported_mode_is_left_alone_as_a_whole(play, config, modes):
    async def scenario(s):
        for mode in range(16):
            await s.write("satp", 8 << 60 | 5)
            value = mode << 60 | 7
            assert await s.write("satp", value) == (value if mode in modes else 8 << 60 | 5)
    play(scenario, config)


@pytest.mark.rule("HGATP_MODE_WARL", "vsatp_mode_unsupported_v0", "VSATP_MODE_UNSUPPORTED_V0_WARL")
@pytest.mark.parametrize("name", ("hgatp", "vsatp"))
def test_an_unsupported_mode_of_hgatp_and_of_vsatp_written_from_hs_leaves_bare_and_the_other_fields(play, name):
    async def scenario(s):
        for mode in range(16):
            await s.write(name, 8 << 60 | 4)
            expected = mode if mode in (0, 8, 9, 10) else 0
            assert await s.write(name, mode << 60 | 3 << 44 | 8) == expected << 60 | 3 << 44 | 8
    play(scenario)


@pytest.mark.rule("vsatp_mode_unsupported_v1")
def test_the_guests_satp_with_an_unsupported_mode_leaves_vsatp_alone(play):
    async def scenario(s):
        await s.write("vsatp", 8 << 60 | 4)
        await s.enter(Mode.VS)
        await s.write("satp", 5 << 60 | 9)
        assert s.peek("vsatp") == 8 << 60 | 4
        await s.write("satp", 9 << 60 | 9)
        assert (s.peek("vsatp"), s.peek("satp")) == (9 << 60 | 9, 0)
    play(scenario)


@pytest.mark.rule("hgatp_ppn_op", "vsatp_ppn_sv39_sv48_sv57_sz", "hgatp_sz", "vsatp_sz")
@pytest.mark.rule("satp_sz")
def test_the_root_of_hgatp_is_aligned_and_no_ppn_is_cut_to_the_machine(play):
    async def scenario(s):
        ppn = (1 << 44) - 1
        assert await s.write("hgatp", ppn) == ppn & ~3
        assert await s.write("satp", ppn) == await s.write("vsatp", ppn) == ppn
    play(scenario)


@pytest.mark.rule("HGATP_VMID", "hgatp_vmid_lsbs")
@pytest.mark.rule("ASIDLEN")
def test_asid_and_vmid_have_the_bits_of_the_configuration(play):
    async def scenario(s):
        assert await s.write("satp", 0xffff << 44) == await s.write("hgatp", 0x3fff << 44) == 0xf << 44
    play(scenario, SMALL)


SUBSTITUTED = ("sstatus", "sie", "stvec", "sscratch", "sepc", "scause", "stval", "sip", "stimecmp", "satp")


@pytest.mark.rule("H_vscsrs_sub", "H_vscsrs_v1")
def test_at_v1_the_vs_csrs_stand_for_the_supervisor_csrs_and_these_keep_their_values(play):
    async def scenario(s):
        await s.write("menvcfg", 1 << 63)
        await s.write("henvcfg", 1 << 63)
        await s.write("mcounteren", 2)
        await s.write("hcounteren", 2)
        await s.write("mideleg", ONES)
        await s.write("hideleg", ONES)
        await s.enter(Mode.VS)
        for name in SUBSTITUTED:
            own, twin = s.peek(name), s.peek("v" + name)
            bit = 1 << (60 if name == "satp" else 1) if name != "sepc" else 2
            value = 8 << 60 if name == "satp" else twin ^ bit if name not in ("stvec",) else 4
            assert (name, await s.write(name, value)) == (name, value)
            assert (name, s.peek(name), s.peek("v" + name)) == (name, own, value)
    play(scenario)


@pytest.mark.rule("H_scsrs_nomatch")
@pytest.mark.parametrize("name", ("scounteren", "senvcfg"))
def test_csrs_without_a_twin_are_the_guests_too(play, name):
    async def scenario(s):
        for level in "mh":
            await s.write(f"{level}stateen0", ONES)
        await s.enter(Mode.VS)
        await s.write(name, 1)
        assert s.peek(name) == 1
    play(scenario)


def test_sstatus_and_mstatus_are_one_register(play):
    async def scenario(s):
        await s.write("mstatus", 1 << 3)
        await s.write("sstatus", ONES)
        assert await s.read("mstatus") == 0xa000c012a
        await s.write("mstatus", 0)
        assert await s.read("sstatus") == 2 << 32
    play(scenario)


def test_a_csr_access_that_is_not_allowed_has_its_answer_one_cycle_later(play):
    async def scenario(s):
        assert await s.access("satp", write=1) == Access.OK
        assert await s.access(0x7c0) == Access.ILLEGAL
    play(scenario)


@pytest.mark.rule("satp_op_sfence_vma", "hgatp_op_hfence_gvma")
def test_flushes_follow_writes_of_address_translation(play):
    async def scenario(s):
        async def pulses(name, value):
            await s.write(name, value)
            seen = s.ctx.get(s.dut.flush_first), s.ctx.get(s.dut.flush_all)
            await s.ctx.tick()
            assert (s.ctx.get(s.dut.flush_first), s.ctx.get(s.dut.flush_all)) == (0, 0)
            return seen

        for name in ("satp", "vsatp", "hgatp"):
            assert await pulses(name, 8 << 60) == (1, 1)
            assert await pulses(name, 8 << 60 | 4) == (1, 0)
            assert await pulses(name, 0) == (1, 1)
        for name in ("pmpaddr3", "pmpcfg2"):
            assert await pulses(name, 0) == (0, 1)
        for name in ("menvcfg", "henvcfg"):
            for value, flushes in ((1 << 62, 1), (3 << 61, 0), (1, 1), (0, 0)):
                assert await pulses(name, value) == (0, flushes)
            await s.write("menvcfg", 1 << 62)
            await s.ctx.tick()
        assert await pulses("misa", 0) == (0, 1)
        assert await pulses("misa", 0) == (0, 0)
        assert await pulses("mscratch", 0) == (0, 0)
    play(scenario)


def test_a_read_of_a_translation_csr_flushes_nothing(play):
    async def scenario(s):
        for name in ("satp", "vsatp", "hgatp", "pmpcfg0", "misa"):
            await s.read(name)
            await s.ctx.tick()
            assert (s.ctx.get(s.dut.flush_first), s.ctx.get(s.dut.flush_all)) == (0, 0)
    play(scenario)


def test_the_mmu_and_the_pipeline_see_the_fields(play):
    async def scenario(s):
        for name in ("satp", "vsatp", "hgatp"):
            await s.write(name, 9 << 60 | 0x123 << 44 | 0x4567c)
            atp = s.ctx.get(s.dut.translation[name])
            assert (atp["mode"], atp["id"], atp["ppn"]) == (9, 0x123, 0x4567c)
        for value in (3 << 61, 1 << 61, 1 << 62, 0):
            await s.write("menvcfg", 3 << 61)
            await s.write("henvcfg", value)
            for name, bit in (("adue", 61), ("pbmte", 62)):
                assert s.ctx.get(s.dut.translation[name]) == 1
                assert s.ctx.get(s.dut.translation[f"vs_{name}"]) == value >> bit & 1
        await s.write("henvcfg", 3 << 61)
        await s.write("menvcfg", 0)
        assert not any(s.ctx.get(s.dut.translation[name]) for name in ("adue", "pbmte", "vs_adue", "vs_pbmte"))
        await s.write("hstatus", 1 << 9 | 1 << 21)
        await s.write("vsstatus", 1 << 18)
        await s.write("mstatus", 1 << 19 | 1 << 17 | 1 << 39 | 1 << 11)
        status = s.ctx.get(s.dut.csr.status)
        ones = {name for name in ("mprv", "mpp", "mpv", "sum", "mxr", "tvm", "tw", "tsr", "hu", "spvp", "vtvm", "vtw",
                                  "vtsr", "vs_sum", "vs_mxr", "misa_h", "misa_c") if status[name]}
        assert ones == {"mprv", "mpp", "mpv", "mxr", "hu", "vtw", "vs_sum", "misa_h", "misa_c"}
    play(scenario)


def test_the_debugger_sees_any_csr_in_any_mode_without_substitution(play):
    async def scenario(s):
        await s.write("sscratch", 1)
        await s.write("vsscratch", 2)
        await s.write("htimedelta", 3)
        await s.enter(Mode.VU)
        s.ctx.set(s.dut.time, 4)
        assert [s.peek(name) for name in ("sscratch", "vsscratch", "mhartid", "time")] == [1, 2, 0, 4]
    play(scenario)

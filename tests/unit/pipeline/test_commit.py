"""Commit: what retires, what traps, and what a trap is told."""

from dataclasses import replace

import pytest
from testbench import Bench, assert_exports
from unit.pipeline.fields import facts_of

from hyacinth.rtl.config import FULL, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa.instructions import BY_NAME, System, Unit
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import FenceKind, MemoryKind, Reach
from hyacinth.rtl.pipeline.commit import SHORT_TIME, Commit

PC, VECTOR, ALL = 0x8000_1000, 0x8000_0100, (1 << 64) - 1


@pytest.mark.parametrize("htinst", ("zero", "pseudo", "full"))
def test_it_exports(htinst):
    assert_exports(Commit(replace(FULL, htinst=htinst)))
    assert_exports(Commit(replace(SMALL, htinst=htinst)))


class Player:
    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    async def give(self, name, *, executed=(), fetched=(), **operands):
        """An instruction comes to commit; ends in its first cycle there."""
        ctx, dut, row = self.ctx, self.dut, BY_NAME[name]
        word = row.encode(**dict.fromkeys("dstichqf", 0) | operands)
        executed, fetched = dict(executed), dict(fetched)
        barred = "faulted" in fetched or "access" in executed or name in ("ecall", "ebreak")
        memory = not barred and row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO)
        decoded = facts_of(row) | {"bits": word, "fetched": {"pc": PC, "raw": word} | fetched}
        ctx.set(dut.i.payload, {"next_pc": PC + 4, "barred": barred, "memory": memory, "decoded": decoded} | executed)
        ctx.set(dut.i.valid, 1)
        assert ctx.get(dut.i.ready)
        await ctx.tick()
        ctx.set(dut.i.valid, 0)

    def get(self, name):
        return self.ctx.get(getattr(self.dut, name))

    async def resumes(self):
        """Where fetch is sent in the next cycle; None if nowhere."""
        await self.ctx.tick()
        return self.get("resume_pc") if self.get("resume") else None

    async def trap(self):
        """Waits for a trap; what it is told."""
        for _ in range(10):
            if self.ctx.get(self.dut.csr.trap.valid):
                trap = self.ctx.get(self.dut.csr.trap.payload)
                assert self.get("flush") and not self.ctx.get(self.dut.csr.retired)
                assert await self.resumes() == VECTOR
                retire = self.ctx.get(self.dut.retire.payload)
                assert self.ctx.get(self.dut.retire.valid) and retire.trapped and retire.code == trap.code
                assert (retire.next_pc, retire.writes_rd, retire.tval) == (VECTOR, 0, trap.tval)
                assert not self.ctx.get(self.dut.csr.trap.valid)
                return trap
            assert not self.ctx.get(self.dut.csr.retired)
            await self.ctx.tick()
        raise TimeoutError("no trap")


def run(scenario, htinst="full", mode=Mode.HS):
    dut = Commit(replace(FULL, htinst=htinst))

    async def play(ctx):
        ctx.set(dut.csr.status, {"mode": mode, "misa_h": 1})
        ctx.set(dut.csr.taken, {"pc": VECTOR, "mode": Mode.M})
        await scenario(Player(ctx, dut))
    Bench(dut, deadline=2 * SHORT_TIME + 1000).run(play)


@pytest.mark.rule("pause_op")
def test_pause_retires_in_its_first_cycle_and_flushes_nothing():
    async def scenario(p):
        await p.give("fence", f=0x010)
        assert p.ctx.get(p.dut.csr.retired) and not p.get("flush") and not p.ctx.get(p.dut.fence.valid)
    run(scenario)


def test_an_alu_instruction_retires_in_its_first_cycle():
    async def scenario(p):
        await p.give("add", d=7, executed={"result": 0x1234})
        forward = p.get("forward")
        assert (forward.valid, forward.rd, forward.known, forward.value) == (1, 7, 1, 0x1234)
        assert p.ctx.get(p.dut.csr.retired) and not p.get("flush") and p.ctx.get(p.dut.i.ready)
        await p.ctx.tick()
        retire = p.ctx.get(p.dut.retire.payload)
        assert (retire.pc, retire.rd, retire.rd_value, retire.writes_rd, retire.next_pc, retire.trapped, retire.mode,
                retire.mode_after) == (PC, 7, 0x1234, 1, PC + 4, 0, Mode.HS, Mode.HS)
        assert not p.get("forward").valid and not p.ctx.get(p.dut.csr.retired)
    run(scenario)


@pytest.mark.rule("H_trap_xtinst_interrupt")
def test_an_interrupt_is_taken_in_place_of_the_instruction_that_is_fresh():
    async def scenario(p):
        ctx, csr = p.ctx, p.dut.csr
        await p.give("sd", i=0, executed={"page_known": 1})
        ctx.set(csr.interrupt, 1)
        ctx.set(csr.interrupt_code, 9)
        assert not p.get("go")  # the store is not begun
        trap = await p.trap()
        assert (trap.interrupt, trap.code, trap.pc, trap.tval, trap.gva, trap.gpa, trap.tinst) == (1, 9, PC, 0, 0, 0, 0)
    run(scenario)


def test_an_access_that_has_begun_is_not_interrupted():
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        await p.give("ld", d=3, i=0)
        await ctx.tick()
        ctx.set(dut.csr.interrupt, 1)
        await ctx.tick().repeat(3)
        assert p.get("go") and not ctx.get(dut.csr.trap.valid)
        ctx.set(dut.done, 1)
        ctx.set(dut.loaded, 5)
        assert p.get("forward").known and p.get("forward").value == 5
    run(scenario)


@pytest.mark.rule("stval_op_breakpoint", "stval_op_other_traps")
@pytest.mark.rule("mtval_vaddr_wr1", "mtval_other_traps_zero")
@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name)
def test_calls_have_the_cause_of_their_mode_and_a_breakpoint_its_own_address(mode):
    async def scenario(p):
        await p.give("ecall")
        trap = await p.trap()
        cause = {Mode.U: 8, Mode.VU: 8, Mode.HS: 9, Mode.VS: 10, Mode.M: 11}[mode]
        assert (trap.code, trap.tval, trap.gva) == (cause, 0, 0)
        await p.give("ebreak")
        trap = await p.trap()
        assert (trap.code, trap.tval, trap.gva, trap.tinst) == (3, PC, mode >= Mode.VU, 0)
    run(scenario, mode=mode)


@pytest.mark.rule("H_virtinst_xtval")
@pytest.mark.parametrize("access,cause", ((Access.ILLEGAL, 2), (Access.VIRTUAL, 22)), ids=("illegal", "virtual"))
@pytest.mark.parametrize("name", ("wfi", "hlv.d", "sret", "sfence.vma"))
def test_a_forbidden_instruction_has_its_bits_in_tval_and_gva_is_zero(name, access, cause):
    async def scenario(p):
        await p.give(name, executed={"access": access, "context": {"mode": Mode.VS}}, fetched={"raw": 0xABCD})
        assert not p.get("go")
        trap = await p.trap()
        assert (trap.code, trap.tval, trap.gva, trap.gpa, trap.tinst) == (cause, 0xABCD, 0, 0, 0)
    run(scenario, mode=Mode.VS)


@pytest.mark.parametrize("answer,cause", ((Access.ILLEGAL, 2), (Access.VIRTUAL, 22)), ids=("illegal", "virtual"))
def test_a_csr_instruction_that_may_not_writes_nothing(answer, cause):
    async def scenario(p):
        await p.give("csrrw", c=0x280, d=1, s=1)
        p.ctx.set(p.dut.csr.answer, answer)
        for _ in range(2):
            assert not p.ctx.get(p.dut.csr.write)
            await p.ctx.tick()
        trap = await p.trap()
        assert trap.code == cause
        assert trap.tval == BY_NAME["csrrw"].encode(c=0x280, d=1, s=1)
        await p.give("ecall")  # the answer belongs to that instruction alone
        assert (await p.trap()).code == 9
    run(scenario)


@pytest.mark.rule("zicsr_rs1_x0", "zicsr_uimm_zero", "zicsr_side_effects", "zicsr_side_effects_synchronous")
@pytest.mark.parametrize("name,operands,op", [
    ("csrrw", {"s": 0}, (1, 0, 0)), ("csrrw", {"s": 3}, (1, 0, 0)), ("csrrs", {"s": 0}, (0, 1, 0)),
    ("csrrs", {"s": 3}, (1, 1, 0)), ("csrrc", {"s": 0}, (0, 0, 1)), ("csrrc", {"s": 3}, (1, 0, 1)),
    ("csrrwi", {"i": 0}, (1, 0, 0)), ("csrrsi", {"i": 0}, (0, 1, 0)), ("csrrsi", {"i": 5}, (1, 1, 0)),
    ("csrrci", {"i": 0}, (0, 0, 1)), ("csrrci", {"i": 5}, (1, 0, 1))])
def test_a_csr_instruction_writes_and_flushes_or_only_reads(name, operands, op):
    async def scenario(p):
        ctx, csr = p.ctx, p.dut.csr
        await p.give(name, c=0x340, d=4, **operands, executed={"a": 0x77})
        asked = ctx.get(csr.op)
        assert (asked.address, asked.write, asked.set, asked.clear, asked.operand) == (0x340, *op, 0x77)
        await ctx.tick()
        ctx.set(csr.read_data, 0x99)
        assert ctx.get(csr.write) == op[0] == ctx.get(csr.retired) or not op[0]
        if op[0]:
            await ctx.tick()
            ctx.set(csr.read_data, 0xBAD)
            ctx.set(csr.written, 0x55)
            assert p.get("flush") and not ctx.get(csr.retired)
        else:
            assert not p.get("flush") and ctx.get(csr.retired)
        assert p.get("forward").known and p.get("forward").value == 0x99
        assert await p.resumes() == (PC + 4 if op[0] else None)
        retire = ctx.get(p.dut.retire.payload)
        assert (retire.writes_csr, retire.csr) == (op[0], 0x340) and (not op[0] or retire.csr_value == 0x55)
    run(scenario)


LOAD_WORD = BY_NAME["lw"].encode(d=9, s=10, i=12)
GUEST_FAULT = {"cause": 21, "gpa": 0x1234_5678, "implicit": 0}
TABLE_FAULT = {"cause": 21, "gpa": 0x4000, "implicit": 1}
WRITE_FAULT = TABLE_FAULT | {"implicit_write": 1}


@pytest.mark.rule("H_trap_xtinst", "H_trap_xtinst_guestpage", "MTVAL2_TRAPVAL", "HTVAL_TRAPVAL",
                  "mtval2_trapval_vstrans")
@pytest.mark.rule("mtval_vaddr_wr2")
@pytest.mark.parametrize("htinst,fault,gpa,tinst", [
    ("full", GUEST_FAULT, 0x1234_5678, "transformed"), ("pseudo", GUEST_FAULT, 0x1234_5678, 0),
    ("zero", GUEST_FAULT, 0x1234_5678, 0), ("full", TABLE_FAULT, 0x4000, 0x3000),
    ("pseudo", TABLE_FAULT, 0x4000, 0x3000), ("zero", TABLE_FAULT, 0, 0),
    ("full", WRITE_FAULT, 0x4000, 0x3020), ("pseudo", WRITE_FAULT, 0x4000, 0x3020), ("zero", WRITE_FAULT, 0, 0)],
    ids=("full", "pseudo", "zero", "full-table", "pseudo-table", "zero-table", "full-write", "pseudo-write",
         "zero-write"))
@pytest.mark.rule("H_tinst_addr_offset", "mtval_vaddr_not_paddr")
def test_a_memory_fault_tells_where_and_what(htinst, fault, gpa, tinst):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        await p.give("lw", d=9, s=10, i=12, executed={
            "result": 0x7FFE, "context": {"mode": Mode.VU, "reach": Reach.LOAD}})
        assert p.get("go")
        await ctx.tick()
        ctx.set(dut.faulted, 1)
        ctx.set(dut.fault, fault)
        ctx.set(dut.fault_offset, 2)
        await ctx.tick()
        ctx.set(dut.faulted, 0)
        ctx.set(dut.fault_offset, 0)
        trap = await p.trap()
        transformed = LOAD_WORD & 0x7FFF | 2 << 15
        assert (trap.code, trap.tval, trap.gva, trap.gpa) == (21, 0x8000, 1, gpa)
        assert trap.tinst == (transformed if tinst == "transformed" else tinst)
    run(scenario, htinst)


@pytest.mark.rule("pm_csr_hw_apply", "pm_misaligned_equivalence")
@pytest.mark.parametrize("masking,tval", [
    ({}, 1 << 47), ({"seven": 1, "nine": 1, "sign": 1}, -1 << 47), ({"seven": 1, "nine": 1}, 1 << 47)], ids=str)
def test_the_address_of_a_fault_in_the_second_page_is_masked_too(masking, tval):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        await p.give("ld", i=0, executed={"result": (1 << 47) - 4, "masking": masking})
        ctx.set(dut.faulted, 1)
        ctx.set(dut.fault, {"cause": 13})
        ctx.set(dut.fault_offset, 4)
        await ctx.tick()
        ctx.set(dut.faulted, 0)
        assert (await p.trap()).tval == tval % (1 << 64)
    run(scenario)


@pytest.mark.rule("hstatus_gva_op", "mstatus_gva_op")
def test_gva_follows_the_effective_mode_of_the_access_not_the_current_one():
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        for mode in Mode:
            await p.give("sd", i=0, executed={"result": 0, "context": {"mode": mode, "reach": Reach.STORE}})
            ctx.set(dut.faulted, 1)
            ctx.set(dut.fault, {"cause": 15})
            await ctx.tick()
            ctx.set(dut.faulted, 0)
            trap = await p.trap()
            assert (trap.code, trap.gva, trap.gpa) == (15, mode >= Mode.VU, 0)
    run(scenario, mode=Mode.M)


@pytest.mark.rule("H_trap_xtinst_val", "mtval2_trapval_other", "mepc_varlen_wr", "MTVAL_VARLEN_WR")
@pytest.mark.parametrize("second", (0, 1))
@pytest.mark.parametrize("implicit", (0, 1))
def test_a_fetch_fault_names_the_half_that_failed_and_has_no_transformed_instruction(second, implicit):
    async def scenario(p):
        fault = {"cause": 20, "gpa": 0x9000, "implicit": implicit}
        p.ctx.set(p.dut.fetch_fault, fault)
        await p.give("add", fetched={"faulted": 1, "fault_second": second, "raw": 0},
                     executed={"access": Access.ILLEGAL})
        trap = await p.trap()
        assert (trap.code, trap.tval, trap.gva, trap.gpa, trap.tinst) == \
            (20, PC + 2 * second, 1, 0x9000, 0x3000 * implicit)
    run(scenario, mode=Mode.VS)


@pytest.mark.rule("sfence_vma_v1")
@pytest.mark.rule("sfence_vma_rs2_bits")
@pytest.mark.parametrize("name,mode,kind", [
    ("sfence.vma", Mode.M, FenceKind.SFENCE_VMA), ("sfence.vma", Mode.HS, FenceKind.SFENCE_VMA),
    ("sfence.vma", Mode.VS, FenceKind.HFENCE_VVMA), ("hfence.vvma", Mode.HS, FenceKind.HFENCE_VVMA),
    ("hfence.gvma", Mode.M, FenceKind.HFENCE_GVMA)])
def test_a_fence_waits_for_the_mmu_and_flushes(name, mode, kind):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        for s in (0, 5):
            for t in (0, 6):
                await p.give(name, s=s, t=t, executed={"a": 0x1234_5000, "b": 0xF_0007})
                await ctx.tick().repeat(3)
                assert ctx.get(dut.fence.valid) and not p.get("flush")
                fence = ctx.get(dut.fence.payload)
                assert (fence.kind, fence.by_address, fence.by_id, fence.address, fence.id) == \
                    (kind, s != 0, t != 0, 0x1234_5000, 7)
                ctx.set(dut.fence.ready, 1)
                await ctx.tick()
                ctx.set(dut.fence.ready, 0)
                assert p.get("flush") and ctx.get(dut.csr.retired)
                assert await p.resumes() == PC + 4
                assert not ctx.get(dut.fence.valid)
    run(scenario, mode=mode)


@pytest.mark.rule("fence_i_op")
def test_fence_i_cleans_then_invalidates_then_flushes():
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        await p.give("fence.i")
        await ctx.tick().repeat(2)
        assert p.get("clean") and not p.get("invalidate")
        ctx.set(dut.cleaned, 1)
        await ctx.tick()
        ctx.set(dut.cleaned, 0)
        assert p.get("invalidate") and not p.get("clean") and not p.get("flush")
        ctx.set(dut.invalidated, 1)
        await ctx.tick()
        assert p.get("flush") and ctx.get(dut.csr.retired)
    run(scenario)


@pytest.mark.parametrize("name", ("mret", "sret"))
def test_a_return_goes_on_where_the_csrs_say(name):
    async def scenario(p):
        ctx, csr = p.ctx, p.dut.csr
        await p.give(name)
        assert not ctx.get(csr.xret)
        await ctx.tick()
        assert ctx.get(csr.xret) and ctx.get(csr.mret) == (name == "mret") and ctx.get(csr.retired)
        assert p.get("flush") and await p.resumes() == VECTOR
        retire = ctx.get(p.dut.retire.payload)
        assert (retire.next_pc, retire.mode_after, retire.trapped) == (VECTOR, Mode.M, 0)
        assert not ctx.get(csr.xret)
    run(scenario)


@pytest.mark.rule("wfi_op", "wfi_no_intr_pc", "WFI_RESUME_REASON", "wfi_mepc_val")
@pytest.mark.parametrize("taken", (0, 1))
def test_wfi_waits_until_an_interrupt_is_pending(taken):
    async def scenario(p):
        await p.give("wfi")
        await p.ctx.tick().repeat(10)
        assert not p.get("flush")
        p.ctx.set(p.dut.csr.wake, 1)
        p.ctx.set(p.dut.csr.interrupt, taken)
        await p.ctx.tick()
        assert p.get("flush") and not p.ctx.get(p.dut.csr.trap.valid) and await p.resumes() == PC + 4
    run(scenario)


WRS = ("wrs.nto", "wrs.sto")


async def retires_after(p, cycles=SHORT_TIME + 50):
    """How many cycles it takes until the instruction retires; None if it does not within so many."""
    for cycle in range(cycles):
        if p.ctx.get(p.dut.csr.retired):
            return cycle
        await p.ctx.tick()
    return None


@pytest.mark.rule("Zawrs_wrs-nto_stall_exec", "Zawrs_exec_resume_rules")
@pytest.mark.parametrize("name", WRS)
@pytest.mark.parametrize("what", ("reserved", "wake"))
def test_a_wait_for_a_store_ends_with_the_reservation_or_an_interrupt(name, what):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        ctx.set(dut.reserved, 1)
        await p.give(name)
        assert await retires_after(p, 100) is None and not p.get("flush")
        ctx.set(dut.reserved if what == "reserved" else dut.csr.wake, what == "wake")
        assert await retires_after(p) == 1
        assert p.get("flush") and await p.resumes() == PC + 4
        await p.give(name)
        assert await retires_after(p) <= 2  # nothing to wait for
    run(scenario)


@pytest.mark.rule("Zawrs_wrs-sto_stall_duration")
def test_wrs_sto_ends_after_a_short_time_and_wrs_nto_waits_on():
    async def scenario(p):
        p.ctx.set(p.dut.reserved, 1)
        for _ in range(2):
            await p.give("wrs.sto")
            assert SHORT_TIME <= await retires_after(p) <= SHORT_TIME + 2
            await p.ctx.tick()
        await p.give("wrs.nto")
        assert await retires_after(p) is None
    run(scenario)


@pytest.mark.rule("Zawrs_priv_illegal_instr_excp", "Zawrs_virtual_instr_excp")
@pytest.mark.parametrize("access,cause", ((Access.ILLEGAL, 2), (Access.VIRTUAL, 22)))
def test_wrs_nto_that_nothing_ends_in_time_traps_where_its_mode_may_not_wait(access, cause):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        may_not = {"access": access, "barred": 0}
        await p.give("wrs.nto", executed=may_not)
        assert await retires_after(p) <= 2  # the reservation is gone
        await ctx.tick()
        ctx.set(dut.reserved, 1)
        await p.give("wrs.nto", executed=may_not)
        assert await retires_after(p, SHORT_TIME - 5) is None
        trap = await p.trap()
        assert (trap.code, trap.tval, trap.pc) == (cause, BY_NAME["wrs.nto"].encode(), PC)
    run(scenario)


def test_what_waits_to_come_here_says_what_it_will_write():
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        for name, rd, writes in (("add", 5, 1), ("add", 0, 0), ("sd", 5, 0)):
            await p.give("ld", d=4, i=0)
            row = BY_NAME[name]
            word = row.encode(**dict.fromkeys("dsti", 0) | ({"d": rd} if name == "add" else {"i": rd}))
            ctx.set(dut.i.payload, {"decoded": facts_of(row) | {"bits": word}})
            ctx.set(dut.i.valid, 1)
            assert ctx.get(dut.i.ready) and not p.get("waiting").valid
            await ctx.tick()
            ctx.set(dut.i.valid, 0)
            for _ in range(3):
                assert not ctx.get(dut.i.ready) and p.get("waiting").valid == writes
                assert not writes or p.get("waiting").rd == rd
                await ctx.tick()
            ctx.set(dut.done, 1)
            await ctx.tick()
            ctx.set(dut.done, 0)
            assert ctx.get(dut.i.ready) and not p.get("waiting").valid
            ctx.set(dut.done, name == "sd")
            await ctx.tick()
            ctx.set(dut.done, 0)
    run(scenario)


def test_a_flush_voids_what_arrives_in_the_same_cycle():
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        await p.give("ecall")
        await ctx.tick().repeat(2)
        ctx.set(dut.i.payload, {"decoded": facts_of(BY_NAME["add"])})
        ctx.set(dut.i.valid, 1)
        assert ctx.get(dut.csr.trap.valid)
        await ctx.tick()
        ctx.set(dut.i.valid, 0)
        assert not ctx.get(dut.csr.retired)
        await ctx.tick()
        assert not ctx.get(dut.retire.valid)
    run(scenario)


@pytest.mark.parametrize("name,stored,kind", [
    ("ld", 0, MemoryKind.LOAD), ("sd", 1, MemoryKind.STORE), ("amoadd.d", 1, MemoryKind.AMO),
    ("sc.d", 1, MemoryKind.STORE), ("sc.d", 0, MemoryKind.NONE), ("add", 1, MemoryKind.NONE)])
def test_the_record_says_what_was_done_to_memory(name, stored, kind):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        for member, value in (("stored", stored), ("hpa", 0x8000_0010), ("data", 0x55), ("done", 1)):
            ctx.set(getattr(dut, member), value)
        await p.give(name, executed={"result": 0x10})
        await ctx.tick()
        retire = ctx.get(dut.retire.payload)
        assert retire.memory == kind
        if name != "add":
            assert (retire.gva, retire.hpa, retire.data) == (0x10, 0x8000_0010, 0x55)
        else:
            assert (retire.gva, retire.hpa, retire.data) == (0, 0, 0)
    run(scenario)


def test_every_operation_of_the_system_unit_is_one_that_commit_knows():
    assert {row.op for row in BY_NAME.values() if row.unit.name == "SYSTEM"} == set(System)


@pytest.mark.rule("trap_unexp", "trap_unexp_hndl_no_rnmi")
@pytest.mark.parametrize("interrupt", (0, 1))
def test_a_trap_while_mdt_is_set_changes_nothing_and_is_shown_for_good(interrupt):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        ctx.set(dut.csr.status, {"mode": Mode.M, "misa_h": 1, "mdt": 1})
        await p.give("ecall")
        ctx.set(dut.csr.interrupt, interrupt)
        ctx.set(dut.csr.interrupt_code, 7)
        for _ in range(20):
            assert not (ctx.get(dut.csr.trap.valid) or p.get("flush") or p.get("resume"))
            assert not (ctx.get(dut.csr.retired) or ctx.get(dut.retire.valid))
            await ctx.tick()
            ctx.set(dut.csr.interrupt, 0)
        critical = ctx.get(dut.critical.payload)
        assert ctx.get(dut.critical.valid)
        assert (critical.interrupt, critical.code, critical.pc) == (interrupt, 7 if interrupt else 11, PC)
    run(scenario)


@pytest.mark.rule("Zacas_rv64_amocas-q_op", "Zacas_rv64_amocas-q_rd_frst_reg_x0")
@pytest.mark.parametrize("rd", (0, 6))
def test_a_pair_is_written_upper_register_first_and_flushes_what_may_have_read_it(rd):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        await p.give("amocas.q", d=rd, t=8, executed={"result": 0x10, "offset": 0x10})
        assert not ctx.get(dut.csr.retired) and p.get("go")
        for member, value in (("pair", 1), ("value", 0x222), ("value_high", 0x222), ("data_high", 0x444),
                              ("data", 0x333), ("hpa", 0x8000_0010), ("stored", 1)):
            ctx.set(getattr(dut, member), value)
        forward = p.get("forward")
        assert not ctx.get(dut.csr.retired) and not p.get("flush")
        assert (forward.valid, forward.rd, forward.known, forward.value) == (rd != 0, rd + 1, 1, 0x222)
        await ctx.tick()
        ctx.set(dut.pair, 0)
        ctx.set(dut.value, 0x111)
        forward = p.get("forward")
        assert (forward.valid, forward.rd, forward.known, forward.value) == (rd != 0, rd, 1, 0x111)
        assert ctx.get(dut.csr.retired) and p.get("flush") and not p.get("go")
        assert await p.resumes() == PC + 4
        retire = ctx.get(dut.retire.payload)
        assert (retire.memory, retire.size, retire.gva, retire.hpa) == (MemoryKind.AMO, 4, 0x10, 0x8000_0010)
        assert (retire.data, retire.data_high, retire.rd_value, retire.rd_high) == (0x333, 0x444, 0x111, 0x222)
    run(scenario)

"""Commit: what each cycle is counted as, what multiplication and division give, and what the record of each says."""

import pytest
from unit.pipeline.test_commit import PC, run

from hyacinth.rtl.events import EVENTS
from hyacinth.rtl.isa.instructions import BY_NAME
from hyacinth.rtl.isa.modes import Mode

ALL = (1 << 64) - 1
DIVIDENDS = ((100, 7), (-100 & ALL, 7), (100, -7 & ALL), (1 << 63, ALL), (0x8000_0000, ALL), (5, 0),
             (0x1_2345_6789_ABCD, 0x1_0000_0003))


def counted(p):
    """The names of what is counted in this cycle."""
    events = p.get("events")
    return {name for name, bit in EVENTS.items() if events >> bit & 1}


async def cycles(p, count):
    """What is counted in this and the next cycles, in one that is the first of several alike the first alone."""
    found = []
    for _ in range(count):
        if not found or counted(p) != found[-1]:
            found.append(counted(p))
        await p.ctx.tick()
    return found


def test_a_cycle_without_an_instruction_is_counted_as_that():
    async def scenario(p):
        assert await cycles(p, 3) == [{"stall_empty"}]
        await p.give("add", d=1)
        assert await cycles(p, 3) == [{"retired"}, {"stall_empty"}]
    run(scenario)


def test_a_load_is_waited_for_at_memory():
    async def scenario(p):
        await p.give("ld", d=1, i=0)
        assert await cycles(p, 3) == [{"stall_memory"}]
        p.ctx.set(p.dut.done, 1)
        assert counted(p) == {"retired"}
    run(scenario)


@pytest.mark.parametrize("name", ("div", "remuw"))
def test_a_division_is_waited_for_at_the_divider(name):
    async def scenario(p):
        await p.give(name, d=1, executed={"a": 77, "b": 5})
        assert await cycles(p, 80) == [{"stall_divide"}, {"retired"}, {"stall_empty"}]
    run(scenario)


@pytest.mark.parametrize("name,operands,expected", [
    ("mul", {}, [{"retired"}, {"stall_empty"}]),
    ("csrrs", {"c": 0x340, "s": 0}, [{"stall_system"}, {"retired"}, {"stall_empty"}]),
    ("csrrw", {"c": 0x340}, [{"stall_system"}, {"retired", "flushed"}, {"stall_empty"}]),
    ("fence", {}, [{"retired"}, {"stall_empty"}]),
    ("ecall", {}, [{"stall_system"}, {"trapped", "flushed"}, {"stall_empty"}])])
def test_an_instruction_of_the_system_is_counted_as_that(name, operands, expected):
    async def scenario(p):
        await p.give(name, **operands)
        assert await cycles(p, 6) == expected
    run(scenario)


def test_a_wait_for_an_interrupt_is_counted_too():
    async def scenario(p):
        await p.give("wfi")
        assert await cycles(p, 5) == [{"stall_system"}, {"stall_system", "stall_wfi"}]
        p.ctx.set(p.dut.csr.wake, 1)
        await p.ctx.tick()
        assert await cycles(p, 3) == [{"retired", "flushed"}, {"stall_empty"}]
    run(scenario)


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.name)
@pytest.mark.parametrize("target", (Mode.M, Mode.HS, Mode.VS), ids=lambda mode: mode.name)
@pytest.mark.parametrize("interrupt", (0, 1))
def test_a_trap_out_of_a_guest_is_an_exit(mode, target, interrupt):
    async def scenario(p):
        p.ctx.set(p.dut.csr.taken, {"pc": 0x100, "mode": target})
        await p.give("ecall")
        p.ctx.set(p.dut.csr.interrupt, interrupt)
        counts = {"trapped", "flushed"} | ({"interrupted"} if interrupt else set())
        guests = (Mode.VS, Mode.VU)
        assert await cycles(p, 4) == [
            {"stall_system"}, counts | ({"vm_exit"} if mode in guests and target not in guests else set()),
            {"stall_empty"}]
        retire = p.ctx.get(p.dut.retire.payload)
        assert (retire.trapped, retire.interrupt, retire.mode, retire.mode_after) == (1, interrupt, mode, target)
        assert (retire.next_pc, retire.writes_csr, retire.pc) == (0x100, 0, PC)
    run(scenario, mode=mode)


@pytest.mark.parametrize("mode", (Mode.M, Mode.HS, Mode.VS), ids=lambda mode: mode.name)
@pytest.mark.parametrize("target", Mode, ids=lambda mode: mode.name)
@pytest.mark.parametrize("name", ("sret", "mret"))
def test_a_return_into_a_guest_is_an_entry(name, mode, target):
    async def scenario(p):
        ctx = p.ctx
        ctx.set(p.dut.csr.taken, {"pc": 0x100, "mode": target})
        await p.give(name)
        await ctx.tick()
        guests = (Mode.VS, Mode.VU)
        assert counted(p) == {"retired", "flushed"} | (
            {"vm_entry"} if mode not in guests and target in guests else set())
        assert ctx.get(p.dut.csr.xret) and ctx.get(p.dut.csr.mret) == (name == "mret")
        await ctx.tick()
        retire = ctx.get(p.dut.retire.payload)
        assert (retire.mode, retire.mode_after, retire.next_pc, retire.trapped) == (mode, target, 0x100, 0)
        assert (retire.interrupt, retire.double, retire.writes_csr) == (0, 0, 0)
    run(scenario, mode=mode)


@pytest.mark.parametrize("name", ("mul", "mulhu", "mulw"))
def test_a_product_is_what_the_multiplier_says_in_the_first_cycle(name):
    async def scenario(p):
        p.ctx.set(p.dut.product, 0x1234_5678_9ABC)
        await p.give(name, d=3)
        forward = p.get("forward")
        assert p.ctx.get(p.dut.csr.retired) and not p.get("flush")
        assert (forward.valid, forward.rd, forward.known, forward.value) == (1, 3, 1, 0x1234_5678_9ABC)
        await p.ctx.tick()
        assert p.ctx.get(p.dut.retire.valid) and p.ctx.get(p.dut.retire.payload).rd_value == 0x1234_5678_9ABC
    run(scenario)


def divided(name, a, b):
    """What the manual says a division or remainder of `a` by `b` is."""
    word, signed = name.endswith("w"), "u" not in name
    width = 32 if word else 64
    a, b = a % (1 << width), b % (1 << width)
    if signed:
        a, b = a - (a >> width - 1 << width), b - (b >> width - 1 << width)
    if b == 0:
        quotient, remainder = -1, a
    else:
        quotient = abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)
        remainder = a - quotient * b
    value = (quotient if name.startswith("div") else remainder) % (1 << width)
    return value | (ALL << 32 & ALL if word and value >> 31 else 0)


@pytest.mark.parametrize("name", ("div", "divu", "rem", "remu", "divw", "divuw", "remw", "remuw"))
def test_a_division_has_the_manuals_result(name):
    async def scenario(p):
        for a, b in DIVIDENDS:
            await p.give(name, d=3, executed={"a": a, "b": b})
            for _ in range(80):
                if p.ctx.get(p.dut.csr.retired):
                    break
                assert not p.get("forward").known
                await p.ctx.tick()
            assert p.ctx.get(p.dut.csr.retired) and p.get("forward").value == divided(name, a, b), (a, b)
            await p.ctx.tick()
            assert p.ctx.get(p.dut.retire.payload).rd_value == divided(name, a, b)
    run(scenario)


@pytest.mark.rule("zicsr_rs1_x0")
@pytest.mark.parametrize("name", ("csrrs", "csrrc"))
def test_a_csr_instruction_writes_for_every_rs1_but_x0(name):
    async def scenario(p):
        for register in range(32):
            for number in (0x340, 0x341):
                await p.give(name, c=number, s=register)
                asked = p.ctx.get(p.dut.csr.op)
                assert (asked.write, asked.address) == (register != 0, number)
                await p.ctx.tick().repeat(4)
    run(scenario)


def test_the_record_has_mip_and_time_of_the_first_cycle_of_an_instruction():
    async def scenario(p):
        ctx, csr = p.ctx, p.dut.csr
        for name, waits in (("add", 0), ("ld", 3)):
            ctx.set(csr.mip, 0x222)
            ctx.set(csr.time, 0x1234)
            await p.give(name, i=0)
            for _ in range(waits):
                await ctx.tick()
                ctx.set(csr.mip, 0x888)
                ctx.set(csr.time, 0x5678)
            ctx.set(p.dut.done, name == "ld")
            await ctx.tick()
            ctx.set(p.dut.done, 0)
            retire = ctx.get(p.dut.retire.payload)
            assert ctx.get(p.dut.retire.valid) and (retire.mip, retire.time) == (0x222, 0x1234), name
            await ctx.tick()
            assert not ctx.get(p.dut.retire.valid)
    run(scenario)


@pytest.mark.parametrize("name", ("ld", "sd", "amoadd.d"))
@pytest.mark.parametrize("device", (0, 1))
def test_the_record_has_all_that_the_load_store_unit_says(name, device):
    async def scenario(p):
        ctx, dut = p.ctx, p.dut
        said = {"hpa": 0x8000_0FFC, "hpa_next": 0x8000_5000, "data": 0x55, "data_high": 0x66, "value": 0x77,
                "value_high": 0x88, "device": device, "stored": name != "ld", "done": 1}
        for member, value in said.items():
            ctx.set(getattr(dut, member), value)
        await p.give(name, d=6, executed={"result": 0xFFC})
        await ctx.tick()
        retire = ctx.get(dut.retire.payload)
        assert (retire.hpa, retire.hpa_next, retire.data, retire.data_high) == (0x8000_0FFC, 0x8000_5000, 0x55, 0x66)
        assert (retire.device, retire.gva, retire.rd_high, retire.rd) == (device, 0xFFC, 0x88, 6 if name != "sd" else 0)
        assert retire.writes_rd == (name != "sd") and retire.size == 3 and retire.bits == BY_NAME[name].encode(
            **dict.fromkeys("dstiq", 0) | {"d": 6})
        ctx.set(dut.done, 0)
        await p.give("add")
        await ctx.tick()
        retire = ctx.get(dut.retire.payload)
        assert (retire.hpa, retire.hpa_next, retire.data, retire.device, retire.gva) == (0, 0, 0, 0, 0)
    run(scenario)


@pytest.mark.parametrize("name", ("beq", "jal", "jalr", "lui", "add"))
def test_what_execute_has_done_retires_in_its_first_cycle(name):
    async def scenario(p):
        await p.give(name, d=3, executed={"result": 0x77})
        assert counted(p) == {"retired"} and p.ctx.get(p.dut.csr.retired)
        assert p.get("forward").value == 0x77
    run(scenario)


@pytest.mark.parametrize("name", ("cbo.zero", "cbo.clean", "ld", "sd", "amoadd.d"))
def test_an_access_that_is_refused_traps(name):
    async def scenario(p):
        p.ctx.set(p.dut.fault, {"cause": 15})
        await p.give(name, executed={"memory": 1, "result": 0x1230})
        assert await cycles(p, 3) == [{"stall_memory"}]
        p.ctx.set(p.dut.faulted, 1)
        trap = await p.trap()
        assert (trap.code, trap.interrupt, trap.tval, trap.pc) == (15, 0, 0x1230, PC)
    run(scenario)

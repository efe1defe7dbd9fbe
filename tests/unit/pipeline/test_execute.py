"""Execute: results, branches and their predictions, addresses, and whether a mode may."""

from itertools import product
from random import Random

import pytest
from testbench import Bench, assert_exports
from unit.pipeline.fields import controls_of, facts_of
from unit.pipeline.immediates import immediate_of
from unit.units.manual import alu

from hyacinth.rtl.config import FULL, SMALL
from hyacinth.rtl.csr.access import Access
from hyacinth.rtl.isa import instructions
from hyacinth.rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Unit
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import Reach
from hyacinth.rtl.pipeline.execute import Execute
from hyacinth.rtl.pipeline.predictor import Jump
from hyacinth.rtl.units.bits import BIT_OPERATIONS

ALL = (1 << 64) - 1
PC = 0xFFFF_FFFF_8000_1000


@pytest.mark.parametrize("config", (FULL, SMALL), ids=("full", "small"))
def test_it_exports(config):
    assert_exports(Execute(config))


def signed(value):
    return value - (1 << 64) if value >> 63 else value


class Bencher:
    def __init__(self, ctx, dut):
        self.ctx, self.dut = ctx, dut

    def put(self, name, a=0, b=0, *, fetched=(), ready=1, valid=1, **operands):
        """The instruction stands in execute; what Executed says of it."""
        ctx, dut, row = self.ctx, self.dut, BY_NAME[name]
        word = row.encode(**dict.fromkeys("dstichqnf", 0) | operands)
        ctx.set(dut.i.payload, {"a": a, "b": b, "number": immediate_of(word, row.format), "controls": controls_of(row),
                                "decoded": {"bits": word, "fetched": {"pc": PC, "raw": word} | dict(fetched)}
                                | facts_of(row)})
        ctx.set(dut.i.valid, valid)
        ctx.set(dut.o.ready, ready)
        return ctx.get(dut.o.payload)

    def get(self, name):
        return self.ctx.get(getattr(self.dut, name))


def run(scenario, config=FULL):
    dut = Execute(config)

    async def play(ctx):
        ctx.set(dut.status, {"mode": Mode.M, "misa_h": 1})
        await ctx.tick()
        await scenario(Bencher(ctx, dut))
    Bench(dut, deadline=5000).run(play)


def test_a_branch_goes_where_its_condition_holds():
    compare = {"beq": lambda a, b: a == b, "bne": lambda a, b: a != b, "blt": lambda a, b: signed(a) < signed(b),
               "bge": lambda a, b: signed(a) >= signed(b), "bltu": lambda a, b: a < b, "bgeu": lambda a, b: a >= b}
    random = Random(1)
    values = [0, 1, ALL, 1 << 63, (1 << 63) - 1, random.getrandbits(64)]

    async def scenario(x):
        for name, holds in compare.items():
            for a in values:
                for b in values:
                    offset = random.randrange(-4096, 4096, 2)
                    next_pc = x.put(name, a, b, i=offset).next_pc
                    assert next_pc == (PC + (offset if holds(a, b) else 4)) & ALL, (name, a, b)
    run(scenario)


def test_jumps_go_to_their_target_and_link():
    async def scenario(x):
        for offset in (-0x10_0000, -2, 0, 2, 0xF_FFFE):
            o = x.put("jal", d=1, i=offset)
            assert (o.next_pc, o.result) == ((PC + offset) & ALL, PC + 4)
        for a, offset in ((0x1001, 0), (0x1000, 1), (0x1000, -2048), (5, 2047), (ALL, 2)):
            o = x.put("jalr", a, d=1, s=3, i=offset)
            assert (o.next_pc, o.result) == ((a + offset) & ALL & ~1, PC + 4)
        assert x.put("jalr", 0, fetched={"compressed": 1}, d=1).result == PC + 2
        assert x.put("beq", 1, 0, fetched={"compressed": 1}, i=8).next_pc == PC + 2
        assert x.put("addi", fetched={"compressed": 1}).next_pc == PC + 2
    run(scenario)


def test_upper_immediates_and_addresses_are_sums():
    async def scenario(x):
        assert x.put("lui", i=0x8000_0000).result == 0xFFFF_FFFF_8000_0000
        assert x.put("auipc", i=0x7FFF_F000).result == (PC + 0x7FFF_F000) & ALL
        for name in ("ld", "sd", "lbu"):
            assert x.put(name, 0x1000, i=-2048).result == 0x800
        for name in ("lr.d", "sc.w", "amoadd.d", "hlv.d", "hsv.b"):
            assert x.put(name, 0x1234, 7).result == 0x1234
        o = x.put("csrrwi", 0, i=21, c=0x300)
        assert o.a == 21
        assert x.put("csrrw", 99, c=0x300).a == 99
    run(scenario)


ON_MEMORY = [row.name for row in INSTRUCTIONS if row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO, Unit.CBO)]


@pytest.mark.parametrize("name", ON_MEMORY)
def test_a_memory_access_looks_up_its_address_in_its_own_context(name):
    async def scenario(x):
        ctx, dut, row = x.ctx, x.dut, BY_NAME[name]
        ctx.set(dut.lookup.hit, 1)
        ctx.set(dut.lookup.page, {"ppn": 0x12345, "memory": 1})
        blocks = dict.fromkeys(("cbie", "cbcfe", "cbze"), 1)
        ctx.set(dut.status, {"mode": Mode.HS, "spvp": 1, "misa_h": 1, "menvcfg": blocks})
        await ctx.tick()
        o = x.put(name, 0x7000_1238)
        assert ctx.get(dut.lookup.va) == 0x7000_1238 and o.offset == 0x238
        assert o.memory and o.page_known and o.page.ppn == 0x12345 and not o.barred
        manages = row.unit == Unit.CBO and name != "cbo.zero"
        assert (o.form.load, o.form.store, o.form.amo, o.form.zero, o.form.manage) == (
            row.unit == Unit.LOAD, row.unit == Unit.STORE or name == "cbo.zero", row.unit == Unit.AMO,
            name == "cbo.zero", manages)
        assert ctx.get(dut.lookup.context) == o.context
        assert o.context.reach == (Reach.LOAD if row.unit == Unit.LOAD or manages else Reach.STORE)
        assert o.context.as_store == manages
        assert o.context.mode == (Mode.VS if name.startswith(("hlv", "hsv")) else Mode.HS)
        assert o.context.hlvx == ("hlvx" in name)
        assert not x.put("add").memory
        ctx.set(dut.lookup.hit, 0)
        assert not x.put(name).page_known
        # What is barred is not tried.
        ctx.set(dut.status, {"mode": Mode.VU, "misa_h": 1})
        await ctx.tick()
        barred = name.startswith(("hlv", "hsv", "cbo"))
        o = x.put(name)
        assert (o.barred, o.memory) == (barred, not barred)
        o = x.put(name, fetched={"faulted": 1})
        assert (o.barred, o.memory) == (1, 0)
    run(scenario)


@pytest.mark.rule("pm_apply_explicit", "pm_not_apply_implicit")
@pytest.mark.parametrize("name", ("ld", "sd", "amoadd.d", "lr.d", "sc.d", "hlv.d", "hsv.d"))
def test_the_upper_bits_of_an_address_are_masked(name):
    async def scenario(x):
        ctx, dut = x.ctx, x.dut
        source = "henvcfg_pmm" if name.startswith("h") else "menvcfg_pmm"
        for pmm, paged, expected in ((0, 1, 0x5AA5_0000_7000_1238), (2, 1, 0xFFA5_0000_7000_1238),
                                     (2, 0, 0x01A5_0000_7000_1238), (3, 1, 0x7000_1238), (3, 0, 0x7000_1238)):
            ctx.set(dut.status, {"mode": Mode.HS, "spvp": 1, "misa_h": 1, source: pmm, "paged": paged,
                                 "vs_paged": paged})
            await ctx.tick()
            o = x.put(name, 0x5BA5_0000_7000_1238 if pmm == 2 else 0x5AA5_0000_7000_1238)
            assert ctx.get(dut.lookup.va) == o.result == expected
            assert (o.masking.seven, o.masking.nine) == (pmm > 0, pmm == 3)
    run(scenario)


@pytest.mark.rule("pm_not_apply_implicit", "pm_no_csr_sw")
def test_hlvx_and_what_is_no_access_is_not_masked():
    async def scenario(x):
        ctx, dut, address = x.ctx, x.dut, 0x5AA5_0000_7000_1238
        ctx.set(dut.status, {"mode": Mode.M, "misa_h": 1} | dict.fromkeys(
            ("mseccfg_pmm", "menvcfg_pmm", "senvcfg_pmm", "henvcfg_pmm", "hupmm"), 3))
        await ctx.tick()
        assert x.put("hlvx.wu", address).result == address and ctx.get(dut.lookup.va) == address
        assert x.put("jalr", address).next_pc == address
        assert x.put("add", address).result == address
        for name in ("sfence.vma", "hfence.gvma", "sinval.vma", "csrrw"):
            assert x.put(name, address).a == address
        assert x.put("auipc", i=0x7000_0000).result == PC + 0x7000_0000
    run(scenario)


@pytest.mark.parametrize("name,a,target", [("beq", 0, PC + 16), ("beq", 1, PC + 4), ("jal", 0, PC + 16),
                                           ("jalr", PC + 0x20, PC + 0x30), ("add", 0, PC + 4), ("ld", 0, PC + 4)])
def test_every_wrong_prediction_is_redirected_and_no_right_one(name, a, target):
    async def scenario(x):
        goes = target != PC + 4
        operands = {"i": 16} if name != "add" else {}
        for taken in (0, 1):
            for guess in (target, PC + 16, PC + 0x40):
                x.put(name, a, fetched={"known": taken, "taken": taken, "target": guess}, **operands)
                right = taken == goes and (not taken or guess == target)
                assert x.get("redirect") == (not right), (taken, guess)
                if not right:
                    assert x.get("redirect_pc") == target
                x.put(name, a, fetched={"known": taken, "taken": taken, "target": guess}, ready=0, **operands)
                assert x.get("redirect") == (not right)
                await x.ctx.tick()       # said already, though commit has not taken it yet
                assert not x.get("redirect") and not x.get("update")
                x.put(name, a, fetched={"known": taken, "taken": taken, "target": guess}, valid=0, **operands)
                assert not x.get("redirect") and not x.get("update")
                await x.ctx.tick()
    run(scenario)


def test_an_instruction_that_could_not_be_fetched_redirects_and_teaches_nothing():
    async def scenario(x):
        ctx, dut = x.ctx, x.dut
        ctx.set(dut.i.payload, {"decoded": {"illegal": 1, "fetched": {"pc": PC, "faulted": 1, "known": 1}}})
        ctx.set(dut.i.valid, 1)
        ctx.set(dut.o.ready, 1)
        assert not ctx.get(dut.redirect) and not ctx.get(dut.update)
    run(scenario)


def test_the_predictor_learns_what_happened():
    async def scenario(x):
        def outcome(*what, **how):
            x.put(*what, **how)
            return x.ctx.get(x.dut.outcome) if x.get("update") else None
        assert outcome("beq", 1, 0, i=16) is None  # not taken and not known: nothing to remember
        o = outcome("beq", 0, 0, i=16)
        assert (o.end, o.target, o.kind, o.counter, o.forget) == (PC + 2, PC + 16, Jump.BRANCH, 2, 0)
        assert outcome("beq", i=16, fetched={"compressed": 1}).end == PC
        for counter in range(4):
            known = {"known": 1, "counter": counter}
            assert outcome("beq", 0, 0, i=16, fetched=known).counter == min(counter + 1, 3)
            assert outcome("beq", 1, 0, i=16, fetched=known).counter == max(counter - 1, 0)
        assert outcome("add", fetched={"known": 1}).forget
        assert outcome("add") is None
        for link in (1, 5):
            assert outcome("jal", d=link, i=16).kind == Jump.CALL
            assert outcome("jalr", d=link, s=link).kind == Jump.CALL
            assert outcome("jalr", d=0, s=link).kind == Jump.RETURN
        assert outcome("jal", d=0, i=16).kind == Jump.ALWAYS
        assert outcome("jalr", d=0, s=6).kind == Jump.ALWAYS
        assert outcome("jal", d=2, i=16).kind == Jump.ALWAYS
    run(scenario)


def test_what_is_known_here_is_forwarded():
    async def scenario(x):
        for name, known in (("add", 1), ("addiw", 1), ("lui", 1), ("auipc", 1), ("jal", 1), ("jalr", 1), ("ld", 0),
                            ("mul", 0), ("div", 0), ("csrrw", 0), ("sc.w", 0), ("amoadd.w", 0), ("hlv.d", 0)):
            o = x.put(name, 5, 6, d=7)
            forward = x.ctx.get(x.dut.forward)
            assert (forward.valid, forward.rd, forward.known) == (1, 7, known), name
            if known:
                assert forward.value == o.result
            x.put(name, 5, 6, d=0)
            assert not x.ctx.get(x.dut.forward.valid)
            x.put(name, 5, 6, d=7, valid=0)
            assert not x.ctx.get(x.dut.forward.valid)
        for name in ("sd", "beq", "fence", "hsv.d"):
            x.put(name, **({"i": 7} if name in ("sd", "beq") else {}))
            assert not x.ctx.get(x.dut.forward.valid), name
    run(scenario)


@pytest.mark.parametrize("name", [row.name for row in INSTRUCTIONS if row.unit == Unit.ALU and "i" not in row.operands])
def test_arithmetic_is_done_here_and_what_comes_late_is_known_to_commit_alone(name):
    row, random = BY_NAME[name], Random(name)

    async def scenario(x):
        for a in (0, 5, ALL, 1 << 63, random.getrandbits(64), random.getrandbits(8)):
            b = random.choice((0, 7, ALL, random.getrandbits(64)))
            operands = {"h": b & (31 if row.word else 63), "i": b & (31 if row.word else 63)}
            o = x.put(name, a, b if "t" in row.bits else 0, d=7, **operands)
            expected = alu(row.op, a, operands["h"] if "h" in row.bits else b if "t" in row.bits else 0, row.word)
            forward = x.ctx.get(x.dut.forward)
            assert o.result == expected
            assert forward.known == (row.op not in BIT_OPERATIONS) and (not forward.known or forward.value == expected)
    run(scenario)


@pytest.mark.parametrize("lacks", (("zbb",), ("zbs",), ("zicond",), ("zbb", "zbs"), ("zbb", "zbs", "zicond", "zba")))
def test_without_some_of_the_extensions_the_others_compute(lacks):
    config = FULL.without(*lacks)
    rows = [row for row in instructions.table(config) if row.unit == Unit.ALU and "t" in row.operands]

    async def scenario(x):
        for row in rows:
            for a, b in ((5, 3), (ALL, 1), (1, ALL), (1 << 63, 0)):
                assert x.put(row.name, a, b, d=7).result == alu(row.op, a, b, row.word), row.name
    run(scenario, config)


def test_the_product_is_that_of_the_multiplication_that_left():
    async def scenario(x):
        x.put("mul", 6, 7)
        await x.ctx.tick()
        x.put("add", 1, 1)
        assert x.get("product") == 42
        x.put("mul", 8, 8, ready=0)
        await x.ctx.tick()
        assert x.get("product") == 42
    run(scenario)


OK, ILLEGAL, VIRTUAL = Access.OK, Access.ILLEGAL, Access.VIRTUAL


@pytest.mark.parametrize("name,status,answers", [
    ("mret", {}, (ILLEGAL, ILLEGAL, OK, ILLEGAL, ILLEGAL)),
    ("sret", {}, (ILLEGAL, OK, OK, VIRTUAL, OK)),
    ("sret", {"tsr": 1}, (ILLEGAL, ILLEGAL, OK, VIRTUAL, OK)),
    ("sret", {"vtsr": 1}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("sfence.vma", {}, (ILLEGAL, OK, OK, VIRTUAL, OK)),
    ("sfence.vma", {"tvm": 1}, (ILLEGAL, ILLEGAL, OK, VIRTUAL, OK)),
    ("sfence.vma", {"vtvm": 1}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("hfence.vvma", {"tvm": 1, "vtvm": 1}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("hfence.gvma", {}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("hfence.gvma", {"tvm": 1}, (ILLEGAL, ILLEGAL, OK, VIRTUAL, VIRTUAL)),
    ("sinval.vma", {"tvm": 1}, (ILLEGAL, ILLEGAL, OK, VIRTUAL, OK)),
    ("sinval.vma", {"vtvm": 1}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("hinval.vvma", {"tvm": 1, "vtvm": 1}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("hinval.gvma", {"tvm": 1}, (ILLEGAL, ILLEGAL, OK, VIRTUAL, VIRTUAL)),
    ("sfence.w.inval", {"tvm": 1, "vtvm": 1}, (ILLEGAL, OK, OK, VIRTUAL, OK)),
    ("sfence.inval.ir", {"tvm": 1, "vtvm": 1}, (ILLEGAL, OK, OK, VIRTUAL, OK)),
    ("hlv.d", {}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("hlvx.wu", {"hu": 1}, (OK, OK, OK, VIRTUAL, VIRTUAL)),
    ("hsv.b", {"hu": 1}, (OK, OK, OK, VIRTUAL, VIRTUAL)),
    ("hsv.b", {}, (ILLEGAL, OK, OK, VIRTUAL, VIRTUAL)),
    ("wfi", {"tw": 1}, (ILLEGAL, ILLEGAL, OK, ILLEGAL, ILLEGAL)),
    ("wfi", {"vtw": 1}, (None, OK, OK, VIRTUAL, VIRTUAL)),
    ("wrs.nto", {}, (OK,) * 5), ("wrs.sto", {"tw": 1, "vtw": 1}, (OK,) * 5),
    ("wrs.nto", {"vtw": 1}, (OK, OK, OK, VIRTUAL, VIRTUAL)),
    ("wrs.nto", {"tw": 1}, (ILLEGAL, ILLEGAL, OK, ILLEGAL, ILLEGAL)),
    ("wrs.nto", {"tw": 1, "vtw": 1}, (ILLEGAL, ILLEGAL, OK, ILLEGAL, ILLEGAL)),
    ("ecall", {}, (OK,) * 5), ("ld", {}, (OK,) * 5), ("fence.i", {}, (OK,) * 5)],
    ids=lambda value: value if isinstance(value, str) else "-".join(value) if isinstance(value, dict) else None)
def test_what_a_mode_may_do(name, status, answers):
    async def scenario(x):
        for mode, answer in zip(Mode, answers, strict=True):
            x.ctx.set(x.dut.status, {"mode": mode, "misa_h": 1} | status)
            await x.ctx.tick()
            if answer is not None:
                o = x.put(name)
                assert o.access == answer, mode.name
                # WRS.NTO is tried: it may be that it need not wait.
                assert o.barred == (answer != OK and name != "wrs.nto" or name == "ecall")
    run(scenario)


@pytest.mark.rule("cbo-inval", "cbo-clean_cbo-flush", "cbo-zero_basedon_xenvcfg-CBZE", "menvcfg_cbze_op",
                  "menvcfg_cbcfe_op", "menvcfg_cbie_op", "senvcfg_cbze", "senvcfg_cbcfe", "senvcfg_cbie",
                  "henvcfg_cbze", "henvcfg_cbcfe", "henvcfg_cbie", "cbo-inval_h-mode_veq1_op")
@pytest.mark.parametrize("name,field", (("cbo.inval", "cbie"), ("cbo.clean", "cbcfe"), ("cbo.flush", "cbcfe"),
                                        ("cbo.zero", "cbze")))
def test_a_cache_block_instruction_needs_the_bit_of_every_mode_above(name, field):
    def answers(machine, hypervisor, supervisor):
        if not machine:
            return ILLEGAL, ILLEGAL, OK, ILLEGAL, ILLEGAL
        return (OK if supervisor else ILLEGAL, OK, OK, OK if hypervisor and supervisor else VIRTUAL,
                OK if hypervisor else VIRTUAL)

    async def scenario(x):
        for bits in product((0, 1), repeat=3):
            # The fields of the other instructions say the opposite.
            levels = {level: {other: bit ^ (other != field) for other in ("cbie", "cbcfe", "cbze")}
                      for level, bit in zip(("menvcfg", "henvcfg", "senvcfg"), bits, strict=True)}
            for mode, answer in zip(Mode, answers(*bits), strict=True):
                x.ctx.set(x.dut.status, {"mode": mode, "misa_h": 1} | levels)
                await x.ctx.tick()
                assert x.put(name).access == answer, (mode.name, bits)
    run(scenario)


def test_without_misa_h_its_instructions_are_illegal_in_every_mode():
    async def scenario(x):
        for mode in (Mode.U, Mode.HS, Mode.M):
            x.ctx.set(x.dut.status, {"mode": mode, "misa_h": 0, "hu": 1})
            await x.ctx.tick()
            for row in INSTRUCTIONS:
                if row.hypervisor:
                    assert x.put(row.name).access == ILLEGAL
        x.ctx.set(x.dut.status, {"mode": Mode.HS, "misa_h": 0})
        await x.ctx.tick()
        assert x.put("sfence.vma").access == OK
    run(scenario)


@pytest.mark.rule("no_addr_misaligned_excep", "Zacas_amocas_rs1_addr_alignment", "Zabha_rs1_align_addr")
@pytest.mark.parametrize("name", ("cbo.zero", "cbo.clean", "amocas.q", "amocas.h", "amoadd.b", "ld"))
def test_what_is_misaligned_depends_on_the_size_and_a_block_never_is(name):
    async def scenario(x):
        size = {"q": 16, "h": 2, "b": 1, "d": 8}.get(name[-1]) if not name.startswith("cbo") else 1
        for address in (*range(32), *range(4080, 4096)):
            o = x.put(name, address)
            assert o.form.misaligned == (address % size != 0)
            crosses = size <= 8 and address % 8 + size > 8
            if size <= 8 or address % size == 0:  # a pair that is misaligned is refused before
                assert (o.form.crosses, o.form.crosses_page) == (crosses, crosses and address % 4096 + size > 4096)
            assert (o.form.pair, o.form.zero, o.form.manage) == (
                name == "amocas.q", name == "cbo.zero", name == "cbo.clean")
            if name in ("cbo.zero", "amocas.q"):
                assert (o.form.size, o.form.last_byte) == (3, 7)
    run(scenario)

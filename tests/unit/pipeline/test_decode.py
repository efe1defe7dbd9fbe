"""The decoder against the table it is made from, and against the patterns that the manual reserves."""

import random
from functools import cache
from itertools import combinations

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator
from testbench import assert_exports

from hyacinth.rtl.config import FULL, NO_H, SMALL
from hyacinth.rtl.isa import compressed, instructions
from hyacinth.rtl.isa.compressed import COMPRESSED, cubes, find
from hyacinth.rtl.isa.hints import HINTS
from hyacinth.rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Amo, Format, System, Unit, identify
from hyacinth.rtl.pipeline.decode import Decoder, controls, facts

CHOOSER = random.Random(3)


def decode(words, look=lambda ctx, decoded: ctx.get(decoded), config=FULL):
    """The Decoded of each of `words`, or what `look` takes from it; one whose bits 1:0 are not 3 is compressed."""
    m = Module()
    m.submodules.dut = dut = Decoder(config)
    results = []

    async def drive(ctx):
        for word in words:
            ctx.set(dut.fetched, {"raw": word, "compressed": word & 3 != 3})
            results.append(look(ctx, dut.decoded))
    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
    return results


def filled(row, bit=None):
    """`row` with operands that are random, or all `bit`."""
    return filled_pattern(row.pattern, bit)


def filled_pattern(pattern, bit=None):
    """The same of 0, 1 and -."""
    return int("".join(str(CHOOSER.randrange(2) if bit is None else bit) if c == "-" else c for c in pattern), 2)


@pytest.mark.parametrize("config", (FULL, SMALL), ids=("full", "small"))
def test_it_exports(config):
    assert_exports(Decoder(config))


def test_no_word_is_two_instructions():
    for a, b in combinations(INSTRUCTIONS, 2):
        assert any({x, y} == {"0", "1"} for x, y in zip(a.pattern, b.pattern, strict=True)), (a.name, b.name)


def test_every_instruction_is_decoded_whatever_its_operands():
    rows = [(row, word) for row in INSTRUCTIONS for word in (filled(row, 0), filled(row, 1), filled(row), filled(row))]
    results = decode([word for _, word in rows])
    for row, decoded in zip([row for row, _ in rows], results, strict=True):
        assert not decoded.illegal, row.name
        assert (decoded.unit, decoded.word, decoded.immediate) == (row.unit, row.word, row.format), row.name
        assert row.unit in (Unit.ALU, Unit.BRANCH) or decoded.op == (row.op or 0), row.name
        assert decoded.hypervisor == row.hypervisor and decoded.hlvx == ("hlvx" in row.name), row.name
        assert decoded.hlsv == row.name.startswith(("hlv", "hsv")), row.name
        assert decoded.uses_pc == (row.name == "auipc")


STORES = ("sb", "sh", "sw", "sd", "hsv.")
BRANCHES = ("beq", "bne", "blt", "bge")


def test_every_instruction_says_which_registers_it_reads_and_writes():
    rows = [row for row in INSTRUCTIONS]
    for row, decoded in zip(rows, decode([filled(row) for row in rows]), strict=True):
        name = row.name
        none = name in ("fence", "fence.i", "ecall", "ebreak", "mret", "sret", "wfi", "wrs.nto", "wrs.sto",
                         "sfence.w.inval", "sfence.inval.ir")
        one_operand = ("clz", "ctz", "cpop", "sext.b", "sext.h", "zext.h", "orc.b", "rev8", "mop.r")
        reads_two = row.unit in (Unit.MUL, Unit.DIV, Unit.AMO, Unit.BRANCH, Unit.STORE) or not none \
            and row.unit == Unit.SYSTEM or row.unit == Unit.ALU and row.format == Format.NONE \
            and name.removesuffix("w") not in one_operand
        reads_one = not none and name not in ("lui", "auipc", "jal") and row.format != Format.Z
        writes = not none and row.unit != Unit.SYSTEM and not name.startswith(BRANCHES) \
            and (row.unit not in (Unit.STORE, Unit.CBO) or name.startswith("sc."))
        assert (decoded.uses_rs1, decoded.uses_rs2, decoded.writes_rd) == (reads_one, reads_two, writes), name


def test_the_size_and_sign_of_every_load_and_store():
    sizes = {"b": 0, "h": 1, "w": 2, "d": 3, "q": 4}
    rows = [row for row in INSTRUCTIONS if row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO) for _ in range(3)]
    seen = decode([filled(row) for row in rows], lambda ctx, d: (ctx.get(d.size), ctx.get(d.unsigned)))
    for row, (size, unsigned) in zip(rows, seen, strict=True):
        letters = row.name.split(".")[1] if "." in row.name else row.name[1:]
        assert size == sizes[letters[0]], row.name
        assert row.unit != Unit.LOAD or unsigned == letters.endswith("u"), row.name


def reserved():
    """Words that the manual reserves in RV64IMA, Zicsr and H, by name."""
    def word(name, **operands):
        return BY_NAME[name].encode(**dict.fromkeys("dstichqnf", 0) | operands)
    yield from ((f"all bits {bit}", 0xFFFFFFFF * bit) for bit in (0, 1))
    yield "a branch of funct3 2", word("beq") | 2 << 12
    yield "a branch of funct3 3", word("beq") | 3 << 12
    yield "a load of funct3 7", word("lb") | 7 << 12
    yield from ((f"a store of funct3 {n}", word("sb") | n << 12) for n in range(4, 8))
    yield from ((f"jalr of funct3 {n}", word("jalr") | n << 12) for n in range(1, 8))
    yield from ((f"misc-mem of funct3 {n}", word("fence") | n << 12) for n in range(3, 8))
    yield from ((f"cbo of operation {n}", word("cbo.inval") | n << 20) for n in (3, 5, 8, 0x800))
    yield "cbo.zero with rd", word("cbo.zero") | 1 << 7
    yield "srli with bit 26", word("srli") | 1 << 26
    yield "slli with bit 30", word("slli") | 1 << 30
    yield "slliw with bit 25", word("slliw") | 1 << 25
    yield "addiw's funct3 2", word("addiw") | 2 << 12
    yield "add with bit 31", word("add") | 1 << 31
    yield "slt with bit 30", word("slt") | 1 << 30
    yield "sltw", word("addw") | 2 << 12
    yield "mulhw", word("mulw") | 1 << 12
    yield "lr.w with rs2", word("lr.w") | 1 << 20
    yield "amoadd.q", word("amoadd.w") & ~(7 << 12) | 4 << 12
    yield "amocas of funct3 5", word("amocas.q") | 1 << 12
    yield "amocas.q with odd rd", word("amocas.q") | 1 << 7
    yield "amocas.q with odd rs2", word("amocas.q") | 1 << 20
    yield "lr.b", word("lr.w") & ~(7 << 12)
    yield "sh0add", word("sh1add") & ~(7 << 12)
    yield "sh1addw with funct3 3", word("sh1add.uw") | 1 << 12
    yield "add.uw with bit 31", word("add.uw") | 1 << 31
    yield "andnw", word("andn") | 1 << 3
    yield "minw", word("min") | 1 << 3
    yield "clz of 3", word("clz") | 3 << 20
    yield "clz of 6", word("clz") | 6 << 20
    yield "sext.bw", word("sext.b") | 1 << 3
    yield "roriw with bit 25", word("roriw") | 1 << 25
    yield "rev8 of RV32", 0x6985_5513
    yield "brev8", 0x6875_5513
    yield "pack", word("zext.h") & ~(1 << 3) | 1 << 20
    yield "packw", word("zext.h") | 1 << 20
    yield "packh", 0x0800_7033
    yield "clmul", word("min") & ~(7 << 12) | 1 << 12
    yield "orc.b of another granule", word("orc.b") ^ 1 << 20
    yield "bextw", word("bext") | 1 << 3
    yield "bset of funct3 5", word("bset") | 4 << 12
    yield "czero of funct3 6", word("czero.eqz") ^ 3 << 12
    yield "a MOP with bit 28", word("mop.r") | 1 << 28
    yield "a MOP with bit 29", word("mop.rr") | 1 << 29
    yield "a MOP.R of bits 24:22 other than 7", word("mop.r") ^ 1 << 22
    yield "system of funct3 4 with other funct7", word("hlv.b") | 1 << 31
    for name in ("ecall", "ebreak", "sret", "mret", "wfi"):
        yield f"{name} with rd", word(name) | 1 << 7
        yield f"{name} with rs1", word(name) | 1 << 15
    for name in ("sfence.vma", "hfence.vvma", "hfence.gvma", "hsv.b", "hsv.h", "hsv.w", "hsv.d"):
        yield f"{name} with rd", word(name) | 1 << 11
    yield "uret", word("sret") & ~(1 << 28)
    yield "mret with another rs2", word("mret") ^ 1 << 20
    yield "hlv.du", word("hlv.d") | 1 << 20
    yield "hlvx.bu", word("hlv.b") | 3 << 20
    yield "hlvx.d", word("hlv.d") | 3 << 20
    yield "hlv.b with rs2 2", word("hlv.b") | 2 << 20
    yield "sinval.vma with rd", word("sinval.vma") | 1 << 7
    yield "sfence.w.inval with rs1", word("sfence.w.inval") | 1 << 15
    yield "sfence.inval.ir with rs2 2", word("sfence.w.inval") | 2 << 20
    yield "a load of floating point", 0x0000_2007
    yield "floating point", 0x0000_0053
    yield "clmulr", word("min") & ~(7 << 12) | 2 << 12
    yield "clmulh", word("min") & ~(7 << 12) | 3 << 12
    yield "xperm4", 0x2800_2033
    yield "xperm8", 0x2800_4033
    yield "zip", 0x08F0_1013
    yield "unzip", 0x08F0_5013


RESERVED = dict(reserved())


@cache
def answers():
    """Of all reserved words at once, whether they are illegal."""
    return dict(zip(RESERVED, decode([*RESERVED.values()], lambda ctx, decoded: ctx.get(decoded.illegal)), strict=True))


@pytest.mark.parametrize("name", RESERVED)
def test_a_reserved_word_is_illegal(name):
    assert answers()[name]


CUSTOM = (*(25 * "-" + opcode for opcode in ("0001011", "0101011", "1011011", "1111011")),
          "1---11-----------000-----1110011")
"""Patterns for custom use: the major opcodes custom-0 to custom-3, and a part of SYSTEM."""


@pytest.mark.rule("ssstrict_no_nonconforming_extensions")
@pytest.mark.parametrize("pattern", CUSTOM)
def test_no_instruction_is_in_a_space_for_custom_use_where_every_word_is_illegal(pattern):
    for row in INSTRUCTIONS:
        assert any({x, y} == {"0", "1"} for x, y in zip(pattern, row.pattern, strict=True)), row.name
    words = [filled_pattern(pattern, bit) for bit in (0, 1, *50 * [None])]
    assert all(decode(words, lambda ctx, decoded: ctx.get(decoded.illegal)))


@pytest.mark.rule("ssstrict_unimplemented_opcodes_csr_exception")
def test_random_words_are_legal_exactly_if_a_row_matches():
    words = [CHOOSER.getrandbits(32) | 3 for _ in range(1500)]
    words += [filled(row) ^ 1 << CHOOSER.randrange(2, 32) for row in INSTRUCTIONS for _ in range(5)]
    for word, decoded in zip(words, decode(words), strict=True):
        row = identify(word)
        assert decoded.illegal == (row is None), hex(word)
        if row:
            assert decoded.unit == row.unit, row.name
            assert row.unit in (Unit.ALU, Unit.BRANCH) or decoded.op == (row.op or 0), row.name


def sampled(config):
    """Words of every instruction that some core has, and whether `config` has it, by name."""
    for row in INSTRUCTIONS:
        yield row.name, filled(row), row in instructions.table(config)
    for row in COMPRESSED:
        word = next(word for word in (filled(row) for _ in range(1000)) if find(word) is row)
        yield row.name, word, bool(row.expands_to) and row in compressed.table(config)


WITH_INSTRUCTIONS = sorted({name for row in (*INSTRUCTIONS, *COMPRESSED) for name in row.extension.split()})


@pytest.mark.parametrize("extension", WITH_INSTRUCTIONS)
def test_without_an_extension_its_instructions_are_illegal_and_no_others(extension):
    config = FULL.without(extension)
    rows = list(sampled(config))
    found = decode([word for _, word, _ in rows], config=config)
    assert [name for (name, _, there), decoded in zip(rows, found, strict=True) if decoded.illegal == there] == []
    lacking = {name for name, _, there in rows if not there}
    assert lacking > {"c.illegal"} and all(extension in BY_EXTENSION[name] for name in lacking - {"c.illegal"})


BY_EXTENSION = {row.name: row.extension for row in INSTRUCTIONS} | \
    {row.name: f"{row.extension} {BY_NAME[row.expands_to].extension}" for row in COMPRESSED if row.expands_to}
"""The extensions that an instruction needs."""


@pytest.mark.parametrize("config", (SMALL, NO_H), ids=("small", "no-h"))
def test_what_a_core_lacks_is_illegal(config):
    rows = list(sampled(config))
    found = decode([word for _, word, _ in rows], config=config)
    assert [name for (name, _, there), decoded in zip(rows, found, strict=True) if decoded.illegal == there] == []


def test_what_zcb_takes_from_zba_and_zbb_is_there_where_these_are():
    assert {row.name for row in compressed.table(FULL)} - {row.name for row in compressed.table(FULL.without("zba"))} \
        == {"c.zext.w"}
    assert {row.name for row in compressed.table(FULL)} - {row.name for row in compressed.table(FULL.without("zbb"))} \
        == {"c.sext.b", "c.zext.h", "c.sext.h"}


@pytest.mark.rule("Zcmop_enc", "Zcmop_enc_table", "Zcmop_instr_write", "Zcmop_op")
def test_a_compressed_mop_is_what_would_be_c_lui_of_0_to_an_odd_register_below_16_and_writes_nothing():
    words = [0x6001 | register << 7 for register in range(32)]
    for register, decoded in enumerate(decode(words)):
        is_mop = register % 2 and register < 16
        assert decoded.illegal == (not is_mop), register
        assert not is_mop or not (decoded.bits >> 7 & 31 and decoded.writes_rd), register


@pytest.mark.rule("Zimop_mop-r_enc", "Zimop_mop-rr_enc")
def test_a_mop_has_its_number_in_four_places():
    assert BY_NAME["mop.r"].encode(n=0, d=10, s=11) == 0x81C5C573
    assert BY_NAME["mop.r"].encode(n=0b11111, d=10, s=11) == 0xCDF5C573
    assert BY_NAME["mop.r"].encode(n=0b10110, d=10, s=11) == 0xC5E5C573
    assert BY_NAME["mop.rr"].encode(n=0, d=10, s=11, t=12) == 0x82C5C573
    assert BY_NAME["mop.rr"].encode(n=0b101, d=10, s=11, t=12) == 0xC6C5C573


def test_a_hint_is_what_it_is_encoded_as():
    decoded = dict(zip(HINTS.values(), decode([*HINTS]), strict=True))
    assert not any(each.illegal or each.bits >> 7 & 31 and each.writes_rd for each in decoded.values())
    pause = decoded.pop("pause")
    assert (pause.unit, pause.op) == (Unit.SYSTEM, System.FENCE)
    assert {each.unit for each in decoded.values()} == {Unit.ALU}


def test_an_lr_is_a_load_and_an_sc_a_store():
    lr, sc = decode([BY_NAME["lr.d"].encode(d=1, s=2, q=3), BY_NAME["sc.w"].encode(d=1, s=2, t=3, q=0)])
    assert (lr.unit, lr.op, sc.unit, sc.op) == (Unit.LOAD, Amo.LR, Unit.STORE, Amo.SC)


@pytest.mark.rule("fence_i_rsv")
def test_fields_of_fences_that_are_reserved_are_ignored():
    words = [0x0FF0_000F, 0x8330_000F, 0xFFFF_8F8F, 0x0000_100F, 0xFFFF_9F8F]
    assert [(d.illegal, d.op, d.writes_rd, d.uses_rs1) for d in decode(words)] == \
        [(0, System.FENCE, 0, 0)] * 3 + [(0, System.FENCE_I, 0, 0)] * 2


def test_a_compressed_instruction_is_decoded_as_the_one_that_it_stands_for():
    rows = [row for row in COMPRESSED for _ in range(8)]
    words = [filled(row) for row in rows]
    m, results = Module(), []
    m.submodules.dut = dut = Decoder(FULL)
    names = [*facts(INSTRUCTIONS[0]), "bits"]

    def look(ctx):
        return [ctx.get(getattr(dut.decoded, name)) for name in names]

    async def drive(ctx):
        for word in words:
            ctx.set(dut.fetched, {"raw": word, "compressed": 1})
            short = look(ctx)
            ctx.set(dut.fetched, {"raw": short[-1], "compressed": 0})
            results.append((short, look(ctx)))
    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
    unit, op = names.index("unit"), names.index("op")
    for short, wide in results:
        if short[unit] in (Unit.ALU, Unit.BRANCH):  # these have no op
            short[op] = wide[op]
        assert short[0] or short == wide
    assert any(not short[0] for short, _ in results)


def looked_at(words, compressed, look):
    """What `look` sees of the decoder for each of `words`."""
    m, results = Module(), []
    m.submodules.dut = dut = Decoder(FULL)

    async def drive(ctx):
        for word in words:
            ctx.set(dut.fetched, {"raw": word, "compressed": compressed})
            results.append(look(ctx, dut))
    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
    return results


@pytest.mark.parametrize("compressed", (0, 1))
def test_an_instruction_reads_the_registers_whose_numbers_it_has(compressed):
    words = [filled(row) for row in (COMPRESSED if compressed else INSTRUCTIONS) for _ in range(2)]

    def look(ctx, dut):
        decoded = dut.decoded
        if ctx.get(decoded.illegal):
            return 0, 0
        read = 0
        for number in range(0, 32, 2):
            ctx.set(dut.registers, [number, number + 1, 31 - number])
            seen = ctx.get(dut.reads)
            read |= seen[0] << 2 * number | seen[1] << 2 * (number + 1)
            ctx.set(dut.registers[2], number)
            assert ctx.get(dut.reads[2]) == seen[0]
        return read, sum(ctx.get(uses) << 2 * ctx.get(number) + which for which, (uses, number) in enumerate((
            (decoded.uses_rs1, decoded.rs1), (decoded.uses_rs2, decoded.rs2))))
    assert all(read | 3 == expected | 3 for read, expected in looked_at(words, compressed, look))


@pytest.mark.parametrize("compressed", (0, 1))
def test_every_instruction_has_its_controls(compressed):
    rows = [(values | CHOOSER.getrandbits(16) & ~named, BY_NAME[row.expands_to])
            for row, (named, values) in cubes(FULL) for _ in range(4)] if compressed else \
        [(filled(row), row) for row in INSTRUCTIONS for _ in range(8)]
    seen = looked_at([word for word, _ in rows], compressed, lambda ctx, dut: ctx.get(dut.controls))
    for (_, row), found in zip(rows, seen, strict=True):
        fields = controls(row)
        pairs = [(found[unit][name], value) for unit in ("alu", "bits") for name, value in fields.pop(unit).items()]
        pairs += [(found[name], value) for name, value in fields.items()]
        assert all(value is None or bit == value for bit, value in pairs), row.name


@pytest.mark.parametrize("compressed", (0, 1))
def test_nothing_illegal_looks_like_a_csr_instruction_or_a_jump_of_another_opcode(compressed):
    words = [word for word in CHOOSER.sample(range(1 << 16), 2000) if word & 3 != 3] if compressed else \
        [CHOOSER.getrandbits(25) << 7 | opcode for opcode in range(3, 128, 4) for _ in range(20)]
    words += [] if compressed else [filled(row) ^ 1 << CHOOSER.randrange(7, 32) for row in INSTRUCTIONS
                                    for _ in range(5)]
    opcodes = {row.pattern[-7:] for row in INSTRUCTIONS if row.unit in (Unit.BRANCH, Unit.JUMP)}

    def look(ctx, dut):
        jumps = ctx.get(dut.controls.branch) | ctx.get(dut.controls.jump)
        return ctx.get(dut.decoded.illegal) and (ctx.get(dut.decoded.unit) == Unit.CSR, jumps)
    for word, found in zip(words, looked_at(words, compressed, look), strict=True):
        if found:
            csr, jumps = found
            assert not csr and (not jumps or not compressed and f"{word & 127:07b}" in opcodes), hex(word)


NEEDED = sorted({each for row in INSTRUCTIONS for each in row.extension.split()})


@pytest.mark.parametrize("extension", NEEDED)
def test_an_instruction_is_illegal_without_each_extension_that_it_needs(extension):
    words = [filled(row) for row in INSTRUCTIONS if extension in row.extension.split() for _ in range(4)]
    assert {decoded.illegal for decoded in decode(words, config=FULL.without(extension))} == {1}
    assert {decoded.illegal for decoded in decode(words, config=FULL)} == {0}

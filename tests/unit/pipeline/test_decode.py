"""The decoder against the table it is made from, and against the patterns that the manual reserves."""

import random
from itertools import combinations

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator
from testbench import assert_exports

from hyacinth.rtl.config import FULL, SMALL
from hyacinth.rtl.isa.compressed import COMPRESSED, COMPRESSED_CUBES
from hyacinth.rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Amo, Format, System, Unit, identify
from hyacinth.rtl.pipeline.decode import Decoder, controls, facts

CHOOSER = random.Random(3)


def decode(words, look=lambda ctx, decoded: ctx.get(decoded), config=FULL):
    """The Decoded of each of `words`, or what `look` takes from it."""
    m = Module()
    m.submodules.dut = dut = Decoder(config)
    results = []

    async def drive(ctx):
        for word in words:
            ctx.set(dut.fetched.raw, word)
            results.append(look(ctx, dut.decoded))
    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
    return results


def filled(row, bit=None):
    """`row` with operands that are random, or all `bit`."""
    return int("".join(str(CHOOSER.randrange(2) if bit is None else bit) if c == "-" else c for c in row.pattern), 2)


def test_it_exports():
    assert_exports(Decoder(FULL))


def test_no_word_is_two_instructions():
    for a, b in combinations(INSTRUCTIONS, 2):
        assert any({x, y} == {"0", "1"} for x, y in zip(a.pattern, b.pattern, strict=True)), (a.name, b.name)


def test_every_instruction_is_decoded_whatever_its_operands():
    rows = [(row, word) for row in INSTRUCTIONS for word in (filled(row, 0), filled(row, 1), filled(row), filled(row))]
    results = decode([word for _, word in rows])
    for row, decoded in zip([row for row, _ in rows], results, strict=True):
        assert not decoded.illegal, row.name
        assert (decoded.unit, decoded.word, decoded.immediate) == (row.unit, row.word, row.format), row.name
        assert decoded.op == (row.op or 0), row.name
        assert decoded.hypervisor == row.hypervisor and decoded.hlvx == ("hlvx" in row.name), row.name
        assert decoded.hlsv == row.name.startswith(("hlv", "hsv")), row.name
        assert decoded.uses_pc == (row.name == "auipc")


STORES = ("sb", "sh", "sw", "sd", "hsv.")
BRANCHES = ("beq", "bne", "blt", "bge")


def test_every_instruction_says_which_registers_it_reads_and_writes():
    rows = [row for row in INSTRUCTIONS]
    for row, decoded in zip(rows, decode([filled(row) for row in rows]), strict=True):
        name = row.name
        none = name in ("fence", "fence.i", "ecall", "ebreak", "mret", "sret", "wfi", "sfence.w.inval",
                         "sfence.inval.ir")
        reads_two = row.unit in (Unit.MUL, Unit.DIV, Unit.AMO, Unit.BRANCH, Unit.STORE) or not none \
            and row.unit == Unit.SYSTEM or row.unit == Unit.ALU and row.format == Format.NONE
        reads_one = not none and name not in ("lui", "auipc", "jal") and row.format != Format.Z
        writes = not none and row.unit != Unit.SYSTEM and not name.startswith(BRANCHES) \
            and (row.unit != Unit.STORE or name.startswith("sc."))
        assert (decoded.uses_rs1, decoded.uses_rs2, decoded.writes_rd) == (reads_one, reads_two, writes), name


def test_the_size_and_sign_of_every_load_and_store():
    sizes = {"b": 0, "h": 1, "w": 2, "d": 3}
    rows = [row for row in INSTRUCTIONS if row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO) for _ in range(3)]
    seen = decode([filled(row) for row in rows], lambda ctx, d: (ctx.get(d.size), ctx.get(d.unsigned)))
    for row, (size, unsigned) in zip(rows, seen, strict=True):
        letters = row.name.split(".")[1] if "." in row.name else row.name[1:]
        assert size == sizes[letters[0]], row.name
        assert row.unit != Unit.LOAD or unsigned == letters.endswith("u"), row.name


def reserved():
    """Words that the manual reserves in RV64IMA, Zicsr and H, by name."""
    def word(name, **operands):
        return BY_NAME[name].encode(**dict.fromkeys("dstichqf", 0) | operands)
    yield from ((f"all bits {bit}", 0xFFFFFFFF * bit) for bit in (0, 1))
    yield "a branch of funct3 2", word("beq") | 2 << 12
    yield "a branch of funct3 3", word("beq") | 3 << 12
    yield "a load of funct3 7", word("lb") | 7 << 12
    yield from ((f"a store of funct3 {n}", word("sb") | n << 12) for n in range(4, 8))
    yield from ((f"jalr of funct3 {n}", word("jalr") | n << 12) for n in range(1, 8))
    yield from ((f"misc-mem of funct3 {n}", word("fence") | n << 12) for n in range(2, 8))
    yield "srli with bit 26", word("srli") | 1 << 26
    yield "slli with bit 30", word("slli") | 1 << 30
    yield "slliw with bit 25", word("slliw") | 1 << 25
    yield "addiw's funct3 2", word("addiw") | 2 << 12
    yield "add with bit 31", word("add") | 1 << 31
    yield "and with bit 30", word("and") | 1 << 30
    yield "sltw", word("addw") | 2 << 12
    yield "mulhw", word("mulw") | 1 << 12
    yield "lr.w with rs2", word("lr.w") | 1 << 20
    yield "amoadd.b", word("amoadd.w") & ~(7 << 12)
    yield "amoadd.q", word("amoadd.w") & ~(7 << 12) | 4 << 12
    yield "amocas.w", word("amoadd.w") | 0b00101 << 27
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
    yield "custom-0", 0x0000_000B


@pytest.mark.parametrize("word", [pytest.param(word, id=name.replace(" ", "-")) for name, word in reserved()])
def test_a_reserved_word_is_illegal(word):
    assert decode([word])[0].illegal


@pytest.mark.parametrize("extension", sorted({row.extension for row in INSTRUCTIONS} - {""}))
def test_without_an_extension_its_instructions_are_illegal_and_no_others(extension):
    rows = [row for row in INSTRUCTIONS if row.extension in ("", extension)]
    results = decode([filled(row) for row in rows], config=FULL.without(extension))
    assert [d.illegal for d in results] == [row.extension == extension for row in rows]
    assert not SMALL.has(extension)


def test_random_words_are_legal_exactly_if_a_row_matches():
    words = [CHOOSER.getrandbits(32) | 3 for _ in range(1500)]
    words += [filled(row) ^ 1 << CHOOSER.randrange(32) for row in INSTRUCTIONS for _ in range(5)]
    for word, decoded in zip(words, decode(words), strict=True):
        row = identify(word)
        assert decoded.illegal == (row is None), hex(word)
        if row:
            assert (decoded.unit, decoded.op) == (row.unit, row.op or 0), row.name


def test_an_lr_is_a_load_and_an_sc_a_store():
    lr, sc = decode([BY_NAME["lr.d"].encode(d=1, s=2, q=3), BY_NAME["sc.w"].encode(d=1, s=2, t=3, q=0)])
    assert (lr.unit, lr.op, sc.unit, sc.op) == (Unit.LOAD, Amo.LR, Unit.STORE, Amo.SC)


def test_fields_of_fences_that_are_reserved_are_ignored():
    words = [0x0FF0_000F, 0x8330_000F, 0xFFFF_8F8F, 0x0000_100F, 0xFFFF_9F8F]
    assert [(d.illegal, d.op, d.writes_rd, d.uses_rs1) for d in decode(words)] == \
        [(0, System.FENCE, 0, 0)] * 3 + [(0, System.FENCE_I, 0, 0)] * 2


def test_a_compressed_instruction_is_decoded_as_the_one_that_it_stands_for():
    rows = [row for row in COMPRESSED for _ in range(8)]
    words = [filled(row) for row in rows]
    m, results = Module(), []
    m.submodules.dut = dut = Decoder(FULL)
    names = facts(INSTRUCTIONS[0])

    def look(ctx):
        return [ctx.get(getattr(dut.decoded, name)) for name in (*names, "bits")]

    async def drive(ctx):
        for word in words:
            ctx.set(dut.fetched, {"raw": word, "compressed": 1})
            short = look(ctx)
            ctx.set(dut.fetched, {"raw": short[-1], "compressed": 0})
            results.append((short, look(ctx)))
    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
    for short, wide in results:
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
            for row, (named, values) in COMPRESSED_CUBES for _ in range(4)] if compressed else \
        [(filled(row), row) for row in INSTRUCTIONS for _ in range(8)]
    seen = looked_at([word for word, _ in rows], compressed, lambda ctx, dut: ctx.get(dut.controls))
    for (_, row), found in zip(rows, seen, strict=True):
        fields = controls(row)
        pairs = [(found.alu[name], value) for name, value in fields.pop("alu").items()]
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

"""The expander against the manual's encodings, by way of an independent disassembler."""

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator
from testbench import assert_exports

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.compressed import COMPRESSED, find
from hyacinth.rtl.isa.instructions import BY_NAME, identify
from hyacinth.rtl.units.compressed import Expander


def expand(words):
    m = Module()
    m.submodules.dut = dut = Expander(FULL)
    out = []

    async def drive(ctx):
        for word in words:
            ctx.set(dut.word, word)
            out.append(ctx.get(dut.expanded))
    simulator = Simulator(m)
    simulator.add_testbench(drive)
    simulator.run()
    return out


def test_it_exports():
    assert_exports(Expander(FULL))


ZCB = {
    "c.lbu": lambda rd, low: ("lbu", {"d": low, "s": rd}), "c.lhu": lambda rd, low: ("lhu", {"d": low, "s": rd}),
    "c.lh": lambda rd, low: ("lh", {"d": low, "s": rd}), "c.sb": lambda rd, low: ("sb", {"t": low, "s": rd}),
    "c.sh": lambda rd, low: ("sh", {"t": low, "s": rd}), "c.mul": lambda rd, low: ("mul", {"d": rd, "s": rd, "t": low}),
    "c.zext.b": lambda rd, low: ("andi", {"d": rd, "s": rd, "i": 0xFF}),
    "c.sext.b": lambda rd, low: ("sext.b", {"d": rd, "s": rd}),
    "c.zext.h": lambda rd, low: ("zext.h", {"d": rd, "s": rd}),
    "c.sext.h": lambda rd, low: ("sext.h", {"d": rd, "s": rd}),
    "c.zext.w": lambda rd, low: ("add.uw", {"d": rd, "s": rd, "t": 0}),
    "c.not": lambda rd, low: ("xori", {"d": rd, "s": rd, "i": -1})}
"""The instruction, and its operands, that one of Zcb stands for, from its registers; an offset comes besides."""


@pytest.mark.rule("c-lbu_op", "c-lhu_op", "c-lh_op", "c-sb_op", "c-sh_op", "c-zext-b_op", "c-sext-b_op", "c-zext-h_op",
                  "c-sext-h_op", "c-zext-w_op", "c-not_op", "c-mul_op")
@pytest.mark.parametrize("name", ZCB)
def test_every_word_of_zcb_is_expanded_as_the_manual_says(name):
    words = [word for word in range(1 << 16) if word & 3 != 3 and (row := find(word)) and row.name == name]
    fields = len({word & ~0x380 for word in words})
    assert fields == {"c.lbu": 32, "c.sb": 32, "c.lhu": 16, "c.lh": 16, "c.sh": 16, "c.mul": 8}.get(name, 1)
    for word, expanded in zip(words, expand(words), strict=True):
        instruction, operands = ZCB[name](8 + (word >> 7 & 7), 8 + (word >> 2 & 7))
        byte = word >> 6 & 1 if name in ("c.lbu", "c.sb") else 0
        operands = {"i": (word >> 5 & 1) << 1 | byte} | operands
        assert expanded == BY_NAME[instruction].encode(**operands), hex(word)


def test_each_row_has_sixteen_bits_and_expands_to_a_known_instruction():
    assert all(len(row.pattern) == 16 for row in COMPRESSED)
    words = [int(row.pattern.replace("-", "1"), 2) for row in COMPRESSED if row.expands_to]
    assert all(identify(word) for word in expand(words))


@pytest.mark.parametrize("quadrant", (0, 1, 2))
def test_every_compressed_word_means_what_a_disassembler_says(quadrant):
    capstone = pytest.importorskip("capstone")
    reader = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64 | capstone.CS_MODE_RISCVC)
    full = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64)
    words = [word for word in range(quadrant, 1 << 16, 4)]
    differing = []

    def registers_and_numbers(instruction):
        # Both spellings name the same registers and numbers, except that a compressed one leaves out repeated
        # registers; so what one has and the other lacks must be a register that occurs already, or x0, ra or sp.
        return {part.strip("()") for part in instruction.op_str.replace("(", ", (").split(", ") if part}

    for word, expanded in zip(words, expand(words), strict=True):
        compressed = next(reader.disasm(word.to_bytes(2, "little"), 0), None)
        # The disassembler accepts two encodings that the manual reserves or calls hints.
        if compressed is None or compressed.mnemonic.startswith(("c.f", "c.unimp", "c.nop")) \
                or compressed.mnemonic == "c.lui" and compressed.op_str.endswith(" 0"):
            continue
        wide = next(full.disasm(expanded.to_bytes(4, "little"), 0), None)
        if wide is None:
            differing.append((hex(word), compressed.mnemonic, compressed.op_str, hex(expanded)))
            continue
        extra = registers_and_numbers(compressed) ^ registers_and_numbers(wide)
        if not extra <= {"zero", "ra", "sp", "0"}:
            differing.append((hex(word), compressed.mnemonic, compressed.op_str, wide.mnemonic, wide.op_str))
    assert not differing[:10], len(differing)

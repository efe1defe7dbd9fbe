"""The expander against the manual's encodings, by way of an independent disassembler."""

import re
from collections import defaultdict
from functools import cache

import pytest
from amaranth.hdl import Module
from amaranth.sim import Simulator
from testbench import assert_exports
from unit.pipeline.test_decode import decode

from hyacinth.rtl.config import FULL
from hyacinth.rtl.isa.compressed import COMPRESSED, find
from hyacinth.rtl.isa.instructions import BY_NAME, Unit, identify
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


@cache
def words_by_name():
    """Every word, by the name of its row."""
    names = defaultdict(list)
    for word in range(1 << 16):
        if word & 3 != 3 and (row := find(word)):
            names[row.name].append(word)
    return names


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
    words = words_by_name()[name]
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


EXPANSIONS = {
    **{f"c.{name}{base}": (name, "d s i") for name in ("lw", "ld") for base in ("", "sp")},
    **{f"c.{name}{base}": (name, "t s i") for name in ("sw", "sd") for base in ("", "sp")},
    **{f"c.{name}": (name, "ds i") for name in ("addi", "addiw", "andi")},
    **{f"c.{name}": (name, "ds h") for name in ("slli", "srli", "srai")},
    **{f"c.{name}": (name, "ds t") for name in ("add", "sub", "and", "or", "xor", "addw", "subw")},
    "c.addi4spn": ("addi", "d s i"), "c.addi16sp": ("addi", "ds i"), "c.li": ("addi", "d i"), "c.lui": ("lui", "d u"),
    "c.mv": ("add", "d t"), "c.j": ("jal", "i"), "c.jr": ("jalr", "s"), "c.jalr": ("jalr", "s"),
    "c.beqz": ("beq", "s i"), "c.bnez": ("bne", "s i"), "c.ebreak": ("ebreak", ""),
}
"""What the manual has each expand to, with the operands that the disassembler names, in its order; the others are 0,
but for the link register of C.JALR. u counts in units of 4096."""
ABI = "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11 t3 t4 t5 t6".split()


def expected(name, text):
    wide, letters = EXPANSIONS[name]
    parts = re.findall(r"-?\w+", text)
    if "(" in text:
        parts = [parts[0], parts[2], parts[1]]
    operands = dict.fromkeys("dstih", 0) | ({"d": 1} if name == "c.jalr" else {})
    for names, part in zip(letters.split(), parts, strict=True):
        number = ABI.index(part) if part in ABI else int(part, 0)
        operands |= {"i": number << 12} if names == "u" else dict.fromkeys(names, number)
    return BY_NAME[wide].encode(**operands)


@pytest.mark.rule("c-lwsp_op", "c-ldsp_op", "c-swsp_op", "c-sdsp_op", "c-lw_op", "c-ld_op", "c-sw_op", "c-sd_op",
                  "c-j_op", "c-jr_op", "c-jalr_op", "c-ebreak", "c-beqz_op", "c-bnez_op", "c-li_op", "c-lui_op",
                  "c-addi_op", "c-addiw_op", "c-addi16sp_op", "c-addi4spn_op", "c-slli_op", "c-srli_op", "c-srai_op")
@pytest.mark.rule("c-andi_op", "c-mv_op", "c-mv_jr", "c-add_op", "c-add_val", "c-and_op", "c-or_op", "c-xor_op",
                  "c-sub_op", "c-addw_op", "c-subw_op", "c-nop_op", "c-ebreak_op", "Zca_regs8", "Zca_offsets_mul2")
@pytest.mark.parametrize("quadrant,count", [(0, 10232), (1, 15969), (2, 12033)])
def test_every_word_of_zca_is_expanded_as_the_manual_says(quadrant, count):
    capstone = pytest.importorskip("capstone")
    reader = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64 | capstone.CS_MODE_RISCVC)
    rows = {word: found for word in range(quadrant, 1 << 16, 4)
            if (found := next(reader.disasm(word.to_bytes(2, "little"), 0), None))
            and found.mnemonic in EXPANSIONS and not (found.mnemonic == "c.lui" and not word & 0x107C)}
    assert len(rows) == count  # all code points but hints and reserved ones, counted from the manual's formats
    wrong = [(hex(word), found.mnemonic, found.op_str, hex(expanded))
             for (word, found), expanded in zip(rows.items(), expand(rows), strict=True)
             if expanded != expected(found.mnemonic, found.op_str)]
    assert not wrong[:10], len(wrong)
    assert expand([0x0001]) == [0x0000_0013]  # C.NOP


SIX = [(n & 32) << 7 | (n & 31) << 2 for n in range(64)]
"""The places of a six-bit immediate in the CI format."""


@pytest.mark.rule("c-lwsp_rsv", "c-ldsp_rsv", "c-jr_rsv", "c-lui_rsv", "c-addi16sp_rsv", "c-addiw_rsv",
                  "c-addi4spn_rsv", "Zca_illegal")
def test_what_zca_reserves_is_illegal():
    words = {"C.ADDI4SPN of 0": [rd << 2 for rd in range(8)], "C.ADDIW to x0": [0x2001 | n for n in SIX],
             "C.LUI or C.ADDI16SP of 0": [0x6001 | rd << 7 for rd in range(32)],
             "C.LWSP to x0": [0x4002 | n for n in SIX], "C.LDSP to x0": [0x6002 | n for n in SIX],
             "C.JR to x0": [0x8002]}
    rows = [(name, word) for name, group in words.items() for word in group]
    found = decode([word for _, word in rows], config=FULL.without("zcmop"))
    assert not [(name, hex(word)) for (name, word), decoded in zip(rows, found, strict=True) if not decoded.illegal]


@pytest.mark.rule("c-li_hint", "c-lui_hint", "c-addi_hint", "c-addi_nop", "c-slli_hint", "c-srli_hint", "c-srai_hint",
                  "c-mv_hint", "c-add_hint", "c-nop_hint", "Zca_hints")
def test_a_hint_of_zca_changes_no_register():
    to_x0 = [base | n for base in (0x0001, 0x4001, 0x0002) for n in SIX]  # C.NOP, C.LI, C.SLLI
    to_x0 += [0x6001 | n for n in SIX if n]  # C.LUI
    to_x0 += [base | rs2 << 2 for base in (0x8002, 0x9002) for rs2 in range(1, 32)]  # C.MV, C.ADD
    for word, decoded in zip(to_x0, decode(to_x0), strict=True):
        assert not decoded.illegal and decoded.unit == Unit.ALU and not decoded.bits >> 7 & 31, hex(word)
    of_0 = {rd << 7 | base: BY_NAME[name].encode(d=rd, s=rd, i=0, h=0)  # C.ADDI and C.SLLI
            for name, base in (("addi", 0x0001), ("slli", 0x0002)) for rd in range(1, 32)}
    of_0 |= {rd << 7 | base: BY_NAME[name].encode(d=8 + rd, s=8 + rd, h=0)
             for name, base in (("srli", 0x8001), ("srai", 0x8401)) for rd in range(8)}
    assert dict(zip(of_0, expand(of_0), strict=True)) == of_0

"""The encodings of RV64I and M, written down here once more from the manual's listings, against the table and the
decoder that is made from it; an independent disassembler reads them too."""

import random
from functools import cache

import pytest
from unit.pipeline.test_decode import decode

from hyacinth.rtl.isa.hints import HINTS
from hyacinth.rtl.isa.instructions import BY_NAME, Format, System, Unit, identify

CHOOSER = random.Random(5)


def r_type(opcode, funct3, funct7, d, s, t, i):
    return funct7 << 25 | t << 20 | s << 15 | funct3 << 12 | d << 7 | opcode


def i_type(opcode, funct3, _, d, s, t, i):
    return (i & 0xFFF) << 20 | s << 15 | funct3 << 12 | d << 7 | opcode


def shift(opcode, funct3, funct7, d, s, t, i):
    """RV64's shifts by a constant: a bit more of the amount, one less of funct7."""
    return funct7 << 25 | (i & 63) << 20 | s << 15 | funct3 << 12 | d << 7 | opcode


def shift_w(opcode, funct3, funct7, d, s, t, i):
    return funct7 << 25 | (i & 31) << 20 | s << 15 | funct3 << 12 | d << 7 | opcode


def s_type(opcode, funct3, _, d, s, t, i):
    return (i >> 5 & 0x7F) << 25 | t << 20 | s << 15 | funct3 << 12 | (i & 31) << 7 | opcode


def b_type(opcode, funct3, _, d, s, t, i):
    return (i >> 12 & 1) << 31 | (i >> 5 & 63) << 25 | t << 20 | s << 15 | funct3 << 12 | (i >> 1 & 15) << 8 \
        | (i >> 11 & 1) << 7 | opcode


def u_type(opcode, _f3, _f7, d, s, t, i):
    return (i & 0xFFFFF000) | d << 7 | opcode


def j_type(opcode, _f3, _f7, d, s, t, i):
    return (i >> 20 & 1) << 31 | (i >> 1 & 0x3FF) << 21 | (i >> 11 & 1) << 20 | (i >> 12 & 0xFF) << 12 | d << 7 | opcode


def numbered(layout, opcode, names, funct7=0):
    """Rows for names whose funct3 counts up from 0; an empty name is not of this group."""
    return {name: (layout, opcode, funct3, funct7) for funct3, name in enumerate(names.split(" ")) if name}


ENCODINGS = {
    "lui": (u_type, 0b0110111, 0, 0), "auipc": (u_type, 0b0010111, 0, 0), "jal": (j_type, 0b1101111, 0, 0),
    **numbered(i_type, 0b1100111, "jalr"),
    **numbered(b_type, 0b1100011, "beq bne   blt bge bltu bgeu"),
    **numbered(i_type, 0b0000011, "lb lh lw ld lbu lhu lwu"),
    **numbered(s_type, 0b0100011, "sb sh sw sd"),
    **numbered(i_type, 0b0010011, "addi  slti sltiu xori  ori andi"),
    **numbered(shift, 0b0010011, " slli    srli"), **numbered(shift, 0b0010011, "     srai", 0b0100000),
    **numbered(r_type, 0b0110011, "add sll slt sltu xor srl or and"),
    **numbered(r_type, 0b0110011, "sub     sra", 0b0100000),
    **numbered(r_type, 0b0110011, "mul mulh mulhsu mulhu div divu rem remu", 0b0000001),
    **numbered(i_type, 0b0011011, "addiw"),
    **numbered(shift_w, 0b0011011, " slliw    srliw"), **numbered(shift_w, 0b0011011, "     sraiw", 0b0100000),
    **numbered(r_type, 0b0111011, "addw sllw    srlw"), **numbered(r_type, 0b0111011, "subw     sraw", 0b0100000),
    **numbered(r_type, 0b0111011, "mulw    divw divuw remw remuw", 0b0000001),
}
IMMEDIATE = {i_type: (-1 << 11, 1), s_type: (-1 << 11, 1), b_type: (-1 << 12, 2), u_type: (-1 << 31, 1 << 12),
             j_type: (-1 << 20, 2), shift: (0, 1), shift_w: (0, 1), r_type: (0, 1)}
"""Of each layout, the lowest immediate and what it is a multiple of."""


FORMATS = {i_type: Format.I, shift: Format.I, shift_w: Format.I, s_type: Format.S, b_type: Format.B, u_type: Format.U,
           j_type: Format.J, r_type: Format.NONE}


@cache
def words_of(name):
    """Words of an instruction with their operands: each bit of the operands alone, all, none, and random ones."""
    layout, opcode, funct3, funct7 = ENCODINGS[name]
    lowest, step = IMMEDIATE[layout]
    width = {shift: 6, shift_w: 5, r_type: 0}.get(layout) or (-lowest).bit_length()
    rows = [dict.fromkeys("dsti", bit) for bit in (0, -1)]
    rows += [dict.fromkeys("dsti", 0) | {letter: 1 << bit} for letter in "dst" for bit in range(5)]
    rows += [dict.fromkeys("dsti", 0) | {"i": 1 << bit} for bit in range(width)]
    rows += [dict(zip("dsti", (CHOOSER.getrandbits(n) for n in (5, 5, 5, width)), strict=True)) for _ in range(20)]
    found = []
    for row in rows:
        operands = {letter: row[letter] & 31 for letter in "dst"} | {"i": row["i"] & -step}
        found.append((layout(opcode, funct3, funct7, **operands), operands))
    return found


@cache
def all_decoded():
    """The Decoded of every word of the list, all at once."""
    words = [word for name in ENCODINGS for word, _ in words_of(name)]
    return dict(zip(words, decode(words), strict=True))


def test_every_instruction_of_rv64im_is_in_the_list():
    found = {row.name for row in BY_NAME.values() if not row.extension and not row.hypervisor
             and row.unit in (Unit.ALU, Unit.MUL, Unit.DIV, Unit.BRANCH, Unit.JUMP, Unit.LOAD, Unit.STORE)}
    assert found - {"lr.w", "lr.d", "sc.w", "sc.d"} == set(ENCODINGS)


@pytest.mark.rule(
    "lui_enc", "auipc_enc", "jal_enc", "jalr_enc", "beq_enc", "bne_enc", "blt_enc", "bge_enc", "bltu_enc", "bgeu_enc",
    "lb_enc", "lh_enc", "lw_enc", "lbu_enc", "lhu_enc", "sb_enc", "sh_enc", "sw_enc", "addi_enc", "slti_enc",
    "sltiu_enc", "xori_enc", "ori_enc", "andi_enc", "slli_enc", "srli_enc", "srai_enc", "add_enc", "sub_enc",
    "sll_enc", "slt_enc", "sltu_enc", "xor_enc", "srl_enc", "sra_enc", "or_enc", "and_enc")
@pytest.mark.rule(
    "lwu_enc", "ld_enc", "sd_enc", "addiw_enc", "slliw_enc", "srliw_enc", "sraiw_enc", "addw_enc", "subw_enc",
    "sllw_enc", "srlw_enc", "sraw_enc", "mul_enc", "mulh_enc", "mulhsu_enc", "mulhu_enc", "div_enc", "divu_enc",
    "rem_enc", "remu_enc", "mulw_enc", "divw_enc", "divuw_enc", "remw_enc", "remuw_enc")
@pytest.mark.parametrize("name", ENCODINGS)
def test_an_instruction_is_encoded_as_the_manual_lists_it(name):
    row = BY_NAME[name]
    of_words = name.endswith("w") and name not in ("lw", "sw")
    for word, operands in words_of(name):
        assert identify(word) is row and row.encode(**operands, h=operands["i"]) == word, hex(word)
        decoded = all_decoded()[word]
        assert not decoded.illegal and (decoded.bits, decoded.unit, decoded.word) == (word, row.unit, of_words)
        assert decoded.immediate == FORMATS[ENCODINGS[name][0]], hex(word)


@pytest.mark.parametrize("name", ENCODINGS)
def test_a_disassembler_reads_the_list_in_the_same_way(name):
    capstone = pytest.importorskip("capstone")
    reader = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64)
    layout, opcode, funct3, funct7 = ENCODINGS[name]
    immediate = {u_type: 0x12345000, j_type: -0x54322, b_type: -0xABC}.get(layout, 21)
    found = next(reader.disasm(layout(opcode, funct3, funct7, d=5, s=6, t=7, i=immediate).to_bytes(4, "little"), 0))
    number = {u_type: "0x12345", j_type: "-0x54322", b_type: "-0xabc"}.get(layout, "0x15")
    if opcode in (0b0000011, 0b0100011):
        expected = f"{'t2' if layout is s_type else 't0'}, {number}(t1)"
    else:
        expected = {r_type: "t0, t1, t2", b_type: f"t1, t2, {number}", u_type: f"t0, {number}",
                    j_type: f"t0, {number}"}.get(layout, f"t0, t1, {number}")
    assert (found.mnemonic, found.op_str) == (name, expected)


@pytest.mark.rule("fence_enc", "fence-tso_enc", "pause_enc", "ecall_enc", "ebreak_enc", "fence-tso_ordering_rw_rw_ok",
                  "fence_unused_flds_rsv")
def test_fences_calls_and_breakpoints_are_encoded_as_the_manual_lists_them():
    words = {0xFFFF_8F8F: System.FENCE, 0x7330_000F: System.FENCE,  # fields that are reserved are ignored
             0b0000_0011_0011 << 20 | 0b0001111: System.FENCE, 0b1000_0011_0011 << 20 | 0b0001111: System.FENCE,
             0b0000_0001_0000 << 20 | 0b0001111: System.FENCE, 0b1110011: System.ECALL,
             0b000000000001 << 20 | 0b1110011: System.EBREAK}
    decoded = decode([*words])
    assert [(each.illegal, each.unit, each.op) for each in decoded] == [(0, Unit.SYSTEM, op) for op in words.values()]
    assert {word for word, name in HINTS.items() if name == "pause"} == {0b0000_0001_0000 << 20 | 0b0001111}


@pytest.mark.rule("slliw_imm5_rsv", "srliw_imm5_rsv", "sraiw_imm5_rsv")
def test_a_shift_of_a_word_by_32_or_more_is_illegal():
    words = [word | 1 << 25 for name in ("slliw", "srliw", "sraiw") for word, _ in words_of(name)]
    assert all(decoded.illegal for decoded in decode(words))

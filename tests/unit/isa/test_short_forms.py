"""The table of 16-bit instructions and the names of hints, without any hardware: a few words of every row."""

import random

import pytest
from unit.units.test_compressed import EXPANSIONS, ZCB, expected

from hyacinth.rtl.isa.compressed import COMPRESSED, find
from hyacinth.rtl.isa.hints import HINTS
from hyacinth.rtl.isa.instructions import BY_NAME

NAMED = {row.name: row for row in COMPRESSED if row.expands_to}


def words(row, count=12):
    """Words of a row that no earlier one has."""
    choose, found = random.Random(row.name), set()
    for _ in range(40 * count):
        word = int("".join(choose.choice("01") if bit == "-" else bit for bit in row.pattern), 2)
        if find(word) is row:
            found.add(word)
        if len(found) == count:
            break
    return sorted(found)


def expanded(row, word) -> int:
    """The 32-bit instruction that a row makes of a word."""
    return sum((word >> source & 1 if isinstance(source, int) else int(source)) << bit
               for bit, source in enumerate(row.sources))


def test_every_short_form_has_its_row_and_the_extension_that_brings_it():
    assert {*NAMED} == {*EXPANSIONS, *ZCB, "c.mop"}
    assert {name: row.extension for name, row in NAMED.items() if row.extension} == {
        **dict.fromkeys(ZCB, "zcb"), "c.mop": "zcmop"}


@pytest.mark.parametrize("name", ZCB)
def test_a_short_form_of_zcb_is_expanded_as_the_manual_says(name):
    for word in words(NAMED[name]):
        instruction, operands = ZCB[name](8 + (word >> 7 & 7), 8 + (word >> 2 & 7))
        byte = word >> 6 & 1 if name in ("c.lbu", "c.sb") else 0
        operands = {"i": (word >> 5 & 1) << 1 | byte} | operands
        assert expanded(NAMED[name], word) == BY_NAME[instruction].encode(**operands), hex(word)


@pytest.mark.parametrize("name", EXPANSIONS)
def test_a_short_form_of_zca_is_expanded_as_a_disassembler_says(name):
    capstone = pytest.importorskip("capstone")
    reader = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV64 | capstone.CS_MODE_RISCVC)
    checked = 0
    for word in words(NAMED[name]):
        found = next(reader.disasm(word.to_bytes(2, "little"), 0), None)
        if found and found.mnemonic == name:
            assert expanded(NAMED[name], word) == expected(name, found.op_str), hex(word)
            checked += 1
    assert checked


@pytest.mark.rule("Zcmop_enc", "Zcmop_op")
def test_a_short_may_be_operation_does_nothing():
    for word in words(NAMED["c.mop"]):
        assert expanded(NAMED["c.mop"], word) == BY_NAME["addi"].encode(d=0, s=0, i=0) and word >> 7 & 1


def test_hints_have_the_manuals_words():
    add = BY_NAME["add"]
    assert HINTS == {0x0100_000F: "pause", **{
        add.encode(d=0, s=0, t=register): name for register, name in enumerate(
            ("ntl.p1", "ntl.pall", "ntl.s1", "ntl.all"), 2)}, **{
        0x9002 | register << 2: f"c.{name}" for register, name in enumerate(
            ("ntl.p1", "ntl.pall", "ntl.s1", "ntl.all"), 2)}}

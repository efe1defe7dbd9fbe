"""Transformed instructions, field by field as the manual draws them."""

import random

import pytest
from testbench import truth_table

from hyacinth.rtl.isa.compressed import COMPRESSED
from hyacinth.rtl.isa.instructions import BY_NAME, INSTRUCTIONS, Unit, identify
from hyacinth.rtl.pipeline.tinst import TABLE_READ, transformed

MEMORY = [row for row in INSTRUCTIONS if row.unit in (Unit.LOAD, Unit.STORE, Unit.AMO)]
RS1 = 31 << 15


def hardware(rows):
    """transformed() of (row of the table, word, compressed, offset)."""
    def function(bits, unit, hlsv, compressed, offset):
        decoded = Fake(bits, unit, hlsv, compressed)
        return transformed(decoded, offset)

    class Fake:
        def __init__(self, bits, unit, hlsv, compressed):
            self.bits, self.fetched = bits, type("Fetched", (), {"compressed": compressed})
            self.unit, self.hlsv = unit, hlsv
    return truth_table(function, [32, Unit, 1, 1, 5],
                       [(word, row.unit, row.name.startswith(("hlv", "hsv")), compressed, offset)
                        for row, word, compressed, offset in rows])


def manual(name, word, compressed, offset):
    """Hypervisor chapter, "Transformed Instruction": four figures."""
    opcode, rd, funct3 = word & 0x7F, word & 0x1F << 7, word & 7 << 12
    rs2, funct7 = word & 0x1F << 20, word & 0x7F << 25
    if name.startswith(("lr", "sc", "amo", "hlv", "hsv")):
        result = funct7 | rs2 | funct3 | rd | opcode   # all but rs1 stays
    elif name.startswith("l"):
        result = funct3 | rd | opcode
    else:
        result = rs2 | funct3 | opcode
    return (result & ~2 if compressed else result) | offset << 15


def random_word(row, chooser):
    return int("".join(str(chooser.randrange(2)) if c == "-" else c for c in row.pattern), 2)


@pytest.mark.parametrize("row", MEMORY, ids=lambda row: row.name)
def test_every_load_store_and_atomic_is_transformed(row):
    chooser = random.Random(row.name)
    rows = [(row, random_word(row, chooser), 0, offset) for offset in range(8) for _ in range(4)]
    assert hardware(rows) == [manual(row.name, word, 0, offset) for _, word, _, offset in rows]


@pytest.mark.rule("H_trap_xtinst_exception")
def test_the_result_is_an_encoding_of_the_same_instruction():
    chooser = random.Random(1)
    rows = [(row, random_word(row, chooser), 0, 0) for row in MEMORY]
    assert [identify(word).name for word in hardware(rows)] == [row.name for row in MEMORY]


@pytest.mark.parametrize("name", [row.name for row in COMPRESSED
                                  if row.expands_to and BY_NAME[row.expands_to].unit in (Unit.LOAD, Unit.STORE)])
def test_a_compressed_one_is_expanded_first_and_has_bit_1_clear(name):
    row = BY_NAME[next(c.expands_to for c in COMPRESSED if c.name == name)]
    chooser = random.Random(name)
    rows = [(row, random_word(row, chooser), 1, offset) for offset in (0, 3, 7)]
    results = hardware(rows)
    assert results == [manual(row.name, word, 1, offset) for _, word, _, offset in rows]
    assert all(result & 3 == 1 for result in results)


def test_the_pseudo_instruction_is_a_read_of_64_bits():
    assert TABLE_READ == 0x3000

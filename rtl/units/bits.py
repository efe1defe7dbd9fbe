"""What Zbb, Zbs and Zicond compute beyond the ALU: results that come late in the cycle, and go to commit alone."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from ..config import CoreConfig
from ..isa.instructions import Alu


class BitControls(data.Struct):
    """An operation as the BitUnit obeys it, one bit for each thing that it switches. All 0: the result is 0."""
    word: 1             # the counts are of bits 31:0
    least: 1            # MIN, MINU
    greatest: 1         # MAX, MAXU
    ones: 1             # CPOP: ones are counted, all of them
    zeros: 1            # CTZ, CLZ: zeros are counted, up to the first one
    leading: 1          # CLZ: from the highest bit on
    extends_byte: 1     # SEXT.B
    extends_half: 1     # SEXT.H, ZEXT.H
    signed: 1           # of these
    combines: 1         # ORC.B
    reverses: 1         # REV8
    extracts: 1         # BEXT
    if_zero: 1          # CZERO.NEZ: the first operand, if the second is 0
    unless_zero: 1      # CZERO.EQZ: if it is not


BIT_CONTROLS = tuple(BitControls.as_shape().members)

BIT_OPERATIONS = {
    Alu.MIN: ("least",), Alu.MINU: ("least",), Alu.MAX: ("greatest",), Alu.MAXU: ("greatest",), Alu.CPOP: ("ones",),
    Alu.CTZ: ("zeros",), Alu.CLZ: ("zeros", "leading"), Alu.SEXT_B: ("extends_byte", "signed"),
    Alu.SEXT_H: ("extends_half", "signed"), Alu.ZEXT_H: ("extends_half",), Alu.ORC_B: ("combines",),
    Alu.REV8: ("reverses",), Alu.BEXT: ("extracts",), Alu.CZERO_NEZ: ("if_zero",), Alu.CZERO_EQZ: ("unless_zero",)}
"""The operations of the BitUnit, and what each one switches besides `word`."""

BIT_EXTENSIONS = ("zbb", "zbs", "zicond")
"""Those that bring one of them."""


def bit_controls(op, word) -> dict:
    """The BitControls of an Alu, as numbers; None where one does not matter."""
    on = BIT_OPERATIONS.get(op)
    if on is None:
        return dict.fromkeys(BIT_CONTROLS)
    counts = "ones" in on or "zeros" in on
    return {name: name in on for name in BIT_CONTROLS} | {
        "word": word if counts else None, "leading": "leading" in on if counts else None}


class BitUnit(wiring.Component):
    """Combinational. It stands beside the ALU, and takes from it a comparison and a shift.

    Parameters
    ----------
    config : CoreConfig

    Members
    -------
    controls : In(BitControls)
        The operation.
    a, b : In(64)
        rs1, and rs2 or 0.
    less : In(1)
        Of the ALU, for MIN and its kin: whether a is less than b.
    shifted : In(1)
        Of the ALU, for BEXT: bit 0 of a shifted right by b.
    result : Out(64)
    """
    def __init__(self, config: CoreConfig):
        self.config = config
        super().__init__({"controls": In(BitControls), "a": In(64), "b": In(64), "less": In(1), "shifted": In(1),
                          "result": Out(64)})

    def elaborate(self, platform):
        m = Module()
        does, a, b = self.controls, self.a, self.b
        terms, takes_a = [], []
        if self.config.has("zbb"):
            takes_a.append(self.less & does.least | ~self.less & does.greatest)
            takes_b = self.less & does.greatest | ~self.less & does.least
            terms += [b & takes_b.replicate(64), self.count(m), self.bytes()]
        if self.config.has("zicond"):
            takes_a.append(Mux(b.any(), does.unless_zero, does.if_zero))
        if takes_a:
            terms.append(a & reduce(or_, takes_a).replicate(64))
        if self.config.has("zbs"):
            terms.append(self.shifted & does.extracts)
        m.d.comb += self.result.eq(reduce(or_, terms))
        return m

    def count(self, m) -> Value:
        """The result of CPOP, CTZ and CLZ; 0 for other operations.

        A tree of sums. To count the zeros up to the first one, the upper half of a pair is counted only if the lower
        one is all zeros: if the highest bit of its count is 1. To count from the other end the operand is turned round,
        which puts the word of a CLZW into the upper half.
        """
        does, a = self.controls, self.a
        counted = Signal(64)
        m.d.comb += counted.eq((Mux(does.leading, a[::-1], a) ^ does.zeros.replicate(64))
                               & (does.ones | does.zeros).replicate(64))
        counts, size = list(counted), 1
        while len(counts) > 2:
            sums = [Signal(range(2 * size + 1), name=f"count_{2 * size}_{n}") for n in range(len(counts) // 2)]
            for total, low, high in zip(sums, counts[::2], counts[1::2], strict=True):
                goes_on = does.ones | low[-1]
                m.d.comb += total.eq(low + (high & goes_on.replicate(len(high))))
            counts, size = sums, 2 * size
        (low, high), goes_on = counts, Mux(does.word, does.leading, does.ones | counts[0][-1])
        total = Signal(7)
        m.d.comb += total.eq((low & ~(does.word & does.leading).replicate(6)) + (high & goes_on.replicate(6)))
        return total

    def bytes(self) -> Value:
        """The result of sign and zero extension, ORC.B and REV8; 0 for other operations."""
        does = self.controls
        given = [self.a.word_select(n, 8) for n in range(8)]
        sign = does.signed & Mux(does.extends_half, self.a[15], self.a[7])
        kept = [does.extends_byte | does.extends_half, does.extends_half]
        fills = [0, sign & does.extends_byte, *[sign] * 6]
        made = []
        for n, byte in enumerate(given):
            keeps = kept[n] if n < len(kept) else 0
            made.append(byte & Value.cast(keeps).replicate(8) | given[7 - n] & does.reverses.replicate(8)
                        | (byte.any() & does.combines | fills[n]).replicate(8))
        return Cat(made)

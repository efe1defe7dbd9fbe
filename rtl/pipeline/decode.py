"""The decoder: what an instruction is, from the table of rtl/isa/instructions.py, once it is expanded."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa.compressed import COMPRESSED
from ..isa.instructions import BY_NAME, INSTRUCTIONS, Unit
from ..units.compressed import Expander
from .payloads import Decoded, Fetched


class Decoder(wiring.Component):
    """Combinational; a loop over each table, by major opcode first so that a simulator looks at few patterns.

    Members
    -------
    fetched : In(Fetched)
    decoded : Out(Decoded)
        `illegal` where no row of the table matches. Whether the mode allows it is commit's to decide.
    may_read : Out(2)
        Bit 0: it may read rs1, bit 1: rs2. Known before `decoded`, of which it says no more than the opcode does.
    """
    fetched: In(Fetched)
    decoded: Out(Decoded)
    may_read: Out(2)

    def elaborate(self, platform):
        m = Module()
        m.submodules.expander = expander = Expander()
        raw, compressed, decoded = self.fetched.raw, self.fetched.compressed, self.decoded
        m.d.comb += [
            expander.word.eq(raw[:16]), decoded.bits.eq(Mux(compressed, expander.expanded, raw)),
            decoded.fetched.eq(self.fetched)]

        # What a compressed instruction is follows from its 16 bits beside their expansion, not after it.
        wide, short = Signal(Decoded), Signal(Decoded)
        m.d.comb += [wide.illegal.eq(1), short.illegal.eq(1)]
        with m.Switch(raw[:7]):
            for opcode in sorted({row.pattern[-7:] for row in INSTRUCTIONS}):
                with m.Case(opcode), m.Switch(raw[7:]):
                    for row in INSTRUCTIONS:
                        if row.pattern[-7:] == opcode:
                            with m.Case(row.pattern[:-7]):
                                m.d.comb += [getattr(wide, name).eq(value) for name, value in facts(row).items()]
        with m.Switch(raw[:16]):
            for row in COMPRESSED:
                with m.Case(row.pattern):
                    if row.expands_to:
                        m.d.comb += [getattr(short, name).eq(value)
                                     for name, value in facts(BY_NAME[row.expands_to]).items()]
        self.look_at_opcode(m)
        for name in facts(INSTRUCTIONS[0]):
            m.d.comb += getattr(decoded, name).eq(Mux(compressed, getattr(short, name), getattr(wide, name)))
        return m

    def look_at_opcode(self, m):
        """`may_read`, by few bits: the major opcode and funct3."""
        def reads(row):
            return facts(row)["uses_rs1"] | facts(row)["uses_rs2"] << 1

        def choose(key, rows):
            chosen, by_pattern = Signal(2), {}
            for pattern, row in rows:
                by_pattern[pattern] = by_pattern.get(pattern, 0) | reads(row)
            for bit in range(2):
                m.d.comb += chosen[bit].eq(key.matches(*[each for each, bits in by_pattern.items() if bits >> bit & 1]))
            return chosen

        raw = self.fetched.raw
        wide = choose(Cat(raw[2:7], raw[12:15]),
                      [(row.pattern[-15:-12] + row.pattern[-7:-2], row) for row in INSTRUCTIONS])
        short = choose(Cat(raw[:2], raw[13:16]), [(row.pattern[:3] + row.pattern[-2:], BY_NAME[row.expands_to])
                                                  for row in COMPRESSED if row.expands_to])
        m.d.comb += self.may_read.eq(Mux(self.fetched.compressed, short, wide))


def facts(row) -> dict:
    """The fields of Decoded that `row` of the table sets."""
    return {
        "illegal": 0,
        "unit": row.unit,
        "op": row.op or 0,
        "word": row.word,
        "immediate": row.format,
        "uses_rs1": "s" in row.bits and row.name not in ("fence", "fence.i"),
        "uses_rs2": "t" in row.bits,
        "writes_rd": "d" in row.bits and row.name not in ("fence", "fence.i"),
        "uses_pc": row.name == "auipc",
        "hypervisor": row.hypervisor,
        "hlsv": row.hypervisor and row.unit in (Unit.LOAD, Unit.STORE),
        "hlvx": row.hlvx,
    }

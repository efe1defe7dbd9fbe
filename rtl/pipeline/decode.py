"""The decoder: what an instruction is, from the table of rtl/isa/instructions.py, once it is expanded."""

from amaranth.hdl import Module, Mux, Signal
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
    """
    fetched: In(Fetched)
    decoded: Out(Decoded)

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
        for name in facts(INSTRUCTIONS[0]):
            m.d.comb += getattr(decoded, name).eq(Mux(compressed, getattr(short, name), getattr(wide, name)))
        return m


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

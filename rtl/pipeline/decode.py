"""The decoder: what an instruction is, from the table of rtl/isa/instructions.py, once it is expanded."""

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..isa.instructions import INSTRUCTIONS, Unit
from ..units.compressed import Expander
from .payloads import Decoded, Fetched


class Decoder(wiring.Component):
    """Combinational; a loop over the table, by major opcode first so that a simulator looks at few patterns.

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
        bits, decoded = Signal(32), self.decoded
        m.d.comb += [
            expander.word.eq(self.fetched.raw[:16]),
            bits.eq(Mux(self.fetched.compressed, expander.expanded, self.fetched.raw)),
            decoded.fetched.eq(self.fetched), decoded.bits.eq(bits), decoded.illegal.eq(1)]
        with m.Switch(bits[:7]):
            for opcode in sorted({row.pattern[-7:] for row in INSTRUCTIONS}):
                with m.Case(opcode), m.Switch(bits[7:]):
                    for row in INSTRUCTIONS:
                        if row.pattern[-7:] == opcode:
                            with m.Case(row.pattern[:-7]):
                                m.d.comb += [getattr(decoded, name).eq(value) for name, value in facts(row).items()]
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

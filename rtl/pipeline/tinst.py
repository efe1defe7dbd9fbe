"""What mtinst and htinst are told (hypervisor chapter, "Transformed Instruction or Pseudoinstruction")."""

from amaranth.hdl import Cat, Const, Mux, Value

from ..isa.instructions import Unit

TABLE_READ = 0x3000
"""The pseudo-instruction for a 64-bit read of a VS-stage table entry."""
TABLE_WRITE = 0x3020
"""The same for the write that sets A or D there."""


def transformed(decoded, offset) -> Value:
    """The transformation of a load, store or AMO, 32 bits (rules H_trap_xtinst_*, H_tinst_addr_offset).

    decoded  a Decoded
    offset   the faulting address less the instruction's own, 5 bits; nonzero only where it is misaligned
    """
    bits = decoded.bits
    plain = (decoded.unit != Unit.AMO) & ~decoded.hlsv & (bits[:7] != 0b0101111)
    load = plain & (decoded.unit == Unit.LOAD)
    store = plain & (decoded.unit == Unit.STORE)
    return Cat(Const(1, 1), ~decoded.fetched.compressed, bits[2:7], Mux(store, 0, bits[7:12]), bits[12:15],
               offset[:5], Mux(load, 0, bits[20:25]), Mux(load | store, 0, bits[25:32]))[:32]

"""The immediate of an instruction (unprivileged manual, "Immediate Encoding Variants")."""

from amaranth.hdl import Cat, Mux, Value

from ..isa.instructions import Format


def immediate(bits, format) -> Value:
    """The immediate of the 32-bit instruction `bits`, 32 bits, sign-extended; 0 where `format` is NONE or Z."""
    i, s, b, u, j = (format == kind for kind in (Format.I, Format.S, Format.B, Format.U, Format.J))
    sign = bits[31] & (i | s | b | u | j)
    above_12, above_20 = u | j, u
    return Cat(
        bits[20] & i | bits[7] & s,
        bits[21:25] & (i | j).replicate(4) | bits[8:12] & (s | b).replicate(4),
        bits[25:31] & (i | s | b | j).replicate(6),
        bits[31] & (i | s) | bits[7] & b | bits[20] & j,
        Mux(above_12, bits[12:20], sign.replicate(8)),
        Mux(above_20, bits[20:31], sign.replicate(11)),
        sign)

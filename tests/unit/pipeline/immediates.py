"""The immediates of instructions in plain Python."""

from hyacinth.rtl.isa.instructions import Format


def immediate_of(word, format):
    """The immediate of the instruction `word`, 32 bits, sign-extended; 0 where it has none."""
    def bits(high, low):
        return word >> low & (1 << high - low + 1) - 1

    value, width = {
        Format.I: (bits(31, 20), 12), Format.S: (bits(31, 25) << 5 | bits(11, 7), 12),
        Format.B: (bits(31, 31) << 12 | bits(7, 7) << 11 | bits(30, 25) << 5 | bits(11, 8) << 1, 13),
        Format.U: (bits(31, 12) << 12, 32),
        Format.J: (bits(31, 31) << 20 | bits(19, 12) << 12 | bits(20, 20) << 11 | bits(30, 21) << 1, 21),
    }.get(format, (0, 1))
    return (value - (1 << width) if value >> width - 1 else value) & 0xFFFF_FFFF

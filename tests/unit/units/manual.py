"""What the manual says of arithmetic, in Python's integers."""

from hyacinth.rtl.isa.instructions import Alu

MASK = (1 << 64) - 1


def signed(value, width=64):
    value &= (1 << width) - 1
    return value - (1 << width) if value >> width - 1 else value


def alu(op, a, b, word):
    """What the manual says of each operation."""
    amount = b & (31 if word else 63)
    width = 32 if word else 64
    low, low_word = a & (1 << width) - 1, a & 0xFFFFFFFF
    digits = f"{low:0{width}b}"
    octets = a.to_bytes(8, "little")
    result = {
        Alu.ADD: a + b, Alu.SUB: a - b, Alu.SLL: low << amount, Alu.SLT: signed(a) < signed(b), Alu.SLTU: a < b,
        Alu.XOR: a ^ b, Alu.SRL: low >> amount, Alu.SRA: signed(low, width) >> amount, Alu.OR: a | b, Alu.AND: a & b,
        Alu.ZERO: 0, Alu.ADD_UW: low_word + b, Alu.SH1ADD: (a << 1) + b, Alu.SH1ADD_UW: (low_word << 1) + b,
        Alu.SH2ADD: (a << 2) + b, Alu.SH2ADD_UW: (low_word << 2) + b, Alu.SH3ADD: (a << 3) + b,
        Alu.SH3ADD_UW: (low_word << 3) + b, Alu.SLL_UW: low_word << amount, Alu.ANDN: a & ~b, Alu.ORN: a | ~b,
        Alu.XNOR: ~(a ^ b), Alu.ROL: low << amount | low >> width - amount,
        Alu.ROR: low >> amount | low << width - amount, Alu.CLZ: len(digits) - len(digits.lstrip("0")),
        Alu.CTZ: len(digits) - len(digits.rstrip("0")), Alu.CPOP: digits.count("1"),
        Alu.MIN: min(signed(a), signed(b)), Alu.MINU: min(a, b), Alu.MAX: max(signed(a), signed(b)),
        Alu.MAXU: max(a, b), Alu.SEXT_B: signed(a, 8), Alu.SEXT_H: signed(a, 16), Alu.ZEXT_H: a & 0xFFFF,
        Alu.ORC_B: int.from_bytes(bytes(0xFF if octet else 0 for octet in octets), "little"),
        Alu.REV8: int.from_bytes(octets, "big"), Alu.BCLR: a & ~(1 << amount), Alu.BEXT: a >> amount & 1,
        Alu.BINV: a ^ 1 << amount, Alu.BSET: a | 1 << amount, Alu.CZERO_EQZ: a if b else 0,
        Alu.CZERO_NEZ: 0 if b else a}[op]
    return (signed(result, 32) if word else result) & MASK

"""The signature of a conformance test: memory between two symbols, as the official suite compares it."""

WORD = 4


def signature(memory: bytes) -> str:
    """A 32-bit little-endian word a line, 8 hexadecimal digits; a last, shorter word is filled with zeros."""
    padded = memory + bytes(-len(memory) % WORD)
    return "".join(f"{int.from_bytes(padded[at:at + WORD], 'little'):08x}\n" for at in range(0, len(padded), WORD))

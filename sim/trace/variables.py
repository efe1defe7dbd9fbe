"""The variables in a file of waves: names with their scopes, and widths. Only what declares them is read."""

import gzip
import struct
from pathlib import Path
from typing import NamedTuple

HEADER = ">BQ"
LEAST = 8
"""Bytes of a block: its length counts itself."""
GZIP, LZ4 = 4, 6
"""Blocks of an FST file that hold the declarations, by how they are compressed."""
SCOPE, UPSCOPE, ATTRIBUTE, ATTRIBUTE_END = 254, 255, 252, 253


class Variable(NamedTuple):
    """A signal in a wave."""
    path: str       # scopes and name, joined by dots
    width: int      # bits


def variables(path) -> list[Variable]:
    """The variables of an FST or VCD file, by its ending; of an FST file of other making perhaps none."""
    return variables_of_vcd(path) if Path(path).suffix == ".vcd" else variables_of_fst(path)


def variables_of_vcd(path) -> list[Variable]:
    """The variables that a VCD file declares."""
    scopes, found = [], []
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            match line.split():
                case ["$scope", _, name, *_]:
                    scopes.append(name)
                case ["$upscope", *_]:
                    scopes.pop()
                case ["$var", _, width, _, name, *_]:
                    found.append(Variable(".".join((*scopes, name)), int(width)))
                case ["$enddefinitions", *_]:
                    break
    return found


def variables_of_fst(path) -> list[Variable]:
    """The variables that an FST file declares."""
    whole = Path(path).stat().st_size
    with open(path, "rb") as file:
        while len(head := file.read(struct.calcsize(HEADER))) == struct.calcsize(HEADER):
            kind, length = struct.unpack(HEADER, head)
            if not LEAST <= length <= whole:  # nothing was drawn, and so the file not finished
                break
            if kind in (GZIP, LZ4):
                size, = struct.unpack(">Q", file.read(8))
                packed = file.read(length - 16)
                return _declarations(gzip.decompress(packed) if kind == GZIP else unpack_lz4(packed, size))
            file.seek(length - 8, 1)
    return []


def unpack_lz4(packed: bytes, size: int) -> bytes:
    """A block of the LZ4 format: literals, then a copy of what came before, and so on."""
    result, at = bytearray(), 0

    def length(short: int) -> int:
        nonlocal at
        if short == 15:
            while True:
                short += (more := packed[at])
                at += 1
                if more < 255:
                    break
        return short

    while at < len(packed) and len(result) < size:
        token = packed[at]
        at += 1
        count = length(token >> 4)
        result += packed[at:at + count]
        at += count
        if at >= len(packed):
            break
        distance, = struct.unpack_from("<H", packed, at)
        at += 2
        for _ in range(length(token & 15) + 4):
            result.append(result[-distance])
    return bytes(result)


def _declarations(text: bytes) -> list[Variable]:
    scopes, found, at = [], [], 0

    def name() -> str:
        nonlocal at
        end = text.index(0, at)
        start, at = at, end + 1
        return text[start:end].decode(errors="replace")

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            value |= (text[at] & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if text[at - 1] < 0x80:
                return value

    while at < len(text):
        tag = text[at]
        at += 1
        if tag == SCOPE:
            at += 1
            scopes.append(name())
            name()
        elif tag == UPSCOPE:
            scopes.pop()
        elif tag == ATTRIBUTE:
            at += 2
            name()
            number()
        elif tag != ATTRIBUTE_END:
            at += 1
            word = name().split(" ")[0]
            width = number()
            number()
            found.append(Variable(".".join((*scopes, word)), width))
    return found

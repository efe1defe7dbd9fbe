"""A random program as assembler text: each word with its disassembly, where it lies, and nothing that is 0."""

from collections.abc import Iterable

from ..trace.disassembly import disassemble
from .assembler import C_NOP, Align, Label, Pin, To, Words, lay_out
from .form import Form, constant, words
from .random_layout import RAM, TOHOST

DIRECTIVES = {2: ".2byte", 4: ".4byte", 8: ".8byte"}


def listing(form: Form, about: Iterable[str]) -> str:
    """The source of a program that is linked alone; the lines `about` it are the comment at its beginning."""
    lines = ["/* " + "\n   ".join(about) + " */", "", '.section .text.start, "awx"', ".globl _start, tohost, fromhost",
             "_start:"]
    parts = [(form.starts[name], _code(form, name)) for name in form.codes]
    parts += [(TOHOST, ["", f"    .org {TOHOST - RAM:#x}", "tohost:", "    .8byte 0",
                        f"    .org {TOHOST + 64 - RAM:#x}", "fromhost:", "    .8byte 0"]),
              *((base, _memory("data", base, _doublewords(base, data))) for base, data in form.data.items())]
    lines += [line for _, part in sorted(parts) for line in part]
    lines += _memory("page tables", form.tables.base, sorted(form.entries.items()))
    return "\n".join(lines) + "\n"


def _code(form: Form, name: str) -> list[str]:
    pieces = form.pieces(name)
    contents, places = lay_out(pieces, form.starts[name])
    lines, called = ["", f"# {name}", f"    .org {form.starts[name] - RAM:#x}"], ""
    for piece, place in zip(pieces, places, strict=True):
        size, start = piece.size(place), place - form.starts[name]
        if isinstance(piece, Label):
            parts = piece.name if isinstance(piece.name, tuple) else (piece.name,)
            called = " ".join(str(part) for part in parts if isinstance(part, str | int))
        if not size:
            continue
        if called:
            lines.append(f"  # {called}")
            called = ""
        if isinstance(piece, Pin):
            lines.append(f"    .fill {size // 2}, 2, {C_NOP}    # c.nop")
            continue
        if isinstance(piece, Align):
            lines += [_line(at, C_NOP.to_bytes(2, "little"), piece) for at in range(place, place + size, 2)]
            continue
        made = contents[start:start + size]
        found = constant(piece)
        for word in words(Words(made, isinstance(piece, Words) and piece.data)):
            lines.append(_line(place, word, piece))
            place += len(word)
        if found and not isinstance(piece, To):
            lines[-1] += f"    # x{found[0]} = {found[1]:#x}"
    return lines


def _line(place: int, word: bytes, piece) -> str:
    value = int.from_bytes(word, "little")
    text = "data" if isinstance(piece, Words) and piece.data else disassemble(value, place)
    return f"    {DIRECTIVES[len(word)]} {value:#0{2 + 2 * len(word)}x}{' ' * (12 - 2 * len(word))}# {place:x}: {text}"


def _doublewords(base: int, contents: bytes) -> list[tuple[int, int]]:
    return [(base + at, value) for at in range(0, len(contents), 8)
            if (value := int.from_bytes(contents[at:at + 8], "little"))]


def _memory(name: str, base: int, values: list[tuple[int, int]]) -> list[str]:
    lines = ["", f"# {name}, from {base:#x} on"] if values else []
    expected = None
    for address, value in values:
        if address != expected:
            lines.append(f"    .org {address - RAM:#x}")
        lines.append(f"    .8byte {value:#018x}")
        expected = address + 8
    return lines

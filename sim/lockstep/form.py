"""A random program in pieces that can be taken away or made simpler one by one, the others staying as they are."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, replace

from .assembler import Align, Label, Piece, Pin, To, Words, in_bytes, lay_out, li, op
from .random_code import END, MARKER
from .random_layout import END_OF_TABLES, RAM
from .random_programs import Parts, RandomProgram, assembled
from .random_tables import USER_OFFSET, Tables

BLOCK = 64
"""Bytes of data that are looked at as one, at first."""
ENDING = b"".join(map(in_bytes, (*li(MARKER, END), op("ecall"))))
"""What a body ends with; it stays, or what follows would run instead."""


@dataclass(frozen=True)
class Form:
    """A random program, some of whose parts may be missing.

    Parameters
    ----------
    seed : int
    codes : dict of str to tuple of (Piece or None)
        By name, with None for each piece that was taken away, so that the others keep their numbers.
    starts : dict of str to int
        The address of each code.
    entries : dict of int to int
        Of page tables, by address.
    data : dict of int to bytes
    tables : Tables
        Where the entries lie.
    """
    seed: int
    codes: dict[str, tuple[Piece | None, ...]]
    starts: dict[str, int]
    entries: dict[int, int]
    data: dict[int, bytes]
    tables: Tables

    @classmethod
    def of(cls, parts: Parts) -> "Form":
        """The whole of a program."""
        return cls(parts.seed, {name: tuple(code.pieces) for name, code in parts.codes.items()},
                   {name: code.address for name, code in parts.codes.items()}, dict(parts.tables.entries),
                   dict(parts.data), parts.tables)

    def program(self) -> RandomProgram:
        """What is left, laid out. Raises ValueError or KeyError where that is impossible."""
        made = {self.starts[name]: lay_out(self.pieces(name), self.starts[name])[0] for name in self.codes}
        return assembled(self.seed, made | self.data | {self.tables.base: self.tables.contents(self.entries)})

    def pieces(self, name: str) -> list[Piece]:
        """Those of a code that are left."""
        return [piece for piece in self.codes[name] if piece is not None]

    def put(self, changes: dict[tuple[str, int], Piece | None]) -> "Form":
        """With other pieces in some places."""
        codes = {name: list(pieces) for name, pieces in self.codes.items()}
        for (name, index), piece in changes.items():
            codes[name][index] = piece
        return replace(self, codes={name: tuple(pieces) for name, pieces in codes.items()})

    def instructions(self) -> int:
        """How many words of code are left; a compressed instruction counts as one."""
        return sum(len(words(piece)) if isinstance(piece, Words) else isinstance(piece, To)
                   for name in self.codes for piece in self.pieces(name))


def words(piece: Words) -> list[bytes]:
    """The instructions of a piece, one by one; data are one."""
    if piece.data:
        return [piece.contents]
    found, at = [], 0
    while at < len(piece.contents):
        size = 4 if piece.contents[at] & 3 == 3 else 2
        found.append(piece.contents[at:at + size])
        at += size
    return found


def constant(piece: Piece) -> tuple[int, int, list[bytes]] | None:
    """The register and the value that a piece loads with `li` at its beginning, and the instructions after that."""
    listed = words(piece) if isinstance(piece, Words) and not piece.data else []
    value: int | None = None
    register = 0
    for number, word in enumerate(listed):
        bits = int.from_bytes(word, "little")
        rd, rs1, immediate = bits >> 7 & 31, bits >> 15 & 31, (bits >> 20) - (bits >> 31 << 12)
        if value is None:
            if bits & 0x707f == 0x13 and not rs1 and rd:         # addi
                register, value = rd, immediate
            elif bits & 0x7f == 0x37 and rd:                     # lui
                register, value = rd, (bits & 0xffff_f000 ^ 1 << 31) - (1 << 31)
            else:
                return None
        elif rd == rs1 == register and bits & 0x707f == 0x13:    # addi
            value += immediate
        elif rd == rs1 == register and bits & 0x707f == 0x1b:    # addiw
            value = (value + immediate & 0xffff_ffff ^ 1 << 31) - (1 << 31)
        elif rd == rs1 == register and bits & 0x707f == 0x1013:  # slli
            value <<= bits >> 20 & 63
        else:
            return register, value & (1 << 64) - 1, listed[number:]
    return None if value is None else (register, value & (1 << 64) - 1, [])


# Each step of the reduction: what can be taken from a form, as units, and the form less some of these.

Unit = tuple
"""What one step knows how to take away."""


class Groups:
    """All pieces of `code` from a label of the given kind to the next; what lies before the first is one more."""
    def __init__(self, code: str, kind: str):
        self.code, self.kind, self.name = code, kind, f"{kind}s"

    def units(self, form: Form) -> list[Unit]:
        """Tuples of places."""
        found, group = [], []
        for index, piece in enumerate(form.codes[self.code]):
            if isinstance(piece, Label):
                if isinstance(piece.name, tuple) and piece.name[0] == self.kind:
                    found.append(tuple(group))
                    group = []
            elif may_go(piece):
                group.append((self.code, index))
        found.append(() if self.kind == "iteration" else tuple(group))  # the last ends the program
        return [unit for unit in found[self.kind == "iteration":] if unit]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """The same form without their pieces."""
        return without_pieces(form, units)


def without_pieces(form: Form, units: Iterable[Unit]) -> Form:
    """Each unit is a tuple of places."""
    return form.put({place: None for unit in units for place in unit})


def physical(pc: int) -> int:
    """Where the code lies that is executed at `pc`."""
    return pc if pc >= RAM else pc - USER_OFFSET + RAM


def may_go(piece: Piece | None) -> bool:
    """Whether it can be taken away: not what a body ends with, nor what keeps others in their place."""
    return isinstance(piece, Words) and piece.contents != ENDING or isinstance(piece, To | Align)


def chunks(piece: Words) -> list[bytes]:
    """The instructions of a piece; those that load a constant at its beginning are one."""
    listed, found = words(piece), constant(piece)
    loads = len(listed) - len(found[2]) if found else 0
    return [*([b"".join(listed[:loads])] if loads else []), *listed[loads:]]


class Idle:
    """Pieces of the driver and the bodies in which no instruction is that was executed."""
    name = "idle code"

    def __init__(self, executed: set[int]):
        self.executed = sorted(executed)

    def units(self, form: Form) -> list[Unit]:
        """Places."""
        kept = {place for unit in Groups("driver", "iteration").units(form) for place in unit}
        found = []
        for name in ("driver", "bodies"):
            _, places = lay_out(form.pieces(name), form.starts[name])
            left = (index for index, piece in enumerate(form.codes[name]) if piece is not None)
            for index, place in zip(left, places, strict=True):
                piece = form.codes[name][index]
                if (name, index) in kept or name == "bodies" and may_go(piece):
                    at = bisect_left(self.executed, place)
                    if at == len(self.executed) or self.executed[at] >= place + piece.size(place):
                        found.append((name, index))
        return found

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """The same form without them."""
        return form.put(dict.fromkeys(units))


class Bodies:
    """Whole bodies, with what they end with: all between what is pinned."""
    name = "bodies"

    def units(self, form: Form) -> list[Unit]:
        """Tuples of places."""
        found: list[list] = [[]]
        for index, piece in enumerate(form.codes["bodies"]):
            if isinstance(piece, Pin):
                found.append([])
            elif isinstance(piece, Words | To | Align):
                found[-1].append(("bodies", index))
        return [tuple(unit) for unit in found if unit]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """The same form without their pieces."""
        return without_pieces(form, units)


class Pieces:
    """Pieces of some codes, one by one."""
    def __init__(self, *codes: str):
        self.codes, self.name = codes, "pieces"

    def units(self, form: Form) -> list[Unit]:
        """Places."""
        return [(name, index) for name in self.codes for index, piece in enumerate(form.codes[name])
                if may_go(piece)]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """They are taken away."""
        return form.put(dict.fromkeys(units))


class Instructions:
    """Instructions of pieces that have several."""
    name = "instructions"

    def units(self, form: Form) -> list[Unit]:
        """Places, and the number of the instruction there."""
        return [(name, index, number) for name, pieces in form.codes.items() for index, piece in enumerate(pieces)
                if isinstance(piece, Words) and may_go(piece) and len(chunks(piece)) > 1
                for number in range(len(chunks(piece)))]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """They are taken away."""
        dropped = set(units)
        changes = {}
        for name, index in {(name, index) for name, index, _ in dropped}:
            kept = [word for number, word in enumerate(chunks(form.codes[name][index]))
                    if (name, index, number) not in dropped]
            changes[name, index] = Words(b"".join(kept)) if kept else None
        return form.put(changes)


ADDRESSES = (range(RAM, END_OF_TABLES), range(USER_OFFSET, USER_OFFSET + END_OF_TABLES - RAM))
"""Of the program itself. To be a bit lower makes no such constant simpler."""


class Bits:
    """Bits that are 1 in constants which the driver loads, but for addresses, and in entries of page tables."""
    name = "bits of constants"

    def units(self, form: Form) -> list[Unit]:
        """Places or addresses, and the bit."""
        loads = [("driver", index, found[1]) for index, piece in enumerate(form.codes["driver"])
                 if piece is not None and (found := constant(piece)) and not any(found[1] in at for at in ADDRESSES)]
        return [(*where, bit) for *where, value in (*loads, *(("entry", *entry) for entry in form.entries.items()))
                for bit in range(64) if value >> bit & 1]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """They are 0."""
        masks: dict[tuple, int] = {}
        for kind, where, bit in units:
            masks[kind, where] = masks.get((kind, where), 0) | 1 << bit
        changes, entries = {}, dict(form.entries)
        for (kind, where), mask in masks.items():
            if kind == "entry":
                entries[where] &= ~mask
                continue
            register, value, rest = constant(form.codes[kind][where]) or (0, 0, [])
            changes[kind, where] = Words(b"".join([*map(in_bytes, li(register, value & ~mask)), *rest]))
        return replace(form.put(changes), entries=entries)


class Pins:
    """What keeps code in its place: without, it moves up to what is before it."""
    name = "gaps"

    def units(self, form: Form) -> list[Unit]:
        """Places."""
        return [("bodies", index) for index, piece in enumerate(form.codes["bodies"]) if isinstance(piece, Pin)]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """The same form without them."""
        return form.put(dict.fromkeys(units))


class Entries:
    """Entries of page tables."""
    name = "page-table entries"

    def units(self, form: Form) -> list[Unit]:
        """Their addresses."""
        return [(address,) for address in form.entries]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """They are 0."""
        gone = {address for address, in units}
        return replace(form, entries={at: entry for at, entry in form.entries.items() if at not in gone})


class Data:
    """Blocks of data that are not 0."""
    def __init__(self, size: int):
        self.size, self.name = size, "data"

    def units(self, form: Form) -> list[Unit]:
        """The address of a piece of memory, and where in it a block begins."""
        return [(base, at) for base, data in form.data.items() for at in range(0, len(data), self.size)
                if any(data[at:at + self.size])]

    def without(self, form: Form, units: Iterable[Unit]) -> Form:
        """They are 0."""
        data = {base: bytearray(each) for base, each in form.data.items()}
        for base, at in units:
            data[base][at:at + self.size] = bytes(len(data[base][at:at + self.size]))
        return replace(form, data={base: bytes(each) for base, each in data.items()})


STEPS = (Groups("driver", "iteration"), Bodies(), Groups("bodies", "item"), Pins(), Entries(), Data(BLOCK))
"""What takes the most away comes first."""
AGAIN = (Pieces("driver"), Pieces("bodies", "handlers"), Instructions())
"""As long as it helps: what one needs may be needed no more when another is gone."""
LAST = (Entries(), Data(8), Bits())
STAGES = ((*STEPS, Pieces("driver"), Pieces("bodies")), AGAIN)
"""What is done once before that. The handlers are whole after the first stage."""

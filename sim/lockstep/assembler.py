"""A small assembler for generated programs: instructions by name, from the core's own tables, and labels."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from ...rtl.isa.compressed import Compressed, find
from ...rtl.isa.instructions import BY_NAME, Instruction, identify

C_NOP = 0x0001


def op(name: str, **operands: int) -> int:
    """An instruction word; operands as `Instruction.encode` names them, those not given are 0."""
    instruction = BY_NAME[name]
    return instruction.encode(**{letter: operands.get(letter, 0) for letter in instruction.operands})


def csr(name: str, address: int, *, d: int = 0, s: int = 0, i: int = 0) -> int:
    """A CSR instruction; `s` is its register, or `i` its immediate."""
    return op(name, c=address, d=d, s=s, i=i)


def li(register: int, value: int) -> list[int]:
    """Instructions that load a 64-bit constant."""
    value = (value & (1 << 64) - 1) - (value >> 63 << 64 & 1 << 64)
    if -2048 <= value < 2048:
        return [op("addi", d=register, i=value)]
    low = (value + 2048 & 0xfff) - 2048
    if -1 << 31 <= value < 1 << 31:
        return [op("lui", d=register, i=value - low & 0xffff_f000)] + (
            [op("addiw", d=register, s=register, i=low)])
    return [*li(register, value - low >> 12), op("slli", d=register, s=register, i=12, h=12),
            *([op("addi", d=register, s=register, i=low)] if low else [])]


def random_compressed(random: Random, names: tuple[str, ...], rows: tuple[Compressed, ...]) -> int:
    """A word of one of these compressed instructions, with random operands; `rows` are those of the core."""
    chosen = [row for row in rows if row.name in names]
    while True:
        row = random.choice(chosen)
        word = filled(random, row.pattern)
        if find(word, rows) is row:
            return word


def filled(random: Random, pattern: str) -> int:
    """A word that matches the pattern."""
    return int("".join(random.choice("01") if c == "-" else c for c in pattern), 2)


def random_illegal(random: Random, instructions: tuple[Instruction, ...]) -> int:
    """A 32-bit word that is no instruction of the core: at random, or one bit away from one that is."""
    while True:
        if random.random() < 0.5:
            word = random.getrandbits(32) | 3
        else:
            word = filled(random, random.choice(instructions).pattern) ^ 1 << random.randrange(32)
        if word & 0x1f != 0x1f and word & 3 == 3 and identify(word, instructions) is None:
            return word


def random_illegal_compressed(random: Random, rows: tuple[Compressed, ...]) -> int:
    """A 16-bit word that is no instruction of the core."""
    while True:
        word = random.getrandbits(16)
        if word & 3 != 3 and ((row := find(word, rows)) is None or not row.expands_to):
            return word


@dataclass(frozen=True)
class Words:
    """What was added at once and is the same wherever it lies: instructions, or data among them."""
    contents: bytes
    data: bool = False

    def size(self, at: int) -> int:
        """Bytes at address `at`."""
        return len(self.contents)

    def make(self, at: int, labels: dict[object, int]) -> bytes:
        """The bytes at address `at`."""
        return self.contents


@dataclass(frozen=True)
class Label:
    """A name for what follows."""
    name: object

    def size(self, at: int) -> int:
        """None."""
        return 0

    def make(self, at: int, labels: dict[object, int]) -> bytes:
        """Nothing."""
        return b""


@dataclass(frozen=True)
class To:
    """The instruction that `encode` makes of the distance in bytes to `label`."""
    label: object
    encode: Callable[[int], int]

    def size(self, at: int) -> int:
        """Of the instruction."""
        return len(in_bytes(self.encode(0)))

    def make(self, at: int, labels: dict[object, int]) -> bytes:
        """The instruction at address `at`."""
        return in_bytes(self.encode(labels[self.label] - at))


@dataclass(frozen=True)
class Align:
    """C.NOPs up to the next address that is `offset` beyond a multiple of `bytes_`."""
    bytes_: int
    offset: int = 0

    def size(self, at: int) -> int:
        """Of the C.NOPs at address `at`."""
        return (self.offset - at) % self.bytes_

    def make(self, at: int, labels: dict[object, int]) -> bytes:
        """The C.NOPs."""
        return C_NOP.to_bytes(2, "little") * (self.size(at) // 2)


@dataclass(frozen=True)
class Pin:
    """What follows lies at `address`, which somebody knows: C.NOPs where it would lie lower."""
    address: int

    def size(self, at: int) -> int:
        """Of the C.NOPs at address `at`."""
        if at > self.address:
            raise ValueError(f"code that must lie at {self.address:#x} would lie at {at:#x}")
        return self.address - at

    def make(self, at: int, labels: dict[object, int]) -> bytes:
        """The C.NOPs."""
        return C_NOP.to_bytes(2, "little") * (self.size(at) // 2)


Piece = Words | Label | To | Align | Pin


def in_bytes(word: int) -> bytes:
    """An instruction as it lies in memory; one whose bits 1:0 are not 3 is compressed."""
    return word.to_bytes(4 if word & 3 == 3 else 2, "little")


def lay_out(pieces: Sequence[Piece], address: int) -> tuple[bytes, list[int]]:
    """The bytes of `pieces` from `address` on, and where each of them lies.

    Raises ValueError where there is no room before a Pin.
    """
    places, labels, at = [], {}, address
    for piece in pieces:
        places.append(at)
        if isinstance(piece, Label):
            labels[piece.name] = at
        at += piece.size(at)
    return b"".join(piece.make(at, labels) for piece, at in zip(pieces, places, strict=True)), places


class Code:
    """Machine code that grows at an address, piece by piece. Labels may come later than what goes to them.

    From its pieces it can be laid out again, less some of them: what others know the address of is pinned.
    """
    def __init__(self, address: int):
        self.address = address
        self._pieces: list[Piece] = []
        self._end = address
        self._labels: dict[object, int] = {}
        self._known: set[object] = set()

    @property
    def pieces(self) -> list[Piece]:
        """What was added, in order, and pins before the labels whose address somebody knows."""
        return [each for piece in self._pieces for each in (
            (Pin(self._labels[piece.name]), piece) if isinstance(piece, Label) and piece.name in self._known
            else (piece,))]

    def _append(self, piece: Piece):
        self._pieces.append(piece)
        self._end += piece.size(self._end)

    @property
    def here(self) -> int:
        """The address of what is added next, which stays there."""
        self._pieces.append(Pin(self._end))
        return self._end

    def add(self, *words: int):
        """Words; one whose bits 1:0 are not 3 is a compressed instruction."""
        self._append(Words(b"".join(map(in_bytes, words))))

    def data(self, contents: bytes):
        """Bytes as they are."""
        self._append(Words(contents, data=True))

    def label(self, name: object):
        """The next instruction is called `name`."""
        self._labels[name] = self._end
        self._pieces.append(Label(name))

    def where(self, name: object) -> int:
        """The address of a label that is there already, which stays there."""
        self._known.add(name)
        return self._labels[name]

    def to(self, label: object, encode: Callable[[int], int]):
        """The instruction that `encode` makes of the distance in bytes to `label`."""
        self._append(To(label, encode))

    def jump(self, label: object):
        """A JAL that keeps no return address."""
        self.to(label, lambda distance: op("jal", i=distance))

    def branch(self, name: str, s: int, t: int, label: object):
        """The branch `name` on registers s and t."""
        self.to(label, lambda distance: op(name, s=s, t=t, i=distance))

    def load_address(self, register: int, label: object):
        """Two instructions, for labels within 2 KiB."""
        self.add(op("auipc", d=register))
        self.to(label, lambda distance: op("addi", d=register, s=register, i=distance + 4))

    def align(self, bytes_: int, offset: int = 0):
        """C.NOPs up to an address that is `offset` beyond a multiple of `bytes_`."""
        self._append(Align(bytes_, offset))

    def contents(self) -> bytes:
        """The bytes, every label filled in."""
        return lay_out(self.pieces, self.address)[0]

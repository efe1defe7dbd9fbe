"""A small assembler for generated programs: instructions by name, from the core's own tables, and labels."""

from collections.abc import Callable
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


class Code:
    """Machine code that grows at an address. Offsets of labels that come later are filled in by `contents`."""

    def __init__(self, address: int):
        self.address = address
        self._bytes = bytearray()
        self._labels: dict[object, int] = {}
        self._later: list[tuple[int, object, Callable[[int], int]]] = []

    @property
    def here(self) -> int:
        """The address of what is added next."""
        return self.address + len(self._bytes)

    def add(self, *words: int):
        """Words; one whose bits 1:0 are not 3 is a compressed instruction."""
        for word in words:
            self._bytes += word.to_bytes(4 if word & 3 == 3 else 2, "little")

    def data(self, contents: bytes):
        """Bytes as they are."""
        self._bytes += contents

    def label(self, name: object):
        """The next instruction is called `name`."""
        self._labels[name] = self.here

    def where(self, name: object) -> int:
        """The address of a label that is there already."""
        return self._labels[name]

    def to(self, label: object, encode: Callable[[int], int]):
        """The instruction that `encode` makes of the distance in bytes to `label`."""
        self._later.append((len(self._bytes), label, encode))
        self.add(encode(0))

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

    def align(self, bytes_: int):
        """C.NOPs up to a multiple of `bytes_`."""
        while self.here % bytes_:
            self.add(C_NOP)

    def contents(self) -> bytes:
        """The bytes, every label filled in."""
        for at, label, encode in self._later:
            word = encode(self._labels[label] - self.address - at)
            size = 4 if word & 3 == 3 else 2
            self._bytes[at:at + size] = word.to_bytes(size, "little")
        return bytes(self._bytes)

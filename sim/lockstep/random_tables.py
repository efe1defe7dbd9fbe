"""Page tables of random programs: what the programs need, translated rightly, and pages at which an access fails."""

from random import Random

V, R, W, X, U, G, A, D = (1 << n for n in range(8))
N, NC, IO = 1 << 63, 1 << 61, 2 << 61
NAPOT = N | 8 << 10                # in an entry at whose address 64 KiB begin
READ_WRITE, EXECUTE = V | R | W | A | D, V | R | X | A | D

USER_OFFSET = 0x4000_0000          # what U and VU call 0x4000_0000 is memory from 0x8000_0000 on
ODD_PAGES, ODD_COUNT = 0x5000_0000, 24
ODD_MEGAPAGES, ODD_MEGA_COUNT = 0x5800_0000, 8
WIDE_PAGES = 0x5100_0000           # 64 KiB, as one page of Svnapot, which shows the memory from `data` on
TYPED_PAGES, TYPES = 0x5110_0000, (NC, IO, NC | IO)  # for each type a page, which shows the first one of `data`
AGED_PAGES = [0x5400_0000 + (n % 6 << 21) + (n << 12) for n in range(48)]
"""Of `data`, with A and D often 0, by several tables of the last level."""
BIG = {1: 0x6000_0000, 2: 0xc000_0000, 3: 1 << 39, 4: 1 << 48}
"""For each level, an address at which a leaf of that level maps memory: add the offset from 0x8000_0000 (levels 1 and
2), or the physical address (3 and 4, which begin at 0)."""


def user_alias(address: int) -> int:
    """What U and VU call an address of memory, where they are translated."""
    return address - 0x8000_0000 + USER_OFFSET


def big_address(level: int, physical: int) -> int:
    """Where the large page of `level` shows a physical address."""
    return BIG[level] + (physical if level > 2 else physical - 0x8000_0000)


class Tables:
    """Page tables in memory from `base` on."""

    def __init__(self, base: int):
        self.base = self._free = base
        self.entries: dict[int, int] = {}

    def new(self, pages: int = 1) -> int:
        """The address of a table of so many pages, aligned to its size."""
        self._free = -(-self._free // (4096 * pages)) * 4096 * pages
        table, self._free = self._free, self._free + 4096 * pages
        return table

    def map(self, root: int, levels: int, extra: int, address: int, entry: int, level: int = 0):
        """Puts `entry` where the walk for `address` ends at `level`; makes the tables above it."""
        table = root
        for at in range(levels - 1, level - 1, -1):
            index = address >> 12 + 9 * at & (1 << 9 + (extra if at == levels - 1 else 0)) - 1
            place = table + 8 * index
            if at == level:
                self.entries[place] = entry
            else:
                if place not in self.entries:
                    self.entries[place] = self.new() >> 2 | V
                table = self.entries[place] >> 10 << 12

    def place(self, root: int, levels: int, extra: int, address: int, level: int = 0) -> int:
        """Where the entry of `level` lies by which `address` is translated."""
        table, at = root, levels - 1
        while True:
            place = table + 8 * (address >> 12 + 9 * at & (1 << 9 + (extra if at == levels - 1 else 0)) - 1)
            if at == level:
                return place
            table, at = self.entries[place] >> 10 << 12, at - 1

    @property
    def end(self) -> int:
        """Where the memory of all tables ends."""
        return self._free

    def contents(self, entries: dict[int, int] | None = None) -> bytes:
        """The memory from `base` on, with other `entries` in place of those that were made."""
        memory = bytearray(self._free - self.base)
        for place, entry in (self.entries if entries is None else entries).items():
            memory[place - self.base:place - self.base + 8] = entry.to_bytes(8, "little")
        return bytes(memory)


def leaf(physical: int, flags: int) -> int:
    """A page-table entry."""
    return physical >> 12 << 10 | flags


def odd_leaf(random: Random, physical: int, needed: int) -> int:
    """An entry for a page at `physical` at which some or all accesses fail. `needed` is U, or 0."""
    good = leaf(physical, READ_WRITE | needed)
    return random.choice((
        good, good ^ U, good ^ A, good ^ D, good ^ (A | D), good ^ W, good ^ V, good ^ (R | W | X), good ^ R,
        good ^ (R | X), good ^ (R | W), good | G, good | N, good | NC, good | IO, good | NC | IO,
        good | 1 << random.randrange(54, 61), leaf(physical & -65536, READ_WRITE | needed) | NAPOT,
        aged(random, good) | random.choice((N, NC, IO)),
        leaf(0x2000_0000, READ_WRITE | needed), leaf(1 << random.randrange(34, 56), READ_WRITE | needed),
        random.getrandbits(64) & ~X))


def aged(random: Random, flags: int) -> int:
    """Flags, of which A and D are often 0: a fault, or theirs to set who translate."""
    return flags & ~random.choice((0, A, D, A | D))


def special(random: Random, tables: Tables, root: int, levels: int, extra: int, data: list[int], needed: int):
    """Pages of 64 KiB, of each memory type, and with A or D missing, in the tables at `root`."""
    flags = READ_WRITE | needed
    for n in range(16):
        tables.map(root, levels, extra, WIDE_PAGES + 4096 * n, leaf(data[0] & -65536, flags) | NAPOT)
    for n, kind in enumerate(TYPES):
        tables.map(root, levels, extra, TYPED_PAGES + 4096 * n, leaf(data[0], flags) | kind)
    for address in AGED_PAGES:
        tables.map(root, levels, extra, address, leaf(random.choice(data), aged(random, flags)))


def single_stage(random: Random, tables: Tables, levels: int, layout: dict, data: list[int]) -> int:
    """The tables of satp or vsatp; their root. `layout` lists pages: address to flags, and which of them U sees."""
    physical = random.choice(data)
    root = tables.new()
    for address, (flags, user) in layout.items():
        tables.map(root, levels, 0, address, leaf(address, flags))
        if user:
            tables.map(root, levels, 0, user_alias(address), leaf(address, flags | U))
    for n in range(ODD_COUNT):
        tables.map(root, levels, 0, ODD_PAGES + 4096 * n, odd_leaf(random, physical, random.choice((0, U))))
    for n in range(ODD_MEGA_COUNT):
        flags = READ_WRITE | random.choice((0, U))
        entry = random.choice((
            leaf(0x8000_0000 + 4096 * random.randrange(1, 512), flags), leaf(0x2000_0000, flags),
            leaf(0x2000_0000, V), leaf(0x5000_0000, V), leaf(1 << random.randrange(34, 56), V),
            leaf(tables.new(), V | random.choice((A, D, U, G))), leaf(0x8000_0000, flags ^ A)))
        tables.map(root, levels, 0, ODD_MEGAPAGES + (n << 21), entry, level=1)
    special(random, tables, root, levels, 0, data, random.choice((0, U)))
    for level in range(1, levels):
        flags = READ_WRITE | (U if level % 2 == 0 else 0)
        tables.map(root, levels, 0, BIG[level], leaf(0 if level > 2 else 0x8000_0000, flags), level)
    return root


def g_stage(random: Random, tables: Tables, levels: int, layout: dict, data: list[int]) -> int:
    """The tables of hgatp, which show guests their memory where it is, with some pages of `data` spoilt; their root."""
    root = tables.new(4)
    for address, (flags, _) in layout.items():
        tables.map(root, levels, 2, address, leaf(address, flags | U))
    for address in data:
        if random.random() < 0.25:
            tables.map(root, levels, 2, address, odd_leaf(random, address, U))
    special(random, tables, root, levels, 2, data, U)
    for n in range(ODD_COUNT):
        tables.map(root, levels, 2, ODD_PAGES + 4096 * n, odd_leaf(random, random.choice(data), U))
    return root

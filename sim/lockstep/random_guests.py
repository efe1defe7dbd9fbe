"""Address spaces of random programs: several for each stage, and entries that bodies change without telling the hart.

For satp, vsatp and hgatp there is a root with all that random_tables.py offers; one more with another ASID or VMID, and
one with the same: equal addresses lead to different pages there. All of them show code and handlers where they are, so
that a program lives through every switch. At ALTERED all have pages whose entries, on each level of their own, bodies
change (random_changes.py); what they lead to then is data, or a fault.
"""

from dataclasses import dataclass
from random import Random

from ...rtl.config import CoreConfig
from ...rtl.isa.paging import VS_STAGE
from .random_tables import (
    READ_WRITE,
    A,
    D,
    G,
    R,
    Tables,
    U,
    V,
    W,
    X,
    g_stage,
    leaf,
    odd_leaf,
    single_stage,
    user_alias,
)

ALTERED, ALTERED_COUNT = 0x1_4008_0000, 8
"""Pages at which entries change; on each level a large page of memory would show data there, too."""
BEGINS = 0x8000_0000               # where the memory begins that a large page shows
SPARE_MEGA, SPARE_GIGA = 1 << 21, 1 << 30
"""From ALTERED on: where there is another table of the last level, and another of the level above."""


@dataclass(frozen=True)
class Change:
    """An entry and what a body may make of it.

    Parameters
    ----------
    register : str
        Below whose root it lies: "satp", "vsatp" or "hgatp".
    place : int
        Its address, the same for all who may write it.
    address : int
        What the entry translates: the first byte of a page, of the kind that the register translates.
    touched : int
        A virtual address that is translated by the entry, if all goes well.
    values : tuple of int
        What may be written.
    """
    register: str
    place: int
    address: int
    touched: int
    values: tuple[int, ...]


class Spaces:
    """The tables of a program.

    Parameters
    ----------
    layout, guest_layout : dict of int to (int, bool)
        Pages that every root shows where they are: address to flags, and which of them U sees; guest_layout is for
        hgatp.
    data : list of int
        The pages of data, which the further roots show in another order.
    updates : bool
        A and D may be set by hardware: then no entry is changed to one without them. Whether the hart has set them
        where a translation is stale, nobody sees.

    Attributes
    ----------
    roots : dict of str to list of int
        Values of satp, vsatp and hgatp; the first has everything.
    levels : dict of str to list of int
        The same: how deep.
    changes, code_changes : list of Change
        Of data, and of code.
    """
    def __init__(self, random: Random, config: CoreConfig, tables: Tables, layout: dict, guest_layout: dict,
                 data: list[int], updates: bool):
        self.random, self.tables, self.layout, self.data, self.updates = random, tables, layout, data, updates
        self.roots: dict[str, list[int]] = {}
        self.levels: dict[str, list[int]] = {}
        self.changes: list[Change] = []
        self.code_changes: list[Change] = []
        self._schemes = [scheme.levels for scheme in VS_STAGE if scheme.va_bits <= config.va_bits]
        self._places: dict[str, list[int]] = {}
        self._make("satp", config.asid_bits, 0, layout)
        if config.hypervisor:
            self._make("vsatp", config.asid_bits, 0, layout)
            self._make("hgatp", config.vmid_bits, 2, guest_layout)

    def show_tables(self):
        """At last: guests see the tables of vsatp, and what runs in S and VS those whose entries change."""
        if "hgatp" in self.roots:
            self._guests_see_tables()
        self._kernels_see_tables()

    def ids(self, register: str) -> list[int]:
        """The ASIDs or VMIDs of a register."""
        return [value >> 44 & 0xffff for value in self.roots[register]]

    def _make(self, register: str, id_bits: int, extra: int, layout: dict):
        r, tables = self.random, self.tables
        first, second = r.randrange(1 << id_bits), r.randrange(1 << id_bits)
        self.roots[register], self.levels[register], self._places[register] = [], [], []
        for number, identity in enumerate((first, second, first)):
            levels = r.choice(self._schemes)
            if number:
                root = self._further(levels, extra, layout)
            elif extra:
                root = g_stage(r, tables, levels, layout, self.data)
            else:
                root = single_stage(r, tables, levels, layout, self.data)
            self._places[register].append(root)
            self.roots[register].append(levels + 5 << 60 | identity << 44 | root >> 12)
            self.levels[register].append(levels)
            if number and r.random() < 0.6:
                self._share(register, root, levels, extra)
            else:
                self._alter(register, root, levels, extra)

    def _further(self, levels: int, extra: int, layout: dict) -> int:
        """A root of less: the layout, with the pages of data in another order, some of them global."""
        r, tables, root = self.random, self.tables, self.tables.new(4 if extra else 1)
        moved = r.randrange(1, len(self.data))
        order = dict(zip(self.data, self.data[moved:] + self.data[:moved], strict=True))
        for address, (flags, user) in layout.items():
            entry = leaf(order[address] if address in order else address, flags | (r.random() < 0.3) * G)
            tables.map(root, levels, extra, address, entry | (U if extra else 0))
            if user and not extra:
                tables.map(root, levels, extra, user_alias(address), entry | U)
        return root

    def _share(self, register: str, root: int, levels: int, extra: int):
        """Pages at ALTERED, by the tables of the first root."""
        tables, first, deep = self.tables, self._places[register][0], self.levels[register][0]
        own, other = (tables.entries[tables.place(first, deep, extra, ALTERED + at, 2)] for at in (0, SPARE_GIGA))
        tables.map(root, levels, extra, ALTERED, own, level=2)
        self._change(register, tables.place(root, levels, extra, ALTERED, 2), ALTERED, [own, other, 0, own | A])

    def _alter(self, register: str, root: int, levels: int, extra: int):
        """Pages at ALTERED, by tables of their own, and spare tables; and what they may become."""
        r, tables = self.random, self.tables
        targets = list(self.data)
        if register == "vsatp":
            targets += [ALTERED + 4096 * n for n in range(ALTERED_COUNT)]

        def flags(n: int) -> int:
            return READ_WRITE | (U if extra or n % 4 == 3 else 0) | (r.random() < 0.2) * G

        for n in range(ALTERED_COUNT):
            for spare in 0, SPARE_MEGA, SPARE_GIGA:
                tables.map(root, levels, extra, ALTERED + spare + 4096 * n, leaf(r.choice(targets), flags(n)))
        for n in range(ALTERED_COUNT):
            address = ALTERED + 4096 * n
            for spare in 0, 0, 0, 0, SPARE_MEGA, SPARE_GIGA:
                less = flags(n) & ~r.choice((R | W, W, D, A, U, V, W | D)) | r.choice((0, X))
                values = [leaf(r.choice(targets), flags(n)), leaf(r.choice(targets), less),
                          odd_leaf(r, r.choice(self.data), flags(n) & U), 0]
                self._change(register, tables.place(root, levels, extra, address + spare), address, values)
        large = leaf(BEGINS, READ_WRITE | (U if extra or r.random() < 0.5 else 0))
        for level, spare in (1, SPARE_MEGA), (2, SPARE_GIGA):
            places = [tables.place(root, levels, extra, ALTERED + at, level) for at in (0, spare)]
            own, other = (tables.entries[place] for place in places)
            self._change(register, places[0], ALTERED, [own, other, own, other, large, large & ~r.choice((W, D)), 0,
                                                         other | r.choice((A, D, U))])

    def _change(self, register: str, place: int, address: int, values: list[int], touched: int | None = None):
        self.changes.append(Change(register, place, address, address if touched is None else touched,
                                   tuple(self.aged(value) for value in values)))

    def full_roots(self) -> list[tuple[str, int, int]]:
        """Of those with everything: the register, where it lies, how deep."""
        return [(register, places[0], self.levels[register][0]) for register, places in self._places.items()]

    def change_code(self, register: str, place: int, address: int, values: list[int]):
        """An entry by which code is found may become one of `values`."""
        self.code_changes.append(Change(register, place, address, address, tuple(values)))

    def aged(self, value: int) -> int:
        """With A and D, if it must be."""
        return value | A | D if self.updates and value & (R | W | X) else value

    def _guests_see_tables(self):
        """The tables of vsatp in the G stage: read there, and written for A and D. Some of the entries change, too."""
        r, tables = self.random, self.tables
        for root, levels in zip(self._places["hgatp"], self.levels["hgatp"], strict=True):
            full = root == self._places["hgatp"][0]
            for page in range(tables.base, tables.end, 4096):
                # Many lack D, some W, and a few A.
                lacks = r.choices((0, D, A | D, W), (80, 15, 2, 3))[0] if full else 0
                tables.map(root, levels, 2, page, leaf(page, (READ_WRITE | U) & ~lacks))
            for guest, deep in zip(self._places["vsatp"], self.levels["vsatp"], strict=True):
                pages = [tables.place(guest, deep, 0, ALTERED + spare) & -4096 for spare in (0, SPARE_MEGA)]
                good, other = (leaf(page, READ_WRITE | U) for page in pages)
                values = [good, good, good & ~W, good & ~D, good & ~V, good & ~R & ~W, other]
                self._change("hgatp", tables.place(root, levels, 2, pages[0]), pages[0], values, ALTERED)

    def _kernels_see_tables(self):
        """Pages of tables with entries that change, where S and VS may write them."""
        pages = sorted({change.place & -4096 for change in (*self.changes, *self.code_changes)})
        for register in "satp", "vsatp":
            for root, levels in zip(self._places.get(register, ()), self.levels.get(register, ()), strict=True):
                for page in pages:
                    self.tables.map(root, levels, 0, page, leaf(page, READ_WRITE))


"""Page tables of an aimed iteration: what it needs to run, and for each bin an address where just that goes wrong."""

from collections import Counter

from ...rtl.config import CoreConfig
from ...rtl.mmu.refusal import Refusal
from ..coverage.words import BARE, ONE, PAGE, STORES, TABLE, UPDATE, VS, G
from .random_layout import DATA_PAGES, END_OF_TABLES, RAM, TABLES
from .random_tables import IO as IO_TYPE
from .random_tables import NC, READ_WRITE, A, D, N, R, Tables, U, V, W, X, leaf, user_alias

NOWHERE = 0x2000_0000
ALL = READ_WRITE | X
PMP_READ_ONLY, PMP_NOTHING = 0x19, 0x18
FIRST = 32
"""The first entry of a root that aims use; below lies what a program needs."""


class Roots:
    """What the aimed iterations of a program share: for each stage and depth a root with all that a program needs to
    run, and which addresses are used below it.

    Parameters
    ----------
    tables : Tables
    layout : dict of int to (int, bool)
        Pages that every root shows where they are: address to flags, and which of them U sees.
    """
    def __init__(self, tables: Tables, layout: dict):
        self.tables, self.layout = tables, layout
        self.used: Counter[tuple[str, int, int]] = Counter()
        self._roots: dict[tuple[str, int], int] = {}
        self._aged: dict[int, int] = {}

    def root(self, stage: str, levels: int) -> int:
        """The root of the tables of a stage."""
        if (stage, levels) not in self._roots:
            extra = 2 if stage == G else 0
            root = self._roots[stage, levels] = self.tables.new(4 if extra else 1)
            for address, (flags, user) in self.layout.items():
                self.tables.map(root, levels, extra, address, leaf(address, flags | (U if stage == G else 0)))
                if user and stage != G:
                    self.tables.map(root, levels, 0, user_alias(address), leaf(address, flags | U))
            if stage == G:
                for address in range(TABLES, END_OF_TABLES, 4096):
                    self.tables.map(root, levels, 2, address, leaf(address, READ_WRITE | U))
        return self._roots[stage, levels]

    def aged(self, flags: int) -> int:
        """A table whose first entry, with those flags, lacks A. Nobody is to set it."""
        if flags not in self._aged:
            table = self._aged[flags] = self.tables.new()
            self.tables.entries[table] = leaf(DATA_PAGES, flags & ~A)
        return self._aged[flags]


class AimedTables:
    """Tables for an iteration.

    Parameters
    ----------
    roots : Roots
    config : CoreConfig
    state : State

    Attributes
    ----------
    satp, vsatp, hgatp : int
    protected : list of (int, int)
        Addresses of eight bytes, with their PMP configuration.
    """
    def __init__(self, roots: Roots, config: CoreConfig, state):
        self.roots, self.state = roots, state
        self.protected: list[tuple[int, int]] = []
        self.satp = self._atp(ONE, state.levels)
        self.vsatp = self._atp(VS, state.levels) if config.hypervisor else 0
        self.hgatp = self._atp(G, state.g_levels) if config.hypervisor else 0

    def _atp(self, stage: str, levels: int) -> int:
        return levels + 5 << 60 | self.roots.root(stage, levels) >> 12 if levels else 0

    def _levels(self, stage: str) -> int:
        return self.state.g_levels if stage == G else self.state.levels

    def fresh(self, stage: str, level: int) -> int:
        """An address of that stage whose entry at `level` nobody else has."""
        levels = self._levels(stage)
        self.roots.used[stage, levels, level] += 1
        n, top = self.roots.used[stage, levels, level], 12 + 9 * (levels - 1)
        if level == levels - 1:
            return FIRST + n << top
        return 16 + level << top | n << 12 + 9 * level

    def put(self, stage: str, address: int, entry: int, level: int) -> int:
        """An entry for an address; where it lies."""
        levels, extra = self._levels(stage), 2 * (stage == G)
        root, tables = self.roots.root(stage, levels), self.roots.tables
        tables.map(root, levels, extra, address, entry, level)
        return tables.place(root, levels, extra, address, level)

    def shown(self, stage: str, flags: int, physical: int = DATA_PAGES) -> int:
        """An address at which a page is shown with those flags."""
        address = self.fresh(stage, 0)
        self.put(stage, address, leaf(physical, flags), 0)
        return address

    # One address for each bin.

    def address(self, access: str, stage: str, place: str, reason: str, user: bool) -> int:
        """A virtual address at which such an access is refused as the bin says."""
        good = ALL | (U if user else 0)
        if place == PAGE:
            return self._page(stage, good)
        level = int(place[-1])
        if stage in (ONE, VS):
            return self._refused(stage, level, reason, access, good)
        if stage == G:
            gpa = self._refused(G, level, reason, access, ALL | U)
            return self._leading_to(gpa, good)
        return self._by_table(stage, level, reason, good)

    def _page(self, stage: str, good: int) -> int:
        """A page that lies nowhere."""
        if stage == BARE:
            return NOWHERE
        if stage == G:
            return self._leading_to(self.shown(G, ALL | U, NOWHERE), good)
        return self.shown(stage, good, NOWHERE)

    def _leading_to(self, gpa: int, flags: int) -> int:
        """A virtual address of a guest that its own tables translate to `gpa`."""
        return self.shown(VS, flags, gpa) if self.state.levels else gpa

    def _refused(self, stage: str, level: int, reason: str, access: str, good: int) -> int:
        """An address that the stage itself refuses."""
        levels = self._levels(stage)
        if reason == Refusal.RANGE.name:
            return 1 << 12 + 9 * levels + 2 if stage == G else 1 << 60
        if reason == Refusal.PROTECTION.name and level < levels - 1:
            # A table that lies nowhere.
            address, table = self.fresh(stage, level + 1), NOWHERE
            if stage == VS and self.state.g_levels:
                table = self.shown(G, ALL | U, NOWHERE)
            self.put(stage, address, table >> 2 | V, level + 1)
            return address
        address = self.fresh(stage, level)
        place = self.put(stage, address, spoilt(reason, good, access, level), level)
        if reason in (Refusal.PROTECTION.name, UPDATE):
            self.protected.append((place, PMP_READ_ONLY if reason == UPDATE else PMP_NOTHING))
        return address

    def _by_table(self, stage: str, level: int, reason: str, good: int) -> int:
        """A virtual address whose table the G stage refuses."""
        address = self.fresh(VS, 1)
        if stage == TABLE:
            self.put(VS, address, self._refused(G, level, reason, "load", ALL | U) >> 2 | V, 1)
            return address
        table = self.roots.aged(good)  # it must be there, to be read
        base = 0 if level > 2 else RAM
        gpa = self.fresh(G, level)
        flags = ALL | U
        flags &= ~D if reason == UPDATE else ~W
        place = self.put(G, gpa, leaf(base if level else table, flags), level)
        if reason == UPDATE:
            self.protected.append((place, PMP_READ_ONLY))
        self.put(VS, address, (gpa + (table - base if level else 0)) >> 2 | V, 1)
        return address


def spoilt(reason: str, good: int, access: str, level: int) -> int:
    """A leaf at `level` that says `reason` to an access, and nothing else."""
    page = leaf(DATA_PAGES if not level else RAM if level < 3 else 0, good)
    return {
        Refusal.INVALID.name: page & ~V, Refusal.RESERVED.name: page | 1 << 57, Refusal.NO_LEAF.name: V,
        Refusal.MISALIGNED.name: page | 1 << 10, Refusal.USER.name: page ^ U,
        Refusal.PERMISSION.name: page & ~(X if access in ("fetch", "HLVX") else W if access in STORES else R | W),
        Refusal.ACCESSED.name: page & ~A, Refusal.DIRTY.name: page & ~D, Refusal.NAPOT.name: page | N,
        Refusal.MEMORY_TYPE.name: page | NC | IO_TYPE, UPDATE: page & ~A, Refusal.PROTECTION.name: page,
    }[reason]

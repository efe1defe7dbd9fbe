"""Address translation and protection in plain Python, written from the manual: what the Mmu is compared with.

Supervisor chapter, "Virtual Address Translation Process"; hypervisor chapter, "Two-Stage Address Translation";
machine chapter, "Physical Memory Protection" and "Physical Memory Attributes".
"""

from copy import copy
from dataclasses import dataclass, field, replace

from hyacinth.rtl.config import VIRT
from hyacinth.rtl.isa.modes import Mode
from hyacinth.rtl.payloads import Reach

V, R, W, X, U, G, A, D = (1 << n for n in range(8))
N, NC, IO = 1 << 63, 1 << 61, 2 << 61
PPN_SHIFT = 10
LEVELS = {8: 3, 9: 4, 10: 5}  # of satp.MODE, vsatp.MODE and hgatp.MODE; 0 is Bare
PAGE_FAULT, GUEST_PAGE_FAULT, ACCESS_FAULT = (12, 13, 15), (20, 21, 23), (1, 5, 7)
OFF, TOR, NA4, NAPOT = range(4)


@dataclass(frozen=True)
class Access:
    """A Context, and the bytes that are reached."""
    va: int
    mode: Mode = Mode.HS
    reach: Reach = Reach.LOAD
    hlvx: int = 0
    sum: int = 0
    mxr: int = 0
    vs_mxr: int = 0
    size: int = 3
    as_store: int = 0

    @property
    def context(self):
        return {"mode": self.mode, "reach": self.reach, "hlvx": self.hlvx, "sum": self.sum, "mxr": self.mxr,
                "vs_mxr": self.vs_mxr, "as_store": self.as_store}


@dataclass(frozen=True)
class Pmp:
    """One entry: `address` is the content of pmpaddr."""
    address: int = 0
    a: int = OFF
    r: int = 0
    w: int = 0
    x: int = 0
    l: int = 0


class Refused(Exception):
    """A trap: its cause, the guest physical address and whether an implicit access of the VS stage met it (2: the write
    of A or D)."""

    def __init__(self, causes, access, gpa=0, implicit=0):
        cause = causes[Reach.STORE if access.as_store else access.reach]
        super().__init__(cause, gpa, implicit)
        self.fault = cause, gpa, implicit


@dataclass
class Machine:
    """What decides about an access: CSRs, memory (8 bytes at each address named), memory map.

    satp, vsatp and hgatp are (MODE, ASID or VMID, PPN); mml and mmwp are of mseccfg. adue and pbmte are menvcfg's,
    vs_adue and vs_pbmte henvcfg's. `broken` are physical addresses that the bus does not know; `napot`: there is
    Svnapot.
    """
    memory: dict = field(default_factory=dict)
    satp: tuple = (0, 0, 0)
    vsatp: tuple = (0, 0, 0)
    hgatp: tuple = (0, 0, 0)
    pmp: tuple = ()
    mml: int = 0
    mmwp: int = 0
    regions: tuple = VIRT
    uncached_page: int | None = None
    broken: set = field(default_factory=set)
    adue: int = 0
    vs_adue: int = 0
    pbmte: int = 0
    vs_pbmte: int = 0
    napot: int = 1

    def apart(self):
        """The same with a memory of its own, for accesses that are only thought of: they may set A and D."""
        other = copy(self)
        other.memory = dict(self.memory)
        return other

    def region(self, pa):
        return next((r for r in self.regions if r.base <= pa < r.base + r.size), None)

    def pmp_rights(self, pa, size, machine):
        """R, W and X of the bytes [pa, pa+size): the lowest-numbered entry that matches any byte decides."""
        if not self.pmp:
            return 1, 1, 1
        below = 0
        for entry in self.pmp:
            if entry.a == TOR:
                low, high = below << 2, entry.address << 2
            elif entry.a == NA4:
                low, high = entry.address << 2, (entry.address << 2) + 4
            elif entry.a == NAPOT:
                ones = 0
                while entry.address >> ones & 1:
                    ones += 1
                low = entry.address >> ones + 1 << ones + 3
                high = low + (1 << ones + 3)
            else:
                low = high = 0
            below = entry.address
            matched = [low <= byte < high for byte in range(pa, pa + size)]
            if any(matched):
                if not all(matched):
                    return 0, 0, 0
                return self.entry_rights(entry, machine)
        return (1, 1, not self.mml) if machine and not self.mmwp else (0, 0, 0)

    def entry_rights(self, entry, machine):
        """R, W and X that `entry` grants: of the lockdown, in the words of the list under mseccfg.MML."""
        own = entry.r, entry.w, entry.x
        if not self.mml:
            return (1, 1, 1) if machine and not entry.l else own
        if (entry.r, entry.w, entry.x, entry.l) == (1, 1, 1, 1):
            return 1, 0, 0                                   # data that all may read
        if (entry.r, entry.w) == (0, 1):                     # a Shared-Region: code where locked, else data
            if entry.l:
                return machine and entry.x, 0, 1
            return 1, machine or entry.x, 0
        return own if bool(entry.l) == bool(machine) else (0, 0, 0)

    def grants(self, pa, access, size):
        """Whether PMP and PMA grant `access` to the physical bytes."""
        r, w, x = self.pmp_rights(pa, size, access.mode == Mode.M)
        region = self.region(pa)
        if region is None or self.region(pa + size - 1) is not region:
            return False
        w, x = w and region.writable, x and region.memory
        if access.hlvx:
            return bool(r and x)
        return bool((x, r, w)[access.reach])

    def translate(self, access):
        """Of `access`: (PA, main memory, cacheable). Raises Refused."""
        virtual = access.mode >= Mode.VU
        pa, types = access.va, [0, 0]
        if access.mode != Mode.M:
            pa, types[0] = self.first_stage(access, self.vsatp if virtual else self.satp, virtual)
        if virtual:
            pa, types[1] = self.guest(pa, access)
        if not self.grants(pa & -1 << access.size, access, 1 << access.size):
            raise Refused(ACCESS_FAULT, access)
        memory = self.region(pa).memory
        # The VS stage overrides the G stage, and that the memory's own; both NC and IO are past the caches.
        return pa, memory, memory and pa >> 12 != self.uncached_page and not any(types)

    def read_entry(self, pa, access):
        """An implicit read, of supervisor privilege; never of a device."""
        implied = replace(access, mode=Mode.HS, reach=Reach.LOAD, hlvx=0)
        if not self.grants(pa, implied, 8) or not self.region(pa).memory or pa in self.broken:
            raise Refused(ACCESS_FAULT, access)
        return self.memory.get(pa, 0)

    def update(self, pa, pte, reach, access):
        """Sets A, and D for a store, in the entry at `pa`; the walker's writes need cacheable memory."""
        if not self.grants(pa, replace(access, mode=Mode.HS, reach=Reach.STORE, hlvx=0), 8) or \
                not self.region(pa).memory or pa >> 12 == self.uncached_page:
            raise Refused(ACCESS_FAULT, access)
        self.memory[pa] = pte | A | (D if reach == Reach.STORE else 0)

    def first_stage(self, access, atp, virtual):
        """The VS stage (`virtual`) or the single stage: a GPA or a PA, and the PBMT."""
        mode, _, ppn = atp
        adue, pbmte = (self.adue & self.vs_adue, self.pbmte & self.vs_pbmte) if virtual else (self.adue, self.pbmte)
        if mode == 0:
            return access.va, 0
        levels, va = LEVELS[mode], access.va
        width = 12 + 9 * levels
        if va >> width - 1 not in (0, (1 << 65 - width) - 1):
            raise Refused(PAGE_FAULT, access)
        table = ppn << 12
        for level in reversed(range(levels)):
            at = table + 8 * (va >> 12 + 9 * level & 511)
            # The access for an entry is a load without MXR; a fault of it reports the original access.
            implied = replace(access, hlvx=0, mxr=0)
            pa, _ = self.guest(at, implied, implicit=1) if virtual else (at, 0)
            pte = self.read_entry(pa, access)
            if malformed(pte, level, pbmte, self.napot):
                raise Refused(PAGE_FAULT, access)
            if not pte & (R | X):
                table = (pte >> PPN_SHIFT) << 12
                continue
            user = access.mode in (Mode.U, Mode.VU)
            if user and not pte & U or not user and pte & U and not (access.sum and access.reach != Reach.FETCH):
                raise Refused(PAGE_FAULT, access)
            readable = pte & X if access.hlvx else pte & R or (access.mxr or access.vs_mxr) and pte & X
            if not (pte & X, readable, pte & W)[access.reach]:
                raise Refused(PAGE_FAULT, access)
            found = leaf_address(pte, va, level, PAGE_FAULT, access)
            if not pte & A or access.reach == Reach.STORE and not pte & D:
                if not adue:
                    raise Refused(PAGE_FAULT, access)
                if virtual:
                    self.guest(at, implied, implicit=2)
                self.update(pa, pte, access.reach, access)
            return found
        raise Refused(PAGE_FAULT, access)

    def guest(self, gpa, access, implicit=0):
        """The G stage: a PA, and the PBMT. Every access is one of a user; `implicit` ones read, or write (2)."""
        mode, _, ppn = self.hgatp
        if mode == 0:
            return gpa, 0
        reach = (access.reach, Reach.LOAD, Reach.STORE)[implicit]
        refused = GUEST_PAGE_FAULT, access, gpa, implicit
        levels = LEVELS[mode]
        if gpa >> 14 + 9 * levels:
            raise Refused(*refused)
        table = ppn << 12
        for level in reversed(range(levels)):
            index = gpa >> 12 + 9 * level & (2047 if level == levels - 1 else 511)
            pte = self.read_entry(at := table + 8 * index, access)
            if malformed(pte, level, self.pbmte, self.napot):
                raise Refused(*refused)
            if not pte & (R | X):
                table = (pte >> PPN_SHIFT) << 12
                continue
            readable = pte & X if access.hlvx else pte & R or access.mxr and pte & X
            if not pte & U or not (pte & X, readable, pte & W)[reach]:
                raise Refused(*refused)
            found = leaf_address(pte, gpa, level, *refused)
            if not pte & A or reach == Reach.STORE and not pte & D:
                if not self.adue:
                    raise Refused(*refused)
                self.update(at, pte, reach, access)
            return found
        raise Refused(*refused)


def malformed(pte, level, pbmte, napot):
    """V=0, a reserved combination, or a bit of an extension that is not here."""
    pointer = not pte & (R | X)
    if pte & N and (not napot or pointer or level or pte >> PPN_SHIFT & 15 != 8):
        return True
    if pte & (NC | IO) and (not pbmte or pointer or pte & NC and pte & IO):
        return True
    return not pte & V or pte & W and not pte & R or pte >> 54 & 127 or pointer and pte & (U | A | D)


def leaf_address(pte, address, level, *refused):
    """Where `address` lies in the page of a leaf at `level`, and the PBMT; a superpage must be aligned."""
    offset = (1 << 12 + 9 * level) - 1
    base = (pte >> PPN_SHIFT & (1 << 44) - 1) << 12
    if pte & N:
        offset, base = 0xFFFF, base & ~0xFFFF
    if base & offset:
        raise Refused(*refused)
    return base | address & offset, pte >> 61 & 3


def leaf(pa, flags=V | R | W | X | A | D):
    """A leaf entry of the page at `pa`."""
    return (pa >> 12) << PPN_SHIFT | flags


def pointer(pa, flags=V):
    """An entry that points to the table at `pa`."""
    return (pa >> 12) << PPN_SHIFT | flags

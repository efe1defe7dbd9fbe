"""Random programs for the comparison with Spike: reproducible, self-terminating, in every mode, with paging and faults.

A program is a driver in M-mode that sets the CSRs of one iteration after the other at random and enters one of some
bodies (random_code.py) in a random mode; handlers for M, HS and VS that skip what trapped, or go elsewhere
(random_handlers.py); page tables for both stages (random_tables.py, random_guests.py); and data. A body ends with ECALL
and a marker, which the handlers pass on to M-mode; so does a handler that has run too often. After the last iteration
the driver writes 1 to `tohost`. What bodies do beyond single instructions has a file for each kind: random_changes.py,
random_events.py, random_returns.py, random_seams.py.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from random import Random

from ...rtl.config import FULL, CoreConfig
from ...rtl.isa.csrs import table
from ...rtl.isa.modes import Mode
from . import random_seams
from .aims import Group, groups_of
from .aims_driver import Aimed
from .aims_tables import Roots
from .assembler import Code, csr, li, op
from .random_changes import change, switch
from .random_code import ADUE, DATA, DTE, MARKER, NEXT, RESUME, Body
from .random_events import arm, prepare, raised, settle
from .random_guests import ALTERED, ALTERED_COUNT, Spaces
from .random_handlers import AREA, HOP_AT, HOPS, LEVELS, PATIENCE_AT, handler, hops
from .random_layout import (
    BODIES,
    DATA_BYTES,
    DATA_PAGES,
    DRIVER,
    END_OF_TABLES,
    HANDLERS,
    RAM,
    SAVED,
    SAVED_BYTES,
    TABLES,
    TOHOST,
)
from .random_returns import mret, sret
from .random_seams import BEGIN, PATCHED, cross, patch
from .random_tables import (
    AGED_PAGES,
    BIG,
    EXECUTE,
    ODD_COUNT,
    ODD_MEGA_COUNT,
    ODD_MEGAPAGES,
    ODD_PAGES,
    READ_WRITE,
    TYPED_PAGES,
    TYPES,
    USER_OFFSET,
    WIDE_PAGES,
    Tables,
    W,
    big_address,
)

# Bytes of pmpcfg while mseccfg.MML=1, without A.
SHARED_CODE, SHARED_CODE_THAT_M_READS, SHARED_DATA, CODE_OF_M = 0x82, 0x86, 0x06, 0x85
PMP_TOR, PMP_NAPOT = 1 << 3, 3 << 3

PATIENCE = 150
"""Traps that a handler takes in one iteration before it gives up."""


@dataclass(frozen=True)
class RandomProgram:
    """A program in pieces: physical address and bytes of each, the address of the first instruction, and of tohost."""
    seed: int
    segments: tuple[tuple[int, bytes], ...]
    entry: int
    tohost: int

    def elf(self) -> bytes:
        """The program as an ELF file with the symbols `tohost` and `fromhost`."""
        header, program_header, section_header, symbol = 64, 56, 64, 24
        names = b"\0tohost\0fromhost\0.symtab\0.strtab\0"
        symbols = bytes(symbol) + b"".join(struct.pack("<IBBHQQ", name, 0x11, 0, 0xfff1, address, 8)
                                           for name, address in ((1, self.tohost), (8, self.tohost + 64)))
        at = header + program_header * len(self.segments)
        loads, contents = [], b""
        for address, data in self.segments:
            loads.append(struct.pack("<IIQQQQQQ", 1, 7, at + len(contents), address, address, len(data), len(data), 1))
            contents += data
        sections = at + len(contents) + len(names) + len(symbols)
        table_of_sections = bytes(section_header) + b"".join(
            struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, start, size, link, 1 if kind == 2 else 0, 1, entry)
            for name, kind, start, size, link, entry in (
                (17, 2, at + len(contents) + len(names), len(symbols), 2, symbol),
                (25, 3, at + len(contents), len(names), 0, 0)))
        first = struct.pack("<4s5B7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, 243, 1, self.entry, header, sections,
                            0, header, program_header, len(loads), section_header, 3, 2)
        return first + b"".join(loads) + contents + names + symbols + table_of_sections


@dataclass(frozen=True)
class Parts:
    """What a random program is made of, before it is bytes.

    Parameters
    ----------
    seed : int
    codes : dict of str to Code
        Handlers, driver and bodies.
    data : dict of int to bytes
        What else is in memory, by its address; code that is written among it.
    tables : Tables
    """
    seed: int
    codes: dict[str, Code]
    data: dict[int, bytes]
    tables: Tables

    def program(self) -> RandomProgram:
        """The whole of it. Raises ValueError where it is too long."""
        return assembled(self.seed, {code.address: code.contents() for code in self.codes.values()} | self.data
                         | {self.tables.base: self.tables.contents()})


def assembled(seed: int, contents: dict[int, bytes]) -> RandomProgram:
    """The program with these pieces of memory. Raises ValueError where one reaches the next."""
    pieces = tuple(sorted({SAVED: bytes(4096), **contents}.items()))
    ends = sorted((*(address for address, _ in pieces), TOHOST, END_OF_TABLES))
    for address, piece in pieces:
        room = next(end for end in ends if end > address)
        if address + len(piece) > room:
            raise ValueError(f"random program {seed}: {len(piece)} bytes do not fit between {address:#x} and "
                             f"{room:#x}; ask for fewer iterations or items")
    return RandomProgram(seed, pieces, HANDLERS, TOHOST)


class _Maker:
    """Makes one program. What it does in order: tables, handlers, bodies, driver."""

    def __init__(self, seed: int, config: CoreConfig, iterations: int, items: int, aims: Sequence[Group]):
        self.random, self.config, self.iterations, self.items = Random(seed), config, iterations, items
        self.csrs = {name: each.address for name, each in table(config).items()}
        self.hypervisor = config.hypervisor
        # Where PMP cuts a block, what CBO.ZERO does is unspecified, and Spike asks for one byte where others are
        # managed: a program has either.
        self.cuts_blocks = self.random.random() < 0.5
        self.aims = aims[:iterations]
        self.lockdown = config.has("smepmp") and self.random.random() < 0.3 and not self.aims
        self.code_entry = self.random.choice((SHARED_CODE, SHARED_CODE_THAT_M_READS))
        self.adue = self.random.random() < 0.5

    def make(self, seed: int) -> Parts:
        tables = self._tables()
        handlers = Code(HANDLERS)
        handlers.add(*li(1, DRIVER), op("jalr", s=1))
        levels = [level for level in LEVELS if level != "vs" or self.hypervisor]
        for level in levels:
            handler(handlers, level, self.csrs)
        self.vectors = {level: handlers.where(level) for level in levels}
        bodies, self.entries = Code(BODIES), {}
        modes = [mode for mode in (Mode.VU, Mode.VS, Mode.U, Mode.HS, Mode.M) if self.hypervisor or not mode & 4]
        self.bodies = {mode: [self._body(bodies, mode) for _ in range(2)] for mode in modes}
        places = [DATA_PAGES + self.random.randrange(2048, DATA_BYTES - 2048) // 8 * 8 for _ in range(HOPS)]
        self.hops = hops(self.random, SAVED + 4096, self.entries, places, self.hypervisor)
        roots = Roots(tables, self.layout)
        self.aimed = [Aimed(self, group, roots, bodies) for group in self.aims]
        driver = Code(DRIVER)
        self._driver(driver)
        return Parts(seed, {"handlers": handlers, "driver": driver, "bodies": bodies},
                     {DATA_PAGES: self.random.randbytes(DATA_BYTES), self.hops.address: self.hops.contents,
                      BEGIN: random_seams.contents()}, tables)

    def _tables(self) -> Tables:
        tables, pages = Tables(TABLES), range(DATA_PAGES, DATA_PAGES + DATA_BYTES, 4096)
        layout = {address: (EXECUTE, False) for address in range(HANDLERS, DRIVER, 4096)}
        layout |= {address: (READ_WRITE, False) for address in range(SAVED, SAVED + SAVED_BYTES, 4096)}
        layout |= {address: (EXECUTE, True) for address in range(BODIES, DATA_PAGES, 4096)}
        layout |= {address: (READ_WRITE, True) for address in pages}
        self.layout, guest_layout = layout, layout | {PATCHED: (EXECUTE | W, True)}
        self.spaces = Spaces(self.random, self.config, tables, layout, guest_layout, list(pages), self.adue)
        random_seams.show(self.random, self.spaces)
        self.spaces.show_tables()
        return tables

    def _pointers(self) -> list[int]:
        data = range(DATA_PAGES, DATA_PAGES + DATA_BYTES, 4096)
        odd = [ODD_PAGES + 4096 * n for n in range(ODD_COUNT)]
        odd += AGED_PAGES + [TYPED_PAGES + 4096 * n for n in range(len(TYPES))]
        odd += [WIDE_PAGES + 4096 * n for n in range(0, 16, 3)]
        odd += [ODD_MEGAPAGES + (n << 21) + DATA_PAGES - RAM for n in range(ODD_MEGA_COUNT)]
        far = [0, -4096, 1 << 38, -1 << 38, 1 << 47, 1 << 56, 1 << 63, 0x2000_0000, 1 << 34, 1 << 41, 1 << 50,
               0x200_bff8]
        return [*data, *data, *data, *(page + 4096 - 4 for page in data),
                *(page - RAM + USER_OFFSET for page in data), *(page - RAM + USER_OFFSET + 4090 for page in data),
                *odd, *(ALTERED + 4096 * n for n in range(ALTERED_COUNT)),
                *(big_address(level, page + 8) for level in BIG for page in (data[0], data[-1])), *far]

    def _body(self, code: Code, mode: Mode) -> int:
        nowhere = [0x2000_0000, 0x2000_1000 - 2, 1 << 63, -4096, 0x1000_0000, 1 << 40, 0x0300_0000]
        code.align(4)
        start = code.here
        config = self.config.without("zicboz", "zicbom") if self.cuts_blocks else self.config
        more = [(partial(item, spaces=self.spaces), often) for item, often in ((change, 9), (switch, 2), (cross, 2))]
        more += [(patch, 1), *([(arm, 9 if mode == Mode.M else 6)] if mode & 3 else [])]
        more += [(partial(mret, entries=self.entries), 1)] if mode == Mode.M else []
        more += [(partial(sret, entries=self.entries), 1 if mode == Mode.M else 2)] if mode & 3 else []
        body = Body(self.random, config, self.csrs, self._pointers(), nowhere, mode, self.lockdown, self.adue,
                    more)
        body.write(code, self.items)
        self.entries.setdefault(mode, []).extend(body.entries())
        return start

    def _driver(self, code: Code):
        code.add(*li(1, SAVED), csr("csrrw", self.csrs["mscratch"], s=1))
        prepare(code)
        if self.lockdown:
            self._lock_down(code)
        for n in range(self.iterations):
            code.label(("iteration", n))
            if n < len(self.aimed):
                self.aimed[n].iteration(code, n)
            else:
                self._iteration(code, n)
        code.label(("iteration", self.iterations))
        code.add(*li(5, TOHOST), op("addi", d=6, i=1), op("sd", s=5, t=6), op("jal"))

    def _iteration(self, code: Code, n: int):
        r, hypervisor = self.random, self.hypervisor

        def some(mask: int, chance: float = 0.5) -> int:
            return sum(1 << bit for bit in range(64) if mask >> bit & 1 and r.random() < chance)

        def root(register: str, is_on: bool) -> int:
            return self.spaces.roots[register][roots[register]] if is_on else 0

        mode = r.choice((Mode.M, Mode.HS, Mode.U, *((Mode.VS, Mode.VS, Mode.VU, Mode.VU) if hypervisor else ())))
        tsr, vtsr = r.random() < 0.15, r.random() < 0.15
        roots = {name: r.choice((0, 0, 0, 1, 2)) for name in self.spaces.roots}
        paged, guest_paged, g_paged = (r.random() < 0.8 for _ in range(3))
        sdt, vs_sdt = ((r.random() < 0.3) << 24 for _ in range(2))
        dte, h_dte = (r.choice((0, DTE)) for _ in range(2))
        # DTE first, since SDT is 0 then: see random_code.py.
        values = {"menvcfg": self._envcfg() & ~DTE | dte}
        if hypervisor:
            values["henvcfg"] = self._envcfg() & ~DTE | h_dte
        values |= {
            "mstatus": sdt | mode.value % 4 << 11 | (mode.value >> 2 & 1) << 39 | tsr << 22
            | some(1 << 1 | 1 << 5 | 1 << 7 | 1 << 8 | 1 << 18 | 1 << 19) | some(1 << 20 | 1 << 21, 0.2),
            "medeleg": 0 if tsr else some(0xf0b1ff), "mideleg": 0 if tsr else some(0x2222),
            "mie": r.getrandbits(14), "sscratch": SAVED + AREA, "satp": root("satp", paged),
            "mtvec": self.vectors["m"] | r.randrange(2), "stvec": self.vectors["s"] | r.randrange(2),
            "mcounteren": r.choice((0, -1, r.getrandbits(32))), "scounteren": r.choice((0, -1, r.getrandbits(32))),
            "senvcfg": self._envcfg(), "mseccfg": r.choice((0, 0, 2, 3)) << 32,
            "stimecmp": r.choice((0, -1, r.getrandbits(12))),
            "mcyclecfg": r.getrandbits(5) << 58, "minstretcfg": r.choice((0, r.getrandbits(5))) << 58,
            "mhpmcounter3": -r.getrandbits(10), "mhpmevent3": r.choice((0, r.getrandbits(6))) << 58 | r.randrange(40),
            **{f"mstateen{n}": r.choice((0, -1, r.getrandbits(64))) for n in range(4)}}
        if hypervisor:
            values |= {
                "hedeleg": 0 if vtsr else some(0xb1ff), "hideleg": 0 if vtsr else some(0x444),
                "hvip": some(0x444, 0.3), "hgatp": root("hgatp", g_paged),
                "vsatp": root("vsatp", guest_paged), "vsscratch": SAVED + 2 * AREA,
                "vstvec": self.vectors["vs"] | r.randrange(2), "vsstatus": vs_sdt | some(0xc0122),
                "hstatus": vtsr << 22 | r.choice((0, 2, 3)) << 48 | some(1 << 8 | 1 << 9) | some(1 << 20 | 1 << 21, 0.2)
                | r.randrange(self.config.geilen + 1) << 12,
                "hcounteren": r.choice((0, -1, r.getrandbits(32))),
                **{f"hstateen{n}": r.choice((0, -1, r.getrandbits(64))) for n in range(4)},
                "htimedelta": r.choice((0, 5, -1)), "vstimecmp": r.choice((0, -1, r.getrandbits(12)))}
        translated = guest_paged if mode & 4 else paged
        in_user = translated and mode in (Mode.U, Mode.VU)
        shift = USER_OFFSET - RAM if in_user else 0
        data = DATA_PAGES + r.randrange(2048, DATA_BYTES - 2048) // 8 * 8
        register = "vsatp" if mode & 4 else "satp"
        levels = self.spaces.levels[register][0]
        large = [level for level in BIG if level < levels and (level % 2 == 0) == in_user and not roots[register]]
        pointer = data + shift
        if translated and mode != Mode.M and large and r.random() < 0.3:
            pointer = big_address(r.choice(large), data)
        body = r.choice(self.bodies[mode])
        fences = n == len(self.aimed) or r.random() < 0.7
        # Translations may remember what PMP says.
        self.set_up(code, (self._pmp() if self.config.pmp_entries and fences else {}) | values, raised(r), fences,
                    [self.hops.start(r, level, paged, guest_paged) for level in LEVELS])
        code.add(*li(1, body + shift), csr("csrrw", self.csrs["mepc"], s=1))
        for register in r.sample(range(2, 20), 4):
            code.add(*li(register, r.choice((r.getrandbits(64), r.getrandbits(12), data, -1, 1 << r.randrange(64)))))
        code.add(*li(DATA, pointer), op("addi", d=MARKER), op("addi", d=RESUME))
        code.load_address(NEXT, ("iteration", n + 1))
        code.add(op("mret"))

    def set_up(self, code: Code, values: dict[str, int], lines: dict[int, int], fences: bool, hops: list[int]):
        """Writes the CSRs of an iteration, after those have been silenced on which others depend, raises the lines of
        `lines`, and says where each handler begins in its list of hops."""
        code.add(*(csr("csrrwi", self.csrs[name]) for name in ("mstatus", "vsstatus", "mip") if name in self.csrs))
        settle(code, lines)
        for name, value in values.items():
            if name in self.csrs:
                code.add(*li(1, value), csr("csrrw", self.csrs[name], s=1))
        if fences:
            code.add(op("sfence.vma"), *((op("hfence.vvma"), op("hfence.gvma")) if self.hypervisor else ()))
        code.add(*li(1, SAVED))
        for area, start in zip(range(0, AREA * len(LEVELS), AREA), hops, strict=True):
            code.add(op("addi", d=2, i=PATIENCE), op("sd", s=1, t=2, i=area + PATIENCE_AT), *li(2, start),
                     op("sd", s=1, t=2, i=area + HOP_AT))

    def _envcfg(self) -> int:
        """A value of menvcfg, henvcfg or senvcfg: all off, all on, or STCE, PBMTE, ADUE and PMM at random."""
        r = self.random
        value = r.choice((0, -1, -1, r.getrandbits(3) << 61 | r.choice((0, 0, 2, 3)) << 32))
        return value if self.adue else value & ~ADUE

    def _pmp(self) -> dict[str, int]:
        """One region in the data with other permissions, before the last entry, which allows everything."""
        r, last = self.random, self.config.pmp_entries - 1
        others = self._lockdown_entries() if self.lockdown else 0x1f << 8 * (last % 8)
        start, size = DATA_PAGES + r.randrange(DATA_BYTES // 64) * 64, (8 if self.cuts_blocks else 64) << r.randrange(8)
        permissions = r.randrange(8) & ~(2 if r.random() < 0.9 else 0) | (r.random() < 0.5)
        permissions |= 0x80 if r.random() < 0.2 else 0
        kind = r.choice(("off", "off", "tor", "na4" if self.cuts_blocks else "napot", "napot"))
        if kind == "tor" and not self.cuts_blocks:
            permissions &= 0x7f  # pmpaddr0 would keep what a region of another kind is cut by
        config = {"off": 0, "tor": 1 << 11 | permissions << 8, "na4": 2 << 3 | permissions,
                  "napot": 3 << 3 | permissions}[kind]
        first = start >> 2 if kind != "napot" else (start // size * size >> 2) + (size // 8 - 1)
        return {"pmpaddr0": first, "pmpaddr1": start + size >> 2, f"pmpaddr{last}": -1, "pmpcfg0": config,
                f"pmpcfg{last // 8 * 2}": others}

    def _lock_down(self, code: Code):
        """mseccfg.MML=1, with what is code for all modes and data for all: first what M needs to live through that."""
        mseccfg, entries = self.csrs["mseccfg"], self._lockdown_entries()
        of_m = (CODE_OF_M | PMP_NAPOT) << 48
        code.add(csr("csrrwi", mseccfg, i=4))
        for name, value in (("pmpaddr12", BODIES >> 2), ("pmpaddr13", DATA_PAGES >> 2), ("pmpaddr15", -1),
                            ("pmpaddr14", (HANDLERS | (TOHOST - HANDLERS) // 2 - 1) >> 2), ("pmpcfg2", of_m)):
            code.add(*li(1, value), csr("csrrw", self.csrs[name], s=1))
        code.add(csr("csrrwi", mseccfg, i=5), *li(1, entries), csr("csrrw", self.csrs["pmpcfg2"], s=1),
                 csr("csrrwi", mseccfg, i=self.random.choice((1, 3, 5, 7))))

    def _lockdown_entries(self) -> int:
        """pmpcfg2 of a program with mseccfg.MML=1: the bodies, handlers and driver, and everything else."""
        code = self.code_entry
        return (code | PMP_TOR) << 40 | (code | PMP_NAPOT) << 48 | (SHARED_DATA | PMP_NAPOT) << 56


def random_program(seed: int, config: CoreConfig = FULL, *, iterations: int = 24, items: int = 150,
                   aims: Sequence[Group] | None = None) -> RandomProgram:
    """The random program with that seed, always the same one for a configuration: some 10,000 to 50,000 instructions.

    Parameters
    ----------
    iterations : int
        How often a mode, CSRs and a body are chosen.
    items : int
        Length of each body, in instructions or short sequences of them.
    aims : sequence of Group
        What the first iterations aim at, the others being left to chance; by default those of aims.groups_of.
    """
    return random_parts(seed, config, iterations=iterations, items=items, aims=aims).program()


def random_parts(seed: int, config: CoreConfig = FULL, *, iterations: int = 24, items: int = 150,
                 aims: Sequence[Group] | None = None) -> Parts:
    """What `random_program` makes a program of."""
    return _Maker(seed, config, iterations, items, groups_of(seed, config) if aims is None else aims).make(seed)


def random_programs(seed: int = 0, config: CoreConfig = FULL):
    """Endless random programs, from `seed` on."""
    return (random_program(each, config) for each in count(seed))

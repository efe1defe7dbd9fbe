"""What random programs aim at: bins of the coverage, in groups that one iteration of a program can try together.

A group has bins that ask for the same mode, target and state of the machine. Which groups a program has follows from
its seed alone, so that it is made again from that; or those are chosen that have holes.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from math import gcd

from ...rtl.config import CLINT, INTERRUPTS, CoreConfig
from ...rtl.isa.causes import Interrupt
from ...rtl.isa.csr import Csr, Guard
from ...rtl.isa.csrs import table
from ...rtl.isa.modes import Mode
from ...rtl.mmu.refusal import Refusal
from ..coverage import crosses, words
from ..coverage.unreachable_traps import LEVELS

SHARE = 3
"""One in so many programs aims at something."""
PER_PROGRAM, PER_GROUP = 8, 40
PER_PMP = 12
"""Bins that need an entry of PMP each, in one group."""

OPEN, SHUT_IN_M, SHUT_IN_HS, NO_H = "open", "shut in M", "shut in HS", "misa.H is 0"
"""Who, or what, keeps a mode from what it may do."""

DEEPEST = -1


@dataclass(frozen=True)
class State:
    """What the driver sets for a group, beside what all groups have.

    Parameters
    ----------
    mode : Mode
        In which the body runs.
    target : str
        Who takes its traps: "M", "HS" or "VS".
    levels, g_levels : int
        Of the tables of the first stage and of the G stage; 0: it is off; DEEPEST: as many as the core has.
    adue : bool
        A and D are set by hardware.
    shut : str
        OPEN, or who shuts what can be shut; or NO_H, in M and HS.
    double : bool
        The target is not ready: M takes its traps as double traps.
    """
    mode: Mode
    target: str = "M"
    levels: int = DEEPEST
    g_levels: int = DEEPEST
    adue: bool = False
    shut: str = OPEN
    double: bool = False


@dataclass(frozen=True)
class Group:
    """Bins of one cross, and the state that they need."""
    cross: str
    state: State
    bins: tuple[crosses.Bin, ...]


def groups_of(seed: int, config: CoreConfig) -> tuple[Group, ...]:
    """What the program with that seed aims at: every group in turn, the next program the next ones."""
    if seed % SHARE != SHARE - 1:
        return ()
    every = groups(config)
    first = seed // SHARE * PER_PROGRAM
    return tuple(every[n % len(every)] for n in range(first, first + PER_PROGRAM))


def towards(holes: Collection[tuple[str, crosses.Bin]], config: CoreConfig) -> Iterator[tuple[Group, ...]]:
    """Groups that have some of these bins, for a program after the other."""
    wanted = (group for group in groups(config) if any((group.cross, each) in holes for each in group.bins))
    while some := tuple(islice(wanted, PER_PROGRAM)):
        yield some


@cache
def groups(config: CoreConfig) -> tuple[Group, ...]:
    """Every group of a core, those of one cross spread among the others."""
    sorted_out, most = defaultdict(list), LEVELS[config.va_bits]
    for name, state in STATES.items():
        for each in crosses.crosses(config)[name].reachable:
            if (needs := state(config, *each)) is not None:
                levels, g_levels = (most if n == DEEPEST else n for n in (needs.levels, needs.g_levels))
                sorted_out[name, replace(needs, levels=levels, g_levels=g_levels)].append(each)
    made = []
    for (name, state), bins in sorted_out.items():
        protected = [each for each in bins if needs_pmp(each, config)]
        others = [each for each in bins if not needs_pmp(each, config)]
        while protected or others:
            some, protected = protected[:PER_PMP], protected[PER_PMP:]
            more, others = others[:PER_GROUP - len(some)], others[PER_GROUP - len(some):]
            made.append(Group(name, state, (*some, *more)))
    # A stride without a common divisor visits each once.
    stride = next(n for n in range(len(made) * 5 // 8, len(made) + 2) if gcd(n, len(made)) == 1)
    return tuple(made[n * stride % len(made)] for n in range(len(made)))


def needs_pmp(each: crosses.Bin, config: CoreConfig) -> bool:
    """Whether a bin needs an entry of PMP: that over an entry of a page table which nothing else takes away."""
    root = f"level {LEVELS[config.va_bits] - 1}"
    return words.UPDATE in each or Refusal.PROTECTION.name in each and root in each


def _of_refusal(config, mode, access, stage, place, reason, target) -> State | None:
    levels = g_levels = DEEPEST
    if stage == words.BARE:
        levels = g_levels = 0
    elif place == words.PAGE and stage == words.VS:
        g_levels = 0
    elif reason == Refusal.RANGE.name:
        level = int(place[-1])
        if stage in (words.ONE, words.VS):
            levels = level + 1
        else:
            g_levels = level + 1
            levels = 0 if g_levels == 5 else DEEPEST  # 44 bits of PPN name no such address
    if mode == Mode.M.name and access == "fetch":
        return None
    return State(Mode[mode], target, levels, g_levels, reason not in (Refusal.ACCESSED.name, Refusal.DIRTY.name))


_csrs = cache(table)


def _of_csr(config, name, mode, outcome) -> State:
    return State(Mode[mode], shut=_shut(_csrs(config)[name], mode, outcome))


def _shut(csr: Csr, mode: str, outcome: str) -> str:
    """Who must shut a CSR for an access to come to that."""
    least, rank = csr.address >> 8 & 3, {"M": 3, "HS": 2, "VS": 1}.get(mode, 0)
    by_address = least > rank
    if outcome in (words.READ, words.WRITE) or csr.guard == Guard.NEVER:
        return OPEN
    if outcome == words.ILLEGAL and csr.hypervisor and not by_address and not csr.is_read_only and (
            mode == "M" and csr.guard != Guard.VSIREG or mode == "HS" and csr.guard == Guard.NONE):
        return NO_H
    if csr.guard == Guard.NONE:
        return OPEN
    if outcome == words.ILLEGAL:
        always = csr.guard == Guard.SIREG and mode != "VU" or csr.guard == Guard.VSIREG and mode in ("M", "HS", "U")
        return OPEN if always or csr.is_read_only or by_address and mode == "U" else SHUT_IN_M
    always = by_address if csr.guard != Guard.SIREG else mode == "VU"
    return OPEN if always or csr.guard == Guard.VSIREG else SHUT_IN_HS


def _of_instruction(config, name, mode, outcome) -> State:
    if outcome == words.ILLEGAL and name.startswith(("h", "H")) and (
            mode == "M" or mode == "HS" and not name.endswith("gvma")):
        return State(Mode[mode], shut=NO_H)
    return State(Mode[mode], shut={words.DONE: OPEN, words.ILLEGAL: SHUT_IN_M, words.VIRTUAL: SHUT_IN_HS}[outcome])


def _of_fence(config, name, rs1, rs2, mode, outcome) -> State:
    return _of_instruction(config, name, mode, outcome)


def _of_interrupt(config, mode, name, taken_in) -> State | None:
    if not {CLINT, INTERRUPTS} <= set(config.memory_map):
        return None  # nothing would raise it
    if taken_in == words.DOUBLE:
        # In VU those of a guest are meant for VS, so that both are tried.
        target = "VS" if mode == "VU" and Interrupt[name] in (Interrupt.VSSI, Interrupt.VSTI, Interrupt.VSEI) else "HS"
        return State(Mode[mode], target, double=True)
    return State(Mode[mode], taken_in)


def _of_exception(config, mode, cause, taken_in) -> State | None:
    return State(Mode[mode], "HS" if taken_in == words.DOUBLE else taken_in, double=taken_in == words.DOUBLE)


def _after_fence(config, name, rs1, rs2, memory_of, translation) -> State:
    return State(Mode.VS if memory_of == words.SELF else Mode.HS)


STATES = {crosses.REFUSAL: _of_refusal, crosses.CSR: _of_csr, crosses.INSTRUCTION: _of_instruction,
          crosses.FENCE: _of_fence, crosses.INTERRUPT: _of_interrupt, crosses.TRAP: _of_exception,
          crosses.AFTER: _after_fence}
"""For each cross, the state that a bin needs; None where no program aims at it."""

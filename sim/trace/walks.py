"""Walks of the page tables: WalkStep records put together, and their entries in words."""

from dataclasses import dataclass, field

from ...rtl.mmu.refusal import Refusal
from ...rtl.payloads import Reach
from .names import mode_name

FLAGS = "DAGUXWRV"
REACHES = ("fetch", "load", "store/AMO")
PAGE = 12
KEPT = 16
"""Refused walks remembered until a trap asks for its own."""


@dataclass
class Walk:
    """The reads of one walk, in the order in which they were made."""
    steps: list = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether it ended in a fault."""
        return bool(self.steps) and bool(self.steps[-1].reason)

    def explains(self, record) -> bool:
        """Whether the trap of `record` is this walk's fault."""
        end = self.steps[-1]
        return end.cause == record.code and not record.interrupt and end.va >> PAGE == record.tval >> PAGE


class Walks:
    """Takes WalkSteps in order and keeps the walks that were refused, the latest last."""
    def __init__(self):
        self.current, self.refused = Walk(), []

    def take(self, step) -> None:
        """Add one step."""
        if step.first:
            self.current = Walk()
        self.current.steps.append(step)
        if step.last and step.reason:
            self.refused = [*self.refused[1 - KEPT:], self.current]

    def of(self, record) -> Walk | None:
        """The walk whose fault the trap of `record` is; None where there was none (or its reads were not recorded)."""
        return next((walk for walk in reversed(self.refused) if walk.explains(record)), None)


def flags(pte: int) -> str:
    """The low eight bits of an entry as DAGUXWRV, `-` for each that is 0."""
    return "".join(name if pte >> 7 - at & 1 else "-" for at, name in enumerate(FLAGS))


def pte_words(pte: int) -> str:
    """An entry decoded: flags, PPN, and N, PBMT and RSW where they are not zero."""
    text = f"{flags(pte)} PPN {pte >> 10 & (1 << 44) - 1:#x}"
    for name, lsb, width in (("N", 63, 1), ("PBMT", 61, 2), ("reserved", 54, 7), ("RSW", 8, 2)):
        if value := pte >> lsb & (1 << width) - 1:
            text += f" {name} {('', 'NC', 'IO', '3 (reserved)')[value] if name == 'PBMT' else f'{value:#x}'}"
    return text


def reach_words(step) -> str:
    """What was to be done, and as whom: `load by VS`."""
    context = step.context
    what = "HLVX" if context.hlvx else REACHES[context.reach]
    more = [name for name, on in (("SUM", context.sum), ("MXR", context.mxr), ("vsstatus.MXR", context.vs_mxr)) if on]
    return f"{what} as {mode_name(context.mode)}{', ' if more else ''}{' '.join(more)}"


def step_words(step) -> str:
    """One entry: which, where it lies, and what it holds."""
    virtual = step.context.mode & 4
    if step.g_stage:
        where = f"  G-stage level {step.level} of GPA {step.gpa:#x}, entry at HPA {step.hpa:#x}"
    elif virtual:
        where = f"VS-stage level {step.level}, entry at GPA {step.gpa:#x}, HPA {step.hpa:#x}"
    else:
        where = f"level {step.level}, entry at {step.hpa:#x}"
    return f"{where}: {step.pte:#018x} {pte_words(step.pte)}{'; hardware sets A or D' if step.updates else ''}"


def refusal(step) -> str:
    """Why the walk ended at this step, and which bit it was."""
    context = step.context
    user = "U = 0: the G-stage takes every access for a user's" if step.g_stage else (
        "U = 0: not a page of user mode" if not context.mode & 3 else
        "U = 1: a page of user mode, which S-mode may not execute" if context.reach == Reach.FETCH else
        "U = 1 and SUM = 0: a page of user mode")
    words = {
        Refusal.INVALID: "V = 0: the entry is not valid",
        Refusal.RESERVED: "a reserved bit is 1, or W = 1 without R, or a pointer has D, A or U",
        Refusal.NO_LEAF: "R = 0 and X = 0: the entry points on, and this is the last level",
        Refusal.MISALIGNED: "the low bits of PPN are not 0, and this is a superpage",
        Refusal.USER: user, Refusal.PERMISSION: _permission(step),
        Refusal.ACCESSED: "A = 0, and ADUE = 0: software is to set it",
        Refusal.DIRTY: "D = 0 on a store, and ADUE = 0: software is to set it",
        Refusal.NAPOT: "N = 1, and the entry is no leaf of level 0 whose PPN ends in 1000",
        Refusal.MEMORY_TYPE: "PBMT is not 0, and reserved, or in a pointer, or PBMTE = 0",
        Refusal.RANGE: "the address has bits that the scheme does not translate",
        Refusal.PROTECTION: f"PMP or PMA, at HPA {step.hpa:#x}",
        Refusal.ABSENT: f"nothing is at HPA {step.hpa:#x}"}
    return f"refused: {words.get(step.reason, f'reason {step.reason}')}"


def _permission(step) -> str:
    context, pte = step.context, step.pte
    if step.implicit:
        return "W = 0, which setting A or D in a table entry needs" if step.writes else \
            "R = 0, which the read of a table entry needs"
    if context.hlvx:
        return "X = 0, which HLVX needs"
    name, bit = (("X", 3), ("R", 1), ("W", 2))[context.reach]
    mxr = " (MXR = 0)" if name == "R" and pte >> 3 & 1 else ""
    return f"{name} = 0{mxr}, which a {REACHES[context.reach]} needs"


def lines(walk: Walk) -> list[str]:
    """The walk, a line for each entry, indented by stage; the last says what refused.

    A walk's last step is its end and no entry: it tells what refused, again or for the first time.
    """
    first, end = walk.steps[0], walk.steps[-1]
    text = [f"walk of {first.va:#x} for {reach_words(first)}",
            *("  " + step_words(step) for step in walk.steps if not step.last)]
    if end.reason:
        text.append("  " + refusal(end))
    return text

"""Walks of the page tables: WalkStep records put together, and their entries in words."""

from dataclasses import dataclass, field

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
            text += f" {name} {value:#x}"
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
    return f"{where}: {step.pte:#018x} {pte_words(step.pte)}"


def refusal(step) -> str:
    """Why the walk ended at this step, and which bit it was."""
    return f"refused: {refusal_words(step.reason)}"


def refusal_words(reason: int) -> str:
    """A `Refusal` in words."""
    from ...rtl.mmu.walker import Refusal
    try:
        name = Refusal(reason).name
    except ValueError:
        return f"reason {reason}"
    return name.lower().replace("_", " ")


def lines(walk: Walk) -> list[str]:
    """The walk, a line for each entry, indented by stage; the last says what refused."""
    first = walk.steps[0]
    text = [f"walk of {first.va:#x} for {reach_words(first)}"]
    for step in walk.steps:
        text.append("  " + step_words(step))
        if step.reason:
            text.append("  " + refusal(step))
    return text

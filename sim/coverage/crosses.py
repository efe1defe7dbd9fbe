"""The crosses: every bin that can be named, with "" or with the reason why no run can fall into it.

A bin is a tuple of words. What a run meets of those with a reason is a mistake of this table, or of the core.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import product

from ...rtl.config import CoreConfig
from ...rtl.isa.causes import Cause, Interrupt
from ...rtl.isa.csrs import table
from ...rtl.isa.instructions import table as instructions
from ...rtl.isa.modes import Mode
from . import words
from .unreachable import after_fence, csr, fence, instruction
from .unreachable_traps import exception, interrupt, refusal

TRAP, INTERRUPT, REFUSAL, CSR, INSTRUCTION, FENCE, AFTER = (
    "exceptions", "interrupts", "refusals", "CSRs", "instructions", "fences", "after a fence")

Bin = tuple[str, ...]


@dataclass(frozen=True)
class Cross:
    """Some columns of words that are looked at together."""
    name: str
    says: str                 # what a bin means
    columns: tuple[str, ...]
    bins: dict[Bin, str]      # with the reason why it cannot be met, or ""

    @property
    def reachable(self) -> list[Bin]:
        """The bins that a run can meet."""
        return [each for each, reason in self.bins.items() if not reason]


def cross(name: str, says: str, columns: dict[str, tuple[str, ...]], reason: Callable[..., str]) -> Cross:
    """Every combination of the words in `columns`, each judged by `reason`."""
    return Cross(name, says, tuple(columns), {each: reason(*each) for each in product(*columns.values())})


def count(every: dict[str, Cross]) -> int:
    """How many bins can be met."""
    return sum(len(each.reachable) for each in every.values())


@cache
def crosses(config: CoreConfig) -> dict[str, Cross]:
    """The crosses of a core, by name."""
    modes = tuple(mode.name for mode in Mode if config.hypervisor or mode not in words.GUESTS)
    csrs = table(config)
    groups = {name: each for each in instructions(config) if (name := words.group(each))}
    fences = tuple(each.name for each in instructions(config) if each.name in words.FENCES)
    made = (
        cross(TRAP, "an exception of an instruction in this mode is taken in that one", {
            "mode": modes, "cause": tuple(each.name for each in Cause if each != Cause.DOUBLE_TRAP),
            "taken in": (*words.TARGETS, words.DOUBLE)}, lambda *bin: exception(config, *bin)),
        cross(INTERRUPT, "an interrupt in this mode is taken in that one, as delegated", {
            "mode": modes, "interrupt": tuple(each.name for each in Interrupt),
            "taken in": (*words.TARGETS, words.DOUBLE)}, lambda *bin: interrupt(config, *bin)),
        cross(REFUSAL, "an access in this mode is refused there, which decides its cause, and the trap is taken in "
              "that mode", {
                  "mode": modes, "access": words.ACCESSES, "stage": words.STAGES, "place": words.PLACES,
                  "reason": words.REASONS, "taken in": words.TARGETS}, lambda *bin: refusal(config, *bin)),
        cross(CSR, "a CSR is read or written in this mode, or that raises an exception", {
            "CSR": tuple(csrs), "mode": modes,
            "outcome": (words.READ, words.WRITE, words.ILLEGAL, words.VIRTUAL)},
            lambda name, mode, outcome: csr(csrs[name], mode, outcome)),
        cross(INSTRUCTION, "an instruction that not every mode may execute", {
            "instruction": tuple(groups), "mode": modes, "outcome": (words.DONE, words.ILLEGAL, words.VIRTUAL)},
            lambda name, *rest: instruction(groups[name], *rest)),
        cross(FENCE, "a fence with x0 or a register as either operand", {
            "fence": fences, "rs1": ("x0", "register"), "rs2": ("x0", "register"), "mode": modes,
            "outcome": (words.DONE, words.ILLEGAL, words.VIRTUAL)},
            lambda name, rs1, rs2, *rest: fence(name, *rest)),
        cross(AFTER, "a page that was reached before a fence is reached after it: is the translation still there?", {
            "fence": fences, "rs1": (words.NO_REGISTER, words.OWN_PAGE, words.OTHER_PAGE),
            "rs2": (words.NO_REGISTER, words.OWN_ID, words.OTHER_ID),
            "memory of": (words.SINGLE, words.GUEST, words.SELF)[:3 if config.hypervisor else 1],
            "translation": (words.KEPT, words.WALKED)}, after_fence),
    )
    return {each.name: each for each in made}

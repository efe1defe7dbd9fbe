"""Finds in the steps of the walker where and why it refused, and which trap came of it."""

from itertools import compress

from ...rtl.mmu.refusal import Refusal
from ..records import WALK_FIELDS
from .words import BARE, ONE, PAGE, TABLE, TABLE_WRITE, UPDATE, VS, G

WORD, SIZE = len(WALK_FIELDS), 8 * len(WALK_FIELDS)
AT = {name: n for n, name in enumerate(WALK_FIELDS)}
LAST = AT["last"]
LEAF = 0b1010                # R or X
NAMES = {int(each): each.name for each in Refusal}

OF_GUEST = (VS, G, TABLE, TABLE_WRITE)

Where = tuple[str, str, str]
"""Stage, place and reason of a refusal, in words."""


class Refusals:
    """The ends of walks, until a trap asks for them.

    Attributes
    ----------
    found : list of (int, int)
        Of the last batch, each walk that found a page: its cycle, and the page's number.
    """
    def __init__(self):
        self.found: list[tuple[int, int]] = []
        self._waiting: list[tuple[int, int, int, Where]] = []   # cycle, cause, page, where
        self._known: dict[tuple[int, int], Where] = {}
        self._before: list[int] = [0] * WORD                    # the last step of the batch before

    def walked(self, batch: bytes) -> None:
        """Take a batch of steps."""
        step, count = memoryview(batch).cast("Q"), len(batch) // SIZE
        self.found = []
        for n in compress(range(count), batch[8 * LAST::SIZE]):
            at = n * WORD
            page = step[at + AT["va"]] >> 12
            if cause := step[at + AT["cause"]]:
                before = step[at - WORD:at].tolist() if n else self._before
                self._waiting.append((step[at], cause, page, where(step[at:at + WORD].tolist(), before)))
            else:
                self.found.append((step[at], page))
        if count:
            self._before = step[(count - 1) * WORD:].tolist()

    def of_trap(self, cycle: int, cause: int, address: int, of_guest: bool) -> Where | None:
        """Where and why the access to `address` was refused that trapped in `cycle`, if the walker refused it;
        `of_guest`: it is a guest's address."""
        past = 0
        for at, code, page, about in self._waiting:
            if at > cycle:
                break
            self._known[code, page] = about
            past += 1
        del self._waiting[:past]
        found = self._known.get((cause, address >> 12))
        # What refuses without a walk, a device an atomic for one, leaves what was known of the page in another space.
        return None if found and (found[0] == ONE if of_guest else found[0] in OF_GUEST) else found


def where(step: list[int], before: list[int]) -> Where:
    """What the end of a walk that was refused says, with the step before it."""
    get = dict(zip(AT, step, strict=True))
    reason, guest = NAMES[get["reason"]], get["g_stage"]
    implicit = get["implicit"]
    stage = ((TABLE_WRITE if get["writes"] else TABLE) if implicit else G) if guest else \
        VS if get["context_mode"] & 4 else ONE
    place = f"level {get['level']}"
    if reason == Refusal.PROTECTION.name:
        if get["first"]:
            va = get["va"]
            if get["hpa"] == va & (1 << 55) - 1 | bool(va >> 55) << 55 and not get["pte"]:
                return BARE, PAGE, reason
            return stage, place, reason
        was = dict(zip(AT, before, strict=True))
        same = was["g_stage"] == guest
        if same and not implicit and not was["implicit"] and was["pte"] & LEAF and not was["updates"]:
            place = PAGE
        elif same and was["updates"] and was["level"] == get["level"]:
            reason = UPDATE
    return stage, place, reason

"""Why some outcomes of CSR accesses and privileged instructions cannot be: by the manual, as rtl/csr/access.py has it.

Who may do what is said here in other words: as what each mode can meet, whatever the bits that control it hold.
"""

from ...rtl.isa.csr import NOBODY, Csr, Guard
from ...rtl.isa.instructions import Cbo, Instruction, System, Unit
from ...rtl.isa.modes import Mode
from .words import (
    DONE,
    GUEST,
    GUESTS,
    ILLEGAL,
    NO_REGISTER,
    OTHER_ID,
    OTHER_PAGE,
    OWN_PAGE,
    READ,
    SELF,
    SINGLE,
    VIRTUAL,
    WALKED,
    WRITE,
)

ONLY_GUESTS = "only guests raise this exception"
FREE = "nothing keeps this mode from it"
NEVER = "no bit grants it"

M, HS, U, VS, VU = (mode.name for mode in (Mode.M, Mode.HS, Mode.U, Mode.VS, Mode.VU))
GUEST_NAMES = tuple(mode.name for mode in GUESTS)


def outcomes(grants: set[str], outcome: str, mode: str) -> str:
    """The reason, where `outcome` is none of those that `mode` can have."""
    if outcome in grants:
        return ""
    if outcome == VIRTUAL and mode not in GUEST_NAMES:
        return ONLY_GUESTS
    if outcome == ILLEGAL and VIRTUAL in grants:
        return "for a guest it is virtual"
    if outcome == VIRTUAL and ILLEGAL in grants and DONE not in grants and READ not in grants:
        return "HS-mode could not do it either"
    return NEVER if outcome in (DONE, READ, WRITE) else FREE


def csr(register: Csr, mode: str, outcome: str) -> str:
    """Of an access of a CSR."""
    if outcome == WRITE and register.is_read_only:
        return "its address says that it is read-only"
    return outcomes(_accesses(register, mode), outcome, mode)


def _accesses(register: Csr, mode: str) -> set[str]:
    """What reads and writes can come to: manual, csrs chapter and "Virtual Instruction Exceptions"."""
    least = register.address >> 8 & 3
    rank = {M: 3, HS: 2, VS: 1}.get(mode, 0)
    found = set()
    for allowed, in_hs in _guards(register, mode):
        for write in (False, True):
            possible = not (write and register.is_read_only)
            if possible and least <= rank and allowed:
                found.add(WRITE if write else READ)
            elif mode in GUEST_NAMES and possible and least <= 2 and in_hs:
                found.add(VIRTUAL)
            else:
                found.add(ILLEGAL)
    if register.hypervisor and mode not in GUEST_NAMES:
        found.add(ILLEGAL)  # while misa.H=0
    return found


def _guards(register: Csr, mode: str) -> set[tuple[bool, bool]]:
    """What the bits that control a CSR can say: it is allowed here; it would be in HS."""
    guard, open_, shut, of_hs = register.guard, (True, True), (False, False), (False, True)
    guest = mode in GUEST_NAMES
    if guard in NOBODY:
        return {shut} if guard == Guard.NEVER else {shut, of_hs}
    if guard == Guard.NONE or mode == M:
        return {open_}
    if guard == Guard.SATP:
        return {open_, of_hs} if mode in (HS, VS) else {open_}
    if guard == Guard.HGATP:
        return {open_, of_hs} if mode == HS else {open_}
    # COUNTER, STIMECMP, STATEEN: a bit of M, one of HS for its guests; counters have one of S for its users.
    return {open_, shut} | ({of_hs} if guest or guard == Guard.COUNTER and mode == U else set())


def instruction(row: Instruction, mode: str, outcome: str) -> str:
    """Of an instruction that is no fence with operands; the answers are those of the functions in access.py."""
    return outcomes(_instruction(row, mode), outcome, mode)


def _instruction(row: Instruction, mode: str) -> set[str]:
    guest = mode in GUEST_NAMES
    if row.hypervisor:
        if guest:
            return {VIRTUAL}
        return {DONE, ILLEGAL}  # illegal while misa.H=0, and in U while HU=0
    if row.unit == Unit.CBO:
        assert row.op in Cbo
        return {DONE} if mode == M else {DONE, ILLEGAL, VIRTUAL} if guest else {DONE, ILLEGAL}
    return {
        System.MRET: {M: {DONE}},
        System.SRET: {M: {DONE}, HS: {DONE, ILLEGAL}, VS: {DONE, VIRTUAL}, VU: {VIRTUAL}},
        System.WFI: {M: {DONE}, HS: {DONE, ILLEGAL}, VS: {DONE, ILLEGAL, VIRTUAL}, VU: {ILLEGAL, VIRTUAL}},
        System.WRS_NTO: {M: {DONE}, HS: {DONE, ILLEGAL}, U: {DONE, ILLEGAL}, VS: {DONE, ILLEGAL, VIRTUAL},
                         VU: {DONE, ILLEGAL, VIRTUAL}},
        System.SFENCE_INVAL: {M: {DONE}, HS: {DONE}, VS: {DONE}, VU: {VIRTUAL}},
    }[System(row.op)].get(mode, {ILLEGAL})


def fence(name: str, mode: str, outcome: str) -> str:
    """Of a fence with operands, which do not matter here."""
    if name.startswith("h"):
        # While misa.H=0 it is illegal.
        grants = {M: {DONE, ILLEGAL}, HS: {DONE, ILLEGAL}, U: {ILLEGAL}}.get(mode, {VIRTUAL})
    else:
        grants = {M: {DONE}, HS: {DONE, ILLEGAL}, VS: {DONE, VIRTUAL}, VU: {VIRTUAL}}.get(mode, {ILLEGAL})
    return outcomes(grants, outcome, mode)


def after_fence(name: str, rs1: str, rs2: str, memory_of: str, translation: str) -> str:
    """Of a page that is reached again: a translation that the fence names is never used again.

    One that it does not name may be gone, too: displaced, or never kept since PMP cuts its page.
    """
    if memory_of == SELF and name.startswith("h"):
        return "for a guest it is virtual"
    if name.endswith("gvma") and rs1 == OWN_PAGE:
        return "its rs1 is a guest physical address, which no record has; it counts as another page"
    spares = memory_of == SINGLE and name.startswith("h") or memory_of == GUEST and not name.startswith("h")
    if translation == WALKED or spares:
        return ""
    if name.endswith("gvma"):
        return "" if rs2 == OTHER_ID else "the GPA of a translation is not kept, so everything of the VMID goes"
    return "the fence names it" if rs1 != OTHER_PAGE and rs2 == NO_REGISTER else ""

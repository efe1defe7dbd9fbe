"""Why some traps cannot be: causes that a mode cannot have, targets that cannot be chosen, and the like."""

from ...rtl.config import CoreConfig
from ...rtl.isa.causes import HEDELEG, HYPERVISOR_CAUSES, MEDELEG, VS_INTERRUPTS, Cause, Interrupt
from ...rtl.isa.modes import Mode
from ...rtl.isa.paging import VS_STAGE
from ...rtl.mmu.refusal import Refusal
from .words import (
    BARE,
    DOUBLE,
    GUESTS,
    HLSV,
    ONE,
    PAGE,
    STORES,
    TABLE,
    TABLE_WRITE,
    UPDATE,
    VS,
    G,
)

LEVELS = {scheme.va_bits: scheme.levels for scheme in VS_STAGE}
ECALLS = {Cause.ECALL_U: (Mode.U, Mode.VU), Cause.ECALL_HS: (Mode.HS,), Cause.ECALL_VS: (Mode.VS,),
          Cause.ECALL_M: (Mode.M,)}
M_INTERRUPTS = (Interrupt.MSI, Interrupt.MTI, Interrupt.MEI)


def target(config: CoreConfig, mode: Mode, taken_in: str) -> str:
    """Whether a mode can trap into another one at all."""
    if taken_in == "VS" and not config.hypervisor:
        return "there is no VS-mode"
    if mode == Mode.M and taken_in != "M":
        return "a trap in M-mode stays there"
    if taken_in == "VS" and mode not in GUESTS:
        return "only guests trap into VS-mode"
    if taken_in == DOUBLE and not config.has("ssdbltrp"):
        return "without Ssdbltrp there are no double traps"
    return ""


def exception(config: CoreConfig, mode_name: str, cause_name: str, taken_in: str) -> str:
    """Of an exception."""
    mode, cause = Mode[mode_name], Cause[cause_name]
    if reason := target(config, mode, taken_in):
        return reason
    if cause in HYPERVISOR_CAUSES and not config.hypervisor:
        return "a cause of the H extension"
    if cause == Cause.INSTRUCTION_ADDRESS_MISALIGNED:
        return "instructions may lie at every even address"
    if cause in (Cause.SOFTWARE_CHECK, Cause.HARDWARE_ERROR):
        return "nothing raises it here"
    if cause in ECALLS and mode not in ECALLS[cause]:
        return "an ECALL of another mode"
    if cause == Cause.VIRTUAL_INSTRUCTION and mode not in GUESTS:
        return "only guests execute virtual instructions"
    if cause == Cause.INSTRUCTION_PAGE_FAULT and mode == Mode.M:
        return "M-mode fetches untranslated"
    if cause == Cause.INSTRUCTION_GUEST_PAGE_FAULT and mode not in GUESTS:
        return "only guests fetch through two stages"
    return delegation(cause, taken_in)


def delegation(cause: Cause, taken_in: str) -> str:
    """Whether a cause can be delegated so far."""
    if taken_in != "M" and cause not in MEDELEG:
        return "medeleg has no such bit"
    if taken_in == "VS" and cause not in HEDELEG:
        return "hedeleg has no such bit"
    return ""


def interrupt(config: CoreConfig, mode_name: str, name: str, taken_in: str) -> str:
    """Of an interrupt."""
    mode, each = Mode[mode_name], Interrupt[name]
    if reason := target(config, mode, taken_in):
        return reason
    for_guests = (*VS_INTERRUPTS, Interrupt.SGEI)
    if each in for_guests and not config.hypervisor:
        return "an interrupt of the H extension"
    if each == Interrupt.SGEI and not config.geilen:
        return "there are no guest external interrupts"
    if each == Interrupt.LCOFI and not config.has("sscofpmf"):
        return "no counter tells of its overflow"
    if each in M_INTERRUPTS and taken_in != "M":
        return "an interrupt of M-mode"
    if each in for_guests and taken_in == "M":
        return "its bit of mideleg is 1 for ever"
    if taken_in == "VS" and each not in VS_INTERRUPTS:
        return "hideleg has no such bit"
    if taken_in == DOUBLE and mode == Mode.HS:
        return "while SDT is 1, SIE is 0: HS-mode takes none for itself"
    return ""


def refusal(config: CoreConfig, mode_name: str, access: str, stage: str, place: str, reason: str, taken_in: str) -> str:
    """Of an access that is refused."""
    mode = Mode[mode_name]
    return (target(config, mode, taken_in) or _access(config, mode, access, stage)
            or _place(config, stage, place, reason) or _reason(config, access, stage, place, reason)
            or delegation(cause(access, stage, reason), taken_in))


def cause(access: str, stage: str, reason: str) -> Cause:
    """The cause of the exception."""
    kind = {"fetch": "INSTRUCTION"}.get(access, "STORE" if access in (*STORES, "block") else "LOAD")
    if reason in (Refusal.PROTECTION.name, UPDATE):
        return Cause[f"{kind}_ACCESS_FAULT"]
    return Cause[f"{kind}_PAGE_FAULT" if stage in (BARE, ONE, VS) else f"{kind}_GUEST_PAGE_FAULT"]


def _access(config: CoreConfig, mode: Mode, access: str, stage: str) -> str:
    """Whether this mode makes such an access, and through that stage."""
    if access == "block" and not config.has("zicbom"):
        return "without Zicbom no block is managed"
    two_stages = stage not in (BARE, ONE)
    if (two_stages or access in HLSV) and not config.hypervisor:
        return "there is one stage"
    if access in HLSV:
        if mode in GUESTS:
            return "for a guest it is a virtual instruction"
        return "HLV, HLVX and HSV reach a guest's memory" if stage == ONE else ""
    if mode in GUESTS:
        return "a guest's memory is behind two stages" if stage == ONE else ""
    if mode == Mode.M:
        return "M-mode fetches untranslated" if access == "fetch" and stage != BARE else ""
    return "it reaches no guest's memory" if two_stages else ""


def _place(config: CoreConfig, stage: str, place: str, reason: str) -> str:
    """Whether that stage has such a place."""
    if stage == BARE and place != PAGE:
        return "nothing is translated"
    if place == PAGE:
        if stage in (TABLE, TABLE_WRITE):
            return "it ends at the entry of another table"
        return "" if reason == Refusal.PROTECTION.name else "the page itself is a matter of PMP and PMA"
    return "" if int(place[-1]) < LEVELS[config.va_bits] else "no scheme has this level"


def _reason(config: CoreConfig, access: str, stage: str, place: str, reason: str) -> str:
    """Whether that place can say so."""
    if place == PAGE:
        return ""
    level = int(place[-1])
    if reason == UPDATE:
        if not config.has("svadu"):
            return "without Svadu A and D are set by software"
        if not config.pmp_entries:
            return "without PMP every page table can be written"
        return ""
    if stage == TABLE_WRITE and reason != Refusal.PERMISSION.name:
        if reason == Refusal.DIRTY.name:
            return "menvcfg.ADUE is 1 where henvcfg.ADUE is, so D is set there, too"
        return "the same entries were read before, to read the entry that is to be updated"
    match Refusal[reason]:
        case Refusal.ABSENT:
            return "what the bus does not know is refused by PMA before"
        case Refusal.NO_LEAF if level:
            return "an entry of another level may point on"
        case Refusal.MISALIGNED if not level:
            return "the smallest page cannot be misaligned"
        case Refusal.RANGE if level < 2:
            return "the address is looked at before the root, which lies at level 2 or above"
        case Refusal.RANGE if stage == TABLE and level == 4:
            return "a PPN of 44 bits names no address that Sv57x4 lacks"
        case Refusal.DIRTY if access not in STORES:
            return "D matters to stores"
        case Refusal.DIRTY if stage == TABLE:
            return "entries are read here"
        case Refusal.PROTECTION if level == LEVELS[config.va_bits] - 1 and not config.pmp_entries and stage != G:
            return "the root of all tables cannot be taken away without PMP"
    return ""

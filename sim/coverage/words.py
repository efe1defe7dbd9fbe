"""The words of which bins are made, for those who list bins, find them in records, and aim at them."""

from ...rtl.isa.instructions import INSTRUCTIONS, Instruction, System, Unit
from ...rtl.isa.modes import Mode
from ...rtl.mmu.refusal import Refusal

GUESTS = (Mode.VS, Mode.VU)
TARGETS = ("M", "HS", "VS")
DOUBLE = "M, double"
"""Taken in M as a double trap, in place of HS or VS."""

ACCESSES = ("fetch", "load", "store", "block", "HLV", "HLVX", "HSV")
"""What asks for memory: AMO, SC and CBO.ZERO are stores, LR a load; `block` is the management of a cache block."""
HLSV = ACCESSES[4:]
STORES = ("store", "HSV")

BARE, ONE, VS, G, TABLE, TABLE_WRITE = STAGES = (
    "none", "one", "VS", "G", "G of a table", "G of a table's update")
"""Which stage refuses. The last two translate the address of an entry of the VS stage: to read it, or to set A or D."""
PAGE = "page"
PLACES = (*(f"level {n}" for n in range(5)), PAGE)
"""Where: the level of a table and its entry, or the page itself."""
UPDATE = "UPDATE"
"""PROTECTION again, of the write that sets A or D in an entry."""
REASONS = (*(each.name for each in list(Refusal)[1:]), UPDATE)

READ, WRITE, DONE, ILLEGAL, VIRTUAL = "read", "write", "done", "illegal", "virtual"

KEPT, WALKED = "kept", "walked again"
NO_REGISTER, OWN_PAGE, OTHER_PAGE = "x0", "its page", "another page"
OWN_ID, OTHER_ID = "its ID", "another ID"
SINGLE, GUEST, SELF = "one stage", "a guest", "the guest that fences"
"""Whose memory an access reaches."""

FENCES = tuple(each.name for each in INSTRUCTIONS if each.unit == Unit.SYSTEM and each.op in (
    System.SFENCE_VMA, System.HFENCE_VVMA, System.HFENCE_GVMA))
"""Fences with operands, those of Svinval among them."""


def group(instruction: Instruction) -> str:
    """The name by which the cross of instructions has one; "" of one that it does not have."""
    if instruction.hypervisor and instruction.unit in (Unit.LOAD, Unit.STORE):
        return "HLVX" if instruction.hlvx else "HLV" if instruction.unit == Unit.LOAD else "HSV"
    if instruction.unit == Unit.CBO or instruction.unit == Unit.SYSTEM and instruction.op in (
            System.MRET, System.SRET, System.WFI, System.WRS_NTO, System.SFENCE_INVAL):
        return instruction.name
    return ""

"""Why a walk ends without a translation. For traces and reports; the hardware needs no more than the cause."""

from amaranth.lib import enum


class Refusal(enum.IntEnum, shape=4):
    """What refused: a bit of a table entry, the address, or the protection of physical memory."""
    NONE = 0
    INVALID = 1        # V=0
    RESERVED = 2       # a reserved bit, or a reserved combination of them, is set
    NO_LEAF = 3        # the entry of the last level points on
    MISALIGNED = 4     # a superpage whose PPN is no multiple of its size
    USER = 5           # U does not suit the privilege
    PERMISSION = 6     # R, W or X is missing
    ACCESSED = 7       # A=0
    DIRTY = 8          # D=0 on a store
    RANGE = 9          # the address is too wide for the scheme
    PROTECTION = 10    # PMP or PMA
    ABSENT = 11        # the bus knows no such address
    NAPOT = 12         # N=1, and no page of 64 KiB
    MEMORY_TYPE = 13   # PBMT is reserved, or where it may not be, or PBMTE=0

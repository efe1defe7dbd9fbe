"""What is counted: the meaning of each bit of `events`, for mhpmevent and for statistics."""

from typing import NamedTuple

EVENT_BITS = 32

MMU_EVENTS = 16
"""The lowest of the bits that the Mmu sets."""


class Event(NamedTuple):
    """A bit of `events`, and what its being 1 in a cycle means. mhpmevent selects it by the next number."""
    bit: int
    meaning: str

    @property
    def number(self) -> int:
        """What mhpmevent holds to select it; 0 selects nothing (rule mhpmevent_enc)."""
        return self.bit + 1


TABLE: dict[str, Event] = {
    # What becomes of instructions.
    "retired": Event(0, "an instruction retires"),
    "trapped": Event(1, "a trap is taken, exception or interrupt"),
    "interrupted": Event(11, "a trap is taken that is an interrupt"),
    "vm_exit": Event(12, "a trap leads out of a guest: from V=1 to HS or M"),
    "vm_entry": Event(13, "MRET or SRET leads into a guest: from V=0 to V=1"),
    "flushed": Event(2, "commit voids what is younger"),
    "mispredicted": Event(3, "execute redirects fetch"),
    # In every cycle one of these four is so, or an instruction retires, or a trap is taken.
    "stall_empty": Event(4, "nothing is at commit"),
    "stall_memory": Event(5, "commit waits for a load, store or AMO"),
    "stall_divide": Event(6, "commit waits for the divider"),
    "stall_system": Event(7, "commit is at a CSR, a fence, WFI, MRET or SRET, or puts a trap together"),
    # Parts of those.
    "stall_translation": Event(14, "of stall_memory: for the second-level TLB or the walker"),
    "stall_line": Event(15, "of stall_memory: for a line of the data cache"),
    "stall_device": Event(29, "of stall_memory: for a device, or memory past the cache"),
    "stall_wfi": Event(30, "of stall_system: WFI waits for an interrupt"),
    # Before commit; what waits here need not hold up commit.
    "wait_operand": Event(8, "issue waits for an operand"),
    "fetch_translation": Event(27, "fetch waits for the second-level TLB or the walker"),
    "fetch_line": Event(28, "fetch waits for a line of the instruction cache"),
    "icache_miss": Event(9, "fetch asks for a line"),
    "dcache_miss": Event(10, "a load, store or AMO asks for a line"),
    # Translation.
    "itlb_miss": Event(16, "a fetch misses in the first-level TLB"),
    "dtlb_miss": Event(17, "a load, store or AMO misses in the first-level TLB"),
    "second_level_hit": Event(18, "the second-level TLB has what the first has not"),
    "walk": Event(19, "a walk begins, for what neither TLB has"),
    "walk_vs": Event(24, "a walk begins that goes through tables of the VS stage"),
    "walk_g": Event(25, "a walk goes through tables of the G stage, for a table of the VS stage or for a page"),
    "walk_s": Event(26, "a walk begins that goes through tables of the single stage where V=0"),
    "table_read": Event(20, "the walker reads an entry"),
    "table_read_vs": Event(22, "it is one of the VS stage"),
    "table_read_g": Event(23, "it is one of the G stage"),
    "walk_cache_hit": Event(21, "the walker skips upper levels"),
}
"""The events by name, in the order in which a reader looks for them."""

EVENTS: dict[str, int] = {name: event.bit for name, event in TABLE.items()}
"""The bit of each event."""

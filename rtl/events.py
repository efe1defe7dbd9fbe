"""What is counted: the meaning of each bit of `events`, for mhpmevent (as number + 1) and for statistics."""

EVENT_BITS = 32

MMU_EVENTS = 16
"""The lowest of the bits that the Mmu sets."""

EVENTS: dict[str, int] = {
    "retired": 0,             # an instruction retires
    "trapped": 1,             # a trap is taken, exception or interrupt
    "flushed": 2,             # commit voids what is younger
    "mispredicted": 3,        # execute redirects fetch
    "stall_empty": 4,         # nothing is at commit
    "stall_memory": 5,        # commit waits for a load, store or AMO
    "stall_divide": 6,        # commit waits for the divider
    "stall_system": 7,        # commit is at a CSR, fence, WFI, xRET or trap
    "wait_operand": 8,        # issue waits for an operand
    "icache_miss": 9,         # a line is asked for
    "dcache_miss": 10,        # the same
    "interrupted": 11,        # a trap that is an interrupt
    "itlb_miss": 16,          # first level
    "dtlb_miss": 17,          # first level
    "second_level_hit": 18,   # the second-level TLB had it
    "walk": 19,               # a walk begins
    "table_read": 20,         # the walker reads an entry
    "walk_cache_hit": 21,     # the walker skips upper levels
}

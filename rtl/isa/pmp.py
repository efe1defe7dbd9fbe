"""The entries of physical memory protection (machine chapter, "Physical Memory Protection"; Smepmp), as data."""

from typing import NamedTuple

from .csr import Field

PMP_ENTRY = (Field("R", 0), Field("W", 1), Field("X", 2), Field("A", 3, 2), Field("L", 7))
"""The fields of one byte of a pmpcfg."""
# The combinations with R=0 and W=1 are reserved (rule pmp_rwx_warl); such a write loses its W.
PMP_RWX = Field("RWX", 0, 3, legal=(0, 1, 3, 4, 5, 7), becomes=((6, 4),))
"""What the lowest bits hold while mseccfg.MML=0; else all combinations are legal."""
RLB = Field("RLB", 2)
"""Of mseccfg: locked entries can be changed."""
PMP_A = {"OFF": 0, "TOR": 1, "NA4": 2, "NAPOT": 3}


class Lockdown(NamedTuple):
    """What a matching entry grants while mseccfg.MML=1: letters of r, w and x."""
    machine: str
    others: str   # S and U, with V=1 too


LOCKDOWN = (
    Lockdown("", ""), Lockdown("", "x"), Lockdown("rw", "r"), Lockdown("rw", "rw"),        # L=0: R W X = 000 to 011
    Lockdown("", "r"), Lockdown("", "rx"), Lockdown("", "rw"), Lockdown("", "rwx"),        # and 100 to 111
    Lockdown("", ""), Lockdown("x", ""), Lockdown("x", "x"), Lockdown("rx", "x"),          # L=1
    Lockdown("r", ""), Lockdown("rx", ""), Lockdown("rw", ""), Lockdown("r", "r"),
)
"""By L, R, W and X of the entry, in this order from the highest bit on (rule mml_truth_table)."""

"""Hints that have a name, as data: instructions that do nothing. The core executes them as what they are encoded as.

Rule pause_op: the effect of PAUSE must be bounded and may be zero. It is a FENCE, which takes a cycle here.
Rules NTL-P1_op, NTL-PALL_op, NTL-S1_op, NTL-ALL_op: where data had better not be kept. There is one level of cache,
whose lines are chosen without regard to them.
"""

from .instructions import BY_NAME

_LOCALITY = {"ntl.p1": 2, "ntl.pall": 3, "ntl.s1": 4, "ntl.all": 5}
"""Zihintntl: each is ADD x0, x0, with this register, or C.ADD x0 with it."""
_C_ADD = 0x9002

HINTS: dict[int, str] = {BY_NAME["fence"].encode(f=0x010, s=0, d=0): "pause"}
HINTS |= {BY_NAME["add"].encode(d=0, s=0, t=register): name for name, register in _LOCALITY.items()}
HINTS |= {_C_ADD | register << 2: f"c.{name}" for name, register in _LOCALITY.items()}
"""The names, by the words of 32 or 16 bits."""

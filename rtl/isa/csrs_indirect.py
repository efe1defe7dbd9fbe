"""The CSRs of indirect access, Smcsrind and Sscsrind, as data.

Nothing is behind them yet: no extension of this core has registers that a select value reaches. So every access of an
alias traps, as the manual recommends (rules sireg_access_on_illegal_siselect, mireg_access_behaviour).
"""

from dataclasses import replace

from ..config import CoreConfig
from .csr import Csr, Guard, fixed, plain
from .csrs_stateen import controlled

ALIASES = (1, 2, 3, 5, 6, 7)
"""Where the aliases stand behind their select register: ireg, ireg2 to ireg6."""
SELECT_BITS = 12
"""Of siselect and vsiselect, the least that the manual allows (rules siselect_min_range, vsiselect_min_range)."""


def indirect_csrs(config: CoreConfig) -> tuple[Csr, ...]:
    """The three select registers and their aliases; none without Smcsrind."""
    if not config.has("smcsrind"):
        return ()
    made = []
    for level, address, guard in (("m", 0x350, Guard.NEVER), ("s", 0x150, Guard.SIREG), ("vs", 0x250, Guard.VSIREG)):
        twin = "vs" * (level == "s")
        csrind = controlled(config, "CSRIND") if level != "m" else {}
        # miselect reaches nothing, so it may be read-only zero (rule miselect_min_sz).
        made.append(fixed("miselect", address) if level == "m" else
                    plain(f"{level}iselect", address, width=SELECT_BITS, twin=twin and twin + "iselect", **csrind))
        for n, offset in enumerate(ALIASES, 1):
            name = f"ireg{n if n > 1 else ''}"
            alias = fixed(level + name, address + offset, twin=twin and twin + name)
            made.append(replace(alias, guard=guard, stateen=csrind.get("stateen", "")))
    return tuple(made)

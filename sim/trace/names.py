"""Numbers in the manual's words: CSRs, causes and modes, as log, report and waves show them."""

from functools import lru_cache

from ...rtl.isa.modes import Mode


@lru_cache(maxsize=1)
def csrs() -> dict[int, object]:
    """The CSRs of rtl/isa/csrs.py by address."""
    from ...rtl.isa.csrs import CSRS
    return {csr.address: csr for csr in CSRS}


@lru_cache(maxsize=1 << 12)
def csr_name(address: int) -> str:
    """The name of the CSR at `address`, or its number where the core has none there."""
    csr = csrs().get(address)
    return csr.name if csr is not None else f"{address:#x}"


def mode_name(mode: int) -> str:
    """M, HS, U, VS or VU."""
    try:
        return Mode(mode).name
    except ValueError:
        return f"mode {mode}"

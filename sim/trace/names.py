"""Numbers in the manual's words: CSRs and their fields, causes and modes, as log, report and waves show them."""

from functools import lru_cache

from ...rtl.isa.causes import Cause, Interrupt
from ...rtl.isa.csr import Csr
from ...rtl.isa.csrs import CSRS
from ...rtl.isa.modes import Mode


@lru_cache(maxsize=1)
def csrs() -> dict[int, Csr]:
    """The CSRs of a core with every extension, by address."""
    return {csr.address: csr for csr in csrs_by_name().values()}


def csrs_by_name() -> dict[str, Csr]:
    """The CSRs of a core with every extension, by name."""
    return CSRS


@lru_cache(maxsize=1 << 12)
def csr_name(address: int) -> str:
    """The name of the CSR at `address`, or its number where no core has one there."""
    csr = csrs().get(address)
    return csr.name if csr is not None else f"{address:#x}"


def cause_of(interrupt: int, code: int) -> Cause | Interrupt | None:
    """The cause with that code, or None for a reserved one."""
    try:
        return (Interrupt if interrupt else Cause)(code)
    except ValueError:
        return None


def cause_name(interrupt: int, code: int) -> str:
    """The cause as the manual has it."""
    cause = cause_of(interrupt, code)
    return f"reserved {'interrupt' if interrupt else 'exception'}" if cause is None else cause.description


def cause_word(interrupt: int, code: int) -> str:
    """The cause as one word in lower case: load_guest_page_fault, vsti."""
    cause = cause_of(interrupt, code)
    return "reserved" if cause is None else cause.name.lower()


def mode_name(mode: int, hypervisor: bool = True) -> str:
    """M, HS, U, VS or VU; on a core without the H extension HS is S."""
    try:
        name = Mode(mode).name
    except ValueError:
        return f"mode {mode}"
    return "S" if name == "HS" and not hypervisor else name

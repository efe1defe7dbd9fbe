"""Numbers in the manual's words: CSRs and their fields, causes and modes, as log, report and waves show them."""

from functools import lru_cache
from typing import NamedTuple

from ...rtl.isa.causes import Cause, Interrupt
from ...rtl.isa.modes import Mode

class FieldPlace(NamedTuple):
    """Bits [lsb, lsb + width) of a CSR."""
    name: str
    lsb: int
    width: int

    def of(self, value: int) -> int:
        """The field's value within the CSR's `value`."""
        return value >> self.lsb & (1 << self.width) - 1


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


@lru_cache(maxsize=1 << 8)
def csr_fields(name: str) -> tuple[FieldPlace, ...]:
    """The fields of the CSR `name`, lowest first; a view shows those of its storage that it shows."""
    csr = next(csr for csr in csrs().values() if csr.name == name)
    return tuple(FieldPlace(field.name, field.lsb - csr.shift, field.width)
                 for field in sorted(csr.fields, key=lambda field: field.lsb) if field.mask & csr.mask)


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

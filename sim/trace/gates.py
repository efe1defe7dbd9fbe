"""Which bit of another CSR refused an access of a CSR: what the guards of rtl/csr/access.py say, in words."""

from collections.abc import Iterator

from ...rtl.isa.causes import Cause
from ...rtl.isa.csr import Csr, Guard
from ...rtl.isa.modes import Mode

SYSTEM_OPCODE = 0x73


def gate(state, record) -> str:
    """Such as "mstateen0.ENVCFG is 0"; "" where a trap has another reason.

    state    a trace.state.State, as it was before the trap
    record   the Retire record of the trap
    """
    csr = state.by_address.get(record.bits >> 20)
    if record.interrupt or record.code not in (Cause.ILLEGAL_INSTRUCTION, Cause.VIRTUAL_INSTRUCTION) or csr is None \
            or record.bits & 0x7f != SYSTEM_OPCODE or not record.bits >> 12 & 3:
        return ""
    guest, illegal = record.mode >> 2, record.code == Cause.ILLEGAL_INSTRUCTION
    # What is illegal in a guest would be refused in HS, too: by what M-mode has closed.
    mode = Mode.HS if guest and illegal else record.mode
    if csr.address >> 8 & 3 > (2 if mode == Mode.HS else mode & 3):
        return ""
    return next((f"{register}.{field} is {closed}" for register, field, closed in _gates(csr, mode)
                 if state.field(register, field) == closed), "")


def _gates(csr: Csr, mode: int) -> Iterator[tuple[str, str, int]]:
    """What may refuse `csr` in `mode`: register, field, and the value of it that does."""
    guest, below_s = mode >> 2, not mode & 3
    if mode == Mode.M:
        return
    if csr.stateen:
        register, field = csr.stateen.split(".")
        yield from ((level + register, field, 0) for level in ("m", "h")[:1 + guest])
    if csr.guard is Guard.COUNTER:
        number = csr.address & 31
        field = ("CY", "TM", "IR")[number] if number < 3 else f"HPM{number}"
        yield from ((f"{level}counteren", field, 0) for level in ("m", *"h" * guest, *"s" * below_s))
    elif csr.guard is Guard.STIMECMP:
        yield from ((f"{level}{name}", field, 0) for level in ("m", "h")[:1 + guest]
                    for name, field in (("envcfg", "STCE"), ("counteren", "TM")))
    elif csr.guard in (Guard.SATP, Guard.HGATP):
        yield ("hstatus", "VTVM", 1) if guest else ("mstatus", "TVM", 1)

"""`hyacinth explain`: a cause or a CSR, from the same tables that the hardware is made of."""

from ...rtl.isa.causes import HEDELEG, HYPERVISOR_CAUSES, MEDELEG, VS_INTERRUPTS, Cause, Interrupt
from ...rtl.isa.csr import Kind
from ..trace.names import csrs, csrs_by_name
from .status import BadInput, Status

PRIVILEGES = ("U", "HS (S)", "HS (hypervisor or VS CSR)", "M")


def main(options) -> Status:
    """Print what `options.what` is."""
    print("\n".join(explain(options.what)))
    return Status.SUCCESS


def explain(what: str) -> list[str]:
    """The lines about a cause (number, `i` and number, or name) or a CSR (name, or number with 0x)."""
    word = what.strip().lower()
    if word in csrs_by_name():
        return csr(csrs_by_name()[word])
    if word.startswith("0x") and (number := _number(word)) in csrs():
        return csr(csrs()[number])
    for cause in (*Cause, *Interrupt):
        if word in (cause.name.lower(), cause.description.lower()):
            return trap(cause)
    kind, digits = (Interrupt, word[1:]) if word.startswith("i") else (Cause, word)
    try:
        return trap(kind(_number(digits)))
    except ValueError:
        raise BadInput(f"{what!r} is no cause and no CSR; give a number (21, i9), a name (load_guest_page_fault, "
                       "vsti) or a CSR (hstatus, 0x600)") from None


def _number(digits: str) -> int:
    return int(digits, 16 if digits.startswith("0x") else 10)


def trap(cause: Cause | Interrupt) -> list[str]:
    """What is known of a cause: code, delegation, what else is written."""
    kind = "interrupt" if isinstance(cause, Interrupt) else "exception"
    lines = [f"{cause.description} ({cause.name}), {kind} {int(cause)}"]
    if isinstance(cause, Interrupt):
        bit = f"mideleg[{int(cause)}]"
        if cause in VS_INTERRUPTS:
            text = (f"{bit} is always 1; hideleg[{int(cause)}] sends it on to VS, where its code is {int(cause) - 1}")
        elif cause == Interrupt.SGEI:
            text = f"{bit} is always 1, and hideleg has no such bit: HS takes it"
        else:
            text = f"{bit} sends it to HS" if cause.name.startswith("S") else f"{bit} is always 0: M takes it"
        lines.append(f"  delegation  {text}")
        return lines
    first = f"medeleg[{int(cause)}] sends it to HS" if cause in MEDELEG else "always taken by M"
    second = f", hedeleg[{int(cause)}] on to VS" if cause in HEDELEG else ", never on to VS" if cause in MEDELEG else ""
    lines.append(f"  delegation  {first}{second}")
    if cause in HYPERVISOR_CAUSES:
        lines.append("  exists      only with the H extension")
    return lines


def csr(register) -> list[str]:
    """A CSR and its fields."""
    access = ", read-only" if register.is_read_only else ""
    least = PRIVILEGES[register.address >> 8 & 3]
    lines = [f"{register.name}, CSR {register.address:#05x}, least mode {least}{access}"]
    if register.storage:
        lines.append(f"  shows bits of {register.storage}")
    if register.twin:
        lines.append(f"  while V=1 its name means {register.twin}")
    for field in sorted(register.fields, key=lambda field: -field.lsb):
        bits = f"{field.lsb + field.width - 1}:{field.lsb}" if field.width > 1 else str(field.lsb)
        notes = {Kind.STORED: "", Kind.FIXED: f"always {field.reset:#x}", Kind.COMPUTED: "read-only"}[field.kind]
        if field.legal is not None:
            notes = f"holds {', '.join(map(str, field.legal))}"
        lines.append(f"  {bits:>6}  {field.name or '(all)':10} {notes}".rstrip())
    return lines

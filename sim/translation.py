"""Addresses as a program means them, found in memory: the page tables walked in Python, for debuggers.

No permission is asked for, no A or D bit: only where an address leads, by the tables as they are.
"""

from ..rtl.isa.paging import G_STAGE, VS_STAGE, Scheme

SPACES = ("hpa", "gpa", "va", "gva")
"""Host-physical; guest-physical, by hgatp; virtual of S and U, by satp; virtual of VS and VU, by vsatp and hgatp."""
PAGE, NAPOT = 4096, 65536
PPN = (1 << 44) - 1


class Unmapped(ValueError):
    """An address that leads nowhere. Its text says which entry of which table ends the walk."""


def translate(machine, address: int, space: str) -> int:
    """The HPA of an address.

    Parameters
    ----------
    machine : Machine
    address : int
    space : str
        One of SPACES.

    Raises
    ------
    Unmapped
        There is no such page.
    ValueError
        The space is not known, or needs the H extension.
    """
    if space not in SPACES:
        raise ValueError(f"{space!r} is no space of addresses; give one of {', '.join(SPACES)}")
    if space in ("gpa", "gva") and not machine.config.hypervisor:
        raise ValueError(f"{space!r} needs the H extension, which this core does not have")

    def host(at: int) -> int:
        return at

    def guest(at: int) -> int:
        return _walk(machine, machine.csr("hgatp"), G_STAGE, at, host, "hgatp")

    match space:
        case "hpa":
            return address
        case "gpa":
            return guest(address)
        case "va":
            return _walk(machine, machine.csr("satp"), VS_STAGE, address, host, "satp")
        case _:
            return guest(_walk(machine, machine.csr("vsatp"), VS_STAGE, address, guest, "vsatp"))


def pieces(machine, address: int, count: int, space: str):
    """HPA and length of each part of `count` bytes that lies in one page. Raises as `translate` does."""
    while count:
        part = min(count, PAGE - address % PAGE) if space != "hpa" else count
        yield translate(machine, address, space), part
        address, count = address + part, count - part


def _walk(machine, atp: int, schemes: tuple[Scheme, ...], address: int, physical, register: str) -> int:
    """The address that `address` leads to by the tables of `atp`, whose own addresses `physical` translates."""
    if not atp >> 60:
        return address
    scheme = next(scheme for scheme in schemes if scheme.mode == atp >> 60)
    top = address >> (scheme.va_bits - (not scheme.extra))
    if top and (scheme.extra or top != (1 << 64 - scheme.va_bits + 1) - 1):
        raise Unmapped(f"{address:#x} is no address of {scheme.name} ({register})")
    table = (atp & PPN) << 12
    for level in reversed(range(scheme.levels)):
        bits = 9 + (scheme.extra if level == scheme.levels - 1 else 0)
        entry = table + 8 * (address >> 12 + 9 * level & (1 << bits) - 1)
        try:
            pte = int.from_bytes(machine.read(physical(entry), 8), "little")
        except Unmapped:
            raise
        except ValueError:
            raise Unmapped(f"{address:#x}: the table of level {level} at {table:#x} lies outside of memory "
                           f"({register})") from None
        if not pte & 1 or pte & 0b110 == 0b100:
            raise Unmapped(f"{address:#x}: the entry of level {level} at {entry:#x} is {pte:#x}: no page ({register})")
        table = (pte >> 10 & PPN) << 12
        if pte & 0b1010:
            span = (1 << 12 + 9 * level) - 1
            if pte >> 63 and not level:  # N: a page of 64 KiB
                span, table = NAPOT - 1, table & -NAPOT
            if table & span:
                raise Unmapped(f"{address:#x}: the entry of level {level} at {entry:#x} is {pte:#x}: a misaligned "
                               f"superpage ({register})")
            return table | address & span
    raise Unmapped(f"{address:#x}: no leaf at level 0 ({register})")

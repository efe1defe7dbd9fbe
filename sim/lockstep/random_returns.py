"""Items of random bodies that leave by MRET or SRET: to what follows, or to where a body of another mode is entered."""

from ...rtl.isa.modes import Mode
from .assembler import csr, li, op
from .random_code import OTHER, SCRATCH

MPP, MPV, SPV, SPP = 3 << 11, 1 << 39, 1 << 7, 1 << 8


def mret(body, entries: dict[Mode, list[int]]):
    """From M to M, where MPV must not matter, or to HS or VS."""
    mstatus, r = body.csrs["mstatus"], body.random
    mode, place = _elsewhere(body, entries, 0.6)
    virtual = r.randrange(2) if mode == Mode.M else mode >> 2
    body.code.add(csr("csrrci", mstatus, i=8), *li(OTHER, MPP | MPV), csr("csrrc", mstatus, s=OTHER),
                  *li(OTHER, (mode & 3) << 11 | virtual * MPV), csr("csrrs", mstatus, s=OTHER))
    _go(body, "mret", "mepc", place)


def sret(body, entries: dict[Mode, list[int]]):
    """Within HS or VS, from HS to VS, and from M to either."""
    mode, place = _elsewhere(body, entries, 0 if body.mode == Mode.M else 0.5)
    body.code.add(csr("csrrci", body.csrs["sstatus"], i=2))
    if "hstatus" in body.csrs and not body.mode & 4:
        body.code.add(*li(OTHER, SPV), csr("csrrs" if mode & 4 else "csrrc", body.csrs["hstatus"], s=OTHER))
    body.code.add(*li(OTHER, SPP), csr("csrrs", body.csrs["sstatus"], s=OTHER))
    _go(body, "sret", "sepc", place)


def _elsewhere(body, entries: dict[Mode, list[int]], stays: float) -> tuple[Mode, int | None]:
    """A mode that an xRET in this one leads to, and a place for it; None: the next instruction."""
    modes = [mode for mode in (Mode.HS, Mode.VS) if mode in entries and mode & 4 >= body.mode & 4]
    if not modes or body.random.random() < stays:
        return body.mode, None
    mode = body.random.choice(modes)
    return mode, body.random.choice(entries[mode])


def _go(body, name: str, epc: str, place: int | None):
    """An xRET to a place, or to what follows it."""
    target = (name, body, body.labels)
    if place is None:
        body.code.load_address(SCRATCH, target)
    else:
        body.code.add(*li(SCRATCH, place))
    body.code.add(csr("csrrw", body.csrs[epc], s=SCRATCH), op(name))
    body.code.label(target)

"""Items of random bodies that change how addresses are translated, often without a fence, and then use them.

What the manual lets the hart do then is known to the referee (stale.h): it accepts any outcome that entries and roots
as they were since a fence explain, and no other.
"""

from .assembler import csr, li, op
from .random_guests import ALTERED, ALTERED_COUNT, Change, Spaces

SCRATCH, OTHER, POINTER = 21, 22, 23
FENCES = {"satp": "sfence.vma", "vsatp": "hfence.vvma", "hgatp": "hfence.gvma"}
INVALIDATIONS = {"sfence.vma": "sinval.vma", "hfence.vvma": "hinval.vvma", "hfence.gvma": "hinval.gvma"}


def change(body, spaces: Spaces):
    """Change an entry: perhaps used before, perhaps with a fence that covers it, wholly, partly, or not at all."""
    r = body.random
    each = _one(body, spaces)
    if not body.privilege:
        return touch(body, each)
    beside = r.choice((0, 0, 0, r.randrange(1, 8)))
    if r.random() < 0.8:
        touch(body, each, beside)
    for value in r.choices(each.values, k=r.choice((1, 1, 1, 2))):
        body.code.add(*li(OTHER, each.place), *li(SCRATCH, value), op("sd", s=OTHER, t=SCRATCH))
    if r.random() < 0.5:
        fence(body, spaces, each)
    for _ in range(r.choice((0, 1, 1, 2))):
        touch(body, each, beside)


def _registers(body, spaces: Spaces) -> list[str]:
    """Those by which the mode of a body is translated, or its guests."""
    return ["vsatp"] if body.mode & 4 else [*spaces.roots]


def _one(body, spaces: Spaces) -> Change:
    """A change that matters to the mode of a body."""
    registers = [name for name in ("satp", "vsatp", "hgatp") if name in spaces.roots]
    weights = (0, 3, 2) if body.mode & 4 else (3, 1, 1)
    [register] = body.random.choices(registers, weights[:len(registers)])
    return body.random.choice([each for each in spaces.changes if each.register == register])


def touch(body, each: Change, beside: int = 0):
    """A few accesses by way of an entry, or so many pages beside."""
    r = body.random
    page = (each.touched - ALTERED) // 4096 + beside
    address = ALTERED + 4096 * (page % ALTERED_COUNT) + r.choice((0, 8, 64, 4096 - 4, -3))
    body.code.add(*li(POINTER, address))
    for _ in range(r.randrange(1, 4)):
        if each.register != "satp" and not body.mode & 4 and body.privilege:
            body.guest_access()
        elif body.privilege == 3:
            body.modify_privilege()
        else:
            r.choice((body.access, body.access, body.access, body.amo, body.reservation, *body.block_items))()


def fence(body, spaces: Spaces, each: Change):
    """A fence that may cover an entry."""
    r = body.random
    register = each.register if r.random() < 0.8 else r.choice([*spaces.roots])
    name = "sfence.vma" if body.mode & 4 and register == "vsatp" else FENCES[register]
    by_address, by_id = r.random() < 0.5, r.random() < 0.5
    if by_address:
        address = each.address ^ r.choice((0, 0, 0, 1 << 12, 1 << 21, 1 << 30))
        body.code.add(*li(SCRATCH, address >> 2 if register == "hgatp" else address))
    if by_id:
        body.code.add(*li(OTHER, r.choice(spaces.ids(register))))
    operands = {"s": SCRATCH if by_address else 0, "t": OTHER if by_id else 0}
    if r.random() < 0.2:
        body.code.add(op("sfence.w.inval"), op(INVALIDATIONS[name], **operands), op("sfence.inval.ir"))
    else:
        body.code.add(op(name, **operands))


def switch(body, spaces: Spaces):
    """Another root, or none, and no fence."""
    r = body.random
    if not body.privilege:
        return touch(body, _one(body, spaces))
    register = r.choice(_registers(body, spaces))
    value = 0 if r.random() < 0.1 else r.choice(spaces.roots[register])
    number = body.csrs["satp" if body.mode & 4 else register]
    body.code.add(*li(SCRATCH, value), csr("csrrw", number, d=r.choice((0, 1, 2)), s=SCRATCH))
    if r.random() < 0.3:
        touch(body, _one(body, spaces))

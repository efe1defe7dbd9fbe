"""Code of random programs whose instructions lie across two pages, and code that is written and then run.

At SEAMS there are pairs of pages: an instruction of four bytes begins in the first, which is good, and ends in the
second, which is one of two pages of code, or lacks a right, or is missing, at either stage. After it there is a jump
back. Bodies write instructions into the page PATCHED, and run them after FENCE.I.
"""

from random import Random

from .assembler import li, op
from .random_guests import Spaces
from .random_tables import EXECUTE, IO, NC, READ_WRITE, A, D, N, R, U, V, W, X, leaf

BEGIN, ENDS, PATCHED = 0x8007_8000, (0x8007_9000, 0x8007_a000), 0x8007_b000
"""Pages of code: the first of a pair, those that are the second, and one that is written."""
SEAMS, PAIRS = 0x5210_0000, 12
GUEST_ENDS = 0x5212_0000
"""By guest physical addresses: the second pages once more, with what the G stage may refuse."""
WRITABLE = {0: 0x5214_0000, U: 0x5214_1000}
"""Where PATCHED may be written, by S, and by U."""
SLOTS, SLOT = 64, 8
SCRATCH, OTHER, RESUME = 21, 22, 27
_BACK = op("jalr", s=OTHER)


def contents() -> bytes:
    """The pages of code, from BEGIN on."""
    begin, ends, patched = bytearray(4096), [], bytearray()
    for at in range(0, 4094, 2):
        begin[at:at + 2] = (0x0001).to_bytes(2, "little")
    for number in range(len(ENDS)):
        word = op("addi", d=5, s=5, i=0x111 << number).to_bytes(4, "little")
        begin[4094:] = word[:2]
        ends.append((word[2:] + _BACK.to_bytes(4, "little")).ljust(4096, b"\0"))
    for _ in range(SLOTS):
        patched += op("addi", d=6, s=6, i=1).to_bytes(4, "little") + _BACK.to_bytes(4, "little")
    return bytes(begin) + b"".join(ends) + bytes(patched)


def show(random: Random, spaces: Spaces) -> None:
    """Maps the pairs, and what is written, at the full roots; what may change there becomes a Change."""
    tables = spaces.tables
    for register, root, levels in spaces.full_roots():
        extra = 2 if register == "hgatp" else 0
        if extra:
            for number, page in enumerate(ENDS):
                for n in range(PAIRS):
                    tables.map(root, levels, 2, GUEST_ENDS + 4096 * (2 * n + number), _odd(random, spaces, page, U))
            for address in WRITABLE.values():  # of a guest without tables of its own
                tables.map(root, levels, 2, address, leaf(PATCHED, READ_WRITE | U))
            continue
        for user, address in WRITABLE.items():
            tables.map(root, levels, 0, address, leaf(PATCHED, READ_WRITE | user))
        for n in range(PAIRS):
            user, first = U * (n % 2), SEAMS + 8192 * n
            second = random.choice(ENDS)
            if register == "vsatp" and random.random() < 0.5:
                second = GUEST_ENDS + 4096 * random.randrange(2 * PAIRS)
            tables.map(root, levels, 0, first, leaf(BEGIN, EXECUTE | user))
            tables.map(root, levels, 0, first + 4096, _odd(random, spaces, second, user))
            spaces.change_code(register, tables.place(root, levels, 0, first + 4096), first + 4096,
                               [_odd(random, spaces, page, user) for page in (*ENDS, second)] + [0])


def _odd(random: Random, spaces: Spaces, page: int, user: int) -> int:
    """An entry for code at `page`, which may often not be run."""
    good = leaf(page, EXECUTE | user)
    return spaces.aged(random.choice((good, good, good, good ^ X, good ^ R, good ^ V, good ^ U, good ^ A, good ^ D,
                                      good | W, good | NC, good | IO, good | N, good | 1 << random.randrange(54, 61),
                                      leaf(0x2000_0000, EXECUTE | user), leaf(1 << 40, EXECUTE | user))))


def cross(body, spaces: Spaces):
    """Run an instruction that lies across two pages; at times after the second has become another."""
    r = body.random
    if body.privilege and r.random() < 0.3 and spaces.code_changes:
        each = r.choice(spaces.code_changes)
        body.code.add(*li(OTHER, each.place), *li(SCRATCH, r.choice(each.values)), op("sd", s=OTHER, t=SCRATCH))
        if r.random() < 0.3:
            body.code.add(op("sfence.vma"))
        first = each.address - 4096
    else:
        first = SEAMS + 8192 * r.randrange(PAIRS)
    _call(body, li(SCRATCH, first + 4094 - r.choice((0, 0, 2, 4, 14))))


def _call(body, code_address: list[int]):
    """Call what is at SCRATCH, by OTHER. A fetch that fails resumes behind it."""
    back = ("called", body, body.labels)
    body.code.load_address(RESUME, back)
    body.code.add(*code_address, op("jalr", d=OTHER, s=SCRATCH))
    body.code.label(back)
    body.code.add(op("addi", d=RESUME))


def patch(body):
    """Write an instruction, FENCE.I, and run it."""
    r, at = body.random, SLOT * body.random.randrange(SLOTS)
    address = PATCHED if body.privilege == 3 else WRITABLE[0 if body.privilege else U]
    word = body.random_operands(r.choice(body.arithmetic))
    body.code.add(*li(OTHER, address + at), *li(SCRATCH, word), op("sw", s=OTHER, t=SCRATCH), op("fence.i"))
    body.code.align(4)
    distance = PATCHED + at - (body.code.here + 8)  # from the AUIPC of _call, after the two instructions for RESUME
    low = (distance + 2048 & 0xfff) - 2048
    _call(body, [op("auipc", d=SCRATCH, i=distance - low & 0xffff_ffff), op("addi", d=SCRATCH, s=SCRATCH, i=low)])

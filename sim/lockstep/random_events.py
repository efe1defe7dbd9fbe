"""Items of random bodies that make an interrupt pending: now, or at some instruction that comes soon, in whatever mode.

Timers by the clock of the CLINT, stimecmp and vstimecmp; software interrupts; lines of the interrupt generator, to the
hart, to the PLIC and to guests; hvip. Handlers only silence them (random_handlers.py), so these items enable them anew.
"""

from random import Random

from ...rtl.config import CLINT, INTERRUPTS, PLIC
from ...rtl.isa.modes import Mode
from .assembler import Code, csr, li, op

SCRATCH, OTHER = 21, 22
MSIP, MTIMECMP = CLINT.base, CLINT.base + 0x4000
SOURCES, EXTERNAL, GUEST, SET, CLEAR = 0x00, 0x08, 0x10, 0x20, 0x40
PRIORITIES, ENABLES, CLAIMS = PLIC.base, PLIC.base + 0x2000, PLIC.base + 0x20_0004
ENABLE_STRIDE, CLAIM_STRIDE = 0x80, 0x1000
SOON = 40
"""Ticks of the clock, each of some cycles, within which a timer fires."""


def prepare(code: Code) -> None:
    """M, at the beginning: sources of the PLIC get priorities, and both contexts are open to them."""
    code.add(*li(1, PRIORITIES))
    for source in range(1, 16):
        code.add(op("addi", d=2, i=source % 7 + 1), op("sw", s=1, t=2, i=4 * source))
    code.add(op("addi", d=2, i=-1))
    for context in 0, 1:
        code.add(*li(1, ENABLES + ENABLE_STRIDE * context), op("sw", s=1, t=2))


def settle(code: Code, lines: dict[int, int]) -> None:
    """M, in between: only these lines are raised, by register, and no timer of the CLINT is near."""
    code.add(*li(1, INTERRUPTS.base + CLEAR), op("addi", d=2, i=-1), *(op("sd", s=1, t=2, i=i) for i in (0, 8, 16)),
             *li(3, MTIMECMP), op("sd", s=3, t=2), *li(3, MSIP), op("sw", s=3))
    for register, bits in lines.items():
        code.add(*li(2, bits), op("sd", s=1, t=2, i=SET - CLEAR + register))


def raised(random: Random) -> dict[int, int]:
    """A few lines at random, for `settle`."""
    return {register: random.getrandbits(bits) for register, bits in ((SOURCES, 16), (EXTERNAL, 2), (GUEST, 9))
            if random.random() < 0.2}


def arm(body):
    """Something that interrupts, and that it may. What the mode is not allowed to do is skipped."""
    r, csrs = body.random, body.csrs
    ways = [soon] if "stimecmp" in csrs else []
    ways += [virtual] if "hvip" in csrs and not body.mode & 4 else []
    if body.privilege == 3:
        ways += [clock, clock, clock, software, line, line, claim]
    r.choice(ways or [enable])(body)
    if r.random() < 0.8:
        enable(body)


def enable(body):
    """Interrupts of some kinds, and those of this mode and the ones below."""
    r = body.random
    names = [name for name in ("sie", *(("hie", "vsie", "hgeie") if not body.mode & 4 else ()),
                               *(("mie", "mie") if body.mode == Mode.M else ())) if name in body.csrs]
    body.code.add(*li(SCRATCH, r.choice((-1, r.getrandbits(14)))))
    for name in r.sample(names, r.randrange(1, len(names) + 1)):
        body.code.add(csr("csrrs", body.csrs[name], s=SCRATCH))
    body.code.add(csr("csrrsi", body.csrs["mstatus" if body.privilege == 3 else "sstatus"], i=r.choice((2, 8, 10))))
    if "vsstatus" in body.csrs and not body.mode & 4:
        body.code.add(csr("csrrsi", body.csrs["vsstatus"], i=2))


def _in_a_while(body):
    """SCRATCH is the time that it will be soon."""
    body.code.add(csr("csrrs", body.csrs["time"], d=SCRATCH),
                  op("addi", d=SCRATCH, s=SCRATCH, i=body.random.randrange(SOON)))


def soon(body):
    """stimecmp or vstimecmp."""
    name = body.random.choice([name for name in ("stimecmp", "stimecmp", "vstimecmp")
                               if name in body.csrs and not (body.mode & 4 and name[0] == "v")])
    _in_a_while(body)
    body.code.add(csr("csrrw", body.csrs[name], s=SCRATCH))


def virtual(body):
    """Bits of hvip."""
    body.code.add(*li(SCRATCH, body.random.choice((0x444, 0x400, 0x040, 0x004))),
                  csr(body.random.choice(("csrrs", "csrrs", "csrrc")), body.csrs["hvip"], s=SCRATCH))


def clock(body):
    """mtimecmp."""
    _in_a_while(body)
    body.code.add(*li(OTHER, MTIMECMP), op("sd", s=OTHER, t=SCRATCH))


def software(body):
    """msip, or SSIP by mip."""
    if body.random.random() < 0.3:
        body.code.add(csr("csrrsi", body.csrs["mip"], i=2))
    else:
        body.code.add(*li(OTHER, MSIP), op("addi", d=SCRATCH, i=body.random.choice((0, 1, 1))),
                      op("sw", s=OTHER, t=SCRATCH))


def line(body):
    """Lines of the interrupt generator rise or fall."""
    r = body.random
    register, bits = r.choice(((SOURCES, r.getrandbits(16)), (EXTERNAL, r.randrange(1, 4)), (GUEST, r.getrandbits(9))))
    body.code.add(*li(OTHER, INTERRUPTS.base + r.choice((SET, SET, CLEAR)) + register), *li(SCRATCH, bits),
                  op("sd", s=OTHER, t=SCRATCH))


def claim(body):
    """A source of the PLIC is claimed, and mostly completed."""
    context = body.random.randrange(2)
    body.code.add(*li(OTHER, CLAIMS + CLAIM_STRIDE * context), op("lw", d=SCRATCH, s=OTHER))
    if body.random.random() < 0.8:
        body.code.add(op("sw", s=OTHER, t=SCRATCH))

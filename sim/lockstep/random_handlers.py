"""The handlers of random programs, one for M, HS and VS each, and where they go instead of back.

A handler skips the instruction that trapped, silences an interrupt, or lets a failed fetch resume. After an ECALL, and
now and then after something else, it goes on at the next *hop*: a mode and a place among the bodies, of a list whose
end is reached soon. So an iteration walks through the modes, by every xRET and with every state that leads to one.

Each has an area, to which its xscratch points: two registers, how many traps it still takes (patience), its next hop.
"""

from dataclasses import dataclass
from random import Random

from ...rtl.isa.causes import Cause
from ...rtl.isa.modes import Mode
from .assembler import Code, csr, li, op
from .random_code import DATA, END, MARKER, NEXT, RESUME
from .random_events import MTIMECMP
from .random_tables import user_alias

PATIENCE_AT, HOP_AT, AREA = 16, 24, 64
"""Within an area, and its size: those of M, HS and VS follow each other."""
LEVELS = {"m": Mode.M, "s": Mode.HS, "vs": Mode.VS}
HOPS = 10
"""How many there are in a list."""
_HOP = 32  # bytes: bits of xstatus, bits of hstatus, addresses of code and data
_MPP, _MPRV, _MPV, _SPP, _SPV, _SPVP = 3 << 11, 1 << 17, 1 << 39, 1 << 8, 1 << 7, 1 << 8
_S = {"status": "sstatus", "epc": "sepc", "cause": "scause", "tval": "stval", "scratch": "sscratch", "ie": "sie"}
_M = {"status": "mstatus", "epc": "mepc", "cause": "mcause", "tval": "mtval", "scratch": "mscratch", "ie": "mie"}


def handler(code: Code, level: str, csrs: dict[str, int]) -> None:
    """Vectors, then: save three registers, count; go on, or elsewhere; restore."""
    number = {key: csrs[name] for key, name in (_M if level == "m" else _S).items()}
    hypervisor = "hstatus" in csrs
    label = {name: (level, name) for name in
             "main known interrupt again resume fetch call hop out finish skip".split()}
    code.align(64)
    code.label(level)
    for _ in range(16):
        code.jump(label["main"])
    code.label(label["main"])
    code.add(csr("csrrw", number["scratch"], d=31, s=31), op("sd", s=31, t=30), op("sd", s=31, t=29, i=8),
             op("ld", d=30, s=31, i=PATIENCE_AT), op("addi", d=30, s=30, i=-1), op("sd", s=31, t=30, i=PATIENCE_AT))
    code.branch("bge", 0, 30, label["finish"])
    code.add(csr("csrrs", number["cause"], d=30))
    if level == "m" and "mtval2" in csrs:  # of a double trap, that has the cause
        code.add(op("addi", d=29, s=30, i=-Cause.DOUBLE_TRAP))
        code.branch("bne", 29, 0, label["known"])
        code.add(csr("csrrs", csrs["mtval2"], d=30))
        code.label(label["known"])
    code.branch("blt", 30, 0, label["interrupt"])
    code.add(*li(29, 1 << 1 | 1 << 12 | 1 << 20), op("srl", d=29, s=29, t=30), op("andi", d=29, s=29, i=1))
    code.branch("bne", 29, 0, label["fetch"])
    shown = [number["tval"], number["status"], number["ie"]]
    if hypervisor and level != "vs":
        shown += [csrs[name] for name in (("mtval2", "mtinst", "mip") if level == "m" else
                                          ("htval", "htinst", "hstatus", "hip"))]
    code.add(op("addi", d=29, s=30, i=-8), op("sltiu", d=29, s=29, i=4))
    code.branch("bne", 29, 0, label["call"])
    code.add(op("ld", d=29, s=31, i=PATIENCE_AT), op("andi", d=29, s=29, i=7))
    code.branch("bne", 29, 0, label["skip"])
    code.add(*(csr("csrrs", address, d=29) for address in shown))
    code.jump(label["hop"])
    code.label(label["call"])
    code.add(op("addi", d=29, s=MARKER, i=-END))
    code.branch("beq", 29, 0, label["finish"])
    code.label(label["hop"])
    code.add(op("ld", d=30, s=31, i=HOP_AT), op("ld", d=29, s=30, i=16))
    code.branch("beq", 29, 0, label["skip"])
    _go(code, level, number, csrs)
    code.jump(label["out"])
    code.label(label["skip"])
    code.add(csr("csrrs", number["epc"], d=29), op("addi", d=29, s=29, i=4), csr("csrrw", number["epc"], s=29))
    code.label(label["out"])
    restore = (op("ld", d=30, s=31), op("ld", d=29, s=31, i=8), csr("csrrw", number["scratch"], d=31, s=31))
    code.add(*restore, op("mret" if level == "m" else "sret"))
    code.label(label["fetch"])
    code.branch("bne", RESUME, 0, label["resume"])
    code.add(op("ld", d=30, s=31, i=HOP_AT), op("ld", d=29, s=30, i=16))
    code.branch("bne", 29, 0, label["hop"])
    code.jump(label["finish"])
    code.label(label["resume"])
    code.add(csr("csrrw", number["epc"], s=RESUME), op("addi", d=RESUME))
    code.jump(label["out"])
    code.label(label["interrupt"])
    code.add(op("andi", d=30, s=30, i=63))
    if level == "m":  # mostly the timer soon fires again
        code.add(op("ld", d=29, s=31, i=PATIENCE_AT), op("andi", d=29, s=29, i=7), op("addi", d=30, s=30, i=-7))
        code.branch("beq", 29, 0, label["again"])
        code.branch("bne", 30, 0, label["again"])
        code.add(csr("csrrs", csrs["time"], d=30), op("slli", d=29, s=29, h=4), op("add", d=29, s=29, t=30),
                 *li(30, MTIMECMP), op("sd", s=30, t=29))
        code.jump(label["out"])
        code.label(label["again"])
        code.add(op("addi", d=30, s=30, i=7))
    code.add(op("addi", d=29, i=1), op("sll", d=29, s=29, t=30),
             csr("csrrc", number["ie"], s=29))
    if hypervisor and level == "s":
        code.add(csr("csrrc", csrs["hie"], s=29))
    code.jump(label["out"])
    code.label(label["finish"])
    code.add(*restore)
    code.add(*([op("jalr", s=NEXT)] if level == "m" else [*li(MARKER, END), op("ecall")]))


def _go(code: Code, level: str, number: dict[str, int], csrs: dict[str, int]) -> None:
    """x30 points to a hop, x29 is its address: be there after the xRET."""
    hypervisor = "hstatus" in csrs
    # MPRV is gone together with MPP: this handler's loads shall not be those of another mode.
    cleared = _SPP if level != "m" else _MPP | _MPRV | (_MPV if hypervisor else 0)
    code.add(csr("csrrw", number["epc"], s=29), *li(29, cleared), csr("csrrc", number["status"], s=29),
             op("ld", d=29, s=30), csr("csrrs", number["status"], s=29))
    if hypervisor and level == "s":
        code.add(*li(29, _SPV | _SPVP), csr("csrrc", csrs["hstatus"], s=29),
                 op("ld", d=29, s=30, i=8), csr("csrrs", csrs["hstatus"], s=29))
    code.add(op("ld", d=DATA, s=30, i=24), op("addi", d=30, s=30, i=_HOP), op("sd", s=31, t=30, i=HOP_AT))


@dataclass(frozen=True)
class Hops:
    """Lists of hops in memory: for each handler, and for each of what U and VU may find, translated or bare.

    Parameters
    ----------
    address : int
        Where they lie.
    contents : bytes
    """
    address: int
    contents: bytes

    @property
    def end(self) -> int:
        """Of a list: who begins there goes nowhere."""
        return self.address + _HOP * HOPS

    def start(self, random: Random, level: str, translated: bool, guest_translated: bool) -> int:
        """Where a handler begins in its list, for an iteration."""
        number = 4 * [*LEVELS].index(level) + 2 * guest_translated + translated
        return self.address + _HOP * (number * (HOPS + 1) + random.randrange(HOPS + 1))


def hops(random: Random, address: int, entries: dict[Mode, list[int]], data: list[int], hypervisor: bool) -> Hops:
    """Lists of hops to `entries`, the addresses at which bodies may be entered, with pointers to `data`."""
    contents = bytearray()
    for level in LEVELS:
        modes = [Mode.HS, Mode.U, *((Mode.VS, Mode.VS, Mode.VU, Mode.VU) if hypervisor else ())]
        modes = {"m": [*modes, Mode.M], "s": modes, "vs": [Mode.VS, Mode.VU] if hypervisor else modes}[level]
        chosen = [(mode := random.choice(modes), random.choice(entries[mode]), random.choice((0, _SPVP)),
                   random.choice(data)) for _ in range(HOPS)]
        for guest_translated in False, True:
            for translated in False, True:
                for mode, entry, spvp, near in chosen:
                    virtual, privilege = mode.value >> 2 & 1, mode.value & 3
                    status = privilege << 11 | virtual * _MPV if level == "m" else privilege * _SPP
                    shifted = not privilege and (guest_translated if virtual else translated)
                    places = (user_alias(each) if shifted else each for each in (entry, near))
                    for word in status, virtual * _SPV | spvp, *places:
                        contents += word.to_bytes(8, "little")
                contents += bytes(_HOP)
    return Hops(address, bytes(contents))

"""One iteration of a random program that aims at a group of bins: its state, its body, and what is done for it in M."""

from ...rtl.config import INTERRUPTS
from ...rtl.isa.causes import VS_INTERRUPTS, Cause, Interrupt
from ...rtl.isa.csrs import table
from ...rtl.isa.modes import Mode
from ..coverage import crosses
from .aims import NO_H, OPEN, SHUT_IN_HS, SHUT_IN_M, Group
from .aims_code import AimedBody
from .aims_tables import AimedTables, Roots
from .assembler import Code, csr, li, op
from .random_code import DATA, DTE, END, MARKER, NEXT
from .random_events import EXTERNAL, GUEST, MSIP, MTIMECMP, settle
from .random_handlers import AREA, LEVELS
from .random_layout import DATA_PAGES, RAM, SAVED
from .random_tables import USER_OFFSET

CBO_BITS, STCE, PBMTE, ADUE = 0xf0, 1 << 63, 1 << 62, 1 << 61
SPVP, HU, SDT = 1 << 8, 1 << 9, 1 << 24
TVM, TW, TSR = 1 << 20, 1 << 21, 1 << 22
"""Of mstatus; VTVM, VTW and VTSR have the same places in hstatus."""
PMP_ALL = 0x1f
EXCEPTIONS, HS_EXCEPTIONS, HS_INTERRUPTS = 0xf0b1ff, 0xb1ff, 0x2222
"""What is delegated: all but ECALLs of HS and VS, by which a body ends."""
ECALLS = 1 << Cause.ECALL_HS | 1 << Cause.ECALL_VS
"""And these where M gets them all the same; with Smdbltrp it would not stay so."""
MISA_H = 1 << 7
FORGOTTEN = ("vsepc", "vscause", "vstval", "vsscratch", "vsiselect", "htval", "htinst", "mtval2", "mtinst", "hgeie")
"""CSRs that exist with H alone, and that not every iteration writes."""
LINES = {Interrupt.MSI: (MSIP, 1), Interrupt.MTI: (MTIMECMP, 0), Interrupt.MEI: (INTERRUPTS.base + EXTERNAL, 1),
         Interrupt.SGEI: (INTERRUPTS.base + GUEST, 2)}
"""Where to store what, for an interrupt from outside the hart."""


class Aimed:
    """An iteration for `group`. Its body and its tables are made at once, what the driver does later.

    Parameters
    ----------
    maker : random_programs._Maker
    group : Group
    roots : Roots
    bodies : Code
    """
    def __init__(self, maker, group: Group, roots: Roots, bodies: Code):
        self.maker, self.group, self.state = maker, group, group.state
        self.config, self.random = maker.config, maker.random
        self.tables = AimedTables(roots, maker.config, self.state)
        self.csr_rows = table(self.config)
        self.spvp = self.random.random() < 0.5
        self.whole_page, self.cut_page = DATA_PAGES, DATA_PAGES + 4096
        if group.cross == crosses.AFTER:
            self.tables.protected.append((self.cut_page + 2048, PMP_ALL))
        bodies.align(4)
        self.handler = bodies.here
        if self.state.shut == NO_H:
            short_handler(bodies, maker.csrs)
        self.body = bodies.here
        AimedBody(self, bodies).write()

    @property
    def paged(self) -> bool:
        """Whether the body is reached through a first stage."""
        return self.state.levels > 0 and self.state.mode != Mode.M

    def iteration(self, code: Code, n: int):
        """The driver's part, which ends in the body."""
        maker, state = self.maker, self.state
        maker.set_up(code, self._pmp() | self._values(), {}, True, [maker.hops.end] * len(LEVELS))
        self._before(code)
        in_user = self.paged and state.mode in (Mode.U, Mode.VU)
        code.add(*li(1, self.body + (USER_OFFSET - RAM) * in_user), csr("csrrw", maker.csrs["mepc"], s=1))
        code.add(*li(DATA, DATA_PAGES + 2048 + (USER_OFFSET - RAM) * in_user), op("addi", d=MARKER))
        code.load_address(NEXT, ("aimed", n))
        code.add(op("mret"))
        code.label(("aimed", n))
        self._after(code)

    def _values(self) -> dict[str, int]:
        """The CSRs."""
        state, maker = self.state, self.maker
        mode, target, shut = state.mode, state.target, state.shut
        granted = CBO_BITS | PBMTE | ADUE * state.adue
        in_m, in_hs = (0 if shut == who else granted | STCE for who in (SHUT_IN_M, SHUT_IN_HS))
        everything = (1 << 64) - 1
        by_m, by_hs = (0 if shut == who else everything for who in (SHUT_IN_M, SHUT_IN_HS))
        traps = TVM | TW | TSR
        delegates = target != "M"
        values = {
            "menvcfg": in_m | DTE * state.double, "henvcfg": in_hs | DTE * state.double, "senvcfg": CBO_BITS,
            "mstatus": mode.value % 4 << 11 | (mode.value >> 2 & 1) << 39 | traps * (shut == SHUT_IN_M)
            | SDT * (state.double and target == "HS"),
            "medeleg": EXCEPTIONS * delegates | ECALLS * (state.double and not self.config.has("smdbltrp")),
            "mideleg": 0, "mie": 0, "satp": self.tables.satp, "mseccfg": 0, "sscratch": SAVED + AREA,
            "mtvec": self.handler if shut == NO_H else maker.vectors["m"], "stvec": maker.vectors["s"],
            "mcounteren": by_m, "scounteren": everything, "stimecmp": everything, "mhpmevent3": 0, "mhpmcounter3": 0,
            **{f"mstateen{n}": by_m for n in range(4)}}
        if maker.hypervisor:
            values |= {
                "hstatus": SPVP * self.spvp | HU * (shut == OPEN) | traps * (shut == SHUT_IN_HS),
                "hedeleg": HS_EXCEPTIONS * (target == "VS"), "hideleg": 0, "hvip": 0, "hgatp": self.tables.hgatp,
                "vsatp": self.tables.vsatp, "vsscratch": SAVED + 2 * AREA, "vstvec": maker.vectors["vs"],
                "vsstatus": SDT * (state.double and target == "VS"), "htimedelta": 0, "vstimecmp": everything,
                "hcounteren": by_hs, **{f"hstateen{n}": by_hs for n in range(4)}}
        if self.group.cross == crosses.INTERRUPT:
            values |= self._interrupt_values(values)
        return values

    def _pending(self) -> int:
        """A bit for each interrupt that is to be taken."""
        return sum(1 << Interrupt[name] for _, name, _ in self.group.bins)

    def _interrupt_values(self, values: dict[str, int]) -> dict[str, int]:
        pending, target, mode = self._pending(), self.state.target, self.state.mode
        of_guests = sum(1 << each for each in VS_INTERRUPTS)
        changed = {"mie": pending, "mideleg": pending & HS_INTERRUPTS * (target != "M"),
                   "menvcfg": values["menvcfg"] & ~STCE, "mstatus": values["mstatus"]}
        changed["mstatus"] |= (mode == Mode.M) << 7 | (mode == Mode.HS and target == "HS") << 1
        if self.maker.hypervisor:
            changed |= {"hideleg": pending & of_guests if target == "VS" else 0, "hvip": pending & of_guests,
                        "vsstatus": values["vsstatus"] | (mode == Mode.VS and target == "VS") << 1,
                        "henvcfg": values["henvcfg"] & ~STCE, "hgeie": 2}
        return changed

    def _before(self, code: Code):
        """Interrupts are raised last, and misa.H is cleared last."""
        if self.state.shut == NO_H:
            code.add(*li(1, MISA_H), csr("csrrc", self.maker.csrs["misa"], s=1))
        if self.group.cross != crosses.INTERRUPT:
            return
        pending = self._pending()
        software = pending & sum(1 << each for each in (Interrupt.SSI, Interrupt.STI, Interrupt.SEI, Interrupt.LCOFI))
        code.add(*li(1, software), csr("csrrs", self.maker.csrs["mip"], s=1))
        for each, (address, value) in LINES.items():
            if pending >> each & 1:
                code.add(*li(1, address), *li(2, value), op("sw" if address == MSIP else "sd", s=1, t=2))

    def _after(self, code: Code):
        """Back in M: no interrupt stays, and there is H again; what its CSRs hold then is open."""
        if self.state.shut == NO_H:
            code.add(*li(1, MISA_H), csr("csrrs", self.maker.csrs["misa"], s=1))
            code.add(*(csr("csrrw", self.maker.csrs[name]) for name in FORGOTTEN if name in self.maker.csrs))
        if self.group.cross == crosses.INTERRUPT:
            settle(code, {})

    def _pmp(self) -> dict[str, int]:
        """An entry of eight bytes for each table entry that is not to be read, or not to be written; then all."""
        if not self.config.pmp_entries:
            return {}
        last, values, config = self.config.pmp_entries - 1, {}, [0] * self.config.pmp_entries
        for n, (address, permissions) in enumerate(self.tables.protected[:last]):
            values[f"pmpaddr{n}"], config[n] = address >> 2 & ~1, permissions
        values[f"pmpaddr{last}"], config[last] = -1, PMP_ALL
        for n in range(0, len(config), 8):
            values[f"pmpcfg{n // 4}"] = int.from_bytes(bytes(config[n:n + 8]), "little")
        return values


def short_handler(code: Code, csrs: dict[str, int]):
    """A handler for M that touches nothing of H: it skips what trapped, and ends with the body."""
    label = ("skips", code.here)
    code.add(csr("csrrs", csrs["mepc"], d=30), op("addi", d=30, s=30, i=4), csr("csrrw", csrs["mepc"], s=30),
             op("addi", d=29, s=MARKER, i=-END))
    code.branch("bne", 29, 0, label)
    code.add(op("jalr", s=NEXT))
    code.label(label)
    code.add(op("mret"))

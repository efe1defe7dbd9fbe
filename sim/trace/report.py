"""A trap explained: what ran, what happened, who took it and why, what it wrote, which table entry refused.

`Reporter` follows the records of a run and makes a `Trap` of each trap; `report` puts one into words. With a Machine::

    machine = Machine()
    machine.load("program.elf")
    explain_traps(machine)
    machine.run()
"""

from dataclasses import dataclass

from ...rtl.config import FULL, CoreConfig
from ...rtl.isa.causes import Cause
from ...rtl.isa.modes import Mode
from ..records import RetireRecord
from .disassembly import disassemble
from .gates import gate
from .names import cause_name, csrs_by_name, mode_name
from .state import State
from .symbols import Symbols
from .walks import Walk, Walks, lines

ILLEGAL = 2
"""The exception code of an illegal instruction."""


@dataclass(frozen=True)
class Trap:
    """One trap of a run.

    Parameters
    ----------
    number : int
        Counted from 1.
    record : Retire record
        With its `cycle`.
    writes : dict
        CSRs that the trap wrote: name, then (before, after).
    delegation : dict
        medeleg, mideleg, hedeleg, hideleg as they were.
    walk : Walk or None
        Of a fault of translation, or of an access to a page that PMP or PMA refuse.
    symbols : Symbols
    hypervisor : bool
        Whether the core has the H extension.
    gate : str
        What refused an access of a CSR, such as "mstateen0.ENVCFG is 0"; "" where nothing of this kind did.
    """
    number: int
    record: RetireRecord
    writes: dict[str, tuple[int, int]]
    delegation: dict[str, int]
    walk: Walk | None
    symbols: Symbols
    hypervisor: bool = True
    gate: str = ""

    def __str__(self) -> str:
        return report(self)


class Reporter:
    """Follows a run from reset on.

    Parameters
    ----------
    symbols : Symbols
    config : CoreConfig
    """
    def __init__(self, symbols: Symbols | None = None, config: CoreConfig = FULL):
        self.symbols, self.hypervisor = symbols or Symbols(), config.hypervisor
        self.state, self.walks, self.count = State(config), Walks(), 0

    def take_step(self, step) -> None:
        """Take a WalkStep. It comes before the record of the instruction that it was made for."""
        self.walks.take(step)

    def take(self, record) -> Trap | None:
        """Take a Retire record, in order. Returns the trap, if it is one."""
        names = ("medeleg", "mideleg", *(("hedeleg", "hideleg") if self.hypervisor else ()))
        delegation = {name: self.state[name] for name in names} if record.trapped else {}
        refused = gate(self.state, record) if record.trapped else ""
        writes = self.state.take(record)
        if not record.trapped:
            return None
        self.count += 1
        return Trap(self.count, record, writes, delegation, self.walks.of(record), self.symbols, self.hypervisor,
                    refused)


class TrapWatcher:
    """Calls `found` with each Trap. It stands in `Machine.watchers` from reset on, or from `begin` on.

    Records and walk steps come in two streams; their cycles tell which steps came before a trap.
    """
    def __init__(self, symbols, config, found):
        self.reporter, self.found = Reporter(symbols, config), found

    def begin(self, machine) -> None:
        """Take the values of all CSRs from a machine that has run before, as a resumed one has."""
        self.reporter.state.begin(machine.csr)

    def take(self, records, steps) -> None:
        """Follow a batch."""
        steps = iter(steps)
        ahead = next(steps, None)
        for record in records:
            while ahead is not None and ahead.cycle <= record.cycle:
                self.reporter.take_step(ahead)
                ahead = next(steps, None)
            if trap := self.reporter.take(record):
                self.found(trap)
        while ahead is not None:
            self.reporter.take_step(ahead)
            ahead = next(steps, None)


def explain_traps(machine, found=print) -> TrapWatcher:
    """Have `found` called with each Trap that a Machine takes from now on.

    `print` prints the reports: a Trap's text is its report.
    """
    symbols = machine.program.symbols if machine.program else Symbols()
    machine.watchers.append(watcher := TrapWatcher(symbols, machine.config, found))
    if machine.cycle:
        watcher.begin(machine)
    return watcher


def report(trap: Trap) -> str:
    """The trap in words, several lines without a newline at the end."""
    record = trap.record
    kind = "interrupt" if record.interrupt else "exception"
    name = cause_name(record.interrupt, record.code)
    modes = f"{_mode(trap, record.mode)} -> {_mode(trap, record.mode_after)}"
    double = "double trap, for " if record.double else ""
    text = [f"trap {trap.number} at cycle {record.cycle}: {double}{name} ({kind} {record.code}), {modes}",
            f"  at       {record.pc:#x}  {_instruction(record)}"]
    if (place := trap.symbols.place(record.pc, record.mode & 4)).function or place.file:
        text.append(f"  in       {place}")
    if trap.gate:
        text.append(f"  because  {trap.gate}")
    text.append(f"  handler  {record.next_pc:#x}{_handler(trap)}")
    text.append(f"  why {_mode(trap, record.mode_after):4} {route(trap)}")
    if fault := _address(record):
        text.append(f"  address  {fault}")
    text.append("  wrote")
    for name, (before, after) in trap.writes.items():
        text += _write(name, before, after, record)
    if trap.walk:
        text += ["  " + line for line in lines(trap.walk)]
    return "\n".join(text)


def _mode(trap: Trap, mode: int) -> str:
    return mode_name(mode, trap.hypervisor)


def _instruction(record) -> str:
    if not record.bits and (record.interrupt, record.code) == (0, ILLEGAL):
        return "0x0000, which is no instruction (is there code in memory? Then a FENCE.I is missing)"
    if not record.bits:
        return "not fetched"
    if record.interrupt:
        return f"before {disassemble(record.bits, record.pc)}"
    return disassemble(record.bits, record.pc)


def _handler(trap: Trap) -> str:
    place = trap.symbols.place(trap.record.next_pc, trap.record.mode_after & 4)
    return f"  {place}" if place.function or place.file else ""


def route(trap: Trap) -> str:
    """Why the trap went to M, HS or VS: the delegation bits that decided (rules medeleg_mideleg_op2, H_trap_deleg)."""
    record, letter = trap.record, "i" if trap.record.interrupt else "e"
    code, v = record.code, record.mode & 4
    supervisor = _mode(trap, Mode.HS)

    def bit(name):
        return f"{name}[{code}] = {trap.delegation[name] >> code & 1}"

    first, second = f"m{letter}deleg", f"h{letter}deleg"
    if record.mode == Mode.M:
        return "it happened in M, and a trap never goes to a less privileged mode"
    if not trap.delegation[first] >> code & 1:
        expected, text = Mode.M, f"{bit(first)}: M keeps it"
    elif not v:
        expected, text = Mode.HS, f"{bit(first)}: M delegates it to {supervisor}" + (
            f"; V was 0, so {second} has no say" if trap.hypervisor else "")
    elif not trap.delegation[second] >> code & 1:
        expected, text = Mode.HS, f"{bit(first)}: M delegates it; {bit(second)}: HS keeps it from the guest"
    else:
        expected, text = Mode.VS, f"{bit(first)} and {bit(second)}: M and HS delegate it to the guest"
    if record.double:
        sdt = "vsstatus.SDT" if expected == Mode.VS else "sstatus.SDT"
        return f"{text}; but {sdt} was 1, its handler not ready: M takes it as a double trap"
    if expected != record.mode_after:
        text += f" (by these values it would go to {_mode(trap, expected)}: the record and the CSRs disagree)"
    return text


def _address(record) -> str:
    if record.interrupt:
        return ""
    parts = []
    if record.gva_valid:
        parts.append(f"GVA {record.tval:#x}")
    if record.gpa:
        parts.append(f"GPA {record.gpa:#x}")
    return ", ".join(parts)


def _write(name: str, before: int, after: int, record) -> list[str]:
    """A CSR's line, and for one with fields, those that changed."""
    text = f"    {name:8} {before:#x} -> {after:#x}"
    if record.double and name in ("mcause", "mtval2"):
        told = (0, Cause.DOUBLE_TRAP) if name == "mcause" else (record.interrupt, record.code)
        return [f"{text}  {cause_name(*told)}"]
    if name.endswith("cause"):
        return [f"{text}  {cause_name(record.interrupt, record.code)}"]
    if name.endswith("status"):
        old, new = (csrs_by_name()[name].decode(value) for value in (before, after))
        changed = [f"{field} {old[field]} -> {new[field]}" for field in new if old[field] != new[field]]
        return [f"{text}  {', '.join(changed) or 'no field changed'}"]
    if name in ("htval", "mtval2") and after:
        return [f"{text}  GPA {record.gpa:#x} shifted right by 2"]
    return [text]

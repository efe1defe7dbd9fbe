"""A run from reset to its end: steps the machine, serves its console, feeds who watches, and knows why it ended."""

import signal
import threading
import time
from dataclasses import dataclass, replace

from ..machine import End
from ..trace.lacking import lacking
from ..trace.log import line
from ..trace.names import mode_name
from .status import Status

STEPS = {"compiled": 100_000, "pysim": 500}
"""Cycles between two looks at the console and at Ctrl-C, by engine: a fraction of a second."""

TIMEBASE = 10_000_000
"""Steps of `time` in a simulated second, as the device tree says."""

WAIT = 50
"""So many times --stuck-after may a hart stay in WFI; where somebody sits at the terminal, for ever."""


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Parameters
    ----------
    status : Status
    text : str
        For the user; may be several lines.
    code : int or None
        What the program said.
    """
    status: Status
    text: str = ""
    code: int | None = None


class Interrupts:
    """While entered, Ctrl-C and SIGTERM are noticed between two steps, so that nothing is left half done."""
    def __enter__(self):
        self.noticed, self._before = False, {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._notice)
        return self

    def _notice(self, *_):
        self.noticed = True

    def __exit__(self, *_):
        for number, handler in self._before.items():
            signal.signal(number, handler)


class Session:
    """One run of a machine.

    Parameters
    ----------
    machine : Machine
    terminal : Terminal
    symbols : Symbols
        For the report of where it is stuck.
    max_cycles : int or None
    stuck_after : int
        Cycles without an instruction that retires, after which the run ends.
    step : int
        Cycles between two looks at the console.
    last : watchers.Last or None
        Has the last records, for that report.
    check : watchers.Check or None
        The referee, whose difference ends the run.
    phases : phases.Phases or None
        Follows what the console says.
    save_points : iterable of save_points.SavePoint
        Where the machine is saved.

    Attributes
    ----------
    first : int
        The cycle at which it began.
    seconds : float
        How long it took.
    """
    def __init__(self, machine, terminal, symbols, *, max_cycles: int | None, stuck_after: int, step: int, last=None,
                 check=None, phases=None, save_points=()):
        self.machine, self.terminal, self.symbols, self.last, self.check = machine, terminal, symbols, last, check
        self.phases, self.saves, self._said = phases, list(save_points), b""
        self._longest = max((len(_encoded(point.value)) for point in self.saves if point.kind == "text"), default=1)
        self.max_cycles, self.stuck_after, self.step = max_cycles, stuck_after, min(step, stuck_after)
        self.seconds, self.first = 0.0, machine.cycle
        self._events, self._progress, self._waits = machine.events, machine.cycle, False

    def run(self) -> Ending:
        """Run to the end. Ctrl-C is an ending, too."""
        self._begun = time.monotonic()
        if self.phases:
            self.phases.begin(self.machine)
        with Interrupts() as interrupts:
            try:
                ending = self._to_the_end(interrupts)
                before = interrupts.noticed
            finally:
                self.seconds = time.monotonic() - self._begun
                for point in self.saves:
                    if point.kind == "end":
                        point.save(self.machine)
                if self.phases:
                    self.phases.end(self.machine)
            return self._interrupted() if interrupts.noticed and not before else ending

    def _to_the_end(self, interrupts: Interrupts) -> Ending:
        self._save(b"", End.CYCLES)  # the cycle at which the run begins may be asked for
        while (ending := self._go_on()) is None:
            if interrupts.noticed:
                return self._interrupted()
        if self.check:
            agreed = self.check.finish()
            return self._difference() or replace(ending, text="\n".join(filter(None, (
                ending.text, f"{agreed} instructions and traps agree with Spike"))))
        return ending

    def _interrupted(self) -> Ending:
        return Ending(Status.INTERRUPTED, f"interrupted at cycle {self.machine.cycle}")

    def _go_on(self) -> Ending | None:
        """One step; why it was the last, or None."""
        machine, limit = self.machine, self.max_cycles
        if typed := self.terminal.read():
            machine.give_input(typed)
        step = self.step if limit is None else min(self.step, limit - machine.cycle)
        wanted = {kind: [point.value for point in self.saves if point.kind == kind and not point.done]
                  for kind in ("cycle", "pc")}
        step = min([step, *(cycle - machine.cycle for cycle in wanted["cycle"] if cycle > machine.cycle)])
        outcome = machine.run(step, stuck_after=0 if self._waits else self.stuck_after,
                              matched=("pc", wanted["pc"][0]) if wanted["pc"] else None)
        self.terminal.write(output := machine.take_output())
        self._save(output, outcome.end)
        if self.phases:
            self.phases.take(output, machine)
        self.terminal.progress(self._rate)
        if difference := self._difference():
            return difference
        if outcome.end == End.EXITED:
            if outcome.exit_code == 0:
                return Ending(Status.SUCCESS, code=0)
            return Ending(Status.PROGRAM_FAILED, f"the program failed with code {outcome.exit_code}{self._lacking()}",
                          outcome.exit_code)
        if outcome.critical is not None:
            return Ending(Status.PROGRAM_FAILED, self._critical(outcome.critical))
        # A trap counts as a record but brings nothing forward: a handler that traps at once would go on for ever.
        before, self._events = self._events, machine.events
        if self._events["retired"] != before["retired"]:
            self._progress, self._waits = machine.cycle, False
        if outcome.end == End.STUCK or machine.cycle - self._progress >= self.stuck_after:
            self._waits = self._waits_for_interrupt(before)
            if not self._waits:
                return Ending(Status.STUCK, self._where())
        if limit is not None and machine.cycle >= limit:
            return Ending(Status.CYCLE_LIMIT, f"not finished after {machine.cycle} cycles (--max-cycles)")
        return None

    def _save(self, output: bytes, end: End) -> None:
        """Make the snapshots whose time has come."""
        if not self.saves:
            return
        self._said = self._said[-self._longest:] + output
        for point in self.saves:
            if not point.done and self._came(point.kind, point.value, end):
                point.save(self.machine)

    def _came(self, kind: str, value, end: End) -> bool:
        match kind:
            case "cycle":
                return self.machine.cycle == value
            case "text":
                return _encoded(value) in self._said
            case "pc":
                return end == End.FOUND and self.machine.last_record.pc == value
        return False

    def _rate(self) -> str:
        """How far the run is, and how fast."""
        cycles, seconds = self.machine.cycle - self.first, time.monotonic() - self._begun
        simulated = self.machine.csr("time") / TIMEBASE
        return (f"{self.machine.events['retired'] / 1e6:.1f} million instructions, {simulated:.2f} s simulated, "
                f"{seconds:.0f} s gone, {cycles / seconds / 1000:.0f} thousand cycles a second")

    def _waits_for_interrupt(self, before: dict[str, int]) -> bool:
        """Whether the hart is in WFI and may be woken: such a wait may last longer than nothing else may."""
        busy = self._events["stall_system"] - before["stall_system"]
        return (busy > 0 and self._events["trapped"] == before["trapped"] and self.machine.csr("mie") != 0
                and (self.terminal.interactive or self.machine.cycle - self._progress < WAIT * self.stuck_after))

    def _difference(self) -> Ending | None:
        if self.check and self.check.difference:
            return Ending(Status.DIFFERENCE, str(self.check.difference))
        return None

    def _lacking(self) -> str:
        """What the program tried that the core does not have, which may be why it failed."""
        record = self.last.lacking if self.last else None
        if record is None:
            return ""
        return (f"; at {record.pc:#x}, {self.symbols.place(record.pc, record.mode & 4)}, it used "
                f"{lacking(self.last.config, record.bits)}, which this core lacks (--core)")

    def _critical(self, cause) -> str:
        """Why the hart has stopped for good, and what the program could have done."""
        record = self.last.records[-1] if self.last and self.last.records else None
        at = f" at {record.next_pc:#x}, {self.symbols.place(record.next_pc, 0)}" if record else ""
        return (f"critical error: {cause.description} in M{at} while mstatus.MDT was 1, so the hart has stopped at "
                f"cycle {self.machine.cycle}. MDT is 1 from reset on, and from each trap into M on; clear it as soon "
                "as mtvec leads to a handler that can be entered again, or leave smdbltrp out of --core")

    def _where(self) -> str:
        """Where nothing goes on: the last records, and what the hart does instead."""
        machine, last = self.machine, self.last.records if self.last else []
        limit = f"{self.stuck_after} cycles (--stuck-after)"
        text = [f"no progress: no instruction has retired for {limit}; gave up at cycle {machine.cycle}"]
        if last:
            record = last[-1]
            mode = mode_name(record.mode_after)
            place = self.symbols.place(record.next_pc, record.mode_after & 4)
            if self.last.trap:
                where = f"{record.next_pc:#x} in {mode} ({place})"
                text.append(f"traps follow traps: the handler at {where} traps before it has done anything; it began")
                text += ["  " + line(each) for each in (self.last.retired, self.last.trap) if each]
            else:
                text.append(f"the hart is in {mode} at {record.next_pc:#x}, {place}; mie = {machine.csr('mie'):#x}, "
                            f"mip = {machine.csr('mip'):#x}")
            text += ["the last instructions:", *("  " + line(each) for each in last)]
        return "\n".join(text)


def _encoded(text: str) -> bytes:
    """A text as the console's bytes have it, and as it was given."""
    return text.encode(errors="surrogateescape")

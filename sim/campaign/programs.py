"""Programs of sw/tests on machines that must change nothing: each exception is the same, and the program goes on."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product, zip_longest
from pathlib import Path

from ...rtl.config import FULL, SIZES, CoreConfig, name_of, named
from ...sw.build import build, needs, programs, remark
from ..around import disturbance
from ..elf import load
from ..lockstep.referee import Difference, Referee
from ..machine import End, Machine
from ..records import RETIRE_FIELDS
from ..trace.names import cause_name, mode_name
from .pairs import pairs
from .tasks import WORDS, Modes, Setting, group

TIGHT = name_of(replace(FULL, icache_kib=4, dcache_kib=4, itlb_entries=1, dtlb_entries=1, tlb_entries=16,
                        walk_cache_entries=1, btb_entries=8, return_stack=2))
"""The full core with caches and TLBs as small as they can be: whatever they hold is soon evicted."""
CORES, LATENCIES, DISTURBANCES = ("full", TIGHT), (1, 7, 80), (None, 0, 1)
"""On what each program is run, unless something else is asked for."""
REFERENCE_LATENCY = 20
MEMORY = 16 << 20
CYCLES, STUCK = 400_000_000, 200_000
"""Until a run has failed: all in all, and without a retirement."""
RECORD = ("mode", "mode_after", "pc", "bits", "code", "double", "tval", "gva_valid", "gpa", "tinst")
"""What must be the same of an exception, by fields of payloads.Retire. Interrupts come when they come."""
AT = tuple(map(RETIRE_FIELDS.index, RECORD))
PC, TRAPPED, INTERRUPT = map(RETIRE_FIELDS.index, ("pc", "trapped", "interrupt"))


class Exceptions:
    """Keeps the records of exceptions, and how many there were whenever the program began."""
    def __init__(self, entry: int):
        self.entry, self.records, self.begins = entry, [], []

    def __call__(self, batch: bytes) -> None:
        """Look at a batch of records."""
        words = memoryview(batch).cast("Q")
        pcs, trapped = (words[at::WORDS].tolist() for at in (PC, TRAPPED))
        for index, (pc, is_trap) in enumerate(zip(pcs, trapped, strict=True)):
            if pc == self.entry:
                self.begins.append(len(self.records))
            if is_trap and not words[index * WORDS + INTERRUPT]:
                self.records.append(tuple(words[index * WORDS + at] for at in AT))


@dataclass(frozen=True)
class Seen:
    """What a run of a program was like: `failure` is None, or one line; then the Difference, if that is why."""
    exceptions: list[tuple]
    begins: list[int]
    compared: int
    modes: dict[str, int]
    failure: str | None = None
    difference: Difference | None = None


def observe(elf: Path, setting: Setting, checked: bool) -> Seen:
    """Run the program, beside the referee where `checked`."""
    config, program, modes = named(setting.core), load(elf), Modes()
    exceptions, compared, failure, found = Exceptions(program.entry), 0, None, None
    with ExitStack() as stack:
        machine = stack.enter_context(Machine(config, memory=MEMORY, memory_latency=setting.latency,
                                              disturbed=disturbance(setting.disturbed)))
        machine.load(program)
        machine.raw_watchers += [modes, exceptions]
        referee = None
        if checked:
            contents = [(segment.address, bytes(segment.data)) for segment in program.segments]
            referee = stack.enter_context(Referee(
                config, contents, MEMORY, rom=machine.boot_rom, device_tree=machine.device_tree,
                host_page=machine.host_page))
            machine.raw_watchers.append(referee.check)
        try:
            outcome = machine.run(max_cycles=CYCLES, stuck_after=STUCK)
            compared = referee.finish() if referee else 0
            if (outcome.end, outcome.exit_code) != (End.EXITED, 0):
                said = machine.take_output().decode(errors="replace").strip()
                failure = f"ended with {outcome.end.value} {outcome.exit_code} at cycle {outcome.cycle}: {said}"
        except Difference as difference:
            compared, failure, found = difference.count, str(difference), difference
    return Seen(exceptions.records, exceptions.begins, compared, modes.as_data(), failure, found)


def plain_of(core: str) -> str:
    """The same core with caches and TLBs as the full one has them: what no program may notice."""
    return name_of(replace(named(core), **{size: getattr(FULL, size) for size in SIZES}))


@lru_cache(maxsize=16)
def expected(elf: Path, core: str) -> Seen:
    """What the program does on a machine in which nothing is in short supply."""
    return observe(elf, Setting(core, REFERENCE_LATENCY), checked=False)


@dataclass(frozen=True)
class ProgramTask:
    """A program of sw/tests, by its name, built in one of sw.build.WAYS, on a machine, and whether beside Spike."""
    name: str
    way: str
    setting: Setting
    checked: bool = True

    @property
    def key(self) -> str:
        """By which it is known in the records of a campaign."""
        return f"{self.name} {self.way} {self.setting.text}" + ("" if self.checked else " unchecked")

    def play(self) -> dict:
        """Run it, and its reference; what became of it, as Task.play has it."""
        source = next(source for source in programs(folders=("tests",)) if source.stem == self.name)
        elf = build(source, way=self.way)
        seen = observe(elf, self.setting, self.checked)
        result = {"key": self.key, "compared": seen.compared, "modes": seen.modes}
        failed = self._failure(source, elf, seen)
        if not failed:
            return result
        how = f"hyacinth run {'--check ' if self.checked else ''}{self.setting.options} {elf}"
        return result | {"group": failed[0], "report": f"{self.key}: {failed[1]}\n{how}"}

    def _failure(self, source: Path, elf: Path, seen: Seen) -> tuple[str, str] | None:
        """A group and a report, where there is something wrong."""
        if seen.difference:
            return group(seen.difference), seen.failure or ""
        if seen.failure:
            return f"{self.name} {self.way} fails", seen.failure
        if remark(source, "traps vary"):
            return None
        reference = expected(elf, plain_of(self.setting.core))
        if reference.failure:
            return f"{self.name} {self.way} fails on the reference", reference.failure
        if wrong := unlike(reference.exceptions, seen.exceptions):
            return f"{self.name} {self.way}: exceptions differ", wrong
        if self.way == "twice":
            return self._unlike_passes(seen)
        return None

    def _unlike_passes(self, seen: Seen) -> tuple[str, str] | None:
        if len(seen.begins) != 2:
            return f"{self.name} is not run twice", f"it began {len(seen.begins)} times"
        wrong = unlike(seen.exceptions[:seen.begins[1]], seen.exceptions[seen.begins[1]:])
        return (f"{self.name}: the second time differs", wrong) if wrong else None


def unlike(expected_: list[tuple], got: list[tuple]) -> str | None:
    """The first exception in which two runs differ, as text."""
    for number, (one, other) in enumerate(zip_longest(expected_, got), 1):
        if one != other:
            return (f"exception {number} of {len(expected_)} is not as expected\n"
                    f"  expected {_shown(one)}\n  got      {_shown(other)}")
    return None


def _shown(record: tuple | None) -> str:
    if record is None:
        return "none"
    fields = dict(zip(RECORD, record, strict=True))
    modes = f"{mode_name(fields.pop('mode'))} to {mode_name(fields.pop('mode_after'))}"
    return f"{modes}, {cause_name(0, fields.pop('code'))}: " + \
        ", ".join(f"{name} {value:#x}" for name, value in fields.items())


def suits(source: Path, way: str, config: CoreConfig, disturbed: bool) -> bool:
    """Whether a program can be built in this way, and passes on this core, and when it is disturbed."""
    tight = any(getattr(config, size) < getattr(FULL, size) for size in SIZES)
    without = [way, *["disturbed"] * disturbed, *["tight"] * tight]
    return not any(remark(source, f"not {each}") for each in without) and all(map(config.has, needs(source)))


def program_tasks(words, ways, cores, latencies, disturbances, checked: bool = True,
                  every: bool = False) -> list[ProgramTask]:
    """Tasks for each program whose name holds one of `words` (or all): ways to build it and machines, such that each
    two of way, core, latency and disturbance meet; or, with `every`, all their combinations."""
    made = []
    for source in programs(*words, folders=("tests",)):
        suiting = [(way, core, latency, disturbed)
                   for way, core, latency, disturbed in product(ways, cores, latencies, disturbances)
                   if suits(source, way, named(core), disturbed is not None)]
        made += [ProgramTask(source.stem, way, Setting(core, latency, disturbed), checked)
                 for way, core, latency, disturbed in (suiting if every else pairs(suiting))]
    return made

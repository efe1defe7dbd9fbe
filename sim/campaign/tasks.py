"""What a worker does: one program on one core beside the referee, and what there is to say about it, as plain data."""

from collections import Counter
from dataclasses import dataclass

from ...rtl.config import named
from ..lockstep.play import Unfinished, compare
from ..lockstep.random_programs import random_program
from ..lockstep.referee import Difference
from ..records import RETIRE_FIELDS
from ..trace.disassembly import disassemble
from ..trace.names import csr_name, mode_name

WORDS = len(RETIRE_FIELDS)
MODE, TRAPPED = RETIRE_FIELDS.index("mode"), RETIRE_FIELDS.index("trapped")


@dataclass(frozen=True)
class Task:
    """A random program, by its seed, on a core (as `--core` names it) with a latency of memory in cycles."""
    seed: int
    core: str
    latency: int

    @property
    def key(self) -> str:
        """By which it is known in the records of a campaign."""
        return f"seed {self.seed} {self.core} latency {self.latency}"


class Modes:
    """Counts instructions and traps by the mode in which they ran."""
    def __init__(self):
        self.counts: Counter[int] = Counter()

    def __call__(self, batch: bytes) -> None:
        """Count a batch of records."""
        self.counts.update(memoryview(batch).cast("Q")[MODE::WORDS].tolist())

    def as_data(self) -> dict[str, int]:
        """By the names of the modes."""
        return {mode_name(mode): count for mode, count in sorted(self.counts.items())}


def play(task: Task) -> dict:
    """Run `task`; what became of it: `compared` and `modes`, and of a failure its `group` and its `report`.

    Failures with the same group are taken for the same mistake: it has what differs and the instruction, but no seed
    and no value.
    """
    modes = Modes()
    config = named(task.core)
    result = {"key": task.key, "seed": task.seed, "core": task.core, "latency": task.latency}
    try:
        compared = compare(random_program(task.seed, config), config, task.latency, [modes])
    except Difference as difference:
        return result | {"compared": difference.count, "modes": modes.as_data(), "group": group(difference),
                         "report": str(difference)}
    except Unfinished as problem:
        return result | {"compared": 0, "modes": modes.as_data(), "group": "unfinished", "report": str(problem)}
    return result | {"compared": compared, "modes": modes.as_data()}


def group(difference: Difference) -> str:
    """What differs, at which kind of instruction and in which mode."""
    record = difference.record
    mnemonic = disassemble(record["bits"], record["pc"]).split()[0] if record["bits"] else "fetch"
    trap = f", cause {record['code']}" if record["trapped"] else ""
    csr = f" {csr_name(difference.number)}" if "CSR" in difference.what and difference.number else ""
    return f"{difference.what}{csr} at {mnemonic} in {mode_name(record['mode'])}{trap}"

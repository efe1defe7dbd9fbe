"""What a worker does: one program on one machine beside the referee, and what there is to say about it, as data."""

from collections import Counter
from dataclasses import dataclass

from ...rtl.config import named
from ..coverage.collector import Collector
from ..coverage.standing import pack
from ..lockstep.group import group
from ..lockstep.play import Unfinished, compare
from ..lockstep.random_programs import random_program
from ..lockstep.referee import Difference
from ..records import RETIRE_FIELDS
from ..trace.names import mode_name

WORDS = len(RETIRE_FIELDS)
MODE, TRAPPED = RETIRE_FIELDS.index("mode"), RETIRE_FIELDS.index("trapped")


@dataclass(frozen=True)
class Setting:
    """A machine: a core as `--core` names it, the latency of memory in cycles, and the seed of its disturbance."""
    core: str
    latency: int
    disturbed: int | None = None

    @property
    def text(self) -> str:
        """In a few words."""
        text = f"{self.core} latency {self.latency}"
        return text if self.disturbed is None else f"{text} disturbed {self.disturbed}"

    @property
    def options(self) -> str:
        """Those of `hyacinth run` for such a machine."""
        text = f"--core {self.core} --memory-latency {self.latency}"
        return text if self.disturbed is None else f"{text} --disturb {self.disturbed}"


@dataclass(frozen=True)
class Task:
    """A random program, by its seed, on a machine."""
    seed: int
    setting: Setting

    @property
    def key(self) -> str:
        """By which it is known in the records of a campaign."""
        return f"seed {self.seed} {self.setting.text}"

    def play(self) -> dict:
        """Run it; what became of it: `compared`, `modes` and `coverage`, or of a failure its `group` and its `report`.

        Failures with the same group are taken for the same mistake.
        """
        setting, config = self.setting, named(self.setting.core)
        modes, collector = Modes(), Collector(config)
        result = {"key": self.key, "seed": self.seed, "core": setting.core, "latency": setting.latency,
                  "disturbed": setting.disturbed}
        try:
            program = random_program(self.seed, config)
            compared = compare(program, config, setting.latency, [modes, collector.retired], setting.disturbed,
                               [collector.walked])
        except Difference as difference:
            return result | {"compared": difference.count, "modes": modes.as_data(), "group": group(difference),
                             "report": str(difference)}
        except Unfinished as problem:
            return result | {"compared": 0, "modes": modes.as_data(), "group": "unfinished", "report": str(problem)}
        return result | {"compared": compared, "modes": modes.as_data(), "coverage": pack(collector.bins(), config)}


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


def play(task) -> dict:
    """Do a task, a Task or something like it: a function, since that is what a cluster is given."""
    return task.play()

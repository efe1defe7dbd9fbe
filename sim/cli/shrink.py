"""`hyacinth shrink`: the shortest program that shows what a random program has shown, saved as a test."""

import sys
from pathlib import Path

from ...rtl.config import named
from ..campaign.tasks import Setting, Task
from ..engines.engine import EngineError
from ..lockstep.random_programs import random_parts
from ..lockstep.referee import RefereeError, unavailable
from ..lockstep.saved import Saved, save
from .plan import probe
from .progress import doing
from .status import BadInput, Status


def main(options) -> Status:
    """Reduce the program of a seed."""
    if reason := unavailable():
        raise BadInput(reason.replace("--check", "shrink"))
    task = Task(options.seed, Setting(options.core, options.memory_latency, options.disturb))
    path = options.output or default_path(task)
    if path.suffix != ".S":
        raise BadInput(f"--output {path}: the test is assembler text; give a name that ends in .S")
    for each in path, path.with_suffix(".elf"):
        probe("output", each)
    if (saved := shrunk(task, path)) is None:
        raise BadInput(f"{task.key}: core and Spike agree; give a seed that `hyacinth random` has reported, with its "
                       "core, its latency and its disturbance")
    print(told(saved, path))
    return Status.DIFFERENCE


def default_path(task: Task) -> Path:
    """Where the test goes unless somebody says otherwise."""
    return Path(f"{task.key.replace(' ', '-')}.S")


def shrunk(task: Task, path: Path) -> Saved | None:
    """Reduce the program of a task into the file `path`, and show progress. Raises BadInput."""
    seed, setting, config = task.seed, task.setting, named(task.setting.core)
    found_by = f"hyacinth random {setting.options} --seed {seed}"
    with doing(f"seed {seed}: looking for the difference") as say:

        def progress(step: str, tried: int):
            say(f"seed {seed}: without some {step}, {tried} programs tried")
        try:
            return save(random_parts(seed, config), config, found_by, path, setting.latency, setting.disturbed,
                        progress)
        except (EngineError, RefereeError) as error:
            raise BadInput(f"{error}; `hyacinth doctor` looks for the cause") from None


def told(saved: Saved, path: Path) -> str:
    """What has become of a difference, in a line or two."""
    end = (f"it does not check itself: {saved.why_not}" if saved.why_not else
           f"{path.with_suffix('.elf')} fails on this core, without Spike")
    return (f"{saved.seen.group}\n{saved.before} instructions became {saved.after}, {saved.tried} programs tried; "
            f"{path}: {end}")


def offer(task: Task) -> None:
    """Say how to go on from a difference."""
    print(f"hyacinth: `hyacinth shrink {task.seed} {task.setting.options}` makes the shortest program that shows this",
          file=sys.stderr)

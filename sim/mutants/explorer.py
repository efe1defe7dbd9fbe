"""What programs say of mutants, all of them in one model (woven.py): random ones beside Spike, and those of sw/tests.

A process that has made the model, and is forked for each mutant: requests come on its standard input and answers go to
its standard output, a line of JSON for each (see `Explorer`).
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...rtl.config import FULL
from . import choice
from .fork import answers, forked
from .operators import Mutant
from .trial import PROGRAM, Verdict, own_cache
from .worker import CRASH, TIME, Finder
from .woven import REACHED, REFUSED, WIDTH, woven

SEEDS, LATENCIES = 4, (1, 20)
"""Random programs that a mutant is given, and latencies of memory in cycles that they have in turn."""
CYCLES, STUCK, PATIENCE = 12_000_000, 100_000, 900.0
"""After which a program of sw/tests has failed; and seconds after which a mutant is one that never ends."""


class NoModel(Exception):
    """Mutants cannot be tried in one model."""


class Explorer:
    """A process below `root`, a clone, with a model of `mutants`. `ready` are those of them that the model has.

    Raises NoModel where the model cannot be built, or differs from Spike without any mutant.
    """
    def __init__(self, root: Path, mutants: list[Mutant]):
        assert len(mutants) < 1 << WIDTH
        numbered = dict(enumerate(mutants, 1))
        self.folder = tempfile.TemporaryDirectory(prefix="hyacinth-mutants-")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hyacinth.sim.mutants.explorer"], cwd=root, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(root / "src"),
                                                      "HYACINTH_CACHE": own_cache(Path(self.folder.name))})
        try:
            self.numbers = {numbered[number]: number for number in self._ask(woven(numbered, root))}
            if wrong := self._ask({"mutant": 0}):
                raise NoModel(f"without a mutant, {wrong}")
        except BaseException:
            self.close()
            raise

    @property
    def ready(self) -> list[Mutant]:
        """The mutants that the model has."""
        return [*self.numbers]

    def tried(self, mutant: Mutant) -> dict[str, str]:
        """The random program that saw a mutant, and what it saw; empty where none did."""
        return self._ask({"mutant": self.numbers[mutant]})

    def given(self, mutant: Mutant, names: list[str]) -> Verdict:
        """What these programs of sw/tests say of a mutant, each by the name of its source without an ending."""
        seen = self._ask({"mutant": self.numbers[mutant], "programs": names})
        return Verdict("killed" if seen else "survived",
                       {f"{PROGRAM}[{name}]" if name in names else name: what for name, what in seen.items()},
                       len(names))

    def _ask(self, request) -> Any:
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        if line := self.process.stdout.readline():
            return json.loads(line)
        raise NoModel("the process that makes one model of many, and tries them, has ended; what it said stands above")

    def close(self) -> None:
        """It ends, and its model is deleted."""
        self.process.stdin.close()
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


def explored(programs) -> dict[str, str]:
    """What the first of random programs that sees the active mutant sees."""
    from ..lockstep.play import Unfinished, compare
    from ..lockstep.referee import Difference
    for number, program in enumerate(programs):
        try:
            compare(program, FULL, LATENCIES[number % len(LATENCIES)])
        except (Difference, Unfinished) as seen:
            return {f"random program {program.seed}": f"{type(seen).__name__}: {seen}".splitlines()[0]}
    return {}


def failing(names: list[str]) -> dict[str, str]:
    """Which programs of sw/tests fail with the active mutant, and how they end; those that come after more than half
    of them have failed are not asked."""
    from ...sw.build import build, programs
    from ..machine import Machine
    found, sources = {}, {source.stem: source for source in programs(folders=("tests",))}
    for name in names:
        if 2 * len(found) > len(names):
            break
        with Machine(FULL, memory=16 << 20) as machine:
            machine.load(build(sources[name]))
            outcome = machine.run(CYCLES, stuck_after=STUCK)
            if outcome.exit_code != 0:
                found[name] = f"{outcome.end.value} {outcome.exit_code or ''}".strip()
    return found


def told(request: dict, random_programs) -> dict[str, str]:
    """What is asked for, by a process of its own, which may crash or never end."""
    def act(writing: int) -> None:
        choice.NUMBER = request["mutant"]
        found = failing(request["programs"]) if "programs" in request else explored(random_programs)
        os.write(writing, json.dumps(found).encode())

    with forked(act) as reading:
        ready = answers(reading, PATIENCE)
        answer = os.read(reading, 1 << 16) if ready else b""
    return json.loads(answer) if answer else {"programs": CRASH if ready else TIME}


def main() -> None:
    """Answers requests until there are no more: the first has the sources, each other the number of a mutant."""
    for path, text in json.loads(sys.stdin.readline()).items():
        sys.meta_path.insert(0, Finder(path, text.encode()))
    from .. import machine
    from ..lockstep.random_programs import random_program
    machine.Flat = choice.Choice
    machine.Machine(FULL).close()
    print(json.dumps(sorted(REACHED - REFUSED)), flush=True)
    programs = [random_program(seed, FULL) for seed in range(SEEDS)]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with suppress(KeyboardInterrupt):
        for line in sys.stdin:
            print(json.dumps(told(json.loads(line), programs)), flush=True)


if __name__ == "__main__":
    main()

"""One mutant after another: a copy of the tree with the change, and the tests that could see it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ...sw.build import cache_directory
from .operators import Mutant

UNIT = "tests/unit"
TESTS = (
    ("rtl/isa/causes", ("isa", "csr", "pipeline")),
    ("rtl/isa/csr", ("isa", "csr")),
    ("rtl/isa/modes", ("isa", "csr", "pipeline")),
    ("rtl/isa/paging", ("isa", "mmu", "csr")),
    ("rtl/isa/extensions", ("isa", "test_config.py", "test_device_tree.py")),
    ("rtl/isa", ("isa", "units", "pipeline/test_decode.py")),
    ("rtl/device_tree", ("test_device_tree.py",)),
    ("rtl/fabric", ("test_fabric.py", "test_soc.py")),
    ("rtl/soc", ("test_soc.py",)),
    ("rtl/config", ("test_config.py", "test_device_tree.py")),
)
"""Whose tests see changes of a source, below tests/unit, where that is not the folder with its folder's name."""
PROGRAMS = "tests/programs/test_programs_on_the_machine.py"
LIMIT = 1200
"""Seconds after which the tests of a mutant count as failed: what hangs is noticed."""
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+)", re.MULTILINE)
NETLISTS = """
import hashlib
from amaranth.back import rtlil
from hyacinth.rtl.config import CONFIGS
from hyacinth.rtl.soc import Soc
from hyacinth.sim.engines.flat import Flat
from hyacinth.sim.engines.export import to_rtlil
for config in CONFIGS.values():
    print(hashlib.sha256(to_rtlil(Flat(Soc(config))).encode()).hexdigest())
"""


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: "killed" by `test`, "survived", or "equivalent": the same netlists in every named
    configuration."""
    what: str
    test: str = ""


def nearest_tests(path: str) -> list[str]:
    """The tests of tests/unit that could see a change of the source at `path`, the nearest first."""
    for beginning, names in TESTS:
        if path.startswith(beginning):
            return [f"{UNIT}/{name}" for name in names]
    return [f"{UNIT}/{path.split('/')[1]}"]


class Bench:
    """A copy of the tree in a folder of its own, in which mutants are tried one by one.

    Parameters
    ----------
    root : Path
        The clone. Only rtl/ is copied, for nothing else is changed.
    programs : bool
        Whether what no unit test sees is also given to the programs of sw/tests, on a model of the mutant.
    """
    def __init__(self, root: Path, programs: bool):
        self.root, self.programs = root, programs
        self.folder = Path(tempfile.mkdtemp(prefix="hyacinth-mutants-"))
        self.tree = self.folder / "tree"
        self.tree.mkdir()
        for entry in root.iterdir():
            if entry.name in ("sim", "sw", "boards", "tests", "docs", "pyproject.toml"):
                (self.tree / entry.name).symlink_to(entry)
        shutil.copytree(root / "src", self.tree / "src", symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(root / "rtl", self.tree / "rtl", ignore=shutil.ignore_patterns("__pycache__"))
        self.killers: Counter[str] = Counter()
        self.original = None

    def close(self) -> None:
        """Nothing is left behind."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _python(self, *arguments, **environment) -> subprocess.CompletedProcess:
        # Bytecode of a mutant must not outlive it: two changes within a second, of the same length, look alike.
        return subprocess.run([sys.executable, "-B", *arguments], cwd=self.tree, capture_output=True, text=True,
                              timeout=LIMIT, env=os.environ | {"PYTHONPATH": str(self.tree / "src")} | environment)

    def _failing(self, *tests: str, **environment) -> str:
        """The first of `tests` that fails, or ""."""
        try:
            done = self._python("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--no-header", *tests,
                                **environment)
        except subprocess.TimeoutExpired:
            return "time"
        if done.returncode == 0:
            return ""
        found = FAILED.search(done.stdout)
        return found[1] if found else "collection"

    def netlists(self) -> str:
        """What the named configurations are made of; "" where that cannot be made at all."""
        return self._python("-c", NETLISTS).stdout

    def passes(self, path: str) -> str:
        """The first test of `path` that fails without any change, or ""."""
        return self._failing(*nearest_tests(path))

    def tried(self, mutant: Mutant) -> Verdict:
        """The verdict on one mutant."""
        if self.original is None:
            self.original = self.netlists()
        target, source = self.tree / mutant.path, (self.root / mutant.path).read_bytes()
        target.write_bytes(mutant.applied(source))
        try:
            # What killed a neighbour is likely to kill this one, too.
            likely = [test for test, _ in self.killers.most_common(4) if test.split("::")[0].startswith(
                tuple(nearest_tests(mutant.path)))]
            test = self._failing(*likely) if likely else ""
            if test := test or self._failing(*nearest_tests(mutant.path)):
                if "::" in test and "[" not in test:
                    self.killers[test] += 1
                return Verdict("killed", test)
            if self.netlists() == self.original:
                return Verdict("equivalent")
            if self.programs and (test := self._on_the_machine()):
                return Verdict("killed", test)
            return Verdict("survived")
        finally:
            target.write_bytes(source)

    def _on_the_machine(self) -> str:
        """The first program of sw/tests that fails on a model of the mutant, which is not kept."""
        own = self.folder / "cache"
        own.mkdir()
        for entry in cache_directory().iterdir():
            if entry.name.startswith(("zig", "runtime", "objects", "programs")):
                (own / entry.name).symlink_to(entry)
        try:
            return self._failing(PROGRAMS, HYACINTH_CACHE=str(own))
        finally:
            shutil.rmtree(own)


def digest(source: bytes) -> str:
    """By which a source is known again."""
    return hashlib.sha256(source).hexdigest()[:16]

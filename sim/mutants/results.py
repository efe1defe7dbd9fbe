"""What is known of mutants, in a file with a line of JSON for each, so that a run that was stopped goes on."""

import json
from pathlib import Path

from .operators import Mutant
from .trial import File, Verdict, digest

PROGRAMS = "programs"
"""In place of whether a verdict is of marked tests, where it is of marked programs."""


class BadResults(Exception):
    """The file has something else in it."""


class Results:
    """Verdicts, in a file that only grows. Raises BadResults.

    Parameters
    ----------
    path : Path
        The file, which need not exist.
    root : Path
        The clone. What is known of a mutant is forgotten when its source is another.
    """
    def __init__(self, path: Path, root: Path):
        self.path, self.root = path, root
        self.known: dict[tuple, Verdict] = {}
        self.marked: dict[tuple, list[Verdict]] = {}
        self.programs: dict[tuple, Verdict] = {}
        self.files: dict[str, File] = {}
        self.sources: dict[str, str] = {}
        for row in self._rows():
            if "tests" in row:
                verdict = Verdict(row["what"], row["tests"], row["given"])
                if row["marked"] == PROGRAMS:
                    self.programs[tuple(row["mutant"])] = verdict
                elif row["marked"]:
                    self.marked.setdefault(tuple(row["mutant"]), []).append(verdict)
                else:
                    self.known[tuple(row["mutant"])] = verdict
            elif "seconds" in row:
                self.files[row["of"]] = File(row["seconds"], frozenset(row["sources"]))

    def _rows(self):
        texts = self.path.read_text(encoding="utf-8", errors="replace").splitlines() if self.path.exists() else []
        for number, text in enumerate(texts):
            try:
                row = json.loads(text)
            except ValueError:
                row = None  # cut off as the run was killed
            if isinstance(row, dict) and ("mutant" in row or "of" in row):
                yield row
            elif number == 0:
                raise BadResults(f"{self.path}: no verdicts on mutants; give another file")

    def _write(self, **row) -> None:
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def _key(self, mutant: Mutant) -> tuple:
        if mutant.path not in self.sources:
            self.sources[mutant.path] = digest((self.root / mutant.path).read_bytes())
        return mutant.path, self.sources[mutant.path], mutant.start, mutant.before, mutant.after

    def verdict(self, mutant: Mutant) -> Verdict | None:
        """What is known of `mutant`, as long as its source is the same: what any test has seen is killed."""
        seen = [each for each in self.of_marked(mutant) if each.what == "killed"]
        return self.known.get(self._key(mutant)) or (seen[0] if seen else None)

    def of_marked(self, mutant: Mutant) -> list[Verdict]:
        """What tests that are marked with rules have said of it, each time that some were asked."""
        return self.marked.get(self._key(mutant), [])

    def of_programs(self, mutant: Mutant) -> Verdict | None:
        """What programs of sw/tests that are marked with rules have said of it."""
        return self.programs.get(self._key(mutant))

    def add_of_programs(self, mutant: Mutant, verdict: Verdict) -> None:
        """What such programs say."""
        self.programs[self._key(mutant)] = verdict
        self._write_verdict(mutant, verdict, PROGRAMS)

    def add(self, mutant: Mutant, verdict: Verdict, *, marked: bool = False) -> None:
        """One more; `marked`, where only tests that are marked with certain rules were asked."""
        if marked:
            self.marked.setdefault(self._key(mutant), []).append(verdict)
        else:
            self.known[self._key(mutant)] = verdict
        self._write_verdict(mutant, verdict, marked)

    def _write_verdict(self, mutant: Mutant, verdict: Verdict, marked: bool | str) -> None:
        self._write(mutant=self._key(mutant), what=verdict.what, tests=verdict.tests, given=verdict.given,
                    marked=marked)

    def add_file(self, of: str, file: File) -> None:
        """What was measured without any change. `of` says of what."""
        self.files[of] = file
        self._write(of=of, seconds=file.seconds, sources=sorted(file.sources))

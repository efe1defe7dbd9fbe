"""What a campaign has found out so far: a folder that survives being killed.

`done.jsonl` has a line of JSON for each task that ended, written when all of it is known: a task without a line is done
again, one with a line never. `failures/` has a report for each task that failed.
"""

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from .tasks import Setting


class BadRecords(Exception):
    """The folder is no campaign's, or cannot be used; says why, with the mend."""


class Records:
    """The records in `folder`, which is made if it does not exist.

    Raises BadRecords, OSError.
    """
    def __init__(self, folder: Path):
        self.folder, self.path = folder, folder / "done.jsonl"
        self.results: dict[str, dict] = {}
        (folder / "failures").mkdir(parents=True, exist_ok=True)
        if self.path.exists():
            self._read()

    def _read(self) -> None:
        whole = 0
        with open(self.path, "rb") as file:
            for number, line in enumerate(file, 1):
                if not line.endswith(b"\n"):
                    break  # the campaign was killed while it wrote
                try:
                    result = json.loads(line)
                    self.results[result["key"]] = result
                except (ValueError, KeyError, TypeError):
                    raise BadRecords(f"{self.path}:{number}: no record of a campaign; give another --folder, or take "
                                     "the line out") from None
                whole += len(line)
        if whole < self.path.stat().st_size:
            os.truncate(self.path, whole)

    def has(self, task) -> bool:
        """Whether `task` has been done."""
        return task.key in self.results

    def add(self, result: dict) -> None:
        """One task has ended."""
        if result["key"] in self.results:
            return
        if "group" in result:
            self.failure(result["key"], ".txt").write_text(result["report"] + "\n", encoding="utf-8")
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self.results[result["key"]] = result

    def failure(self, key: str, ending: str) -> Path:
        """The file about a task that failed."""
        return self.folder / "failures" / f"{key.replace(' ', '-')}{ending}"

    @property
    def compared(self) -> int:
        """Instructions and traps that agreed."""
        return sum(result["compared"] for result in self.results.values())

    def compared_on(self, settings: Iterable[Setting]) -> int:
        """The same, of random programs on these machines."""
        keys = {(each.core, each.latency, each.disturbed) for each in settings}
        return sum(result["compared"] for result in self.results.values() if "seed" in result
                   and (result["core"], result["latency"], result.get("disturbed")) in keys)

    @property
    def modes(self) -> Counter:
        """The same, by mode."""
        total: Counter[str] = Counter()
        for result in self.results.values():
            total.update(result["modes"])
        return total

    @property
    def groups(self) -> dict[str, list[dict]]:
        """Failures that look alike, the most frequent first."""
        found = defaultdict(list)
        for result in self.results.values():
            if "group" in result:
                found[result["group"]].append(result)
        return dict(sorted(found.items(), key=lambda each: -len(each[1])))

"""Runs tests of the clone on mutants: a process that has imported Amaranth and pytest, and is forked for each.

The source of a mutant is never written: where its module is imported, the changed text is compiled in its place.
Requests come on standard input and answers go to standard output, a line of JSON for each (see `Worker`).
"""

import gc
import importlib
import importlib.machinery
import json
import math
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from time import monotonic

from .fork import answers, forked

BEFORE = ("pytest", "amaranth.hdl", "amaranth.sim", "amaranth.back.rtlil", "amaranth.lib.wiring", "amaranth.lib.data",
          "amaranth.lib.memory", "amaranth.lib.fifo", "amaranth.lib.stream", "unittest.mock")
"""What a child finds imported; nothing of the hardware, for any of its modules may be a mutant's."""
COLLECTION = "collection"
"""In place of a test, where a mutant's tests cannot even be read."""
TIME, CRASH = "time", "crash"
"""In place of an exception, where a test was ended, or has ended Python."""
ROWS = 4
"""Of a parametrised test, where it is asked for a rule that it checks."""
GRACE = 1.0
"""Seconds for an idle process to end."""
FINE, NO_TESTS = 0, 5
"""What pytest returns."""


@dataclass
class Ran:
    """What became of tests: seconds of each that passed, and the name of the exception of each that failed; which
    sources of the hardware had been imported at the end; and whether there were more than could be run in time."""
    passed: dict[str, float] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    sources: list[str] = field(default_factory=list)
    netlists: list[str] = field(default_factory=list)
    cut: bool = False


class Worker:
    """A process below `root`, a clone, that tries one thing at a time."""
    def __init__(self, root: Path):
        self.process = subprocess.Popen([sys.executable, "-m", "hyacinth.sim.mutants.worker"], cwd=root, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=os.environ | {"PYTHONPATH": str(root / "src")})

    def ask(self, tests=(), *, path="", source="", order=(), but=(), only=False, every=False, limit=60.0,
            within=None, netlists=False, digests=(), cache="") -> Ran:
        """Runs tests, on the source at `path` replaced by `source` where that is given.

        Parameters
        ----------
        tests : sequence of str
            Files.
        order : sequence of str
            Tests by their names, which come first, in this order. With `only`, no other is run, and of a parametrised
            test that is named without one of its rows, at most ROWS are.
        but : iterable of str
            Tests that are not run.
        every : bool
            Whether it goes on after a test that fails.
        limit : float
            Seconds, after which a test that has not ended is ended, and no further one is run.
        within : float or None
            Seconds, after which all of them are ended, and none of them has failed.
        netlists : bool
            Makes, in place of tests, digests of what the named configurations are made of, up to the first that is
            not as `digests` have it.
        cache : str
            A folder for the model of the mutant, in place of the usual one.
        """
        request = {"tests": list(tests), "path": path, "source": source, "order": list(order), "but": list(but),
                   "only": only, "every": every, "limit": limit, "within": within, "netlists": netlists,
                   "digests": list(digests), "cache": cache}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return Ran(**json.loads(self.process.stdout.readline()))

    def close(self) -> None:
        """It ends, with its child."""
        self.process.stdin.close()
        try:  # it may be on its way out already, where a signal would make Python complain
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            self.process.wait()
        self.process.stdout.close()


class Changed(importlib.machinery.SourceFileLoader):
    """Loads a module from a text in place of its file's."""
    text = b""

    def get_code(self, fullname):
        """The changed text, compiled."""
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Finder:
    """Finds the module that is changed, before others do."""
    def __init__(self, path: str, text: bytes):
        self.name, self.text = "hyacinth." + path.removesuffix(".py").replace("/", ".").removesuffix(".__init__"), text

    def find_spec(self, name, path, target=None):
        """Where the module is, and that `Changed` loads it; None of any other."""
        if name != self.name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.origin:
            spec.loader = Changed(name, spec.origin)
            spec.loader.text = self.text
        return spec


def some(rows: list) -> list:
    """At most ROWS of `rows`, from the first on in equal steps."""
    return rows[::max(1, len(rows) // ROWS)][:ROWS]


class Reporter:
    """A plugin of pytest that orders the tests and reports each to the parent."""
    def __init__(self, request: dict, report):
        self.request, self.report = request, report

    def pytest_collection_modifyitems(self, items):
        """The tests asked for, in the order asked for."""
        place = {name: number for number, name in enumerate(self.request["order"])}
        if self.request["only"]:
            rows: dict[str, list] = {}
            for each in items:
                rows.setdefault(each.nodeid.split("[")[0], []).append(each)
                rows[each.nodeid] = [each]
            items[:] = dict.fromkeys(each for name in place for each in some(rows.get(name, [])))
            return
        done = {*self.request["but"]}
        items[:] = sorted((each for each in items if each.nodeid not in done),
                          key=lambda each: place.get(each.nodeid, len(place)))

    def pytest_collectreport(self, report):
        """A file could not be read."""
        if report.failed:
            self.report(fail=COLLECTION, why=COLLECTION)

    def pytest_runtest_logstart(self, nodeid, location):
        """A test begins: should it never end, this was it."""
        self.report(start=nodeid)

    def pytest_exception_interact(self, node, call, report):
        """A test fails."""
        if report.when != "collect":
            self.report(fail=node.nodeid, why=call.excinfo.type.__name__)

    def pytest_runtest_logreport(self, report):
        """A test has passed."""
        if report.passed and report.when == "call":
            self.report(passed=report.nodeid, seconds=report.duration)


def child(request: dict, pipe: int) -> None:
    """Does what is asked for, in a process of its own."""
    out = os.fdopen(pipe, "w", buffering=1)

    def report(**what):
        out.write(json.dumps(what) + "\n")

    if request["cache"]:
        from ..engines import build
        os.environ["HYACINTH_CACHE"] = request["cache"]
        build.FAST = "-O1"  # a model that runs a few seconds should not take a minute to compile
    if request["path"]:
        sys.meta_path.insert(0, Finder(request["path"], request["source"].encode()))
    if request["netlists"]:
        from .netlists import digests
        known = iter(request["digests"])
        for each in digests():
            report(netlist=each)
            if each != next(known, each):
                return
        return
    import pytest
    options = ["-q", "--tb=no", "-p", "no:cacheprovider", *([] if request["every"] else ["-x"])]
    status = pytest.main([*options, *request["tests"]], plugins=[Reporter(request, report)])
    report(end=int(status), sources=[
        name.removeprefix("hyacinth.").replace(".", "/") + ".py" for name in sys.modules
        if name.startswith("hyacinth.rtl.")])


def tried(request: dict) -> dict:
    """Forks a child for a request, and gathers what it reports."""
    ran, current, status, late, rest = Ran(), COLLECTION, None, False, b""
    end = monotonic() + (request["within"] or math.inf)
    with forked(partial(child, request)) as reading:
        while not (late := not answers(reading, min(request["limit"], end - monotonic()))):
            if not (more := os.read(reading, 1 << 16)):
                break
            *lines, rest = (rest + more).split(b"\n")
            for line in map(json.loads, lines):
                if "start" in line:
                    current = line["start"]
                elif "fail" in line:
                    ran.failed[line["fail"]] = line["why"]
                elif "passed" in line:
                    ran.passed[line["passed"]] = line["seconds"]
                elif "netlist" in line:
                    ran.netlists.append(line["netlist"])
                elif "end" in line:
                    status, ran.sources = line["end"], line["sources"]
    ran.cut = late and monotonic() >= end
    if not request["netlists"] and not ran.cut:
        if status is None:
            ran.failed.setdefault(current, TIME if late else CRASH)
        elif status not in (FINE, NO_TESTS) and not ran.failed:  # conftest.py could not be read
            ran.failed[COLLECTION] = COLLECTION
    return vars(ran)


def main() -> None:
    """Answers requests until there are no more."""
    for name in BEFORE:
        importlib.import_module(name)
    assert not any(name.startswith("hyacinth.rtl") for name in sys.modules)
    gc.freeze()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with suppress(KeyboardInterrupt):
        for line in sys.stdin:
            print(json.dumps(tried(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()

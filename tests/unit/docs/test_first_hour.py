"""The first hour runs as it is written: each command, and each line of output that is shown."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from hyacinth.sim.lockstep.referee import unavailable

PAGE = Path(__file__).resolve().parents[3] / "docs" / "first-hour.md"
BLOCK = re.compile(r"^```(c|sh|text)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(unavailable() is not None, reason="a step compares with Spike")
def test_each_step_of_the_first_hour_does_what_it_says(tmp_path):
    beside = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{beside}{os.pathsep}{os.environ['PATH']}"}
    output, checked = "", 0
    for language, text in BLOCK.findall(PAGE.read_text()):
        if language == "c":
            (tmp_path / "first.c").write_text(text)
        elif language == "sh":
            output = ""
            for command in text.splitlines():
                done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env=environment, capture_output=True,
                                      text=True, stdin=subprocess.DEVNULL)
                assert done.returncode in (0, 1), f"{command}\n{done.stderr}"   # first.c fails, as is said
                output += done.stdout + done.stderr
        else:
            for line in text.splitlines():
                assert line in output, f"not said: {line}\n{output}"
                checked += 1
    assert checked > 10

"""Proofs with SymbiYosys: a claim about a design, for every input there is, up to a number of cycles.

What a proof supposes is said in words, beside the condition, and printed with its result.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import chdir
from pathlib import Path

import pytest
from amaranth.asserts import AnyConst, AnySeq
from amaranth.back import rtlil
from amaranth.hdl import Assert, Assume, ClockDomain, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.memory import Memory

from hyacinth.rtl.isa.modes import Mode

RESULTS: list[tuple[str, str, tuple[str, ...]]] = []
"""Of each proof of this run: its claim, how far it holds, and what it supposes."""

DEEP = bool(os.environ.get("HYACINTH_DEEP"))
"""Proofs that end after some cycles are to look further, and those of a size at a larger one: that takes minutes."""

# After a reset a memory holds anything, whatever its initial contents.
SCRIPT = """[options]
mode {mode}
depth {depth}

[engines]
smtbmc bitwuzla

[script]
read_rtlil top.il
delete */t:$meminit_v2
prep -flatten -top top

[files]
top.il
"""


class Claim:
    """What is to be proven, put together step by step.

    Parameters
    ----------
    text : str
        The claim, in a sentence.

    Attributes
    ----------
    m : Module
        Where submodules and helpers go.
    """
    def __init__(self, text: str):
        self.text, self.m, self.suppositions = text, Module(), []

    def any(self, shape, name: str) -> Signal:
        """A value that can be anything, and stays so."""
        signal = Signal(shape, name=name)
        self.m.d.comb += Value.cast(signal).eq(AnyConst(len(Value.cast(signal))))
        return signal

    def free(self, shape, name: str):
        """A value that can be anything in each cycle."""
        signal = Signal(shape, name=name)
        self.m.d.comb += Value.cast(signal).eq(AnySeq(len(Value.cast(signal))))
        return signal

    def is_mode(self, mode) -> None:
        """Supposes that `mode` is a mode."""
        self.suppose("the mode is one of the five", Value.cast(mode).matches(*(int(each) for each in Mode)))

    def suppose(self, text: str, condition) -> None:
        """What holds without being proven."""
        self.suppositions.append(text)
        self.m.d.comb += Assume(condition)

    def hold(self, condition, when=1) -> None:
        """In every cycle: where `when`, there `condition`."""
        with self.m.If(when):
            self.m.d.comb += Assert(condition, src_loc_at=1)

    def cut(self, text: str, *components: wiring.Component) -> None:
        """Leaves out what is inside of components: what they say may be anything in each cycle."""
        self.suppositions.append(text)
        for component in components:
            component.elaborate = lambda platform, component=component: anything(component)

    def prove(self, cycles: int = 1, induction: bool = False) -> None:
        """Look for a counterexample within `cycles`; one is enough where nothing is clocked.

        induction  and none comes later: what has held for `cycles`, from whatever state, holds in the next one

        Fails the test with the claim that does not hold.
        """
        pytest.importorskip("bitwuzla", reason="there is no solver: pip install bitwuzla")
        self.m.domains.sync = domain = ClockDomain(reset_less=True)
        text = rtlil.convert(self.m, name="top", ports={"clk": (domain.clk, None)})
        status, log = sby(text, SCRIPT.format(mode="prove" if induction else "bmc", depth=cycles))
        if status != "PASS":
            pytest.fail(f"{self.text}\n{counterexample(log)}", pytrace=False)
        extent = "always" if induction or cycles == 1 else f"for {cycles} cycles from reset"
        RESULTS.append((self.text, extent, tuple(self.suppositions)))


def opened(component: wiring.Component) -> Module:
    """What is inside a component, so that a claim can look at it, or cut parts of it out."""
    inside = component.elaborate(None)
    component.elaborate = lambda platform: inside
    return inside


def anything(component: wiring.Component) -> Module:
    """In place of what is inside a component: all that it says, and all that is read from a memory, is free."""
    m = Module()
    ports = component.read_ports if isinstance(component, Memory) else ()
    said = [Value.cast(port.data) for port in ports] + [
        Value.cast(value) for _, member, value in component.signature.flatten(component) if member.flow == wiring.Out]
    m.d.comb += [value.eq(AnySeq(len(value))) for value in said
                 if len(value) and not isinstance(value, Const)]
    return m


def sby(text: str, script: str) -> tuple[str, str]:
    """Runs SymbiYosys on RTLIL; its verdict and its log. What it made stays where KEEP_PROOF says, if it does."""
    binaries = Path(sys.executable).parent
    tools = {tool: binaries / f"yowasp-{tool}" for tool in ("sby", "yosys", "yosys-smtbmc", "yosys-witness")}
    # The tools of the wheel see no folder but the current one and those below it.
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        Path("top.il").write_text(text)
        Path("proof.sby").write_text(script)
        solver = Path("bitwuzla")
        solver.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).with_name("solver.py")}" "$@"\n')
        solver.chmod(0o755)
        done = subprocess.run(
            [tools["sby"], "-f", "--yosys", tools["yosys"], "--smtbmc", tools["yosys-smtbmc"], "--witness",
             tools["yosys-witness"], "proof.sby"], capture_output=True, text=True,
            env=os.environ | {"PATH": os.pathsep.join([folder, str(binaries), os.environ.get("PATH", "")])})
        if place := os.environ.get("KEEP_PROOF"):
            shutil.copytree(folder, place, dirs_exist_ok=True)
        found = re.search(r"DONE \((\w+)", done.stdout)
        return found[1] if found else "ERROR", done.stdout + done.stderr


def counterexample(log: str) -> str:
    """The lines of a log that say what failed."""
    said = [line for line in log.splitlines() if any(word in line for word in ("Assert", "Assum", "ERROR", "DONE"))]
    return "\n".join(said or log.splitlines()[-10:])

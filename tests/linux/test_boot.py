"""Linux boots and runs a Linux guest: `pytest -m linux`. It takes half an hour, and the packages of docs/linux.md.

These are not among the tests that run by default, since they need what no package index has. There a hypervisor of our
own with two guests stands for them, and sw/tests, which has a program for each rule that KVM relies on.
"""

import hashlib
import os
import random
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hyacinth.rtl.config import FULL
from hyacinth.sim import snapshot
from hyacinth.sim.cli.arguments import run_options
from hyacinth.sim.cli.plan import plan
from hyacinth.sim.cli.run import machine_of
from hyacinth.sim.lockstep.referee import Referee, unavailable
from hyacinth.sim.lockstep.start import state_of
from hyacinth.sw.build import BuildError
from hyacinth.sw.linux.images import HOST_BOOTARGS, images
from hyacinth.sw.linux.kernel import source

pytestmark = pytest.mark.linux
MEMORY = 64 << 20
SAID = ("host: user space", "guest: user space", "Hello from the user space of a Linux guest", "guest: powers off",
        "host: powers off")


@pytest.fixture(scope="module")
def made():
    try:
        source()
    except BuildError as error:
        pytest.skip(str(error))
    return images(FULL, lambda _: None)


@pytest.fixture(scope="module")
def booted(made, tmp_path_factory):
    """The boot in one go: what it said, its exit code and cycles, digests of its records until the first point at which
    it was saved and until its end, and all these points."""
    folder, random_points = tmp_path_factory.mktemp("points"), random.Random(5)
    digest, before, said, points = hashlib.sha256(), None, b"", []
    with start(made) as machine:
        machine.raw_watchers.append(digest.update)
        while machine.exit_code is None and machine.cycle < 200_000_000:
            machine.run(random_points.randrange(2_000_000, 5_000_000))
            said += machine.take_output()
            if machine.exit_code is None:
                points.append(folder / f"{machine.cycle:09}")
                snapshot.save(machine, points[-1])
                before = before or digest.copy()
        return said.decode(errors="replace"), machine.exit_code, machine.cycle, before, digest.hexdigest(), points


def planned(made):
    options = run_options(firmware=made.firmware, kernel=made.kernel, initrd=made.initrd, memory=MEMORY,
                          bootargs=HOST_BOOTARGS)
    return options, plan(options)


def start(made):
    return machine_of(*planned(made))


def test_the_guest_speaks_from_its_user_space_and_all_ends_well(booted):
    said, code, *_ = booted
    assert code == 0, said
    places = [said.index(line) for line in SAID]
    assert places == sorted(places)
    assert "a line from the guest's disk" in said


def test_the_boot_is_the_same_from_each_of_twenty_points_or_more(booted):
    """Each part begins at a snapshot; all of them make up the same records, in the same cycles."""
    _, code, cycles, before, whole, points = booted
    assert len(points) >= 20
    digest = before.copy()
    ends = [*(int(path.name) for path in points[1:]), None]
    for path, end in zip(points, ends, strict=True):
        with snapshot.resume(path) as machine:
            machine.raw_watchers.append(digest.update)
            machine.run(end and end - machine.cycle)
            assert machine.cycle == (end or cycles)
    assert (machine.exit_code, digest.hexdigest()) == (code, whole)


@pytest.mark.skipif(unavailable() is not None, reason="needs Spike")
def test_spike_agrees_with_every_instruction(made, booted):
    """In parts, each from a snapshot, two at a time; the first from reset."""
    _, _, cycles, _, _, points = booted
    parts = [None, *points]
    ends = [*(int(path.name) for path in points), cycles]

    def part(path, end):
        if path is None:
            with start(made) as machine:
                segments = [(segment.address, segment.data) for segment in planned(made)[1].segments]
                return follow(machine, segments, None, end)
        with snapshot.resume(path) as machine:
            state = state_of(machine)
            return follow(machine, state.segments, state, end)

    with ThreadPoolExecutor(2) as pool:
        counts = list(pool.map(part, parts, ends))
    assert sum(counts) > 30_000_000


def follow(machine, segments, state, end):
    with Referee(FULL, segments, MEMORY, rom=machine.boot_rom, device_tree=machine.device_tree,
                 state=state) as referee:
        machine.raw_watchers.append(referee.check)
        machine.run(end - machine.cycle)
        return referee.finish()


def emulated(made):
    """What the console says. QEMU 7.2 names extensions in the old way alone, which the kernel must be told to read."""
    done = subprocess.run(
        ["qemu-system-riscv64", "-no-reboot", "-M", "virt", "-cpu", "rv64,h=true,sstc=true", "-m", "128M", "-bios",
         made.firmware, "-kernel", made.kernel, "-initrd", made.initrd, "-append",
         f"{HOST_BOOTARGS} riscv_isa_fallback", "-nographic"],
        stdin=subprocess.DEVNULL, capture_output=True, timeout=600)
    return done.stdout.decode(errors="replace")


needs_emulator = pytest.mark.skipif(not shutil.which("qemu-system-riscv64"), reason="needs qemu-system-riscv64")


@needs_emulator
def test_an_emulator_says_the_same(made, booted):
    words = re.compile(r"^(?:host|guest|monitor|Hello).*$", re.MULTILINE)
    assert words.findall(emulated(made).replace("\r", "")) == words.findall(booted[0].replace("\r", ""))


@needs_emulator
@pytest.mark.skipif("HYACINTH_KVMTOOL" not in os.environ, reason="HYACINTH_KVMTOOL names no source of kvmtool")
def test_kvmtool_runs_the_guest_on_an_emulator(made):
    """The host's kernel powers off, where a monitor that fails would have it restart."""
    said = emulated(images(FULL, lambda _: None, kvmtool=Path(os.environ["HYACINTH_KVMTOOL"])))
    assert "host: kvmtool runs the guest" in said and all(text in said for text in SAID)
    assert said.rstrip().endswith("reboot: Power down")

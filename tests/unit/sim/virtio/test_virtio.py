"""The virtio devices of the simulated machine, driven by programs on it."""

import subprocess
from pathlib import Path

import pytest

from hyacinth.rtl.config import CONFIGS
from hyacinth.sim import snapshot
from hyacinth.sim.engines import compiled
from hyacinth.sim.engines.engine import EngineError
from hyacinth.sim.engines.hosts import Console, Disk, Entropy
from hyacinth.sim.lockstep.referee import Referee, unavailable
from hyacinth.sim.machine import Machine
from hyacinth.sw.build import build, run_compiler

HERE = Path(__file__).parent
ENGINES = Path(compiled.__file__).parent
CONTENTS = b"".join(n.to_bytes(8, "little") for n in range(64 * 64))


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "disk.img"
    path.write_bytes(CONTENTS)
    return path


def run(name, devices, typed=b"", **more):
    """Runs the program `name` to its end; what it wrote."""
    with Machine(devices=devices, memory=16 << 20, **more) as machine:
        machine.load(build(HERE / f"{name}.c"))
        machine.give_input(typed)
        outcome = machine.run(5_000_000)
        output = machine.take_output()
        assert outcome.exit_code == 0, output.decode()
        return output


@pytest.mark.parametrize("core", ("full", "small"))
def test_a_disk_is_read_and_written_and_its_file_stays_as_it_was(image, core):
    assert run("disk", (Disk(image),), core=core) == b"disk: done\n"
    assert image.read_bytes() == CONTENTS


def test_a_disk_that_is_writable_has_it_in_its_file(image):
    run("disk", (Entropy(), Disk(image, writable=True)))
    expected = bytearray(CONTENTS)
    for n in range(20):
        words = b"".join((0x100_0000 * n + i).to_bytes(8, "little") for i in range(128))
        expected[3 * n * 512:3 * n * 512 + 1024] = words
    assert image.read_bytes() == bytes(expected)


def test_a_request_that_is_none_makes_the_device_ask_for_a_reset(image):
    run("malformed", (Disk(image),))


def test_a_queue_that_is_taken_back_is_left_alone(image):
    run("taken_back", (Disk(image),))


def test_a_disk_gets_what_hardware_has_set_in_a_page_table(image):
    run("table", (Disk(image),))


@pytest.mark.parametrize("latency", (0, 1, 7, 20, 80))
def test_stores_and_amos_beside_what_a_device_writes_are_not_lost(image, latency):
    run("beside", (Disk(image),), memory_latency=latency)


def test_entropy_is_the_same_in_every_run_and_the_console_echoes():
    assert run("others", (Entropy(), Console()), typed=b"hello\n") == b"hello\n"


@pytest.mark.parametrize("name", ("disk", "beside", "taken_back"))
def test_the_referee_is_told_what_devices_write(image, name):
    if why := unavailable():
        pytest.skip(why)
    with Machine(devices=(Disk(image),), memory=16 << 20) as machine:
        program = machine.load(build(HERE / f"{name}.c"))
        segments = [(segment.address, segment.data) for segment in program.segments]
        with Referee(CONFIGS["full"], segments, 16 << 20, rom=machine.boot_rom,
                     device_tree=machine.device_tree) as referee:
            machine.raw_watchers.append(referee.check)
            machine.write_watchers.append(referee.wrote)
            assert machine.run(5_000_000).exit_code == 0
            assert referee.finish() == machine.retired


def test_a_run_goes_on_from_a_snapshot_within_a_request(image, tmp_path):
    """Saved where the device has written a part of what it was asked for, and after it has written to the disk."""
    def end(machine):
        kept = []
        machine.raw_watchers.append(kept.append)
        outcome = machine.run(5_000_000)
        return b"".join(kept), outcome, machine.take_output()

    program = build(HERE / "disk.c")
    with Machine(devices=(Disk(image),), memory=16 << 20) as machine:
        machine.load(program)
        cycles = machine.run(5_000_000).cycle
    for part in (0.1, 0.3, 0.5, 0.9):
        with Machine(devices=(Disk(image),), memory=16 << 20) as machine:
            machine.load(program)
            machine.run(int(cycles * part))
            snapshot.save(machine, tmp_path / "half")
            expected = end(machine)
        with snapshot.resume(tmp_path / "half") as machine:
            assert end(machine) == expected
    image.write_bytes(CONTENTS[:-1] + b"!")
    with pytest.raises(snapshot.BadSnapshot, match="has changed since"):
        snapshot.load(tmp_path / "half")
    image.unlink()
    with pytest.raises(snapshot.BadSnapshot, match="cannot be read"):
        snapshot.load(tmp_path / "half")


@pytest.fixture(scope="module")
def fuzz(tmp_path_factory):
    """The program fuzz.cc with the devices, every access outside of what was allocated for it an error."""
    made = tmp_path_factory.mktemp("fuzz") / "fuzz"
    sources = [HERE / "fuzz.cc", *(ENGINES / name for name in ("memory.cc", "virtio.cc", "virtio_devices.cc"))]
    run_compiler(["c++", "-std=c++20", "-O1", "-g", "-fsanitize=undefined", "-fsanitize-trap=all", "-w",
                  "-D_LIBCPP_HARDENING_MODE=_LIBCPP_HARDENING_MODE_EXTENSIVE", "-I", ENGINES, *sources, "-o", made])
    return made


@pytest.mark.parametrize("writable", (0, 1))
def test_100000_requests_most_of_them_wrong_touch_nothing_but_what_they_may(image, fuzz, writable):
    done = subprocess.run([fuzz, image, str(writable), "100000", "1"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert image.stat().st_size == len(CONTENTS)
    assert (image.read_bytes() == CONTENTS) == (not writable)


def test_pysim_has_empty_slots_and_says_that_it_has_no_devices(tmp_path):
    source = tmp_path / "empty.c"
    source.write_text('#include "virtio.h"\nint main(void) { CHECK_EQ("a slot", virtio_find(0), 0);\n'
                      'CHECK_EQ("none else", virtio_find(2), -1); return 0; }\n')
    ends = []
    for engine in ("compiled", "pysim"):
        with Machine("small", engine, memory=16 << 20) as machine:
            machine.load(build(source))
            outcome = machine.run(20_000)
            assert outcome.exit_code == 0
            ends.append((outcome, machine.retired))
    assert ends[0] == ends[1]
    with pytest.raises(EngineError, match="give --engine compiled"):
        Machine("small", "pysim", devices=(Entropy(),))


def test_there_are_eight_slots():
    with pytest.raises(ValueError, match="9 virtio devices; there are 8 slots"):
        Machine(devices=(Entropy(),) * 9)


@pytest.mark.parametrize("arguments,said", [
    (("--disk", "nowhere"), "no such file"),
    (("--disk", "folder"), "a directory"),
    (("--disk", "odd"), "no whole number of sectors"),
    (("--disk", "empty"), "the file is empty"),
    (("--disk", "/dev/null"), "not a regular file"),
    (("--disk-rw", "disk", "--disk", "disk"), "given twice"),
    (("--disk", "disk", "--engine", "pysim"), "give --engine compiled"),
    (("--disk", "disk", "--log", "disk"), "that is the disk"),
    (("--entropy",) + ("--disk", "disk") * 8, "9 virtio devices"),
])
def test_what_is_no_disk_is_refused_in_one_line(tmp_path, capsys, monkeypatch, arguments, said):
    from hyacinth.sim.cli import main
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name, count in (("odd", 513), ("empty", 0), ("disk", 1024)):
        (tmp_path / name).write_bytes(bytes(count))
    assert main(["run", str(build(HERE / "disk.c")), *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1

"""A snapshot is the whole machine: it goes on bit for bit, or is refused in one line."""

import errno
import hashlib
import json
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from hyacinth import explain_traps
from hyacinth.rtl.config import CONFIGS
from hyacinth.sim.cli import linux, main
from hyacinth.sim.cli.arguments import parser
from hyacinth.sim.engines.engine import EngineError
from hyacinth.sim.lockstep.assembler import Code, li, op
from hyacinth.sim.machine import End, Machine
from hyacinth.sim.snapshot import HOST, SHAPE, BadSnapshot, load, resume, save
from hyacinth.sw.build import cache_directory
from hyacinth.sw.hypervisor.build import build_demo

BASE, TOHOST = 0x8000_0000, 0x8000_1000
T0, T1, A0 = 5, 6, 10
MIDDLE = 700_000
"""A cycle in which the guests of the demonstration run, and all is delegated."""
GET = 1 << 56
"""The HTIF command that asks the console for a byte."""


@pytest.fixture(scope="module")
def demo():
    return build_demo(cache_directory() / "demo")


class Digest:
    """Follows all records of a machine, and what it says."""
    def __init__(self):
        self.records, self.output = hashlib.sha256(), b""

    def follow(self, machine):
        machine.raw_watchers.append(self.records.update)
        return machine

    def end(self, machine):
        """All that should be alike at the end."""
        return (self.records.hexdigest(), self.output + machine.take_output(), machine.cycle, machine.exit_code,
                machine.events, machine.retired, machine.csr("minstret"), machine.pc)


def test_a_machine_goes_on_bit_for_bit_from_twenty_random_points(demo, tmp_path):
    whole = Digest()
    machine = whole.follow(Machine())
    machine.load(demo)
    machine.run()
    expected = whole.end(machine)
    rng, parts = random.Random(4), Digest()
    points = sorted(rng.sample(range(1, machine.cycle), 20))
    machine = parts.follow(Machine())
    machine.load(demo)
    for point in points:
        machine.run(point - machine.cycle)
        parts.output += machine.take_output()
        save(machine, tmp_path / "point")
        machine.close()
        machine = parts.follow(resume(tmp_path / "point"))
        assert machine.cycle == point
    assert machine.run().end == End.EXITED
    assert parts.end(machine) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["point"]


def asks_for_a_byte():
    """A program that asks for a byte and ends with it as its code."""
    code = Code(BASE)
    code.add(*li(T0, TOHOST), *li(T1, GET), op("sd", s=T0, t=T1, i=0))
    code.add(op("ld", d=A0, s=T0, i=8), op("beq", s=A0, t=0, i=-4))
    code.add(op("andi", d=A0, s=A0, i=0xff), op("add", d=A0, s=A0, t=A0), op("ori", d=A0, s=A0, i=1))
    code.add(op("sd", s=T0, t=A0, i=0), op("jal", i=0))
    return code.contents()


@pytest.mark.parametrize("typed_before", [False, True])
def test_what_htif_owes_the_program_is_kept(tmp_path, typed_before):
    machine = Machine()
    machine.load_segments([(BASE, asks_for_a_byte())], BASE, tohost=TOHOST, fromhost=TOHOST + 8)
    machine.run(40 if typed_before else 5000)
    if typed_before:
        machine.give_input(b"*")
    save(machine, tmp_path / "asked")
    machine = resume(tmp_path / "asked")
    if not typed_before:
        machine.give_input(b"*")
    assert machine.run(10_000).exit_code == ord("*")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A small snapshot."""
    path = tmp_path_factory.mktemp("snapshots") / "kept"
    machine = Machine()
    machine.load_segments([(BASE, asks_for_a_byte())], BASE, tohost=TOHOST, fromhost=TOHOST + 8)
    machine.run(1000)
    save(machine, path, note="of the test")
    return path


def changed(source, target, leave_out=(), **values):
    """The snapshot with other values in its manifest, or without some."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            contents = old.read(name)
            if name == "manifest.json":
                manifest = json.loads(contents) | values
                contents = json.dumps({key: value for key, value in manifest.items() if key not in leave_out})
            new.writestr(name, contents)
    return target


def test_what_was_given_to_save_is_found_again(kept):
    assert load(kept).about == {"note": "of the test"} and load(kept).cycle == 1000


def test_a_file_that_is_no_whole_snapshot_is_refused(kept, tmp_path):
    whole = kept.read_bytes()
    at = whole.index(b"state") + 1000
    files = {"text": b"hello\n", "empty": b"", "cut": whole[:-100], "half": whole[:len(whole) // 2],
             "flipped": whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1:]}
    for name, contents in files.items():
        (tmp_path / name).write_bytes(contents)
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as other:
        other.writestr("manifest.json", "[]")
    for name in (*files, "other.zip", "absent", "."):
        with pytest.raises(BadSnapshot) as error:
            resume(tmp_path / name)
        assert "\n" not in str(error.value) and str(tmp_path) in str(error.value) and ";" in str(error.value), name


def test_a_part_that_has_vanished_from_the_directory_is_missed(kept, tmp_path):
    """A flipped bit in the length of an entry's comment: what follows is taken for the comment."""
    whole = bytearray(kept.read_bytes())
    start = whole.index(b"PK\1\2", whole.rindex(b"PK\1\2", 0, whole.rindex(b"state")))
    name_length, extra_length = struct.unpack_from("<HH", whole, start + 28)
    comment = 46 + name_length + extra_length
    whole[start + 32:start + 34] = struct.pack("<H", whole.index(b"PK\5\6") - start - comment)
    (tmp_path / "short").write_bytes(whole)
    with zipfile.ZipFile(tmp_path / "short") as archive:
        assert len(archive.namelist()) < 3
    with pytest.raises(BadSnapshot, match="parts of it are missing"):
        resume(tmp_path / "short")


def test_a_part_that_says_it_is_encrypted_is_damage(kept, tmp_path):
    for name in "manifest.json", "state":
        whole = bytearray(kept.read_bytes())
        whole[whole.rindex(b"PK\1\2", 0, whole.rindex(name.encode())) + 8] ^= 1
        (tmp_path / "flipped").write_bytes(whole)
        with pytest.raises(BadSnapshot, match="no whole snapshot"):
            resume(tmp_path / "flipped")


@pytest.mark.parametrize("key", [*SHAPE, *(f"host.{key}" for key in HOST)])
def test_a_manifest_that_lacks_something_or_has_it_otherwise_is_damage(kept, tmp_path, key):
    manifest = json.loads(zipfile.ZipFile(kept).read("manifest.json"))
    outer, _, inner = key.partition(".")
    absent = {key: value for key, value in manifest["host"].items() if key != inner}
    other = {outer: manifest["host"] | {inner: 1.5}} if inner else {outer: 1.5}
    for path in (changed(kept, tmp_path / "absent", **({"host": absent} if inner else {"leave_out": [outer]})),
                 changed(kept, tmp_path / "other", **other)):
        with pytest.raises(BadSnapshot, match="no whole snapshot .*; make it again") as error:
            load(path)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("host", [{"input": "x"}, {"last_record": [1, 2]}, {"htif": {}}, {"boot_rom": "0"}])
def test_a_manifest_whose_values_mean_nothing_is_damage(kept, tmp_path, host):
    manifest = json.loads(zipfile.ZipFile(kept).read("manifest.json"))
    with pytest.raises(BadSnapshot, match="no whole snapshot"):
        resume(changed(kept, tmp_path / "other", host=manifest["host"] | host))


@pytest.mark.parametrize("device", [5, "disk", {}, {"disk": 5}, {"disk": "x"}, {"entropy": "x"}, {"console": None}])
def test_a_device_of_no_kind_is_damage(kept, tmp_path, device):
    with pytest.raises(BadSnapshot, match="no whole snapshot"):
        load(changed(kept, tmp_path / "other", devices=[device]))


@pytest.mark.parametrize("about", [{"symbols": 5}, {"guest_symbols": [5]}, {"signature": 5}])
def test_a_program_that_is_named_by_no_path_is_damage(kept, tmp_path, capfd, about):
    assert run("--resume", changed(kept, tmp_path / "other", about=about)) == 2
    assert "no whole snapshot (what it says of its program); make it again\n" in capfd.readouterr().err


def test_a_device_or_a_pipe_is_neither_read_nor_replaced(kept, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in tmp_path / "pipe", Path("/dev/zero"):
        with pytest.raises(BadSnapshot, match="a device or a pipe, not a snapshot; name a file"):
            load(path)
    with resume(kept) as machine, pytest.raises(OSError, match="a device or a pipe"):
        save(machine, tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


def test_a_link_stays_and_its_file_is_replaced(kept, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder" / "file")
    with resume(kept) as machine:
        save(machine, tmp_path / "link")
        save(machine, tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and load(tmp_path / "folder" / "file").cycle == 1000


def test_a_program_that_has_ended_stays_so(tmp_path):
    machine = Machine()
    machine.load_segments([(BASE, asks_for_a_byte())], BASE, tohost=TOHOST, fromhost=TOHOST + 8)
    machine.give_input(b"*")
    ended = machine.run(10_000)
    save(machine, tmp_path / "ended")
    assert resume(tmp_path / "ended").run(10_000) == ended


def test_only_a_new_machine_is_restored(kept):
    with Machine() as machine:
        machine.load_segments([(BASE, asks_for_a_byte())], BASE)
        with pytest.raises(ValueError, match="restore into a new machine"):
            load(kept).restore(machine)
    with resume(kept) as machine, pytest.raises(ValueError, match="restore into a new machine"):
        load(kept).restore(machine)


def test_a_name_may_be_as_long_as_names_can_be(kept, tmp_path):
    with resume(kept) as machine:
        save(machine, tmp_path / ("x" * 255))
    assert [path.name for path in tmp_path.iterdir()] == ["x" * 255]


def test_a_full_disk_names_the_file(demo, tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    machine = Machine()
    machine.load(demo)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (5 << 10, before[1]))
        with pytest.raises(OSError) as error:
            save(machine, tmp_path / "big")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert error.value.filename == str(tmp_path / "big") and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("values, text", [
    ({"version": 0}, "of version 0"), ({"design": "another"}, "other hardware"), ({"core": "small"}, "configuration"),
    ({"core": None}, "of its own"), ({"config": "CoreConfig()"}, "configuration")])
def test_a_snapshot_that_does_not_fit_is_refused(kept, tmp_path, values, text):
    with pytest.raises(BadSnapshot, match=text):
        resume(changed(kept, tmp_path / "changed", **values))


def test_a_machine_of_another_kind_is_refused(kept):
    with Machine(memory=64 << 20) as machine, pytest.raises(BadSnapshot, match="other memory"):
        load(kept).restore(machine)


def test_a_configuration_without_a_name_is_given_again(tmp_path):
    config = replace(CONFIGS["full"], geilen=3)
    with Machine(config, "pysim") as machine:
        machine.load_segments([(BASE, asks_for_a_byte())], BASE)
        with pytest.raises(EngineError, match="compiled engine"):
            save(machine, tmp_path / "kept")
    assert list(tmp_path.iterdir()) == []


def test_a_snapshot_that_cannot_be_written_leaves_nothing(kept, tmp_path):
    with resume(kept) as machine, pytest.raises(OSError):
        save(machine, tmp_path / "no" / "such" / "folder")
    assert list(tmp_path.iterdir()) == []


def run(*arguments):
    return main(["run", *map(str, arguments)])


def test_the_command_line_saves_at_each_kind_of_place_and_goes_on(demo, tmp_path, capfd):
    files = {name: tmp_path / name for name in ("cycle", "pc", "symbol", "text", "end", "never")}
    assert run("--save-at", 30_000, files["cycle"], "--save-at", "symbol:guest_exit", files["symbol"],
               "--save-at", "text:guest", files["text"], "--save-at", "end", files["end"],
               "--save-at", "text:no such text", files["never"], demo) == 0
    whole, errors = capfd.readouterr()
    assert f"{files['never']} was not made, text no such text never came" in errors
    assert load(files["cycle"]).cycle == 30_000 and not files["never"].exists()
    for name in "cycle", "symbol", "text":
        shutil.copy(files["end"], tmp_path / "before")
        assert run("--resume", files[name], "--save-at", "end", files["end"]) == 0
        rest, _ = capfd.readouterr()
        assert rest and whole.endswith(rest) or name == "text"
        assert load(files["end"]).cycle == load(tmp_path / "before").cycle


@pytest.fixture(scope="module")
def middle(demo, tmp_path_factory):
    """A snapshot of the demonstration where its guests run."""
    path = tmp_path_factory.mktemp("snapshots") / "middle"
    assert run("--save-at", MIDDLE, path, demo) == 0
    return path


def test_traps_are_explained_by_the_values_that_there_are(demo, middle, capfd):
    def reports(*arguments):
        assert run("--traps", *arguments) == 0
        return [(int(number), text) for number, text in re.findall(r"^trap \d+ at cycle (\d+)(.*?)\n\n",
                                                                    capfd.readouterr().err, re.MULTILINE | re.DOTALL)]
    whole, rest = reports(demo), reports("--resume", middle)
    assert len(rest) > 5 and rest == [(cycle, text) for cycle, text in whole if cycle > MIDDLE]
    assert any("and hedeleg" in text or "HS keeps it" in text for _, text in rest)


def test_explain_traps_begins_where_the_machine_is(middle):
    found = []
    with resume(middle) as machine:
        explain_traps(machine, found.append)
        machine.run(20_000)
    assert found and not any("disagree" in str(trap) for trap in found)


def test_statistics_are_of_this_run(middle, tmp_path):
    assert run("--resume", middle, "--stats", tmp_path / "stats") == 0
    stats = json.loads((tmp_path / "stats").read_text())
    assert stats["from_cycle"] == MIDDLE and stats["traps_taken"] == sum(trap["count"] for trap in stats["traps"])
    assert 0 < stats["cycles"] < 10_000_000 and stats["instructions_retired"] < stats["cycles"]


def test_a_boot_that_goes_on_has_one_part(middle, capfd):
    assert main(["linux", "boot", "--resume", str(middle)]) == 0
    output = capfd.readouterr().out
    assert "from the snapshot on" in output and "firmware" not in output
    shares = [float(share) for share in re.findall(r"([\d.]+)%", output)]
    assert shares and sum(shares) <= 100


def test_who_reads_a_boot_no_more_ends_it_in_silence(middle, monkeypatch):
    def gone(*_, **__):
        raise BrokenPipeError
    monkeypatch.setattr(linux, "run", gone)
    options = parser().parse_args(["linux", "boot", "--resume", str(middle)])
    with pytest.raises(BrokenPipeError):
        linux.main(options)


def test_a_boot_that_cannot_write_says_what_to_do(middle, monkeypatch, capfd):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "some.snap")
    monkeypatch.setattr(linux, "run", full)
    assert main(["linux", "boot", "--resume", str(middle)]) == 2
    assert capfd.readouterr().err == "hyacinth: some.snap: No space left on device; give another place\n"
    monkeypatch.setattr(linux, "build", full)
    assert main(["linux", "build"]) == 2
    assert capfd.readouterr().err.startswith("hyacinth: some.snap: No space left on device; set HYACINTH_CACHE")


def test_a_machine_that_stands_still_since_the_snapshot_shows_where(tmp_path, capfd):
    code = Code(BASE)
    code.add(op("wfi"), op("jal", i=-4))
    with Machine() as machine:
        machine.load_segments([(BASE, code.contents())], BASE)
        machine.raw_watchers.append(lambda _: None)
        machine.run(3000)
        save(machine, tmp_path / "waits")
    assert run("--resume", tmp_path / "waits", "--stuck-after", 1000) == 4
    errors = capfd.readouterr().err
    assert "the hart is in M at 0x80000" in errors and "the last instructions:" in errors


def test_what_the_snapshot_has_may_be_said_again(kept):
    said = "--memory", "128M", "--core", "full", "--memory-latency", 20
    assert run("--resume", kept, *said, "--max-cycles", 2000) == 3


@pytest.mark.parametrize("arguments, text", [
    ("--resume {kept} --memory 1G", "--memory: the snapshot has 128M; leave the option out"),
    ("--resume {kept} --core small", "--core: the snapshot has full"),
    ("--resume {kept} --memory-latency 3", "--memory-latency: the snapshot has 20"),
    ("--resume {kept} --save-at 999 x", "the snapshot is of cycle 1000; give that one or a later one"),
    ("--resume {kept} --wave w.fst --wave-to 999", "the snapshot is of cycle 1000; give a later one"),
    ("--resume {kept} {demo}", "leave PROGRAM and --firmware out"),
    ("--resume {demo}", "no whole snapshot"), ("--resume absent", "no such file"),
    ("--save-at pc:zero x {demo}", "not a number"), ("--save-at symbol:nowhere x {demo}", "no symbol of this name"),
    ("--save-at text: x {demo}", "an empty text"), ("--save-at 5 no/such/folder {demo}", "does not exist"),
    ("--save-at 5 {kept} --resume {kept}", "name another file"),
    ("--save-at 5 /dev/null {demo}", "a device or a pipe, which a snapshot would replace; name a file"),
    ("--resume /dev/zero", "a device or a pipe, not a snapshot; name a file"),
    ("--save-at 5 x --engine pysim {demo}", "only the compiled engine")])
def test_what_cannot_be_is_refused_before_the_run(kept, demo, capfd, arguments, text):
    assert run(*arguments.format(kept=kept, demo=demo).split()) == 2
    output, errors = capfd.readouterr()
    assert text in errors and errors.count("\n") == 1 and not output


SAVES_FOR_EVER = '''
import sys
from pathlib import Path
from hyacinth.sim.machine import Machine
from hyacinth.sim.snapshot import save
machine = Machine(memory=16 << 20)
machine.load(sys.argv[1])
while True:
    machine.run(2_000)
    save(machine, Path(sys.argv[2]))
    print(machine.cycle, flush=True)
'''


def test_a_kill_at_any_moment_leaves_the_last_whole_snapshot(demo, tmp_path):
    path, chance = tmp_path / "point", random.Random(3)
    for _ in range(8):
        with subprocess.Popen([sys.executable, "-c", SAVES_FOR_EVER, demo, path], stdout=subprocess.PIPE) as process:
            cycles = [int(process.stdout.readline()) for _ in range(chance.randrange(1, 4))]
            time.sleep(chance.random() / 10)
            process.kill()
            cycles += map(int, process.stdout.read().split())
        with resume(path) as machine:
            assert machine.cycle in (cycles[-1], cycles[-1] + 2_000)   # it may have been whole, and not yet told
            machine.step(100)

"""Tests of what the command line says to bad input: one line, with the mend, and status 2."""

import os
import shlex
import subprocess
import sys

import pytest
from traces import elf

from hyacinth.rtl.config import CONFIGS
from hyacinth.rtl.device_tree import device_tree
from hyacinth.sim.cli import main
from hyacinth.sim.cli.arguments import memory, parser
from hyacinth.sim.cli.plan import plan
from hyacinth.sw.build import build


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The folder in which the user stands, with a good program and others."""
    (tmp_path / "good.elf").write_bytes(elf())
    (tmp_path / "large.elf").write_bytes(elf(size=64 << 20))
    (tmp_path / "firmware.bin").write_bytes(b"\x13\0\0\0")
    (tmp_path / "kernel.bin").write_bytes(b"\x13\0\0\0" * 4)
    (tmp_path / "empty").write_bytes(b"")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def complaint(capsys, command):
    """What `hyacinth` says to `command`, which must be a single line on standard error."""
    assert main(command.split()) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.count("\n") == 1 and output.err.startswith("hyacinth: ")
    return output.err.removeprefix("hyacinth: ").strip()


@pytest.mark.parametrize("command, text", [
    ("", ("no command given; give one of run, demo, doctor, bench, random, explain, linux, rules, mutants, campaign, "
          "coverage, shrink, see `hyacinth --help`")),
    ("frobnicate", "argument COMMAND: invalid choice: 'frobnicate'"),
    ("run", "nothing to run; give a PROGRAM, --firmware FILE or --resume FILE"),
    ("run none.elf", "none.elf: no such program; check the path"),
    ("run .", ".: a directory, not a program; name a file in it"),
    ("run empty", "empty: the file is empty; build it"),
    ("run kernel.bin", "kernel.bin: not an ELF file"),
    ("run large.elf --memory 32M", "large.elf: needs memory from 0x80000000 to 0x84000000, the machine has"),
    ("run good.elf --core big", "argument --core: 'big' is not a core, give one of full, small, no-h"),
    ("run good.elf --disturb x", "argument --disturb: 'x' is not a number"),
    ("run good.elf --disturb 1 --save-at 5 x", "--disturb begins at reset, and a snapshot does not keep it"),
    ("run good.elf --engine qemu", "argument --engine: 'qemu' is not an engine, give one of compiled, pysim"),
    ("run good.elf --memory 3G", "argument --memory: '3G' is not a size of memory, give one of 16M, 32M, 64M"),
    ("run good.elf --memory=-1M", "argument --memory: '-1M' is not a size of memory"),
    ("run good.elf --memory lots", "argument --memory: 'lots' is not a size of memory"),
    ("run good.elf --max-cycles -5", "argument --max-cycles: -5 is negative, give a number from 0 on"),
    ("run good.elf --max-cycles 0", "argument --max-cycles: 0 is too few, give a number from 1 on"),
    ("run good.elf --max-cycles 1e6", "argument --max-cycles: '1e6' is not a number, give one such as 100000"),
    ("run good.elf --stuck-after x", "argument --stuck-after: 'x' is not a number"),
    ("run good.elf --memory-latency -1", "argument --memory-latency: -1 is negative"),
    ("run good.elf --wave wave.png", "argument --wave: 'wave.png' must end in .fst or .vcd"),
    ("run good.elf --wave-from 3", "--wave-from needs --wave FILE"),
    ("run good.elf --wave-around-trap 1", "--wave-around-trap needs --wave FILE"),
    ("run good.elf --wave w.fst --wave-around-trap 1 --wave-to 9", "--wave-around-trap finds the cycles itself; leave"),
    ("run good.elf --wave w.fst --wave-around-trap 1 --save-at 9 x", "--wave-around-trap runs twice, and --save-at"),
    ("run good.elf --wave w.fst --wave-from 9 --wave-to 3", "--wave-from 9 comes after --wave-to 3; exchange them"),
    ("run good.elf --log no/such/log", "--log no/such/log: the folder no/such does not exist; make it first"),
    ("run good.elf --stats .", "--stats .: a directory; name a file in it"),
    ("run good.elf --log good.elf", "--log good.elf: that is the program, which is read; name another file"),
    ("run good.elf --log x --stats x", "--stats x: --log writes there too; name another file"),
    ("run good.elf --signature s", "--signature: good.elf has no symbols begin_signature and end_signature"),
    ("run good.elf --kernel kernel.bin", "--kernel needs --firmware FILE, which starts it"),
    ("run good.elf --bootargs quiet", "--bootargs needs --firmware FILE, which starts it"),
    ("run good.elf --firmware firmware.bin", "PROGRAM and --firmware exclude each other; give one of them"),
    ("run --firmware none.bin", "none.bin: no such firmware; check the path"),
    ("run --firmware empty", "empty: the file is empty; give the firmware as ELF or binary"),
    ("run --firmware firmware.bin --initrd kernel.bin", "--initrd needs --kernel FILE, which reads it"),
    ("run --firmware firmware.bin --dtb kernel.bin", "kernel.bin: not a device tree blob; compile it with dtc"),
    ("run --firmware firmware.bin --dtb x --bootargs y", "--bootargs is written to the generated device tree"),
    ("run --firmware firmware.bin --kernel kernel.bin --initrd empty", "empty: is empty; give another"),
    ("run --firmware large.elf --kernel kernel.bin", "large.elf: ends at 0x84000000, behind the kernel's first byte"),
    ("run --frob good.elf", "unrecognized arguments: --frob; see `hyacinth --help`"),
    ("run --mem 16M good.elf", "unrecognized arguments: --mem"),
    ("demo --core no", "argument --core: 'no' is not a core"),
    ("explain mstat", "'mstat' is no cause and no CSR; give a number (21, i9), a name (load_guest_page_fault, vsti)"),
], ids=lambda value: value if "; " not in value else "")
def test_bad_input(capsys, command, text):
    assert complaint(capsys, command).startswith(text)


def test_a_bad_program_leaves_no_files_behind(capsys, folder):
    before = sorted(folder.iterdir())
    complaint(capsys, "run good.elf --log l --stats s --wave w.fst --signature no/such")
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize("text, size", [("16M", 1 << 24), ("1024M", 1 << 30), ("1G", 1 << 30), ("2g", 2 << 30)])
def test_memory_sizes(text, size):
    assert memory(text) == size


def options(command):
    return parser().parse_args(command.split())


def test_a_kernel_lies_two_mebibytes_behind_its_firmware():
    made = plan(options("run --firmware firmware.bin --kernel kernel.bin"))
    assert [segment.address for segment in made.segments] == [0x8000_0000, 0x8020_0000]
    assert made.entry == 0x8000_0000


def test_an_initrd_lies_at_the_end_of_memory():
    made = plan(options("run --memory 16M --firmware firmware.bin --kernel kernel.bin --initrd kernel.bin"))
    assert made.initrd == (0x80E0_0000, 0x80E0_0010)
    assert made.segments[-1].address == made.initrd[0]


def test_a_program_starts_at_its_entry():
    assert plan(options("run good.elf")).entry == 0x8000_0000


@pytest.mark.parametrize("what, text", [
    ("21", "Load guest-page fault (LOAD_GUEST_PAGE_FAULT), exception 21"), ("i6", "hideleg[6] sends it on to VS"),
    ("sgei", "hideleg has no such bit: HS takes it"), ("hstatus", "SPVP"), ("0x680", "hgatp, CSR 0x680")])
def test_explain(capsys, what, text):
    assert main(["explain", what]) == 0
    assert text in capsys.readouterr().out


def hyacinth(command, **environment):
    """Status and standard error of a command of the shell in which `hyacinth` is ours."""
    ours = f"hyacinth() {{ {shlex.quote(sys.executable)} -m hyacinth \"$@\"; }}; {command}"
    path = {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    done = subprocess.run(["bash", "-c", ours], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
                          env=os.environ | path | environment)
    return done.returncode, done.stderr


def test_a_closed_standard_output_is_no_error():
    assert hyacinth("hyacinth explain 21 >&-") == (0, "")
    assert hyacinth("hyacinth run none.elf 2>&-") == (2, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full")
def test_a_standard_output_that_takes_nothing_is_one_line(tmp_path):
    full = (2, "hyacinth: standard output: No space left on device; give another place\n")
    assert hyacinth("hyacinth explain 21 > /dev/full") == full
    (tmp_path / "tree.dtb").write_bytes(device_tree(CONFIGS["full"], 128 << 20))
    assert hyacinth(f"hyacinth doctor {tmp_path / 'tree.dtb'} > /dev/full") == full
    (tmp_path / "hello.c").write_text('#include "hyacinth.h"\nint main(void) { put_string("hello"); return 0; }\n')
    status, said = hyacinth(f"hyacinth run {build(tmp_path / 'hello.c')} > /dev/full")
    assert status == 2 and said.endswith(full[1]) and said.count("hyacinth:") == 1 and "Traceback" not in said


def test_a_cache_that_cannot_be_is_one_line():
    assert hyacinth("hyacinth bench", HYACINTH_CACHE="/dev/null/x") == (
        2, "hyacinth: /dev/null/x/objects: Not a directory; `hyacinth doctor` looks for the cause\n")


def test_the_help_and_the_version_succeed(capsys):
    for option in ("--help", "--version"):
        with pytest.raises(SystemExit, match="0"):
            main([option])
    assert "hyacinth 0." in capsys.readouterr().out

"""kvmtool as the guest's monitor: what is refused, how it is built, and what the host is told."""

import os
import subprocess
from pathlib import Path

import pytest

from hyacinth.rtl.config import CONFIGS
from hyacinth.sim.cli import main
from hyacinth.sw.build import BuildError
from hyacinth.sw.linux import images, kernel, lkvm


@pytest.fixture
def tree(tmp_path):
    """What looks like kvmtool's source, in which somebody has built for this computer."""
    made = tmp_path / "kvm tool"
    for name in (*lkvm.NEEDED, "util/KVMTOOLS-VERSION-GEN", "main.o", "lkvm", "guest/guest_init.c", ".git/config"):
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(f"{name} SBI_EXT_DBCN")
    return made


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """The commands that a build gives; `make`, the only one that runs elsewhere, leaves a program and fails at will."""
    class Commands(list):
        status = 0
    given = Commands()
    libfdt = tmp_path / "source" / lkvm.LIBFDT
    libfdt.mkdir(parents=True)
    (tmp_path / "cache").mkdir()
    for name in "fdt.c", "fdt_ro.c", "libfdt.h":
        (libfdt / name).touch()

    def make(command, cwd, **_):
        files = {path.relative_to(cwd).as_posix() for path in cwd.rglob("*") if path.is_file()}
        given.append((command, files))
        (cwd / "lkvm-static").write_bytes(b"a program")
        return subprocess.CompletedProcess(command, given.status, "", "CC kvm.o\nkvm.c:1:2: error: no\nmake: Error 1\n")
    monkeypatch.setattr(lkvm, "run_compiler", lambda words, folder=None: given.append([*map(str, words)]))
    monkeypatch.setattr(lkvm, "source_tree", lambda say: tmp_path / "source")
    monkeypatch.setattr(lkvm, "folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(lkvm.subprocess, "run", make)
    return given


def silent(_):
    pass


def test_what_is_no_source_of_kvmtool_is_refused_in_one_line(tree, tmp_path, capfd):
    def refused(*words):
        assert main(["linux", *words]) == 2
        said = capfd.readouterr().err
        assert said.count("\n") == 1
        return said
    assert "lacks Makefile; `git clone https://" in refused("build", "--kvmtool", str(tmp_path))
    assert "lacks Makefile" in refused("boot", "--kvmtool", str(tmp_path / "absent"))
    (tree / "riscv/kvm-cpu.c").write_text("")
    assert "too old" in refused("build", "--kvmtool", str(tree))
    assert "--kvmtool out" in refused("boot", "--resume", "a.snap", "--kvmtool", str(tree))


def test_a_copy_of_the_sources_is_built_by_kvmtools_own_makefile_once(tree, commands):
    before = sorted(tree.rglob("*"))
    made = lkvm.lkvm(tree, silent)
    assert made.read_bytes() == b"a program" and list(made.parent.iterdir()) == [made]
    *compiled, (make, files) = commands
    assert [words[0] for words in compiled] == ["cc", "cc", "ar", "cc"]
    assert compiled[2][1:] == ["rcs", "libfdt.a", "fdt.o", "fdt_ro.o"]
    assert {"lkvm-static", "LDFLAGS=-s sockets.o", "LIBFDT_DIR=libfdt", "ARCH=riscv"} < set(make)
    assert make[-1].startswith("CC=")
    assert "-m ziglang cc -target riscv64-linux-musl -mcpu=generic_rv64+m+a+c" in make[-1]
    assert files == {*lkvm.NEEDED, "util/KVMTOOLS-VERSION-GEN", "libfdt/fdt.c", "libfdt/fdt_ro.c", "libfdt/libfdt.h"}
    assert sorted(tree.rglob("*")) == before
    count = len(commands)
    (tree / "main.o").write_text("built again")
    assert lkvm.lkvm(tree, silent) == made and len(commands) == count
    (tree / "kvm.c").write_text("changed")
    assert lkvm.lkvm(tree, silent) != made and len(commands) == 2 * count


def test_a_compilers_error_is_one_line_that_names_the_whole_log(tree, commands):
    commands.status = 2
    with pytest.raises(BuildError, match=r"ended with 2: kvm.c:1:2: error: no; .* /.*\.log has all") as error:
        lkvm.lkvm(tree, silent)
    assert "\n" not in str(error.value)
    assert "CC kvm.o" in Path(str(error.value).split(": ")[-1].split(" has all")[0]).read_text()


@pytest.mark.parametrize("words, line", [("", "console=hvc0 riscv_isa_fallback"),
                                         ("20 fast", "console=hvc0 riscv_isa_fallback -- 20 fast")])
def test_the_hosts_files_have_kvmtool_and_the_words_to_call_it_with(monkeypatch, tmp_path, words, line):
    (tmp_path / "Image").write_bytes(b"a kernel")
    archives = []
    monkeypatch.setattr(images, "archive", lambda entries: archives.append(list(entries)) or b"")
    monkeypatch.setattr(images, "kernel", lambda name, say: tmp_path)
    monkeypatch.setattr(images, "folder", lambda: tmp_path)
    monkeypatch.setattr(images, "lkvm", lambda tree, say: tmp_path / "Image")
    images.images(CONFIGS["full"], silent, guest_arguments=words, kvmtool=Path("somewhere"))
    images.images(CONFIGS["full"], silent)
    files = {entry.name: entry.data for entry in archives[1]}
    assert files["kvmtool/lkvm"] == b"a kernel"
    *given, last = files["kvmtool/arguments"].split(b"\0")
    assert given[0] == b"run" and last == b"" and given[given.index(b"--params") + 1] == line.encode()
    for option, value in ("--cpus", "1"), ("--mem", "36M"), ("--kernel", "/guest/Image"), ("--console", "hv"), \
            ("--initrd", "/guest/initrd.cpio"), ("--virtio-transport", "mmio"), ("--network", "mode=none"):
        assert given[given.index(option.encode()) + 1] == value.encode()
    assert {"guest/Image", "guest/initrd.cpio", "guest/disk"} < set(files)
    assert not any(entry.name.startswith("kvmtool") for entry in archives[3])


@pytest.mark.skipif("HYACINTH_KVMTOOL" not in os.environ, reason="HYACINTH_KVMTOOL names no source of kvmtool")
def test_kvmtool_compiles_for_a_core_without_an_fpu():
    try:
        kernel.source()
    except BuildError as error:
        pytest.skip(str(error))
    made = lkvm.lkvm(Path(os.environ["HYACINTH_KVMTOOL"]), silent).read_bytes()
    assert made[:4] == b"\x7fELF" and int.from_bytes(made[48:52], "little") & 6 == 0   # e_flags: the soft-float ABI
    assert b"/lib/ld-" not in made

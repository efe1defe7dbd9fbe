"""What goes into Linux's images, and the monitor's devices, without a kernel."""

import fcntl
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fdt
import pytest

from hyacinth.rtl.config import CONFIGS, FULL
from hyacinth.sim.cli import main
from hyacinth.sw.build import SW, BuildError, build, compile_program
from hyacinth.sw.linux import images, kernel
from hyacinth.sw.linux.cpio import CHARACTER, FILE, Entry, archive, directory, program
from hyacinth.sw.linux.guest_tree import BLOCK_SOURCE, INITRD, PLIC, RAM, VIRTIO, guest_tree

MONITOR = SW / "linux" / "monitor"
HERE = Path(__file__).parent


def entries(data):
    """Name, mode, contents and device of each record of an archive, read by the format's own description."""
    at = 0
    while True:
        assert data[at:at + 6] == b"070701" and at % 4 == 0
        fields = [int(data[at + 6 + 8 * index:at + 14 + 8 * index], 16) for index in range(13)]
        mode, size, device, length = fields[1], fields[6], tuple(fields[9:11]), fields[11]
        name = data[at + 110:at + 110 + length - 1].decode()
        at = -(-(at + 110 + length) // 4) * 4
        if name == "TRAILER!!!":
            assert at == len(data)
            return
        yield name, mode, data[at:at + size], device
        at = -(-(at + size) // 4) * 4


def test_an_archive_holds_what_was_put_into_it():
    made = archive([directory("dev"), Entry("dev/console", CHARACTER | 0o600, device=(5, 1)), program("init", b"12345"),
                    Entry("empty", FILE | 0o644)])
    assert list(entries(made)) == [
        ("dev", 0o040755, b"", (0, 0)), ("dev/console", 0o020600, b"", (5, 1)), ("init", 0o100755, b"12345", (0, 0)),
        ("empty", 0o100644, b"", (0, 0))]


def test_the_guests_device_tree_has_the_monitors_addresses():
    header = (MONITOR / "monitor.h").read_text()
    constants = {name: int(value, 16) for name, value in re.findall(r"(\w+) = (0x[0-9a-f]+)u?", header)}
    assert (RAM, INITRD, *PLIC, *VIRTIO) == tuple(constants[name] for name in (
        "RAM_BASE", "INITRD_BASE", "PLIC_BASE", "PLIC_SIZE", "VIRTIO_BASE", "VIRTIO_SIZE"))
    assert f"BLOCK_SOURCE = {BLOCK_SOURCE} " in header
    assert f"RAM_SIZE = {images.GUEST_MEMORY >> 20} << 20 }}" in (MONITOR / "monitor.c").read_text()
    tree = fdt.parse_dtb(guest_tree(CONFIGS["full"], 48 << 20, 4096, "console=hvc0", 10_000_000))
    cpu = tree.get_node("/cpus/cpu@0")
    isa = cpu.get_property("riscv,isa").value.split("_")
    assert isa[0] == "rv64imac" and {"zicsr", "sstc"} <= set(isa)
    assert not [name for name in cpu.get_property("riscv,isa-extensions").data if re.match("h$|sh|sm", name)]
    assert tree.get_property("bootargs", "/chosen").value == "console=hvc0"


def test_what_is_missing_is_named_with_the_packages_that_bring_it(monkeypatch, tmp_path, capfd):
    monkeypatch.setattr(kernel, "SOURCES", tmp_path)
    monkeypatch.setattr(kernel, "FIRMWARE", tmp_path / "fw_jump.elf")
    monkeypatch.setattr(kernel, "TOOLS", ("no-such-compiler",))
    with pytest.raises(BuildError, match="no-such-compiler, .*fw_jump.elf, .*linux-source.* `apt install linux-source"):
        kernel.source()
    assert main(["linux", "build"]) == 2
    assert capfd.readouterr().err.count("\n") == 1
    assert main(["linux", "boot", "--core", "no-h"]) == 2
    assert "KVM needs the H extension" in capfd.readouterr().err


def test_only_a_kernel_that_is_new_enough_is_taken(monkeypatch, tmp_path):
    monkeypatch.setattr(kernel, "SOURCES", tmp_path)
    monkeypatch.setattr(kernel, "FIRMWARE", tmp_path)
    monkeypatch.setattr(kernel, "TOOLS", ())
    (tmp_path / "linux-source-6.1.tar.xz").touch()
    with pytest.raises(BuildError, match="linux-source-6.12"):
        kernel.source()
    for release in "6.12", "6.9", "6.16", "6.17-rc1", "6.x":
        (tmp_path / f"linux-source-{release}.tar.xz").touch()
    assert kernel.source().name == "linux-source-6.16.tar.xz"


TAR = """#!/bin/sh
echo unpacked >> $LOG
sleep 0.2
touch Makefile
"""
MAKE = """#!/bin/sh
for word; do case $word in O=*) cd ${word#O=} || exit 1;; esac; done
echo made >> $LOG
mkdir -p arch/riscv/boot
touch .config vmlinux arch/riscv/boot/Image
"""


@pytest.fixture
def builds(monkeypatch, tmp_path):
    """A file that has a line for each tool that ran: tools that are none, and a cache of its own."""
    monkeypatch.setattr(kernel, "SOURCES", tmp_path)
    monkeypatch.setattr(kernel, "FIRMWARE", tmp_path)
    monkeypatch.setattr(kernel, "TOOLS", ())
    (tmp_path / "linux-source-6.12.tar.xz").touch()
    for name, script in (("tar", TAR), ("make", MAKE), (f"{kernel.COMPILER}gcc", "#!/bin/sh\n")):
        (tmp_path / name).write_text(script)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HYACINTH_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LOG", str(tmp_path / "log"))
    return tmp_path / "log"


def test_two_builds_at_once_unpack_and_compile_once(builds):
    said = []
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: kernel.kernel("host", said.append), range(4)))
    assert len(set(made)) == 1 and (made[0] / "Image").exists()
    assert builds.read_text().split() == ["unpacked", "made", "made", "made"]   # two configurations, one kernel
    assert "waiting for another build" in said
    assert kernel.kernel("guest", said.append) != made[0] and builds.read_text().count("unpacked") == 1


def test_a_compiler_that_outlives_its_start_holds_the_lock(builds, tmp_path):
    def is_held():
        with (kernel.folder() / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False
    with kernel.lock(print) as held:
        kernel._run(["sh", "-c", "sleep 1 > /dev/null 2>&1 &"], tmp_path, "a start", held)
    assert is_held()
    deadline = time.monotonic() + 20
    while is_held() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not is_held()


def test_the_cache_may_be_named_from_where_the_user_stands(builds, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYACINTH_CACHE", "relative")
    assert (kernel.kernel("host", lambda _: None) / "Image").exists()


def test_an_initrd_that_another_build_writes_is_left_alone(monkeypatch, tmp_path):
    monkeypatch.setenv("HYACINTH_CACHE", str(tmp_path))
    monkeypatch.setattr(images, "kernel", lambda name, _: tmp_path)
    monkeypatch.setattr(images, "compile_program", lambda *_: tmp_path / "Image")
    (tmp_path / "Image").write_bytes(b"program")
    made = images.images(CONFIGS["full"], lambda _: None).initrd
    whole = made.read_bytes()
    made.unlink()
    (half := made.with_suffix(".new")).write_bytes(b"half")
    assert images.images(CONFIGS["full"], lambda _: None).initrd.read_bytes() == whole
    assert half.read_bytes() == b"half"


def test_no_option_is_given_twice():
    for name in "host", "guest":
        text = "".join((kernel.CONFIG / f"{part}.config").read_text() for part in ("common", name))
        lines = [line for line in text.splitlines() if "CONFIG_" in line]
        options = [re.search(r"CONFIG_\w+", line)[0] for line in lines]
        assert sorted(set(options)) == sorted(options) and len(options) > 20


def test_the_programs_of_host_and_guest_compile_for_a_core_without_an_fpu():
    for name, sources in (("monitor", sorted(MONITOR.glob("*.c"))), ("host", [SW / "linux" / "user" / "host.c"]),
                          ("guest", [SW / "linux" / "user" / "guest.c"])):
        made = compile_program(name, sources, images.TARGET).read_bytes()
        flags = int.from_bytes(made[48:52], "little")
        assert made[:4] == b"\x7fELF" and flags & 6 == 0, name   # e_flags: the soft-float ABI


@pytest.mark.skipif(sys.platform != "linux", reason="the headers are Linux's")
def test_the_guest_ends_well_only_where_its_disk_can_be_read(tmp_path):
    replaced = [f"-D{name}=replaced_{name}" for name in ("mount", "open", "sync", "reboot")]
    made = compile_program("guest-here", [SW / "linux" / "user" / "guest.c", HERE / "first_process.c"],
                           ("-O1", "-Wall", *replaced))
    for name, contents, code, text in (("whole", b"a line\n".ljust(512, b"\0"), 0, "the disk says: a line"),
                                       ("short", b"a line\n", 1, "cannot be read"), ("absent", None, 1, "no disk")):
        if contents:
            (tmp_path / name).write_bytes(contents)
        done = subprocess.run([str(made)], env={"DISK": str(tmp_path / name)}, capture_output=True, text=True)
        assert done.returncode == code and text in done.stdout, done


@pytest.mark.parametrize("what", ["requests", "overlaid", "malformed", "plic"])
def test_the_monitors_devices_keep_to_the_guests_memory(tmp_path, what):
    """Runs the devices here, with every access outside of the guest's memory an error of the compiler's checks."""
    made = compile_program("devices", [HERE / "devices.c", MONITOR / "plic.c", MONITOR / "virtio_block.c"],
                           ("-I", str(MONITOR), "-O1", "-g", "-fsanitize=undefined", "-fsanitize-trap=all", "-Wall"))
    (tmp_path / "disk").write_bytes(bytes(range(256)) * 512)
    done = subprocess.run([str(made), what, str(tmp_path / "disk")], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert (tmp_path / "disk").stat().st_size == 256 * 512
    assert sys.platform != "linux" or done.stdout.startswith("ok")


def test_a_second_guest_is_a_program_at_the_kernels_place(tmp_path):
    entries = {entry.name: entry for entry in images._beside(FULL, Path("bare"))}
    assert {"bare/Image", "bare/tree.dtb", "bare/initrd.cpio", "bare/disk"} <= set(entries)
    assert int.from_bytes(entries["bare/Image"].data[:4], "little") & 0x7f == 0x17    # auipc: the stack's address
    low = tmp_path / "low.S"
    low.write_text(".globl _start\n_start: j _start\n")
    for path, said in ((tmp_path / "none.c", "no such file"), (tmp_path, "no such file"), (low, "not an ELF"),
                       (build(SW / "bench" / "crc.c"), "link it at 0x80200000")):
        with pytest.raises(BuildError, match=said):
            images._beside(FULL, path)


def test_the_first_process_of_a_guest_is_source_or_a_program(tmp_path):
    assert images._guest(Path("soak")).read_bytes()[:4] == b"\x7fELF"
    for contents, said in ((None, "no such file"), (b"text", "neither C source nor an ELF")):
        path = tmp_path / "program"
        if contents:
            path.write_bytes(contents)
        with pytest.raises(BuildError, match=said):
            images._guest(path)

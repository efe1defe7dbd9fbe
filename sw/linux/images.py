"""What `hyacinth linux boot` runs: firmware, kernels, and first file systems with the monitor and a guest in them."""

import os
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from ...rtl.config import CoreConfig
from ..build import SW, BuildError, compile_program
from .cpio import CHARACTER, FILE, Entry, archive, directory, program
from .guest_tree import guest_tree
from .kernel import FIRMWARE, Say, folder, kernel, key
from .lkvm import arguments, lkvm

HERE = SW / "linux"
TARGET = ("-target", "riscv64-linux-musl", "-mcpu=generic_rv64+m+a+c", "-Os", "-static", "-s", "-Wall", "-Wextra",
          "-Werror", "-std=gnu2x")
"""For user space: musl without an FPU."""
FREE = ("-target", "riscv64-freestanding-none", "-mcpu=generic_rv64+m+a+c+zicsr+zicntr", "-mcmodel=medany", "-O2",
        "-ffreestanding", "-nostdlib", "-static", "-fno-pic", "-Wall", "-Wextra", "-Werror",
        f"-Wl,-T,{HERE / 'bare' / 'link.ld'}")
"""For a guest without a kernel."""
KERNEL = 0x8020_0000
"""Where the monitor puts a guest's kernel."""
GUEST_MEMORY = 36 << 20
GUEST_BOOTARGS = "console=hvc0"
HOST_BOOTARGS = "console=ttyS0"
TIMEBASE = 10_000_000
"""Hz, as the machine's device tree has it: KVM passes `time` on."""
DISK = b"a line from the guest's disk\n".ljust(64 << 10, b"\0")


@dataclass(frozen=True)
class Images:
    """Files for `hyacinth run`.

    Parameters
    ----------
    firmware, kernel, initrd : Path
    symbols, guest_symbols : Path
        The kernels as ELF files.
    """
    firmware: Path
    kernel: Path
    initrd: Path
    symbols: Path
    guest_symbols: Path


def images(config: CoreConfig, say: Say, guest_program: Path | None = None, guest_arguments: str = "",
           bare: Path | None = None, kvmtool: Path | None = None) -> Images:
    """The images for a core, built unless they are there.

    Parameters
    ----------
    config : CoreConfig
    say : callable
        Called with what is being done.
    guest_program : Path or None
        The first process of the guest: C source, one file, or a static executable; None: sw/linux/user/guest.c.
    guest_arguments : str
        Its arguments.
    bare : Path or None
        A second guest, which is this program alone: C source with a function `bare` (see sw/linux/bare/bare.c), or a
        static executable for guest-physical address 0x8020_0000.
    kvmtool : Path or None
        The source of kvmtool, which then runs the guest, in place of sw/linux/monitor.

    Raises
    ------
    BuildError
        Something is missing or does not compile.
    """
    other = _kvmtool(kvmtool, guest_arguments, say)
    host, guest = kernel("host", say), kernel("guest", say)
    say("programs of host and guest")
    first = {"host": compile_program("host", [HERE / "user" / "host.c"], TARGET),
             "guest": _guest(guest_program or HERE / "user" / "guest.c")}
    monitor = compile_program("monitor", sorted((HERE / "monitor").glob("*.c")), TARGET)
    inner = archive(_system(first["guest"]))
    bootargs = f"{GUEST_BOOTARGS} -- {guest_arguments}" if guest_arguments else GUEST_BOOTARGS
    tree = guest_tree(config, GUEST_MEMORY, len(inner), bootargs, TIMEBASE)
    outer = archive([
        *_system(first["host"]), program("monitor", monitor.read_bytes()), directory("guest"),
        program("guest/Image", (guest / "Image").read_bytes()), program("guest/tree.dtb", tree),
        program("guest/initrd.cpio", inner), program("guest/disk", DISK), *_beside(config, bare), *other])
    made = folder() / f"initrd-{key(outer)}.cpio"
    if not made.exists():
        partial = made.with_suffix(f".{os.getpid()}")
        partial.write_bytes(outer)
        partial.replace(made)
    return Images(FIRMWARE, host / "Image", made, host / "vmlinux", guest / "vmlinux")


def _guest(path: Path) -> Path:
    """The program at `path`, compiled if it is source."""
    named = HERE / "user" / f"{path}.c"
    path = named if named.exists() else path
    if not path.is_file():
        raise BuildError(f"--guest {path}: no such file; give C source, a static executable, or one of "
                         f"{', '.join(sorted(each.stem for each in named.parent.glob('*.c') if each.stem != 'host'))}")
    if path.suffix == ".c":
        return compile_program("guest", [path], (*TARGET, "-I", str(HERE / "user")))
    if path.read_bytes()[:4] != b"\x7fELF":
        raise BuildError(f"--guest {path}: neither C source nor an ELF file; give one of these")
    return path


def _kvmtool(tree: Path | None, guest_arguments: str, say: Say) -> list[Entry]:
    """kvmtool and the words to call it with, each with a 0 byte behind it."""
    if tree is None:
        return []
    words = arguments(GUEST_MEMORY, GUEST_BOOTARGS, guest_arguments)
    return [directory("kvmtool"), program("kvmtool/lkvm", lkvm(tree, say).read_bytes()),
            Entry("kvmtool/arguments", FILE | 0o644, b"".join(word.encode() + b"\0" for word in words))]


def _beside(config: CoreConfig, source: Path | None) -> list[Entry]:
    """The files of a second guest."""
    if source is None:
        return []
    path = source if source.is_file() else HERE / "bare" / f"{source}.c"
    if not path.is_file():
        raise BuildError(f"--bare {source}: no such file; give C source, a static executable, or `bare`")
    if path.suffix == ".c":
        path = compile_program("bare", [HERE / "bare" / "start.S", path], FREE)
    try:
        with path.open("rb") as file:
            segments = [(each["p_paddr"], each.data()) for each in ELFFile(file).iter_segments("PT_LOAD")
                        if each["p_filesz"]]
    except (ELFError, OSError) as error:
        raise BuildError(f"--bare {path}: not an ELF file that can be read ({error}); build it again") from None
    base = min((address for address, _ in segments), default=0)
    if base != KERNEL:
        raise BuildError(f"--bare {path}: begins at {base:#x}; link it at {KERNEL:#x}, where the monitor puts it")
    image = bytearray(max(address + len(data) for address, data in segments) - base)
    for address, data in segments:
        image[address - base:address - base + len(data)] = data
    tree = guest_tree(config, GUEST_MEMORY, 0, "", TIMEBASE)
    return [directory("bare"), program("bare/Image", bytes(image)), program("bare/tree.dtb", tree),
            program("bare/initrd.cpio", b""), program("bare/disk", DISK)]


def _system(init: Path) -> list[Entry]:
    """A file system that is nothing but its first process."""
    return [*map(directory, ("dev", "proc", "sys")), Entry("dev/console", CHARACTER | 0o600, device=(5, 1)),
            program("init", init.read_bytes())]

"""Kernels from the package of Debian with Linux's source, and what it takes to compile them."""

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a Unix, where the compiler is not either
    fcntl = None

from ..build import SW, BuildError, cache_directory

SOURCES = Path("/usr/src")
ARCHIVE = re.compile(r"linux-source-(6(?:\.\d+)*)\.tar\.xz")
COMPILER = "riscv64-linux-gnu-"
TOOLS = (f"{COMPILER}gcc", "make", "flex", "bison", "bc", "xz", "tar")
PACKAGES = "linux-source-6.12 gcc-riscv64-linux-gnu opensbi make flex bison bc xz-utils"
FIRMWARE = Path("/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_jump.elf")
OLDEST = (6, 12)
"""Before this one KVM gives no debug console to user space, and pages of the guest were flushed by other rules."""
CONFIG = SW / "linux" / "config"
SAME = {"KBUILD_BUILD_TIMESTAMP": "1970-01-01", "KBUILD_BUILD_USER": "hyacinth", "KBUILD_BUILD_HOST": "hyacinth",
        "LC_ALL": "C"}
"""What a kernel would else say of where and when it was made."""

Say = Callable[[str], None]


def source() -> Path:
    """The newest archive with a kernel's source. Raises BuildError where it, a tool or the firmware is missing."""
    releases = {path: tuple(map(int, named[1].split("."))) for path in SOURCES.glob("linux-source-*")
                if (named := ARCHIVE.fullmatch(path.name))}
    found = sorted((path for path, release in releases.items() if release >= OLDEST), key=releases.__getitem__)
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if not FIRMWARE.exists():
        missing.append(str(FIRMWARE))
    if not found:
        missing.append(str(SOURCES / "linux-source-6.12.tar.xz"))
    if missing:
        raise BuildError(f"Linux needs {', '.join(missing)}: on Debian, `apt install {PACKAGES}` brings them")
    return found[-1]


def folder() -> Path:
    """Where kernels and images are kept."""
    made = cache_directory() / "linux"
    made.mkdir(parents=True, exist_ok=True)
    return made


def key(*parts: bytes | str | Path) -> str:
    """A name for what `parts` make; files by their contents."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "little") + data)
    return digest.hexdigest()[:20]


@contextmanager
def lock(say: Say) -> Iterator[int]:
    """One build at a time, in whichever process. It gives the descriptor that holds the lock.

    Who inherits that holds the lock, too: a compiler that outlives its start, as a killed one leaves it, still writes.
    """
    with (folder() / "lock").open("w") as file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say("waiting for another build")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def kernel(name: str, say: Say) -> Path:
    """The folder with `Image` and `vmlinux` of a kernel: config/common.config and config/`name`.config are its options.

    It is compiled unless it is there; what was interrupted goes on where it was.

    Raises
    ------
    BuildError
        Something is missing, an option does not exist, or the compiler fails.
    """
    archive = source()
    fragments = [CONFIG / "common.config", CONFIG / f"{name}.config"]
    about = archive.stat()
    release = subprocess.run([f"{COMPILER}gcc", "--version"], capture_output=True, text=True).stdout
    made = folder() / f"kernel-{name}-{key(archive.name, str((about.st_size, about.st_mtime_ns)), release, *fragments)}"
    if not (made / "Image").exists():
        with lock(say) as held:
            if not (made / "Image").exists():  # another may have made it while this one waited
                _compile(archive, made, fragments, name, say, held)
    return made


def _compile(archive: Path, made: Path, fragments: list[Path], name: str, say: Say, held: int) -> None:
    tree, work = _unpacked(archive, say, held), made.with_suffix(".build")
    work.mkdir(exist_ok=True)
    _configure(tree, work, fragments, name, held)
    _make(tree, work, ["Image"], f"kernel of the {name}", say, held)
    ready = made.with_suffix(".new")
    shutil.rmtree(ready, ignore_errors=True)
    ready.mkdir()
    for path in work / "arch/riscv/boot/Image", work / "vmlinux", work / ".config":
        shutil.copy(path, ready / path.name)
    shutil.rmtree(made, ignore_errors=True)
    ready.rename(made)
    shutil.rmtree(work)


def jobs() -> int:
    """How many compilers run side by side."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def source_tree(say: Say) -> Path:
    """The folder with the kernels' source, unpacked unless it is there. Raises BuildError where that cannot be."""
    archive = source()
    tree = _tree(archive)
    if not tree.exists():
        with lock(say) as held:
            _unpacked(archive, say, held)
    return tree


def _tree(archive: Path) -> Path:
    about = archive.stat()
    return folder() / f"source-{key(archive.name, str((about.st_size, about.st_mtime_ns)))}"


def _unpacked(archive: Path, say: Say, held: int) -> Path:
    tree = _tree(archive)
    if not tree.exists():
        say(f"unpacking {archive.name}")
        scratch = tree.with_suffix(".new")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        _run(["tar", "-xf", str(archive), "-C", str(scratch), "--strip-components=1"], scratch, "unpacking",
             held)
        scratch.rename(tree)
    return tree


def _configure(tree: Path, work: Path, fragments: list[Path], name: str, held: int) -> None:
    _make(tree, work, ["tinyconfig"], "configuration", lambda _: None, held)
    wanted = "".join(path.read_text() for path in fragments)
    with (work / ".config").open("a") as config:
        config.write(wanted)
    _make(tree, work, ["olddefconfig"], "configuration", lambda _: None, held)
    got = (work / ".config").read_text().splitlines()
    absent = [line for line in wanted.splitlines() if line.startswith("CONFIG_") and line not in got]
    # An option that is switched off may not exist at all, depending on others.
    absent += [line for line in wanted.splitlines()
               if line.endswith(" is not set") and any(one.startswith(f"{line[2:].split()[0]}=") for one in got)]
    if absent:
        raise BuildError(f"kernel of the {name}: this source does not take {', '.join(absent)}; "
                         f"mend {', '.join(path.name for path in fragments)} in {CONFIG}")


def _make(tree: Path, work: Path, targets: list[str], what: str, say: Say, held: int) -> None:
    count = 0

    def follow(line):
        nonlocal count
        words = line.split()
        if len(words) == 2 and words[0] in ("CC", "AS", "LD", "AR", "HOSTCC"):
            count += 1
            say(f"{what}: {count} files, {words[1]}")
    _run(["make", "-C", str(tree), f"O={work}", "ARCH=riscv", f"CROSS_COMPILE={COMPILER}", f"-j{jobs()}", *targets],
         work, what, held, follow)


def _run(command: list[str], here: Path, what: str, held: int,
         follow: Callable[[str], None] = lambda _: None) -> None:
    """Run a command, which inherits the descriptor `held`, and give each line of what it prints to `follow`.

    Raises BuildError with the end of it.
    """
    log: list[str] = []
    with subprocess.Popen(command, cwd=here, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", env=os.environ | SAME,
                          pass_fds=(held,)) as process:
        try:
            for line in process.stdout or ():
                log = [*log[-30:], line.rstrip()]
                follow(line)
        except BaseException:
            process.terminate()
            raise
    if process.returncode:
        raise BuildError("\n".join([f"{what}: `{' '.join(command[:2])} …` ended with {process.returncode}", *log]))

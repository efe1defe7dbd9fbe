"""kvmtool (`lkvm`), a monitor of virtual machines, from a source tree of the user's, for user space of the host."""

import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from ..build import COMPILER, SW, BuildError, compiler_environment, compiler_version, run_compiler
from .kernel import Say, folder, jobs, key, source_tree

HERE = SW / "linux" / "kvmtool"
ORIGIN = "https://git.kernel.org/pub/scm/linux/kernel/git/will/kvmtool.git"
FLAGS = ("-target", "riscv64-linux-musl", "-mcpu=generic_rv64+m+a+c",
         "-include", "libgen.h",             # where musl has basename
         "-ftrivial-auto-var-init=zero")     # kvm_cpu__exit returns a variable that one CPU leaves as it was
SUFFIXES, NAMES = (".c", ".h", ".S", ".mak"), ("Makefile", "KVMTOOLS-VERSION-GEN")
"""The sources: what else is in the tree, such as what was made there for another machine, stays there."""
MADE = ("guest_init.c", "guest_pre_init.c")
NEEDED = ("Makefile", "builtin-run.c", "kvm.c", "riscv/kvm-cpu.c")
CONSOLE = "SBI_EXT_DBCN"
"""What a tree has that knows the debug console of the SBI, the guest's only one."""
LIBFDT = Path("scripts/dtc/libfdt")
"""In Linux's source."""


def arguments(memory: int, bootargs: str, guest_arguments: str) -> list[str]:
    """The words after `lkvm` that run the guest; the host's first process adds its disk.

    Parameters
    ----------
    memory : int
        Bytes.
    bootargs, guest_arguments : str
        Command line of the guest's kernel, and arguments of its first process.
    """
    # Its device tree names the extensions in the property that Linux reads by this option only.
    line = f"{bootargs} riscv_isa_fallback" + (f" -- {guest_arguments}" if guest_arguments else "")
    return ["run", "--cpus", "1", "--mem", f"{memory >> 20}M", "--kernel", "/guest/Image",
            "--initrd", "/guest/initrd.cpio", "--nodefaults", "--params", line, "--console", "hv",
            "--virtio-transport", "mmio", "--network", "mode=none", "--loglevel", "warning"]


def lkvm(tree: Path, say: Say) -> Path:
    """The program, static and without an FPU, built from a copy of `tree` unless it is there.

    Parameters
    ----------
    tree : Path
        kvmtool's source.
    say : callable
        Called with what is being done.

    Raises
    ------
    BuildError
        The tree is not kvmtool's or too old, a tool is missing, or something does not compile.
    """
    sources = _sources(tree)
    libfdt = sorted((source_tree(say) / LIBFDT).glob("*.[ch]"))
    about = [str(path.relative_to(tree)) for path in sources] + [path.name for path in libfdt]
    made = folder() / f"lkvm-{key(compiler_version(), *FLAGS, *about, *sources, *libfdt, HERE / 'sockets.c')}"
    if made.exists():
        return made
    with tempfile.TemporaryDirectory(prefix=f"{made.name}.", dir=made.parent) as name:
        work = Path(name)
        for path in sources:
            copy = work / path.relative_to(tree)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
        say("kvmtool: libfdt")
        _library(work / "libfdt", libfdt)
        run_compiler(["cc", *FLAGS, "-O2", "-Wall", "-Wextra", "-Werror", "-c", HERE / "sockets.c", "-o",
                      work / "sockets.o"])
        _make(work, tree, made.with_suffix(".log"), say)
        (work / "lkvm-static").replace(made)
    return made


def _sources(tree: Path) -> list[Path]:
    absent = [name for name in NEEDED if not (tree / name).is_file()]
    if absent:
        raise BuildError(f"--kvmtool {tree}: no source tree of kvmtool, since it lacks {absent[0]}; "
                         f"`git clone {ORIGIN}` brings one")
    if CONSOLE not in (tree / NEEDED[-1]).read_text(errors="replace"):
        raise BuildError(f"--kvmtool {tree}: too old, since its riscv/kvm-cpu.c has no {CONSOLE}; "
                         f"`git clone {ORIGIN}` brings a newer one")
    if not shutil.which("make"):
        raise BuildError("--kvmtool: needs make; on Debian, `apt install make` brings it")
    return sorted(path for path in tree.rglob("*") if path.is_file() and path.name not in MADE
                  and (path.suffix in SUFFIXES or path.name in NAMES))


def _library(work: Path, sources: list[Path]) -> None:
    """libfdt.a and its headers."""
    if not sources:
        raise BuildError(f"--kvmtool: Linux's source has no {LIBFDT}; remove source-* from {folder()}, and try again")
    work.mkdir()
    for path in sources:
        shutil.copy(path, work)
    names = [path.stem for path in sources if path.suffix == ".c"]
    for name in names:
        run_compiler(["cc", *FLAGS, "-O2", "-I", ".", "-c", f"{name}.c", "-o", f"{name}.o"], work)
    run_compiler(["ar", "rcs", "libfdt.a", *(f"{name}.o" for name in names)], work)


def _make(work: Path, tree: Path, log: Path, say: Say) -> None:
    """Run kvmtool's own Makefile, which takes the compiler with its flags as one name."""
    say("kvmtool: compiling")
    command = ["make", f"-j{jobs()}", "lkvm-static", "ARCH=riscv", "LIBFDT_DIR=libfdt", "LDFLAGS=-s sockets.o",
               "WERROR=0", f"CC={shlex.join([*COMPILER, 'cc', *FLAGS])}"]
    done = subprocess.run(command, cwd=work, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace",
                          env=compiler_environment())
    if done.returncode:
        log.write_text(done.stdout + done.stderr)
        said = [line for line in done.stderr.splitlines() if "error" in line.lower()] or ["no reason given"]
        raise BuildError(f"--kvmtool {tree}: `make lkvm-static` ended with {done.returncode}: {said[0]}; "
                         f"take another version of kvmtool, or mend this one: {log} has all that was said")

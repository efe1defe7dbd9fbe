"""Builds shim.c for the layout of the trace records, once, and keeps it."""

import hashlib
import os
from pathlib import Path

from ...sw.build import BuildError, cache_directory, run_compiler

SOURCE = Path(__file__).with_name("shim.c")
INCLUDED = tuple(SOURCE.with_name(f"{name}.h") for name in
                 ("spike", "instructions", "access", "walks", "stale", "mends"))


def build(fields: tuple[str, ...]) -> Path:
    """The path of the shared library for records of these `fields`, each one 64-bit word.

    Raises RuntimeError, with the compiler's words, where it cannot be built.
    """
    flags = ["-O2", "-shared", "-fPIC", "-fno-sanitize=all", "-Wall", "-Wl,--allow-shlib-undefined",
             f"-DRECORD_WORDS={len(fields)}", *(f"-DF_{name}={index}" for index, name in enumerate(fields))]
    text = b"".join(path.read_bytes() for path in (SOURCE, *INCLUDED))
    key = hashlib.sha256(text + "\0".join(flags).encode()).hexdigest()[:16]
    library = cache_directory() / f"lockstep-{key}.so"
    if not library.exists():
        library.parent.mkdir(parents=True, exist_ok=True)
        unfinished = library.with_suffix(f".{os.getpid()}")
        try:
            run_compiler(["cc", *flags, SOURCE, "-o", unfinished])
        except BuildError as error:
            raise RuntimeError(f"{SOURCE.name} does not compile:\n{error}") from None
        unfinished.replace(library)
    return library

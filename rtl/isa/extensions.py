"""The extensions that a configuration can have or lack, as data, and those that every core has by how it is built.

Names are those of ISA strings (unprivileged manual, "ISA Extension Naming Conventions"), in lower case.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extension:
    """An extension that can be left out; then it costs nothing, and its CSRs, fields and instructions do not exist."""
    name: str
    title: str                    # what it gives, in a few words
    needs: tuple[str, ...] = ()   # extensions without which it means nothing; "h" is the hypervisor extension


EXTENSIONS: tuple[Extension, ...] = (
    Extension("smmpm", "pointer masking of M: mseccfg.PMM"),
    Extension("smnpm", "pointer masking of HS: menvcfg.PMM"),
    Extension("ssnpm", "pointer masking of U and guests: senvcfg.PMM, henvcfg.PMM, hstatus.HUPMM"),
    Extension("sstc", "stimecmp and vstimecmp: timers of S and VS without M"),
    Extension("svadu", "A and D set by hardware, where menvcfg.ADUE and henvcfg.ADUE say so"),
    Extension("svinval", "SINVAL.VMA, HINVAL and the fences around them"),
    Extension("svnapot", "pages of 64 KiB"),
    Extension("svpbmt", "memory types in page tables: PMA, NC, IO"),
)
"""Those that can be chosen."""

OPTIONAL: frozenset[str] = frozenset(extension.name for extension in EXTENSIONS)

BUILT_IN: tuple[str, ...] = ("svade", "svvptc", "zicntr", "zicsr", "zifencei", "zihpm")
"""Those that no configuration lacks."""


def check(chosen: frozenset[str], hypervisor: bool) -> str:
    """What is wrong with a choice of extensions, as a sentence with the mend; "" where nothing is."""
    if unknown := sorted(chosen - OPTIONAL):
        return f"{unknown[0]!r} is not an extension that can be chosen; those are {', '.join(sorted(OPTIONAL))}"
    present = chosen | ({"h"} if hypervisor else set())
    for extension in EXTENSIONS:
        if extension.name in chosen and (missing := [each for each in extension.needs if each not in present]):
            return f"{extension.name} needs {' and '.join(missing)}; add that, or leave {extension.name} out"
    return ""

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
    Extension("smcntrpmf", "mcyclecfg and minstretcfg: mcycle and minstret count in chosen modes"),
    Extension("smepmp", "mseccfg.MML, MMWP and RLB: PMP that keeps M-mode from the memory of others"),
    Extension("sscofpmf", "mhpmevent.OF and its filters, scountovf, and the interrupt LCOFI when a counter overflows"),
    Extension("sstc", "stimecmp and vstimecmp: timers of S and VS without M"),
    Extension("zba", "addresses: shift by 1 to 3 and add, unsigned words"),
    Extension("zbb", "bits: counts, rotations, minimum and maximum, bytes, logic with negation"),
    Extension("zbs", "single bits: set, clear, invert, extract"),
    Extension("zcb", "more compressed instructions; those of Zba and Zbb where these are too"),
    Extension("zcmop", "compressed may-be-operations, which do nothing"),
    Extension("zicond", "a register or zero, by a condition"),
    Extension("zimop", "may-be-operations, which write zero"),
    Extension("zabha", "AMOs of bytes and halfwords"),
    Extension("zacas", "AMOCAS: compare and swap, of up to 16 bytes"),
    Extension("zawrs", "WRS.NTO and WRS.STO: the hart waits for a store to what LR has reserved"),
    Extension("zicbom", "CBO.CLEAN, CBO.FLUSH and CBO.INVAL: a line of the data cache goes to memory"),
    Extension("zicboz", "CBO.ZERO: a block of memory becomes zero"),
)
"""Those that can be chosen."""

OPTIONAL: frozenset[str] = frozenset(extension.name for extension in EXTENSIONS)

BUILT_IN: dict[str, str] = {
    "svade": "the walker never writes A and D",
    "za64rs": "a reservation is of the word or doubleword that LR reads, and lost with its line of 64 bytes",
    "zic64b": "lines of either cache have 64 bytes",
    "zicbop": "a prefetch is a hint that is not taken: ORI with rd=x0, so it neither traps nor reaches memory",
    "ziccamoa": "every AMO works on main memory",
    "ziccif": "fetch reads eight bytes at once, so code in main memory is never seen half written",
    "ziccrse": "only SC, and a device that writes its line, end a reservation: a constrained LR/SC loop succeeds",
    "zicntr": "cycle, time, instret",
    "zicsr": "CSRs",
    "zifencei": "FENCE.I",
    "zihintntl": "hints are executed as what they are encoded as: rtl/isa/hints.py",
    "zihintpause": "the same",
    "zihpm": "hpmcounters, some of them 0",
    "zkt": "what it lists takes a time that does not depend on operands",
}
"""Those that no configuration lacks, and by what it has each."""


def check(chosen: frozenset[str], hypervisor: bool) -> str:
    """What is wrong with a choice of extensions, as a sentence with the mend; "" where nothing is."""
    if unknown := sorted(chosen - OPTIONAL):
        return f"{unknown[0]!r} is not an extension that can be chosen; those are {', '.join(sorted(OPTIONAL))}"
    present = chosen | ({"h"} if hypervisor else set())
    for extension in EXTENSIONS:
        if extension.name in chosen and (missing := [each for each in extension.needs if each not in present]):
            return f"{extension.name} needs {' and '.join(missing)}; add that, or leave {extension.name} out"
    return ""

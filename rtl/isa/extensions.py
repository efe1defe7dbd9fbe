"""The extensions that a configuration can have or lack, as data, and those that every core has by how it is built.

Names are those of ISA strings (unprivileged manual, "ISA Extension Naming Conventions"), in lower case.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Extension:
    """An extension that can be left out; then it costs nothing, and its CSRs, fields and instructions do not exist."""
    name: str
    title: str                    # what it gives, in a few words
    brings: tuple[str, ...] = ()  # names for parts of it that come with it
    in_full: bool = True          # whether the configuration `full` has it


@dataclass(frozen=True)
class BuiltIn:
    """An extension, mostly a promise, that a core has as soon as it has what is named here."""
    name: str
    title: str
    needs: tuple[str, ...] = ()                  # extensions; "h" is the hypervisor extension
    where: tuple[str, tuple[str, ...]] | None = None  # a field of CoreConfig, and the values with which it holds


EXTENSIONS: tuple[Extension, ...] = (
    Extension("smcntrpmf", "mcyclecfg and minstretcfg: mcycle and minstret count in chosen modes"),
    Extension("smcsrind", "miselect, siselect and vsiselect with their aliases: registers that are reached by a number",
              brings=("sscsrind",)),
    # After reset every trap would be a critical error, until mstatus.MDT is cleared: firmware must know of that.
    Extension("smdbltrp", "mstatus.MDT: a trap in M-mode whose handler is not ready stops the hart", in_full=False),
    Extension("smepmp", "mseccfg.MML, MMWP and RLB: PMP that keeps M-mode from the memory of others"),
    Extension("smmpm", "pointer masking of M: mseccfg.PMM"),
    Extension("smnpm", "pointer masking of HS: menvcfg.PMM"),
    Extension("smstateen", "mstateen, hstateen and sstateen: who may use the state of extensions",
              brings=("ssstateen",)),
    Extension("sscofpmf", "mhpmevent.OF and its filters, scountovf, and the interrupt LCOFI when a counter overflows"),
    Extension("ssdbltrp", "sstatus.SDT: a trap in S-mode whose handler is not ready goes to M-mode as a double trap"),
    Extension("ssnpm", "pointer masking of U and guests: senvcfg.PMM, henvcfg.PMM, hstatus.HUPMM"),
    Extension("sstc", "stimecmp and vstimecmp: timers of S and VS without M"),
    Extension("svadu", "A and D set by hardware, where menvcfg.ADUE and henvcfg.ADUE say so"),
    Extension("svinval", "SINVAL.VMA, HINVAL and the fences around them"),
    Extension("svnapot", "pages of 64 KiB"),
    Extension("svpbmt", "memory types in page tables: PMA, NC, IO"),
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

BUILT_IN: tuple[BuiltIn, ...] = (
    BuiltIn("sha", "the augmented hypervisor extension: H, Ssstateen, and all that begin with sh",
            ("h", "smstateen"), ("htinst", ("pseudo", "full"))),
    BuiltIn("shcounterenw", "hcounteren can be written for each counter", ("h",)),
    BuiltIn("shgatpa", "hgatp has each scheme of satp, and Bare", ("h",)),
    BuiltIn("shtvala", "htval has the guest physical address of every guest-page fault", ("h",),
            ("htinst", ("pseudo", "full"))),  # with "zero" the address of an implicit access is hidden
    BuiltIn("shvsatpa", "vsatp has each scheme of satp", ("h",)),
    BuiltIn("shvstvala", "vstval is written as Sstvala has it", ("h",)),
    BuiltIn("shvstvecd", "vstvec can be Direct, at any address of four bytes", ("h",)),
    BuiltIn("ssccptr", "page tables can lie in all of main memory"),
    BuiltIn("sscounterenw", "scounteren can be written for each counter"),
    BuiltIn("sstvala", "stval has the address or the instruction of every fault"),
    BuiltIn("sstvecd", "stvec can be Direct, at any address of four bytes"),
    BuiltIn("ssu64xl", "UXL can be 64"),
    BuiltIn("svade", "A and D are left to software, but where Svadu is and ADUE says otherwise"),
    BuiltIn("svbare", "satp can be Bare"),
    BuiltIn("svvptc", "an entry of a page table that becomes valid is found without a fence"),
    BuiltIn("za64rs", "a reservation is of what LR reads, and lost with its line of 64 bytes"),
    BuiltIn("zic64b", "lines of either cache have 64 bytes"),
    BuiltIn("zicbop", "a prefetch is a hint that is not taken: ORI with rd=x0, which neither traps nor reaches memory"),
    BuiltIn("ziccamoa", "every AMO of the A extension works on main memory"),
    BuiltIn("ziccamoc", "AMOCAS works on main memory", ("zacas",)),
    BuiltIn("ziccif", "fetch reads eight bytes at once, so code in main memory is never seen half written"),
    BuiltIn("zicclsm", "misaligned loads and stores of main memory are done", where=("misaligned", ("hardware",))),
    BuiltIn("ziccrse", "SC, a device that writes the line, and the walker that sets A or D alone end a reservation"),
    BuiltIn("zicntr", "cycle, time and instret"),
    BuiltIn("zicsr", "CSR instructions"),
    BuiltIn("zifencei", "FENCE.I"),
    BuiltIn("zihintntl", "hints of locality"),
    BuiltIn("zihintpause", "PAUSE"),
    BuiltIn("zihpm", "hpmcounter3 to hpmcounter31"),
    BuiltIn("zkt", "instructions whose time does not depend on their operands"),
)
"""Those that no configuration can lack, once it has what they need. Hints (rtl/isa/hints.py) are executed as what they
are encoded as."""

OPTIONAL: frozenset[str] = frozenset(extension.name for extension in EXTENSIONS)


def check(chosen: frozenset[str]) -> str:
    """What is wrong with a choice of extensions, as a sentence with the mend; "" where nothing is."""
    if unknown := sorted(chosen - OPTIONAL):
        return f"{unknown[0]!r} is not an extension that can be chosen; those are {', '.join(sorted(OPTIONAL))}"
    return ""

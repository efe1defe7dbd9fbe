"""Pages of docs/isa/, from the tables of rtl/isa/: CSRs, instructions, causes."""

import re
from itertools import groupby

from hyacinth.rtl.events import TABLE
from hyacinth.rtl.isa.causes import (
    HEDELEG,
    HYPERVISOR_CAUSES,
    INTERRUPT_ORDER,
    MEDELEG,
    VS_INTERRUPTS,
    WRITES_ADDRESS,
    WRITES_PSEUDOINSTRUCTION,
    WRITES_TRANSFORMED,
    Cause,
)
from hyacinth.rtl.isa.compressed import COMPRESSED
from hyacinth.rtl.isa.csr import Csr, Field, Guard, Kind
from hyacinth.rtl.isa.csrs import CSRS
from hyacinth.rtl.isa.hints import HINTS
from hyacinth.rtl.isa.instructions import INSTRUCTIONS

CSRS_INTRODUCTION = """Of the configuration `full` with every extension. `FIELD msb:lsb`; `= value` is constant, `∈`
names the values that a field can hold, `while x.F` says that it reads as 0 and ignores writes while that bit is 0. The
least mode follows from the address; guards are functions of [rtl/csr/access.py](../../rtl/csr/access.py)."""
INSTRUCTIONS_INTRODUCTION = """Each 32-bit instruction as the decoder has it, most significant bit first: `d` rd,
`s` rs1, `t` rs2, `i` immediate, `c` CSR, `h` shift amount, `q` aq and rl, `n` number of a MOP, `f` ignored. Where an
extension is named, a core without it does not have the instruction. What decides whether one is legal in a mode is in
[access.py](../../rtl/csr/access.py)."""
COMPRESSED_INTRODUCTION = """They are expanded before they are decoded
([compressed.py](../../rtl/isa/compressed.py)). Of two rows that match, the first counts; one that stands for an
instruction of another extension needs that, too."""
HINTS_INTRODUCTION = """They have names, and are executed as what they are encoded as
([hints.py](../../rtl/isa/hints.py))."""
EXCEPTIONS_INTRODUCTION = """`medeleg` and `hedeleg`: the bit can be set. *address*: xtval is a virtual address, so that
GVA may be 1. *transformed*, *pseudo*: what may be written to mtinst and htinst."""
EVENTS_INTRODUCTION = """What `mhpmevent3` and up select by the number, and an `mhpmcounter` then counts: one for each
cycle in which it is so, one cycle later, in the mode in which it was so. With the extension Sscofpmf the filters
`MINH`, `SINH`, `UINH`, `VSINH` and `VUINH` leave out modes, and `OF` is set as the counter overflows
([counters](../rtl/csr/counters.md)). Statistics (`--stats`) have the same events by name. The numbers from 1 to 32 that
are not here select nothing, as 0 does."""
LEAST = ("U", "HS, and VS for itself", "HS", "M")


def table(*heads: str, rows) -> list[str]:
    """The lines of a Markdown table."""
    return ["", *(f"| {' | '.join(row)} |" for row in (heads, ["---"] * len(heads), *rows))]


def held(field: Field) -> str:
    """What a field holds, where that is not simply what was written."""
    if field.kind is Kind.FIXED:
        return f" = {field.reset:#x}" if field.reset else " = 0"
    text = " (read-only)" if field.kind is Kind.COMPUTED else ""
    if field.legal is not None:
        low, high = min(field.legal), max(field.legal)
        whole = len(field.legal) > 3 and field.legal == tuple(range(low, high + 1))
        text += f" ∈ {{{f'{low}…{high}' if whole else ', '.join(map(str, field.legal))}}}"
    if field.needs:
        text += f" while {field.needs}"
    return text + (f" unless {field.locked_by}" if field.locked_by else "")


def fields_text(csr: Csr) -> str:
    """The fields, highest first: name, bits, what each holds. Numbered ones that are alike stand together."""
    def alike(field):
        return re.sub(r"\d+", "", field.name) if re.search(r"\d", field.name) else field.lsb, field.width, held(field)

    texts = []
    for _, group in groupby(sorted(csr.fields, key=lambda field: -field.lsb), alike):
        first, *more = group
        last = more[-1] if more else first
        name = f"{first.name}…{last.name}" if more else first.name
        top, low = first.lsb + first.width - 1, last.lsb
        texts.append(f"{name} {f'{top}:{low}' if top != low else top}{held(first)}".strip())
    return ", ".join(texts)


def remarks(csr: Csr) -> str:
    """What a CSR is besides its fields."""
    parts = ["read-only"] if csr.is_read_only else []
    parts += [f"shows {csr.storage}"] if csr.storage else []
    parts += [f"is {csr.twin} while V=1"] if csr.twin else []
    parts += [f"guarded as {csr.guard.name}"] if csr.guard not in (Guard.NONE, Guard.STATEEN) else []
    parts += [f"controlled by m{csr.stateen} and h{csr.stateen}"] if csr.stateen else []
    return "; ".join(parts)


def csrs() -> str:
    """The page of CSRs. Neighbours that differ in their number alone share a row."""
    def family(csr):
        return re.sub(r"\d+h?$", "", csr.name), fields_text(csr), remarks(csr)

    lines = ["# CSRs", "", CSRS_INTRODUCTION]
    by_mode = sorted(CSRS.values(), key=lambda csr: -(csr.address >> 8 & 3))
    for least, members in groupby(by_mode, lambda csr: csr.address >> 8 & 3):
        lines += ["", f"## Least mode {LEAST[least]}"]
        rows = []
        for (_, fields, text), group in groupby(members, family):
            group = list(group)
            ends = group[:1] if len(group) == 1 else [group[0], group[-1]]
            rows.append(["–".join(f"`{csr.name}`" for csr in ends), "–".join(f"{csr.address:#x}" for csr in ends),
                         fields, text])
        lines += table("CSR", "address", "fields", "", rows=rows)
    return "\n".join(lines) + "\n"


def instructions() -> str:
    """The page of instructions."""
    lines = ["# Instructions", "", INSTRUCTIONS_INTRODUCTION]
    rows = [[f"`{each.name}`", f"`{each.bits}`", each.unit.name, extensions(each, "H" if each.hypervisor else "")]
            for each in INSTRUCTIONS]
    lines += table("instruction", "bits", "unit", "extension", rows=rows)
    lines += ["", "## Compressed instructions", "", COMPRESSED_INTRODUCTION]
    rows = [[f"`{each.name}`", f"`{each.bits}`", f"`{each.expands_to}`", extensions(each)]
            for each in COMPRESSED if each.expands_to]
    lines += table("instruction", "bits", "stands for", "extension", rows=rows)
    lines += ["", "## Hints", "", HINTS_INTRODUCTION]
    rows = [[f"`{name}`", f"`{word:#0{10 if word & 3 == 3 else 6}x}`"] for word, name in HINTS.items()]
    return "\n".join(lines + table("hint", "word", rows=rows)) + "\n"


def extensions(row, letter: str = "") -> str:
    """The extensions that bring an instruction."""
    return ", ".join(filter(None, (letter, *(name.capitalize() for name in row.extension.split()))))


def causes() -> str:
    """The page of causes."""
    def mark(condition) -> str:
        return "×" if condition else ""

    lines = ["# Causes of traps", "", "## Exceptions", "", EXCEPTIONS_INTRODUCTION]
    rows = [[str(int(cause)), cause.description, mark(cause in MEDELEG), mark(cause in HEDELEG),
             mark(cause in WRITES_ADDRESS), mark(cause in WRITES_TRANSFORMED), mark(cause in WRITES_PSEUDOINSTRUCTION),
             mark(cause in HYPERVISOR_CAUSES)] for cause in Cause]
    lines += table("code", "exception", "medeleg", "hedeleg", "address", "transformed", "pseudo", "only with H",
                   rows=rows)
    lines += ["", "## Interrupts", "", "The most urgent first."]
    rows = [[str(int(each)), each.name, each.description, f"as {int(each) - 1} in VS" if each in VS_INTERRUPTS else ""]
            for each in INTERRUPT_ORDER]
    return "\n".join(lines + table("code", "name", "interrupt", "hideleg", rows=rows)) + "\n"


def events() -> str:
    """The page of what counters count."""
    rows = [[str(event.number), f"`{name}`", event.meaning] for name, event in TABLE.items()]
    return "\n".join(["# Events", "", EVENTS_INTRODUCTION] + table("number", "event", "counted are cycles in which",
                                                                  rows=rows)) + "\n"


def pages() -> dict[str, str]:
    """The pages, by path below docs/."""
    return {"isa/csrs.md": csrs(), "isa/instructions.md": instructions(), "isa/causes.md": causes(),
            "isa/events.md": events()}

"""Views of a wave: which signals to show and how, for Surfer and for GTKWave, with modes, causes and CSRs in words.

A view is made of the names found in the wave, so it never names a signal that is not there. Beside `demo.fst` it
leaves `demo.sucl` (Surfer: `surfer demo.fst --command-file demo.sucl`), `.surfer/mappings/` (the words), `demo.gtkw`
(GTKWave: `gtkwave demo.fst demo.gtkw`) and `demo.gtkw.d/` (the words). Surfer looks for the words in `.surfer` of the
folder that it is started in, and knows such words since its version 0.6; GTKWave looks beside the save file.
"""

import math
import re
from pathlib import Path
from typing import NamedTuple

from ...rtl.isa.causes import Cause, Interrupt
from ...rtl.isa.modes import Mode
from ...rtl.mmu.refusal import Refusal
from .names import csrs
from .variables import Variable

HEX, WORDS, BIT = 0x22, 0x2022, 0x28
"""Flags of a row in GTKWave's save file: hexadecimal and right-justified; the same through a file of words; a bit."""
HEADING = 0x200
FRAMES = 5
"""How many of GTKWave's frames, 200 pixels each, are to show the span on both sides of the cursor: 1000 pixels."""


class Row(NamedTuple):
    """A signal worth showing, by how its path ends."""
    pattern: str
    words: str | None = None


def _retire(*names):
    """Fields of the machine's port `retire`, with the set of words after a colon."""
    return [Row(f"retire_payload_{name.partition(':')[0]}", name.partition(":")[2] or None) for name in names]


def _walk(*names):
    return [Row(f"walk_payload_{name.partition(':')[0]}", name.partition(":")[2] or None) for name in names]


VIEW = {
    "Clock": [Row("clk")],
    "Instruction": [Row("retire_valid"), *_retire("pc", "bits", "mode:Mode", "mode_after:Mode", "next_pc", "rd",
                                                  "rd_value")],
    "Trap": _retire("trapped", "interrupt", "code:Cause", "tval", "gva_valid", "gpa", "tinst"),
    "Memory": _retire("gva", "hpa", "size", "data", "device"),
    "CSR": [*_retire("writes_csr", "csr:CSR", "csr_value"),
            *(Row(rf".*csr\b.*\.{name}") for name in ("mstatus", "hstatus", "vsstatus", "medeleg", "hedeleg", "mideleg",
                                                      "hideleg", "satp", "vsatp", "hgatp"))],
    "Walk": [Row("walk_valid"), *_walk("va", "context_mode:Mode", "g_stage", "level", "gpa", "hpa", "pte",
                                       "reason:Refusal", "cause:Cause")],
}
"""The rows of a view by heading. Of several signals with such a path the shortest is taken."""


def words() -> dict[str, tuple[int, dict[int, str]]]:
    """Name of a set of words, then its bits and the word for each value."""
    causes = {int(cause): cause.name.lower() for cause in Cause}
    for interrupt in Interrupt:
        # The code alone does not tell interrupts from exceptions: both are named where both exist.
        word = interrupt.name
        causes[int(interrupt)] = f"{causes[int(interrupt)]}/{word}" if int(interrupt) in causes else word
    return {"Mode": (3, {int(mode): mode.name for mode in Mode}), "Cause": (6, causes),
            "CSR": (12, {address: csr.name for address, csr in csrs().items()}),
            "Refusal": (4, {int(refusal): refusal.name.lower() for refusal in Refusal})}


def chosen(variables) -> dict[str, list[tuple[Variable, str | None]]]:
    """The rows of VIEW that are in a wave: by heading, each a Variable and the name of its words."""
    variables = sorted(variables, key=lambda variable: (variable.path.count("."), len(variable.path)))
    found = {}
    for heading, rows in VIEW.items():
        present = []
        for row in rows:
            pattern = re.compile(rf"(?:.*\.)?{row.pattern}")
            if variable := next((v for v in variables if pattern.fullmatch(v.path)), None):
                present.append((variable, row.words))
        if present:
            found[heading] = present
    return found


def write_views(wave: Path, variables, *, cursor: int | None = None, span: int = 60) -> list[Path]:
    """Write the views of `wave` beside it; returns the two files to open.

    Parameters
    ----------
    wave : Path
    variables : iterable of Variable
        What is in the wave.
    cursor : int or None
        In the wave's time units: where to put the cursor, with `span` units shown on both sides.
    """
    wave, rows = Path(wave), chosen(variables)
    surfer, gtkwave = wave.with_suffix(".sucl"), wave.with_suffix(".gtkw")
    mappings, filters = wave.parent / ".surfer" / "mappings", wave.parent / f"{gtkwave.name}.d"
    mappings.mkdir(parents=True, exist_ok=True)
    filters.mkdir(parents=True, exist_ok=True)
    for name, (width, table) in words().items():
        (mappings / f"hyacinth-{name.lower()}.txt").write_text(surfer_words(name, width, table))
        (filters / f"{name.lower()}.txt").write_text(gtkwave_words(width, table))
    surfer.write_text(surfer_commands(rows, cursor, span))
    gtkwave.write_text(gtkwave_save(wave, rows, filters, cursor, span))
    return [surfer, gtkwave]


def surfer_words(name: str, width: int, table: dict[int, str]) -> str:
    """A mapping file of Surfer: which format it is, how wide, and a word for each value."""
    return "\n".join((f"Name = Hyacinth{name}", f"Bits = {width}",
                      *(f"{value} {word}" for value, word in sorted(table.items())))) + "\n"


def surfer_commands(rows, cursor: int | None = None, span: int = 60) -> str:
    """A command file of Surfer, its headings single words, as `divider_add` takes no more.

    A format is set on the row in focus. The focus moves to a row that is added only where there is a focus already, so
    the first row is given it. Surfer 0.6 has no `zoom_to` yet: it says so in its log and shows the whole wave.
    """
    commands = []
    for heading, present in rows.items():
        commands.append(f"divider_add {heading}")
        if len(commands) == 1:
            commands.append("item_focus a")
        for variable, words_of in present:
            commands.append(f"variable_add {variable.path}")
            if words_of:
                commands.append(f"item_set_format Hyacinth{words_of}")
            elif variable.width > 1:
                commands.append("item_set_format Hexadecimal")
    if commands:
        commands.append("item_unfocus")
    if cursor is None:
        commands.append("zoom_fit")
    else:
        commands += [f"zoom_to {max(0, cursor - span)} {cursor + span}", f"cursor_set {cursor}"]
    return "\n".join(commands) + "\n"


def gtkwave_words(width: int, table: dict[int, str]) -> str:
    """A translate filter file of GTKWave: the value as it is displayed, hexadecimal, then its word."""
    digits = -(-width // 4)
    return "".join(f"{value:0{digits}x} {word}\n" for value, word in sorted(table.items()))


def gtkwave_save(wave: Path, rows, filters: Path, cursor: int | None = None, span: int = 60) -> str:
    """A save file of GTKWave, its files named relatively to it.

    The line with the star has the zoom, the binary logarithm of frames per time unit, then the cursor and 26 named
    markers, none of them set.
    """
    start, zoom = (0 if cursor is None else max(0, cursor - span)), -math.log2(max(1, 2 * span / FRAMES))
    lines = [f'[dumpfile] "{wave.name}"', f"[savefile] \"{wave.with_suffix('.gtkw').name}\"", f"[timestart] {start}",
             f"*{zoom:.6f} {-1 if cursor is None else cursor}" + " -1" * 26]
    for heading, present in rows.items():
        lines += [f"@{HEADING:x}", f"-{heading}"]
        for variable, words_of in present:
            name = f"{variable.path}[{variable.width - 1}:0]" if variable.width > 1 else variable.path
            if words_of:
                lines += [f"@{WORDS:x}", f"^1 {filters.name}/{words_of.lower()}.txt", name]
            else:
                lines += [f"@{HEX if variable.width > 1 else BIT:x}", name]
    return "\n".join(lines) + "\n"

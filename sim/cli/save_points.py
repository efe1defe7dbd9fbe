"""`--save-at WHERE FILE`: when a run is saved, and the snapshot it leaves."""

import re
from dataclasses import dataclass
from pathlib import Path

from ..machine import Machine
from ..snapshot import save
from ..trace.symbols import Symbols
from .status import BadInput

END = "end"
KINDS = ("cycle", "pc", "text", END)
NUMBER = re.compile(r"\d+(_\d+)*|0x[\da-f]+(_[\da-f]+)*", re.ASCII | re.IGNORECASE)
"""As other options take it, too: decimal or with 0x, with underscores."""


@dataclass
class SavePoint:
    """Where a run is saved, once.

    Parameters
    ----------
    kind : str
        One of KINDS.
    value : int, str or None
        The cycle, the pc or the text on the console; None: when the run ends, however it does.
    path : Path
    about : dict
        For snapshot.save.
    done : bool
    """
    kind: str
    value: int | str | None
    path: Path
    about: dict
    done: bool = False

    def save(self, machine: Machine) -> None:
        """Leave the snapshot."""
        save(machine, self.path, **self.about)
        self.done = True


def save_points(wishes, symbols: Symbols, about: dict, first: int = 0) -> list[SavePoint]:
    """Those of the options.

    Parameters
    ----------
    wishes : list of (where, file)
        A decimal number is a cycle, one with 0x a pc, `end` the end of the run, a symbol the pc of it, anything else a
        text on the console. `cycle:`, `pc:`, `symbol:` or `text:` in front leave no doubt.
    symbols : Symbols
    about : dict
    first : int
        The cycle at which the run begins.

    Raises
    ------
    BadInput
        What should be a number or a symbol is none, a cycle is over before the run begins, or more than one pc is to
        be watched.
    """
    points = [SavePoint(*_where(where, symbols), Path(path), about) for where, path in wishes]
    cycles, pcs = ({point.value for point in points if point.kind == kind and isinstance(point.value, int)}
                   for kind in ("cycle", "pc"))
    if cycles and min(cycles) < first:
        raise BadInput(f"--save-at {min(cycles)}: the snapshot is of cycle {first}; give that one or a later one")
    if len(pcs) > 1:
        raise BadInput(f"--save-at: {', '.join(map(hex, sorted(pcs)))} are {len(pcs)} pcs, and a run watches one; "
                       "save the others in runs of their own")
    return points


def _where(where: str, symbols: Symbols) -> tuple[str, int | str | None]:
    kind, colon, rest = where.partition(":")
    if not colon or kind not in ("cycle", "pc", "symbol", "text"):
        if where == END:
            return END, None
        rest = where
        if NUMBER.fullmatch(where):
            kind = "pc" if _hexadecimal(where) else "cycle"
        else:
            kind = "symbol" if symbols.address(where) is not None else "text"
    if kind == "text":
        if not rest:
            raise BadInput("--save-at: an empty text; give a cycle, a pc with 0x, a symbol or a text of the console")
        return kind, rest
    if kind == "symbol":
        if (address := symbols.address(rest)) is None:
            raise BadInput(f"--save-at {where}: no symbol of this name; give a pc with 0x")
        return "pc", address
    if not NUMBER.fullmatch(rest):
        raise BadInput(f"--save-at {where}: {rest!r} is not a number")
    return kind, int(rest, 16 if _hexadecimal(rest) else 10)


def _hexadecimal(number: str) -> bool:
    return number[:2].lower() == "0x"

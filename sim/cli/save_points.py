"""`--save-at WHERE FILE`: when a run is saved, and the snapshot it leaves."""

from dataclasses import dataclass
from pathlib import Path

from ..machine import Machine
from ..snapshot import save
from ..trace.symbols import Symbols
from .status import BadInput

END = "end"
KINDS = ("cycle", "pc", "text", END)


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


def save_points(wishes, symbols: Symbols, about: dict) -> list[SavePoint]:
    """Those of the options.

    Parameters
    ----------
    wishes : list of (where, file)
        A decimal number is a cycle, one with 0x a pc, `end` the end of the run, a symbol the pc of it, anything else a
        text on the console. `cycle:`, `pc:`, `symbol:` or `text:` in front leave no doubt.
    symbols : Symbols
    about : dict

    Raises
    ------
    BadInput
        What should be a number or a symbol is none.
    """
    return [SavePoint(*_where(where, symbols), Path(path), about) for where, path in wishes]


def _where(where: str, symbols: Symbols) -> tuple[str, int | str | None]:
    kind, colon, rest = where.partition(":")
    if not colon or kind not in ("cycle", "pc", "symbol", "text"):
        if where == END:
            return END, None
        kind, rest = ("cycle" if where.isdecimal() else "pc" if _hexadecimal(where) else
                      "symbol" if symbols.address(where) is not None else "text"), where
    if kind == "text":
        if not rest:
            raise BadInput("--save-at: an empty text; give a cycle, a pc with 0x, a symbol or a text of the console")
        return kind, rest
    if kind == "symbol":
        if (address := symbols.address(rest)) is None:
            raise BadInput(f"--save-at {where}: no symbol of this name; give a pc with 0x")
        return "pc", address
    if not (rest.isdecimal() or _hexadecimal(rest)):
        raise BadInput(f"--save-at {where}: {rest!r} is not a number")
    return kind, int(rest, 0)


def _hexadecimal(text: str) -> bool:
    try:
        return text.lower().startswith("0x") and int(text, 16) >= 0
    except ValueError:
        return False

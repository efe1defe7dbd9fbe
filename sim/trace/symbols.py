"""Names for addresses: function and source line, from an ELF file's symbol table and DWARF line programs.

Best effort: what the file does not say, or says in a form that cannot be read, is None.
"""

from bisect import bisect_right
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import NamedTuple


class Place(NamedTuple):
    """Where an address lies in the source."""
    function: str | None
    offset: int            # bytes from the start of the function
    file: str | None
    line: int | None

    def __str__(self) -> str:
        function = f"{self.function}+{self.offset:#x}" if self.function and self.offset else self.function
        source = f"{self.file}:{self.line}" if self.file else None
        return ", ".join(part for part in (function, source) if part) or "unknown place"


class Symbols:
    """The symbols of ELF files, the first one's above all. Nothing is read before the first question.

    Parameters
    ----------
    paths : paths
        A program; or a firmware and its kernel.
    guest : Symbols or None
        Those of what runs with V=1, whose addresses are the guest's own.
    """
    def __init__(self, *paths, guest: "Symbols | None" = None):
        self.paths, self.guest = tuple(Path(path) for path in paths), guest
        self._places: dict[int, Place] = {}

    def address(self, name: str) -> int | None:
        """The address of the symbol `name`, or None."""
        return self._by_name.get(name)

    def place(self, address: int, v: int = 0) -> Place:
        """Function, file and line of `address`, where the virtualization mode is `v`; each None where unknown."""
        if v:
            return self.guest.place(address) if self.guest else Place(None, 0, None, None)
        if (known := self._places.get(address)) is None:
            known = self._places[address] = Place(*self._function(address), *self._line(address))
        return known

    @cached_property
    def _files(self) -> list:
        from elftools.elf.elffile import ELFFile
        files = []
        for path in self.paths:
            try:
                files.append(ELFFile(BytesIO(path.read_bytes())))
            except Exception:  # whatever pyelftools cannot read has no names
                continue
        return files

    @cached_property
    def _by_name(self) -> dict[str, int]:
        return {name: address for name, address, _, _ in reversed(self._table)}

    @cached_property
    def _table(self) -> list[tuple[str, int, int, bool]]:
        """Name, address, size and whether it may hold code, of every named symbol."""
        found = []
        for elf in self._files:
            try:
                code = {index for index, section in enumerate(elf.iter_sections()) if section["sh_flags"] & 4}
                table = elf.get_section_by_name(".symtab")
                for symbol in table.iter_symbols() if table else ():
                    kind = symbol["st_info"]["type"]
                    if symbol.name and kind in ("STT_FUNC", "STT_NOTYPE", "STT_OBJECT") \
                            and symbol["st_shndx"] != "SHN_UNDEF" and not symbol.name.startswith(("$", ".L")):
                        found.append((symbol.name, symbol["st_value"], symbol["st_size"],
                                      kind != "STT_OBJECT" and symbol["st_shndx"] in code))
            except Exception:  # a damaged table has no names
                continue
        return found

    @cached_property
    def _functions(self) -> tuple[list[int], list[tuple[str, int]]]:
        rows = sorted({(address, size, name) for name, address, size, code in self._table if code})
        return [address for address, _, _ in rows], [(name, size) for _, size, name in rows]

    def _function(self, address: int) -> tuple[str | None, int]:
        starts, rows = self._functions
        if (at := bisect_right(starts, address) - 1) < 0:
            return None, 0
        name, size = rows[at]
        offset = address - starts[at]
        # A label in assembly has no size: it reaches to the next one, but not for ever.
        return (name, offset) if offset < (size or 0x1_0000) else (None, 0)

    @cached_property
    def _lines(self) -> tuple[list[int], list[tuple[str | None, int]]]:
        """By rising address: where a line begins; None for the end of a sequence."""
        rows = {}
        for elf in self._files:
            try:
                if not elf.has_dwarf_info():
                    continue
                dwarf = elf.get_dwarf_info()
                for unit in dwarf.iter_CUs():
                    if program := dwarf.line_program_for_CU(unit):
                        self._take(program, rows)
            except Exception:  # a damaged table has no lines
                continue
        ordered = sorted(rows.items())
        return [address for address, _ in ordered], [row for _, row in ordered]

    @staticmethod
    def _take(program, rows: dict) -> None:
        files, first = program["file_entry"], 0 if program["version"] >= 5 else 1
        begins, discarded = True, False
        for entry in program.get_entries():
            if (state := entry.state) is None:
                continue
            if begins:
                discarded = state.address == 0  # a function that the linker dropped keeps its lines, from 0 on
            begins = state.end_sequence
            if discarded:
                continue
            if state.end_sequence:
                rows.setdefault(state.address, (None, 0))
                continue
            index = state.file - first
            name = files[index].name.decode(errors="replace") if 0 <= index < len(files) else None
            rows[state.address] = (name, state.line)

    def _line(self, address: int) -> tuple[str | None, int | None]:
        starts, rows = self._lines
        if (at := bisect_right(starts, address) - 1) < 0 or rows[at][0] is None:
            return None, None
        return rows[at]

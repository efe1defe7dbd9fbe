"""Archives of the format `newc` of cpio, in which Linux takes its first file system (its admin-guide, "initramfs buffer
format")."""

from collections.abc import Iterable
from dataclasses import dataclass

DIRECTORY, FILE, CHARACTER = 0o040000, 0o100000, 0o020000
"""Kinds, as st_mode has them."""


@dataclass(frozen=True)
class Entry:
    """A file, a directory or a character device.

    Parameters
    ----------
    name : str
        Path without a slash in front.
    mode : int
        Kind and permissions.
    data : bytes
    device : tuple of int
        Major and minor number of a character device.
    """
    name: str
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def directory(name: str) -> Entry:
    """A directory that everyone may enter."""
    return Entry(name, DIRECTORY | 0o755)


def program(name: str, data: bytes) -> Entry:
    """A file that may be executed."""
    return Entry(name, FILE | 0o755, data)


def archive(entries: Iterable[Entry]) -> bytes:
    """The archive: the same entries give the same bytes, since times and owners are 0."""
    made = b"".join(_record(number, entry) for number, entry in enumerate(entries, 1))
    return made + _record(0, Entry("TRAILER!!!", 0))


def _record(number: int, entry: Entry) -> bytes:
    name = entry.name.encode() + b"\0"
    fields = (number, entry.mode, 0, 0, 1, 0, len(entry.data), 0, 0, *entry.device, len(name), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    return _padded(head) + _padded(entry.data)


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 4)

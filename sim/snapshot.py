"""Snapshots: a machine in a file, from which it goes on bit for bit.

The file is a ZIP archive: `manifest.json`; `state`, which is the model with what stands at its ports; of each region of
memory the blocks that are not zero, named by region and offset; and `entries`, the names of all these. Where the
program finds something else than the bus does, because the data cache holds it, that block is there a second time.
"""

import errno
import hashlib
import json
import os
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from ..rtl.config import CoreConfig, name_of, named
from .around import MEMORY
from .engines.engine import EngineError
from .engines.hosts import Console, Disk, Entropy
from .machine import Machine
from .records import RetireRecord

FORMAT = "hyacinth snapshot"
VERSION = 4
BLOCK = 1 << 18
"""Bytes of memory in one entry of the archive."""
BUS, PROGRAM = "bus", "program"
MANIFEST, STATE, ENTRIES = "manifest.json", "state", "entries"
HOST = {"device_tree": str, "boot_rom": str, "tohost": int | None, "fromhost": int | None, "htif": dict | None,
        "input": str, "last_record": list | None, "exit_code": int | None}
"""What the manifest has of a machine besides its model."""
DEVICES = {"disk": {"disk": str, "writable": bool, "sha256": str}, "entropy": {"entropy": int},
           "console": {"console": bool}}
"""Each kind of device, by the key that tells it from the others."""
SHAPE = {"design": str, "core": str | None, "config": str, "memory": int, "memory_latency": int, "cycle": int,
         "devices": list, "about": dict, "host": dict}
"""What a manifest has, by type."""


class BadSnapshot(ValueError):
    """A file that is no snapshot, is damaged, or does not fit. Its text is one line, with the mend."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot that was opened, its manifest read.

    Parameters
    ----------
    path : Path
    config : CoreConfig
    core : str or None
        The name of the configuration, if it has one.
    memory, memory_latency : int
        As Machine has them.
    cycle : int
        When it was made.
    devices : tuple
        As Machine has them.
    about : dict
        What else was given to `save`.
    manifest : dict
    """
    path: Path
    config: CoreConfig
    core: str | None
    memory: int
    memory_latency: int
    cycle: int
    devices: tuple
    about: dict
    manifest: dict

    def restore(self, machine: Machine) -> None:
        """Bring a new machine of this configuration and memory into the state that was saved.

        Raises
        ------
        ValueError
            The machine has run, or something has been loaded.
        BadSnapshot
            The hardware, the simulator or the configuration is another, or the file is damaged.
        """
        # Only what is not zero is written, so what is there already would stay.
        if machine.cycle or machine.htif or hasattr(machine, "device_tree"):
            raise ValueError(f"{self.path}: this machine has something in it; restore into a new machine")
        if (machine.config, machine.memory_size) != (self.config, self.memory):
            raise BadSnapshot(f"{self.path}: made on another core or with other memory; leave --core and --memory out")
        if machine.engine.design != self.manifest["design"]:
            raise BadSnapshot(f"{self.path}: made by other hardware or another version of the simulator; "
                              "make it again with this one")
        try:
            with zipfile.ZipFile(self.path) as archive:
                # A damaged directory may end early, and what is left of it look whole.
                *names, last = archive.namelist()
                if last != ENTRIES or json.loads(archive.read(ENTRIES)) != names:
                    raise ValueError("parts of it are missing")
                state = archive.read(STATE)
                for name in names:
                    region, _, rest = name.partition("/")
                    if rest:
                        which, offset = rest.split("/")
                        machine.engine.write(MEMORY, machine.regions[region].base + int(offset, 16), archive.read(name),
                                             only_shadow=which == PROGRAM)
            self._restore_host(machine)
        except _DAMAGE as error:
            raise _damaged(self.path, error) from None
        try:
            machine.engine.restore(state)
        except EngineError as error:
            raise BadSnapshot(f"{self.path}: {error}") from None

    def _restore_host(self, machine: Machine) -> None:
        kept = self.manifest["host"]
        machine.device_tree, machine.boot_rom = (bytes.fromhex(kept[key]) for key in ("device_tree", "boot_rom"))
        if kept["tohost"] is not None:
            machine.serve_htif(kept["tohost"], kept["fromhost"])
            assert machine.htif
            machine.htif.state = kept["htif"]
        machine.input = bytearray.fromhex(kept["input"])
        machine.last_record = RetireRecord._make(kept["last_record"]) if kept["last_record"] else None
        machine.exit_code = kept["exit_code"]


_DAMAGE = (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, KeyError, ValueError, TypeError,
           EOFError, OSError, RuntimeError)
"""What reading a file raises in which anything may have changed; RuntimeError where it says that it is encrypted."""


def save(machine: Machine, path: Path, **about) -> None:
    """Keep the machine in the file `path`, which is there as a whole or not at all.

    Parameters
    ----------
    machine : Machine
        With the compiled engine, and not within a run.
    path : Path
    about
        What JSON can hold, for Snapshot.about.

    Raises
    ------
    EngineError
        The engine keeps no snapshots.
    OSError
        The file cannot be written.
    """
    path = path.resolve()  # a link stays what it is, and its file is replaced
    if no_file(path):
        raise OSError(errno.ENOTSUP, "a device or a pipe", str(path))
    state = machine.engine.save()
    htif = machine.htif
    manifest = {
        "format": FORMAT, "version": VERSION, "design": machine.engine.design, "core": name_of(machine.config) or None,
        "config": repr(machine.config), "memory": machine.memory_size, "memory_latency": machine.memory_latency,
        "cycle": machine.cycle, "devices": list(map(_kept_device, machine.devices)), "about": about, "host": {
            "device_tree": machine.device_tree.hex(), "boot_rom": machine.boot_rom.hex(),
            "tohost": htif and htif.tohost, "fromhost": htif and htif.fromhost, "htif": htif and htif.state,
            "input": machine.input.hex(), "last_record": machine.last_record, "exit_code": machine.exit_code}}
    # Short, for `path` may have the longest name that there can be.
    partial = path.with_name(f".{os.getpid()}.snap")
    try:
        with open(partial, "wb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
                archive.writestr(MANIFEST, json.dumps(manifest))
                archive.writestr(STATE, state)
                for region in machine.regions.values():
                    if region.memory:
                        size = machine.memory_size if region.name == "ram" else region.size
                        _blocks(machine, archive, region.name, region.base, size)
                archive.writestr(ENTRIES, json.dumps(archive.namelist()))
            file.flush()
            os.fsync(file.fileno())  # else a crash may leave the name without the contents
        os.replace(partial, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        partial.unlink(missing_ok=True)


def _blocks(machine: Machine, archive: zipfile.ZipFile, name: str, base: int, size: int) -> None:
    for offset in range(0, size, BLOCK):
        count = min(BLOCK, size - offset)
        bus, program = (machine.engine.read(MEMORY, base + offset, count, shadow=shadow) for shadow in (False, True))
        if any(bus):
            archive.writestr(f"{name}/{BUS}/{offset:x}", bus)
        if program != bus:
            archive.writestr(f"{name}/{PROGRAM}/{offset:x}", program)


def load(path: Path | str, core: CoreConfig | None = None) -> Snapshot:
    """Open a snapshot.

    Parameters
    ----------
    path
    core : CoreConfig or None
        The configuration it was made with, where that has no name.

    Raises
    ------
    BadSnapshot
        The file is absent, no snapshot, damaged or of another version, or its configuration is not known.
    """
    path = Path(path)
    if no_file(path):
        raise BadSnapshot(f"{path}: a device or a pipe, not a snapshot; name a file")
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
    except FileNotFoundError:
        raise BadSnapshot(f"{path}: no such file; --save-at makes one") from None
    except IsADirectoryError:
        raise BadSnapshot(f"{path}: a directory; name the snapshot in it") from None
    except _DAMAGE as error:
        raise _damaged(path, error) from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise BadSnapshot(f"{path}: no snapshot; --save-at makes one")
    if (version := manifest.get("version")) != VERSION:
        raise BadSnapshot(f"{path}: of version {version}, this Hyacinth reads {VERSION}; make it again")
    try:
        _check(manifest, SHAPE)
        _check(manifest["host"], HOST)
        devices = tuple(_device(path, kept) for kept in manifest["devices"])
    except (KeyError, TypeError) as error:
        raise _damaged(path, error) from None
    try:
        config = core or named(manifest["core"] or "")
    except ValueError:
        config = None
    if config is None or repr(config) != manifest["config"]:
        raise BadSnapshot(f"{path}: made with the configuration {manifest['core'] or 'of its own'}, which is not the "
                          "one here; give that one, or make the snapshot again")
    return Snapshot(path, config, manifest["core"], manifest["memory"], manifest["memory_latency"], manifest["cycle"],
                    devices, manifest["about"], manifest)


def no_file(path: Path) -> bool:
    """Whether there is something that is neither a file nor a folder: to read it may never end, and to replace it is
    not meant."""
    return os.path.exists(path) and not (path.is_file() or path.is_dir())


def _check(values: dict, shape: dict) -> None:
    for name, kind in shape.items():
        if not isinstance(values.get(name, ...), kind):
            raise TypeError(f"its manifest has no right {name}")


def resume(path: Path | str, core: CoreConfig | None = None, **more) -> Machine:
    """A machine in the state that `save` kept; `more` as Machine has it. Raises BadSnapshot or EngineError."""
    snapshot = load(path, core)
    machine = Machine(snapshot.config, memory=snapshot.memory, memory_latency=snapshot.memory_latency,
                      devices=snapshot.devices, **more)
    try:
        snapshot.restore(machine)
    except BadSnapshot:
        machine.close()
        raise
    return machine


def _kept_device(device: Disk | Entropy | Console) -> dict:
    """A device as JSON has it. What a disk does not keep itself must be found in its file again."""
    if isinstance(device, Disk):
        return {"disk": str(Path(device.path).resolve()), "writable": device.writable, "sha256": _digest(device.path)}
    return {"entropy": device.seed} if isinstance(device, Entropy) else {"console": True}


def _device(path: Path, kept: dict) -> Disk | Entropy | Console:
    kind = next((kind for kind in DEVICES if kind in kept), None) if isinstance(kept, dict) else None
    if kind is None:
        raise TypeError("its manifest has a device of no kind")
    _check(kept, DEVICES[kind])
    if kind != "disk":
        return Entropy(kept["entropy"]) if kind == "entropy" else Console()
    disk = Disk(Path(kept["disk"]), kept["writable"])
    try:
        same = _digest(disk.path) == kept["sha256"]
    except OSError as error:
        raise BadSnapshot(f"{path}: its disk {disk.path} cannot be read ({error.strerror}); put it there") from None
    if not same:
        raise BadSnapshot(f"{path}: its disk {disk.path} has changed since; put back what it was, or begin again")
    return disk


def _digest(path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _damaged(path: Path, error: Exception) -> BadSnapshot:
    why = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BadSnapshot(f"{path}: no whole snapshot ({why}); make it again")

"""What `hyacinth run` is to do: the options together with the files they name, checked before anything slow begins."""

import os
from dataclasses import dataclass, replace
from pathlib import Path

from ...rtl.config import RAM, VIRTIO_SLOTS, CoreConfig, named
from ..elf import BadProgram, Program, Segment, load, read
from ..engines.hosts import Console, Disk, Entropy
from ..snapshot import BadSnapshot, Snapshot, no_file
from ..snapshot import load as load_snapshot
from ..trace.symbols import Symbols
from .save_points import SavePoint, save_points
from .status import BadInput

KERNEL = RAM.base + (2 << 20)
"""Where firmware expects the next stage, as OpenSBI's FW_JUMP has it."""
OUTPUTS = ("log", "stats", "signature", "wave")
SECTOR = 512
"""Bytes; a disk has a whole number of them."""
ALIGNMENT = 2 << 20
"""Of an initial RAM disk: a megapage, as Linux maps it."""


@dataclass(frozen=True)
class Plan:
    """A run that can begin.

    Parameters
    ----------
    config : CoreConfig
    segments : tuple of Segment
        What is in RAM at reset.
    entry : int
        Where the boot ROM jumps to.
    tohost, fromhost : int or None
        Addresses of HTIF.
    signature : tuple or None
        First address and the first after it.
    symbols : Symbols
    dtb : bytes or None
        A device tree given by the user.
    initrd : tuple or None
        First address and the first after it, for the generated device tree.
    snapshot : Snapshot or None
        From which the run goes on, in place of a program.
    save_points : tuple of SavePoint
        Where it is saved.
    devices : tuple
        As Machine has them.
    """
    config: CoreConfig
    segments: tuple[Segment, ...]
    entry: int
    tohost: int | None
    fromhost: int | None
    signature: tuple[int, int] | None
    symbols: Symbols
    dtb: bytes | None = None
    initrd: tuple[int, int] | None = None
    snapshot: Snapshot | None = None
    save_points: tuple[SavePoint, ...] = ()
    devices: tuple = ()


def plan(options, symbols: Symbols | None = None) -> Plan:
    """The plan for the options of `hyacinth run`. Raises BadInput or BadProgram.

    `symbols` are better ones than those of the files that are run, where there are such.
    """
    _combinations(options)
    made = _snapshot(options) if options.resume else _firmware(options) if options.firmware else _program(options)
    if options.signature and made.signature is None:
        raise BadInput(f"--signature: {options.resume or options.firmware or options.program} has no symbols "
                       "begin_signature and end_signature; mark the memory with them, or leave the option out")
    if options.signature and not RAM.base <= made.signature[0] <= made.signature[1] <= RAM.base + options.memory:
        raise BadInput("--signature: begin_signature and end_signature must lie in memory, in this order; "
                       f"they are {made.signature[0]:#x} and {made.signature[1]:#x}")
    if options.engine == "pysim" and options.wave and (
            options.wave.suffix != ".vcd" or options.wave_from or options.wave_to or options.wave_around_trap):
        raise BadInput("--wave: the engine pysim writes .vcd only, of a whole run; use --engine compiled")
    if options.check:
        from ..lockstep.referee import unavailable
        if why := unavailable():
            raise BadInput(why)
    _outputs(options)
    symbols = symbols or made.symbols
    # What a later run, which begins at a snapshot, wants to know of this one.
    about = {"symbols": [str(path.resolve()) for path in symbols.paths], "signature": made.signature,
             "guest_symbols": [str(path.resolve()) for path in symbols.guest.paths] if symbols.guest else []}
    devices = made.devices if options.resume else _devices(options)
    return replace(made, symbols=symbols, devices=devices,
                   save_points=tuple(save_points(options.save_at, symbols, about,
                                                 made.snapshot.cycle if made.snapshot else 0)))


def _combinations(options) -> None:
    if options.program and options.firmware:
        raise BadInput("PROGRAM and --firmware exclude each other; give one of them")
    if options.resume and (options.program or options.firmware):
        raise BadInput("--resume goes on with what is in the snapshot; leave PROGRAM and --firmware out")
    if options.resume and (options.disk or options.disk_rw or options.entropy or options.virtio_console):
        raise BadInput("--resume goes on with the devices of the snapshot; leave --disk and the others out")
    if (options.resume or options.save_at) and options.engine == "pysim":
        raise BadInput("only the compiled engine keeps snapshots; give --engine compiled")
    if (options.resume or options.save_at) and options.disturb is not None:
        raise BadInput("--disturb begins at reset, and a snapshot does not keep it; give them in two runs")
    if not options.program and not options.firmware and not options.resume:
        raise BadInput("nothing to run; give a PROGRAM, --firmware FILE or --resume FILE")
    for name in ("kernel", "initrd", "dtb", "bootargs"):
        if getattr(options, name) is not None and not options.firmware:
            raise BadInput(f"--{name} needs --firmware FILE, which starts it")
    if options.initrd and not options.kernel:
        raise BadInput("--initrd needs --kernel FILE, which reads it")
    if options.dtb and options.bootargs is not None:
        raise BadInput("--bootargs is written to the generated device tree; with --dtb put it into that file")
    for name in ("wave_from", "wave_to", "wave_around_trap"):
        if getattr(options, name) is not None and not options.wave:
            raise BadInput(f"--{name.replace('_', '-')} needs --wave FILE")
    if options.wave_around_trap and (options.wave_from is not None or options.wave_to is not None):
        raise BadInput("--wave-around-trap finds the cycles itself; leave --wave-from and --wave-to out")
    if options.wave_around_trap and options.save_at:
        # A save point ends a step, and what is typed is given to the second run step by step.
        raise BadInput("--wave-around-trap runs twice, and --save-at once; give them in two runs")
    if options.wave_from is not None and options.wave_to is not None and options.wave_from > options.wave_to:
        raise BadInput(f"--wave-from {options.wave_from} comes after --wave-to {options.wave_to}; exchange them")


def _devices(options) -> tuple:
    """The virtio devices. Raises BadInput where a file is no disk."""
    disks = [(path, writable) for paths, writable in ((options.disk, False), (options.disk_rw, True)) for path in paths]
    if (disks or options.entropy or options.virtio_console) and options.engine == "pysim":
        raise BadInput("only the compiled engine has virtio devices; give --engine compiled")
    for path, writable in disks:
        option = "--disk-rw" if writable else "--disk"
        if path.is_dir():
            raise BadInput(f"{option} {path}: a directory; name an image of a disk")
        if not path.exists():
            raise BadInput(f"{option} {path}: no such file; make one with `truncate -s 64M {path}`")
        if not path.is_file():
            raise BadInput(f"{option} {path}: not a regular file; copy it into one")
        if not os.access(path, os.R_OK | (os.W_OK if writable else 0)):
            raise BadInput(f"{option} {path}: cannot be {'written' if writable else 'read'}; change its permissions")
        if (size := path.stat().st_size) % SECTOR or not size:
            raise BadInput(f"{option} {path}: {size} bytes are no whole number of sectors of {SECTOR}; "
                           f"make it longer with `truncate -s %{SECTOR} {path}`" if size else
                           f"{option} {path}: the file is empty; make it longer with `truncate -s 64M {path}`")
    for path in {path.resolve() for path, writable in disks if writable}:
        if sum(path == other.resolve() for other, _ in disks) > 1:
            raise BadInput(f"--disk-rw {path}: it is given twice, and each disk would destroy what the other writes; "
                           "give it once")
    devices = (*(Disk(path, writable) for path, writable in disks), *[Entropy()] * options.entropy,
               *[Console()] * options.virtio_console)
    if len(devices) > len(VIRTIO_SLOTS):
        raise BadInput(f"{len(devices)} virtio devices; there are {len(VIRTIO_SLOTS)} slots, give fewer")
    return devices


def _program(options) -> Plan:
    program = load(options.program)
    program.check_fits(RAM.base, options.memory)
    for name in ("tohost", "fromhost"):
        address = program.symbol(name)
        if address is not None and not RAM.base <= address < RAM.base + options.memory:
            raise BadInput(f"{program.path}: its symbol {name} is {address:#x}, outside memory; place it in a section")
    if program.tohost and program.fromhost and program.tohost >> 12 != program.fromhost >> 12:
        raise BadInput(f"{program.path}: tohost ({program.tohost:#x}) and fromhost ({program.fromhost:#x}) must lie in "
                       "one page of 4 KiB; put both into one section")
    return Plan(named(options.core), program.segments, program.entry, program.tohost, program.fromhost,
                program.signature, program.symbols)


def _snapshot(options) -> Plan:
    try:
        kept = load_snapshot(options.resume)
    except BadSnapshot as error:
        raise BadInput(str(error)) from None
    # What the machine is made of is the snapshot's: other values would not fit.
    for name, value in (("core", kept.core), ("memory", kept.memory), ("memory_latency", kept.memory_latency)):
        if name in options.given and getattr(options, name) != value:
            has = f"{kept.memory >> 20}M" if name == "memory" else value
            raise BadInput(f"--{name.replace('_', '-')}: the snapshot has {has}; leave the option out")
        setattr(options, name, value)
    if options.wave_to is not None and options.wave_to < kept.cycle:
        raise BadInput(f"--wave-to {options.wave_to}: the snapshot is of cycle {kept.cycle}; give a later one")
    guest = kept.about.get("guest_symbols")
    signature = kept.about.get("signature")
    host = kept.manifest["host"]
    try:
        return Plan(kept.config, (), RAM.base, host["tohost"], host["fromhost"], signature and tuple(signature),
                    Symbols(*_there(kept.about.get("symbols", ())), guest=Symbols(*_there(guest)) if guest else None),
                    snapshot=kept, devices=kept.devices)
    except TypeError:
        raise BadInput(f"{options.resume}: no whole snapshot (what it says of its program); make it again") from None


def _there(paths) -> list[Path]:
    """Those that exist: names are lost with a file, but the run goes on without them."""
    return [path for path in map(Path, paths) if path.is_file()]


def _firmware(options) -> Plan:
    end = RAM.base + options.memory
    firmware = _image(options.firmware, RAM.base, "firmware")
    kernel: tuple[Segment, ...] = _image(options.kernel, KERNEL, "kernel") if options.kernel else ()
    for path, image in ((options.firmware, firmware), (options.kernel, kernel)):
        if image:
            Program(path, image[0].address, image).check_fits(RAM.base, options.memory)
    if kernel and firmware[-1].end > kernel[0].address:
        raise BadInput(f"{options.firmware}: ends at {firmware[-1].end:#x}, behind the kernel's first byte "
                       f"{kernel[0].address:#x}; link it lower, or leave --kernel out")
    segments, initrd = firmware + kernel, None
    if options.initrd:
        data = read(options.initrd, "initrd")
        start = (end - len(data)) // ALIGNMENT * ALIGNMENT
        if not data or start < kernel[-1].end:  # pyright: ignore[reportGeneralTypeIssues]
            raise BadInput(f"{options.initrd}: {'is empty' if not data else 'does not fit behind the kernel'}; "
                           "give another, or more --memory")
        initrd, segments = (start, start + len(data)), (*segments, Segment(start, data, len(data)))
    dtb = read(options.dtb, "device tree") if options.dtb else None
    if dtb is not None and dtb[:4] != b"\xd0\x0d\xfe\xed":
        raise BadInput(f"{options.dtb}: not a device tree blob; compile it with dtc")
    is_elf = read(options.firmware)[:4] == b"\x7fELF"
    program = load(options.firmware) if is_elf else None
    elves = [path for path in (options.firmware, options.kernel) if path and read(path)[:4] == b"\x7fELF"]
    return Plan(named(options.core), segments, program.entry if program else RAM.base,
                program and program.tohost, program and program.fromhost, program and program.signature,
                Symbols(*elves), dtb, initrd)


def _image(path: Path, address: int, what: str) -> tuple[Segment, ...]:
    """The segments of an ELF file, or a binary as one segment at `address`."""
    data = read(path, what)
    if data[:4] == b"\x7fELF":
        return load(path).segments
    if not data:
        raise BadProgram(f"{path}: the file is empty; give the {what} as ELF or binary")
    return (Segment(address, data, len(data)),)


def _outputs(options) -> None:
    """Each file that will be written can be, and is not one that is read or written under another option."""
    inputs = {Path(path).resolve(): name for name in ("program", "firmware", "kernel", "initrd", "dtb", "resume")
              if (path := getattr(options, name))} | {path.resolve(): "disk" for path in options.disk + options.disk_rw}
    seen: dict[Path, str] = {}
    wanted = [(name, getattr(options, name)) for name in OUTPUTS]
    for name, path in [*wanted, *(("save-at", Path(path)) for _, path in options.save_at)]:
        if path is None:
            continue
        resolved = path.resolve()
        if resolved in inputs:
            raise BadInput(f"--{name} {path}: that is the {inputs[resolved]}, which is read; name another file")
        if resolved in seen and not resolved.is_char_device():
            raise BadInput(f"--{name} {path}: --{seen[resolved]} writes there too; name another file")
        seen[resolved] = name
        if name == "save-at" and no_file(resolved):
            raise BadInput(f"--save-at {path}: a device or a pipe, which a snapshot would replace; name a file")
        probe(name, path)


def probe(name: str, path: Path) -> None:
    """Raise BadInput unless the file `path` of the option `--name` can be written. Leaves no file behind."""
    if path.is_fifo():  # to open it would wait for its reader
        return
    existed = os.path.lexists(path)
    try:
        with open(path, "ab"):
            pass
        if not existed:
            os.unlink(path)
    except IsADirectoryError:
        raise BadInput(f"--{name} {path}: a directory; name a file in it") from None
    except OSError as error:
        if not path.parent.is_dir():
            raise BadInput(f"--{name} {path}: the folder {path.parent} does not exist; make it first") from None
        raise BadInput(f"--{name} {path}: cannot be written ({error.strerror}); name another file") from None

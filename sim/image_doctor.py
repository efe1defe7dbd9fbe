"""Looks at images before a run, and says what will fail: a program, a firmware, a kernel, a device tree, a RAM disk.

What a newcomer falls into lies mostly outside the core: each check here is one of these traps.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ..rtl.config import RAM, CoreConfig
from ..rtl.device_tree import extensions
from ..rtl.isa.csrs import table
from .cli.plan import ALIGNMENT, KERNEL
from .cli.status import BadInput
from .elf import BadProgram, Program, load, read

DTB_MAGIC, ELF_MAGIC = b"\xd0\x0d\xfe\xed", b"\x7fELF"
IMAGE_MAGIC = b"RSC\x05"
"""At byte 56 of a kernel's Image (Linux, Documentation/arch/riscv/boot-image-header.rst)."""
RAM_DISKS = {b"0707": "cpio", b"\x1f\x8b": "gzip", b"\xfd7zX": "xz", b"\x28\xb5\x2f\xfd": "zstd", b"BZh": "bzip2"}
CONSOLES = {"ttyS0": "the UART", "hvc0": "the SBI's console"}
SYSTEM = 0x73
FLOATING = {0x07: "F or D", 0x27: "F or D", 0x43: "F or D", 0x47: "F or D", 0x4b: "F or D", 0x4f: "F or D",
            0x53: "F or D", 0x57: "V"}
"""Major opcodes of instructions that no configuration of the core has."""
WIDTHS_OF_F = (1, 2, 3, 4)
"""Of LOAD-FP and STORE-FP: other widths are vector loads and stores."""
ABIS = {0: "soft", 2: "single", 4: "double", 6: "quad"}


@dataclass
class Finding:
    """Something that will fail, or may.

    Parameters
    ----------
    path : Path
        The image that has to be mended.
    text : str
        What is wrong with it.
    mend : str
    sure : bool
        Whether it will fail whatever the image does.
    """
    path: Path
    text: str
    mend: str
    sure: bool = True


@dataclass
class Image:
    """A file, and what it is.

    Parameters
    ----------
    path : Path
    kind : str
        "program" (an ELF file: a firmware, too), "kernel", "device tree", "RAM disk" or "binary".
    data : bytes
    program : Program or None
        Of an ELF file.
    """
    path: Path
    kind: str
    data: bytes
    program: Program | None = None
    placed: list[tuple[int, int]] = field(default_factory=list)

    @cached_property
    def instructions(self) -> dict[str, list[int]]:
        """Addresses of instructions that matter here: what the core lacks, by extension, and accesses of menvcfg."""
        found: dict[str, list[int]] = {}
        for address, code in _code(self):
            for at, word in _sweep(code):
                opcode, width = word & 0x7f, word >> 12 & 7
                if word & 3 == 3 and opcode in FLOATING:
                    name = "V" if opcode in (0x07, 0x27) and width not in WIDTHS_OF_F else FLOATING[opcode]
                    found.setdefault(name, []).append(address + at)
                elif word & 3 in (0, 2) and word >> 13 & 3 == 1 and word:
                    found.setdefault("F or D", []).append(address + at)  # C.FLD, C.FSD and those by sp
                elif opcode == SYSTEM and width and word >> 20 == MENVCFG:
                    found.setdefault("menvcfg", []).append(address + at)
        return found


MENVCFG = table(CoreConfig())["menvcfg"].address


def examine(paths, config: CoreConfig, memory: int, bootargs: str | None) -> Iterator[Finding]:
    """What will fail when the images `paths` run together.

    Parameters
    ----------
    paths : iterable of Path
    config : CoreConfig
    memory : int
        Bytes of RAM.
    bootargs : str or None
        Given besides, for the generated device tree.

    Raises
    ------
    BadInput, BadProgram
        A file cannot be read, or is nothing that could run.
    """
    images = [identify(path) for path in paths]
    end = RAM.base + memory
    _place(images, end)
    for image in images:
        for check in CHECKS:
            yield from check(image, config, images, end)
    yield from _overlaps(images)
    if bootargs is not None:
        yield from _console(Path("--bootargs"), bootargs)


def identify(path: Path) -> Image:
    """What a file is, by its first bytes. Raises BadInput or BadProgram."""
    data = read(path, "image")
    if not data:
        raise BadProgram(f"{path}: the file is empty; build it")
    if data[:4] == ELF_MAGIC:
        if len(data) >= 32 and struct.unpack_from("<Q", data, 24)[0] >> 63:
            raise BadProgram(f"{path}: linked at virtual addresses, as a vmlinux is; give the kernel's Image")
        return Image(path, "program", data, load(path))
    if data[:4] == DTB_MAGIC:
        if len(data) < 8 or struct.unpack_from(">I", data, 4)[0] > len(data):
            raise BadInput(f"{path}: the device tree is cut short; compile it again with dtc")
        return Image(path, "device tree", data)
    if data[56:60] == IMAGE_MAGIC:
        return Image(path, "kernel", data)
    if any(data.startswith(magic) for magic in RAM_DISKS):
        return Image(path, "RAM disk", data)
    if data[:2] == b"MZ":
        raise BadInput(f"{path}: an EFI application without RISC-V's header; give the kernel's Image")
    return Image(path, "binary", data)


def _place(images: list[Image], end: int) -> None:
    """Where `hyacinth run` puts each image."""
    for image in images:
        if image.program:
            image.placed = [(segment.address, segment.end) for segment in image.program.segments]
        elif image.kind == "kernel":
            size = struct.unpack_from("<Q", image.data, 16)[0]     # with its .bss
            image.placed = [(KERNEL, KERNEL + max(size, len(image.data)))]
        elif image.kind == "RAM disk":
            start = (end - len(image.data)) // ALIGNMENT * ALIGNMENT
            image.placed = [(start, start + len(image.data))]
        elif image.kind == "binary":
            image.placed = [(RAM.base, RAM.base + len(image.data))]


def _within(image: Image, _config, _images, end: int) -> Iterator[Finding]:
    for first, last in image.placed:
        if first < RAM.base or last > end:
            yield Finding(image.path, f"lies at {first:#x} to {last:#x}, the RAM at {RAM.base:#x} to {end:#x}",
                          "link it into the RAM, or give more --memory")
    if image.program and not RAM.base <= image.program.entry < end:
        yield Finding(image.path, f"begins at {image.program.entry:#x}, outside of RAM ({RAM.base:#x} to {end:#x})",
                      f"link it at {RAM.base:#x}; a vmlinux is linked at virtual addresses: give the kernel's Image")


def _overlaps(images: list[Image]) -> Iterator[Finding]:
    places = sorted(((*place, image) for image in images for place in image.placed), key=lambda place: place[:2])
    for (first, last, one), (begins, _, other) in zip(places, places[1:], strict=False):
        if begins < last and one is not other:
            yield Finding(other.path, f"begins at {begins:#x}, within {one.path.name} ({first:#x} to {last:#x})",
                          "link one of them elsewhere, or give more --memory")


def _built_for(image: Image, _config, _images, _end) -> Iterator[Finding]:
    if image.program:
        abi = struct.unpack_from("<I", image.data, 48)[0] & 6
        if abi:
            yield Finding(image.path, f"built for the {ABIS[abi]}-float ABI, and the core has no F and D",
                          "compile it with -march=rv64imac -mabi=lp64")
            return
        for name in sorted(image.instructions.keys() - {"menvcfg"}):
            places = image.instructions[name]
            yield Finding(image.path, f"has {len(places)} instructions of {name}, the first at {places[0]:#x}: "
                          "illegal here", "compile it with -march=rv64imac -mabi=lp64, unless it asks misa first",
                          sure=False)


def _timer(image: Image, config: CoreConfig, images: list[Image], _end) -> Iterator[Finding]:
    """A firmware that leaves menvcfg.STCE clear, with a kernel that is told of Sstc."""
    if image.kind != "program" or not image.placed or image.placed[0][0] != RAM.base or "menvcfg" in image.instructions:
        return
    trees = [other for other in images if other.kind == "device tree"]
    told = any("sstc" in _isa(tree) for tree in trees) if trees else config.has("sstc")
    if told and any(other.kind == "kernel" for other in images):
        yield Finding(image.path, "never writes menvcfg, so STCE stays 0, and the kernel's first write of stimecmp is "
                      "illegal", "take a firmware that knows Sstc (OpenSBI from 1.1 on), or a core without it")


def _tree(image: Image, config: CoreConfig, _images, end: int) -> Iterator[Finding]:
    if image.kind != "device tree":
        return
    isa, has = _isa(image), set(extensions(config))
    for name, why in (("h", "KVM will find no hypervisor extension"),
                      ("zicntr", "the kernel will not use `time`, and has no clock")):
        if name in has and name not in isa:
            yield Finding(image.path, f"does not name {name} among the hart's extensions: {why}",
                          f"add {name} to riscv,isa-extensions and riscv,isa")
    for name in sorted(isa - has):
        yield Finding(image.path, f"names the extension {name}, which the core lacks",
                      "take it out of riscv,isa-extensions and riscv,isa", sure=name in ("f", "d", "v"))
    tree = _parsed(image)
    for node in (node for node in tree.root.nodes if node.name.partition("@")[0] == "memory"):
        ranges = list(_ranges(tree.root, node))
        if not ranges:
            yield Finding(image.path, f"{node.name} has no reg of #address-cells and #size-cells", "mend /memory",
                          sure=False)
        for base, size in ranges:
            if base < RAM.base or base + size > end:
                yield Finding(image.path, f"says the RAM is {base:#x} to {base + size:#x}; it is {RAM.base:#x} to "
                              f"{end:#x}", "mend /memory, or give --memory")
    chosen = tree.get_node("/chosen") if tree.exist_node("/chosen") else None
    if chosen and chosen.exist_property("bootargs"):
        yield from _console(image.path, _strings(chosen, "bootargs")[0])


def _console(path: Path, bootargs: str) -> Iterator[Finding]:
    named = re.findall(r"(?:^|\s)console=([^\s,]*)", bootargs)
    heard = any(name in CONSOLES for name in named)
    if not named:
        yield Finding(path, "the kernel's command line names no console", "add console=ttyS0", sure=False)
    for name in named:
        if name not in CONSOLES:
            known = ", ".join(f"console={name} is {what}" for name, what in CONSOLES.items())
            yield Finding(path, f"console={name}: the machine has no such device" + (
                "" if heard else ", and the kernel will be silent"), known, sure=not heard)


def _raw(node, name: str) -> bytes:
    """A property as it is in the file, or nothing: the library has it as words or text, by what it looks like."""
    if not node.exist_property(name):
        return b""
    blob = node.get_property(name).to_dtb("")[0]
    return blob[12:12 + int.from_bytes(blob[4:8], "big")]


def _strings(node, name: str) -> list[str]:
    """A property that is text, at least one."""
    return _raw(node, name).decode(errors="replace").removesuffix("\0").split("\0")


def _ranges(root, node) -> Iterator[tuple[int, int]]:
    """Address and size of each range that a child of the root has; none where that is malformed."""
    of_address, of_size = (4 * int.from_bytes(_raw(root, f"#{what}-cells") or default) for what, default in (
        ("address", b"\2"), ("size", b"\1")))
    reg, length = _raw(node, "reg"), of_address + of_size
    for at in range(0, len(reg), length) if of_address and of_size and len(reg) % length == 0 else ():
        yield int.from_bytes(reg[at:at + of_address]), int.from_bytes(reg[at + of_address:at + length])


def _isa(image: Image) -> set[str]:
    """The extensions that a device tree says the first hart has."""
    tree = _parsed(image)
    harts = [node for node in tree.get_node("/cpus").nodes if node.name.startswith("cpu@")] if (
        tree.exist_node("/cpus")) else []
    found: set[str] = set()
    for hart in harts[:1]:
        if hart.exist_property("riscv,isa-extensions"):
            found |= set(_strings(hart, "riscv,isa-extensions")) - {""}
        elif hart.exist_property("riscv,isa"):
            single, *more = _strings(hart, "riscv,isa")[0].lower().removeprefix("rv64").split("_")
            # As kernels read it: what was always part of I before it had names of its own.
            found |= {*single.replace("g", "imafd"), *more, "zicntr", "zicsr", "zifencei", "zihpm"}
    return found


def _parsed(image: Image):
    import fdt
    try:
        return fdt.parse_dtb(image.data)
    except Exception as error:  # whatever the library finds wrong
        raise BadInput(f"{image.path}: no device tree that can be read ({error}); compile it again with dtc") from None


CHECKS: tuple[Callable[..., Iterator[Finding]], ...] = (_within, _built_for, _timer, _tree)


def _code(image: Image) -> Iterator[tuple[int, bytes]]:
    """Address and contents of what may be executed."""
    from io import BytesIO

    from elftools.elf.elffile import ELFFile
    if not image.program:
        return
    try:
        sections = [(section["sh_addr"], section.data()) for section in ELFFile(BytesIO(image.data)).iter_sections()
                    if section["sh_flags"] & 4 and section["sh_type"] == "SHT_PROGBITS"]
    except Exception as error:  # whatever the library stumbles over: it expects tables that are right
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadProgram(f"{image.path}: its section headers are damaged ({why}); build or copy it again") from None
    yield from sections


def _sweep(code: bytes) -> Iterator[tuple[int, int]]:
    """Offset and word of each instruction, from the first on: compressed ones have 16 bits."""
    at = 0
    while at + 2 <= len(code):
        low = code[at] | code[at + 1] << 8
        if low & 3 != 3:
            yield at, low
            at += 2
        else:
            if at + 4 <= len(code):
                yield at, int.from_bytes(code[at:at + 4], "little")
            at += 4

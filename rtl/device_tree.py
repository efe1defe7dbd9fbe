"""The device tree of the machine: what Linux, OpenSBI and hypervisors find out about it (Devicetree specification 0.4).

Nodes are named, and nested, as those of QEMU's `virt` board, so that software built for that finds what it looks for.
"""

import fdt

from .config import LINE_BYTES, VIRTIO_SLOTS, CoreConfig
from .devices.finisher import PASS, RESET
from .devices.plic import SOURCES
from .isa.extensions import BUILT_IN, EXTENSIONS
from .soc import UART_SOURCE, VIRTIO_SOURCE

MACHINE_SOFTWARE, MACHINE_TIMER, SUPERVISOR_EXTERNAL, MACHINE_EXTERNAL = 3, 7, 9, 11
"""Interrupts of the hart, by their number in mip."""

CACHE_BLOCKS = ("zicbom", "zicbop", "zicboz")
"""Extensions that work on cache blocks; for each the tree gives the size of a block."""

HART, PLIC, FINISHER = 1, 2, 3
"""Phandles: by these numbers nodes name each other."""


def extensions(config: CoreConfig) -> list[str]:
    """The extensions of the core, in the order of the manual's ISA strings (unprivileged, "ISA Extension Naming")."""
    h = {"h"} if config.hypervisor else set()
    present = h | {name for each in EXTENSIONS if config.has(each.name) for name in (each.name, *each.brings)}
    promised = {each.name for each in BUILT_IN if present.issuperset(each.needs)
                and (not each.where or getattr(config, each.where[0]) in each.where[1])}
    return [*"imac", *h, *sorted((present - h) | promised, key=place)]


def place(name: str) -> tuple:
    """Where `name` stands in an ISA string, as a key to sort by: those that begin with Z first, by the single-letter
    extension that the second letter names, then those with S."""
    return name[0] != "z", "imafdqcbkjhpv".find(name[1]) if name[0] == "z" else 0, name


def device_tree(config: CoreConfig, memory_size: int, bootargs: str | None = None,
                initrd: tuple[int, int] | None = None, *, virtio: int = 0, seed: bytes = b"", clock: int = 50_000_000,
                divider: int = 5) -> bytes:
    """The flattened device tree (DTB).

    Parameters
    ----------
    config : CoreConfig
    memory_size : int
        Bytes of RAM, from the base of the region `ram` on.
    bootargs : str
        Command line of the kernel.
    initrd : tuple of int
        Addresses of the first byte of an initial RAM disk, and of the one after its last.
    virtio : int
        Slots that have a device, the first ones.
    seed : bytes
        For the kernel's random numbers, a multiple of 4 bytes; without it a kernel spends long on finding some.
    clock : int
        Hz.
    divider : int
        Cycles for each step of mtime, as the Soc has it.

    Raises
    ------
    ValueError
        The RAM is greater than its region, the RAM disk lies outside of it, or the result does not fit into the region
        `device-tree`.
    """
    regions = {region.name: region for region in config.memory_map}
    ram = regions["ram"]
    if not 4096 <= memory_size <= ram.size or memory_size % 4096:
        raise ValueError(f"device tree: memory size is {memory_size:#x}; it must be a multiple of 4096 "
                         f"up to {ram.size:#x}")
    if initrd and not ram.base <= initrd[0] <= initrd[1] <= ram.base + memory_size:
        raise ValueError(f"device tree: initrd is {initrd[0]:#x} to {initrd[1]:#x}; it must lie in RAM, "
                         f"{ram.base:#x} to {ram.base + memory_size:#x}")

    chosen = {"stdout-path": f"/soc/serial@{regions['uart'].base:x}"}
    if bootargs is not None:
        chosen["bootargs"] = bootargs
    if seed:
        chosen["rng-seed"] = [int.from_bytes(seed[at:at + 4], "big") for at in range(0, len(seed), 4)]
    if initrd:
        chosen |= {"linux,initrd-start": cells(initrd[0]), "linux,initrd-end": cells(initrd[1])}

    ways = {"i": config.icache_kib, "d": config.dcache_kib}
    cpu = {
        "device_type": "cpu", "reg": [0], "status": "okay", "compatible": "riscv",
        "riscv,isa": "rv64" + "imach"[:5 if config.hypervisor else 4] + "".join(
            f"_{name}" for name in extensions(config) if len(name) > 1),
        "riscv,isa-base": "rv64i", "riscv,isa-extensions": extensions(config), "mmu-type": f"riscv,sv{config.va_bits}",
    } | {f"{side}-cache-{what}": [value] for side, kib in ways.items() for what, value in (
        ("size", kib << 10), ("block-size", LINE_BYTES), ("sets", 4096 // LINE_BYTES))} | block_sizes(
            extensions(config)) | {
        "interrupt-controller": {"#interrupt-cells": [1], "interrupt-controller": None, "compatible": "riscv,cpu-intc",
                                 "phandle": [HART]}}

    def device(name, **properties):
        region = regions[name]
        return {"reg": cells(region.base) + cells(region.size)} | {
            key.replace("_", "-"): value for key, value in properties.items()}

    def at(kind, name):
        return f"{kind}@{regions[name].base:x}"

    soc = {
        "#address-cells": [2], "#size-cells": [2], "compatible": "simple-bus", "ranges": None,
        at("test", "finisher"): device("finisher", compatible=["sifive,test1", "sifive,test0", "syscon"],
                                       phandle=[FINISHER]),
        at("interrupts", "interrupts"): device("interrupts", compatible="hyacinth,interrupt-generator"),
        at("clint", "clint"): device("clint", compatible=["sifive,clint0", "riscv,clint0"],
                                     interrupts_extended=[HART, MACHINE_SOFTWARE, HART, MACHINE_TIMER]),
        at("plic", "plic"): device("plic", compatible=["sifive,plic-1.0.0", "riscv,plic0"], phandle=[PLIC],
                                   interrupts_extended=[HART, MACHINE_EXTERNAL, HART, SUPERVISOR_EXTERNAL],
                                   interrupt_controller=None) | {
            "#address-cells": [0], "#interrupt-cells": [1], "riscv,ndev": [SOURCES]},
        at("serial", "uart"): device("uart", compatible="ns16550a", clock_frequency=[clock], interrupts=[UART_SOURCE],
                                     interrupt_parent=[PLIC]),
    } | {
        f"virtio_mmio@{base:x}": {"compatible": "virtio,mmio", "reg": cells(base) + cells(0x1000), "dma-coherent": None,
                                  "interrupts": [VIRTIO_SOURCE + slot], "interrupt-parent": [PLIC]}
        for slot, base in enumerate(VIRTIO_SLOTS[:virtio])}

    def ending(name, value):
        return {"compatible": f"syscon-{name}", "regmap": [FINISHER], "offset": [0], "value": [value]}

    tree = fdt.FDT()
    fill(tree.root, {
        "#address-cells": [2], "#size-cells": [2], "compatible": "hyacinth,virt", "model": "Hyacinth",
        "chosen": chosen,
        at("memory", "ram"): {"device_type": "memory", "reg": cells(ram.base) + cells(memory_size)},
        "cpus": {"#address-cells": [1], "#size-cells": [0], "timebase-frequency": [clock // divider], "cpu@0": cpu},
        "soc": soc, "poweroff": ending("poweroff", PASS), "reboot": ending("reboot", RESET)})
    blob = tree.to_dtb(version=17)
    if (region := regions.get("device-tree")) and len(blob) > region.size:
        raise ValueError(f"device tree: it has {len(blob)} bytes, its region {region.size}; shorten the bootargs")
    return blob


def block_sizes(names: list[str]) -> dict[str, list[int]]:
    """Properties of a hart with the extensions `names`, without which Linux leaves those on cache blocks alone."""
    return {f"riscv,{name[2:]}-block-size": [LINE_BYTES] for name in names if name in CACHE_BLOCKS}


def cells(value):
    """A number of 64 bits as two cells."""
    return [value >> 32, value & 0xffff_ffff]


def fill(node, contents):
    """Puts properties and nodes into `node`: a dict is a node, a list of numbers cells, strings are text, None is a
    property whose presence says it all."""
    for name, value in contents.items():
        match value:
            case dict():
                child = fdt.Node(name)
                fill(child, value)
                node.append(child)
            case None:
                node.append(fdt.Property(name))
            case "":
                node.append(fdt.PropBytes(name, data=b"\0"))
            case str():
                node.append(fdt.PropStrings(name, value))
            case [str(), *_]:
                node.append(fdt.PropStrings(name, *value))
            case _:
                node.append(fdt.PropWords(name, *value))

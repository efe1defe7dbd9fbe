"""The device tree of a guest under the monitor of sw/linux/monitor, at the addresses of its monitor.h."""

import fdt

from ...rtl.config import CoreConfig
from ...rtl.device_tree import SUPERVISOR_EXTERNAL, block_sizes, cells, extensions, fill

RAM, INITRD = 0x8000_0000, 0x8200_0000
PLIC, VIRTIO = (0x0c00_0000, 0x400_0000), (0x1000_1000, 0x1000)
BLOCK_SOURCE, SOURCES = 1, 31
HART_PHANDLE, PLIC_PHANDLE = 1, 2


NOT_FOR_GUESTS = frozenset((
    "h",
    "sscofpmf",                             # no guest is interrupted when a counter overflows: LCOFI is not delegated
    "ssdbltrp", "sscsrind", "ssnpm", "ssstateen",  # KVM opens none of these to guests
))
"""Extensions of the core that a guest of KVM has no part in, those of M-mode and of hypervisors aside."""


def guest_tree(config: CoreConfig, memory_size: int, initrd_size: int, bootargs: str, timebase: int) -> bytes:
    """The flattened device tree (DTB): one hart without the hypervisor extension, a PLIC and a disk.

    Parameters
    ----------
    config : CoreConfig
        The core that the host runs on.
    memory_size, initrd_size : int
        Bytes.
    bootargs : str
        Command line of the guest's kernel.
    timebase : int
        Hz of `time`.
    """
    isa = [name for name in extensions(config) if name not in NOT_FOR_GUESTS and not name.startswith(("sh", "sm"))]
    single = "".join(name for name in isa if len(name) == 1)
    tree = fdt.FDT()
    fill(tree.root, {
        "#address-cells": [2], "#size-cells": [2], "compatible": "hyacinth,guest", "model": "guest of Hyacinth",
        "chosen": {"bootargs": bootargs, "rng-seed": list(range(8)), "linux,initrd-start": cells(INITRD),
                   "linux,initrd-end": cells(INITRD + initrd_size)},
        f"memory@{RAM:x}": {"device_type": "memory", "reg": cells(RAM) + cells(memory_size)},
        "cpus": {"#address-cells": [1], "#size-cells": [0], "timebase-frequency": [timebase], "cpu@0": {
            "device_type": "cpu", "reg": [0], "status": "okay", "compatible": "riscv",
            "riscv,isa": "_".join([f"rv64{single}", *(name for name in isa if len(name) > 1)]),
            "riscv,isa-base": "rv64i", "riscv,isa-extensions": isa, "mmu-type": f"riscv,sv{config.va_bits}",
            **block_sizes(isa), "interrupt-controller": {"#interrupt-cells": [1], "interrupt-controller": None,
                                     "compatible": "riscv,cpu-intc", "phandle": [HART_PHANDLE]}}},
        "soc": {
            "#address-cells": [2], "#size-cells": [2], "compatible": "simple-bus", "ranges": None,
            f"plic@{PLIC[0]:x}": {
                "compatible": ["sifive,plic-1.0.0", "riscv,plic0"], "reg": cells(PLIC[0]) + cells(PLIC[1]),
                "interrupt-controller": None, "interrupts-extended": [HART_PHANDLE, SUPERVISOR_EXTERNAL],
                "#address-cells": [0], "#interrupt-cells": [1], "riscv,ndev": [SOURCES], "phandle": [PLIC_PHANDLE]},
            f"virtio_mmio@{VIRTIO[0]:x}": {
                "compatible": "virtio,mmio", "reg": cells(VIRTIO[0]) + cells(VIRTIO[1]),
                "interrupts": [BLOCK_SOURCE], "interrupt-parent": [PLIC_PHANDLE]}}})
    return tree.to_dtb(version=17)

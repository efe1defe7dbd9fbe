"""The first instructions after reset, from which a program starts as firmware expects it."""


def boot_rom(entry: int, tree: int) -> bytes:
    """Code that sets a0 to mhartid and a1 to the address of the device tree, and jumps to `entry`."""
    code = (0x0000_0297,    # auipc t0, 0
            0xf140_2573,    # csrr a0, mhartid
            0x0202_b583,    # ld a1, 32(t0)
            0x0182_b283,    # ld t0, 24(t0)
            0x0002_8067,    # jr t0
            0)
    return b"".join((*(word.to_bytes(4, "little") for word in code), entry.to_bytes(8, "little"),
                     tree.to_bytes(8, "little")))

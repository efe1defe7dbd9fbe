"""Address-translation schemes as values (supervisor chapter, "Sv39" to "Sv57"; hypervisor chapter, "Two-Stage").

No hardware: TLB, walker and tests iterate over them.
"""

from dataclasses import dataclass

from amaranth.hdl import Value


@dataclass(frozen=True)
class Scheme:
    """One address-translation scheme of the privileged manual."""
    name: str        # the manual's spelling
    mode: int        # of satp, vsatp or hgatp, that selects it
    levels: int      # a leaf at level i maps 2**(12 + 9*i) bytes
    extra: int = 0   # bits by which the root index is widened: 2 for the x4 schemes

    @property
    def va_bits(self) -> int:
        """Bits of the address that are translated."""
        return 12 + 9 * self.levels + self.extra

    def in_range(self, address: Value) -> Value:
        """Whether the bits above are right: zero for a guest physical address, else copies of the sign."""
        high = Value.cast(address[self.va_bits:] if self.extra else address[self.va_bits - 1:])
        return ~high.any() if self.extra else ~high.any() | high.all()


SV39, SV48, SV57 = (Scheme(f"Sv{12 + 9 * n}", 5 + n, n) for n in (3, 4, 5))
SV39X4, SV48X4, SV57X4 = (Scheme(f"{s.name}x4", s.mode, s.levels, extra=2) for s in (SV39, SV48, SV57))
VS_STAGE, G_STAGE = (SV39, SV48, SV57), (SV39X4, SV48X4, SV57X4)

"""A device by which a program raises interrupts from outside the hart, to test itself."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from ..bus import BusSignature
from .registers import Registers

SOURCES, EXTERNAL, GUEST = 0x00, 0x08, 0x10
SET, CLEAR = 0x20, 0x40


class InterruptGenerator(wiring.Component):
    """Levels that a program sets.

    ======  ========  ======================================================================================
    offset  register  contents (64 bits each, 0 after reset)
    ======  ========  ======================================================================================
    0x00    sources   bit n raises source n of the PLIC, 1 to 31
    0x08    external  bit 0 raises the machine external interrupt, bit 1 the supervisor one, past the PLIC
    0x10    guest     bit n raises guest external interrupt n, as hgeip shows it, 1 to 63
    ======  ========  ======================================================================================

    The same registers at 0x20 and above set the bits that are written as one, at 0x40 and above they clear them;
    both read as the register does. Accesses of 1 to 8 bytes.

    Members
    -------
    bus : In(BusSignature())
    sources : Out(32), external : Out(2), guest : Out(64)
        Registered.
    """
    def __init__(self):
        super().__init__({"bus": In(BusSignature()), "sources": Out(32), "external": Out(2), "guest": Out(64)})

    def elaborate(self, platform):
        m = Module()
        m.submodules.registers = registers = Registers(12)
        connect(m, flipped(self.bus), registers.bus)
        # What a one and what a zero does to a bit is known for each byte: a bit depends on little more than itself.
        kind, place, data = registers.address[5:], registers.address[:5], registers.write_data
        ones_count, zeros_count, ones_clear = Signal(64), Signal(64), Signal()
        m.d.comb += [ones_count.eq(Cat(bit.replicate(8) for bit in registers.mask)),
                     zeros_count.eq(Mux(kind == 0, ones_count, 0)), ones_clear.eq(kind == CLEAR >> 5)]
        change, to = data & ones_count | ~data & zeros_count, data ^ ones_clear.replicate(64)
        with m.If((kind == 0) | (kind == SET >> 5) | ones_clear):
            for offset, register in ((SOURCES, self.sources), (EXTERNAL, self.external), (GUEST, self.guest)):
                with m.If(place == offset):
                    m.d.comb += registers.read_data.eq(register)
                    with m.If(registers.write):
                        m.d.sync += register.eq((register & ~change | to & change)[:len(register)])
        return m

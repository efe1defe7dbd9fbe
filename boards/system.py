"""The same for every board: a Soc, memory in block RAM, and a serial port. Only clock and pins are the board's own."""

from dataclasses import dataclass, replace

from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out, connect

from ..rtl.config import VIRTIO, CoreConfig, Region
from ..rtl.device_tree import device_tree
from ..rtl.devices.ram import BlockRam
from ..rtl.devices.serializer import Serializer
from ..rtl.fabric import Decoder
from ..rtl.soc import Soc
from ..sim.boot_rom import boot_rom

BAUD = 115_200
"""Of the serial port after reset: eight bits, no parity, one stop bit."""

TIMEBASE = 10_000_000
"""Hz of mtime that is aimed at, as QEMU's `virt` board has it; the device tree tells what it is."""

LEDS = 4
"""LEDs of a System. A board with more leaves the others dark."""


@dataclass(frozen=True)
class Image:
    """What is in RAM at first.

    data : from the base of RAM on
    entry : address of the first instruction
    """
    data: bytes
    entry: int


def board_config(config: CoreConfig, ram_kib: int) -> CoreConfig:
    """`config` with as much RAM as is there, so that an access beyond is the access fault that the manual asks for.

    The region of the device tree shrinks to a page: a memory of its own. There is no host with devices.
    """
    sizes = {"ram": ram_kib << 10, "device-tree": 0x1000}
    return replace(config, memory_map=tuple(
        Region(r.name, r.base, sizes.get(r.name, r.size), r.memory, r.writable)
        for r in config.memory_map if r not in VIRTIO))


class System(wiring.Component):
    """A complete computer with two wires to the outside.

    Parameters
    ----------
    config : CoreConfig
        Its memory map is replaced by what `ram_kib` says.
    clock : int
        Hz of the domain `sync`.
    ram_kib : int
        RAM in KiB, a power of two.
    image : Image

    Members
    -------
    tx : Out(1), rx : In(1)
        The serial port; idle high.
    leds : Out(LEDS)
        Bit 0 blinks while the clock runs, bit 1 is on while instructions retire, bit 2 when the program has ended the
        machine, bit 3 when it did so with a failure.
    """
    def __init__(self, config: CoreConfig, clock: int, ram_kib: int, image: Image):
        self.config, self.clock, self.image = board_config(config, ram_kib), clock, image
        super().__init__({"tx": Out(1, init=1), "rx": In(1, init=1), "leds": Out(LEDS)})

    def elaborate(self, platform):
        m = Module()
        regions = {region.name: region for region in self.config.memory_map if region.memory}
        slaves = {name.replace("-", "_"): name for name in regions}
        divider = max(1, round(self.clock / TIMEBASE))
        tree = device_tree(self.config, regions["ram"].size, clock=self.clock, divider=divider)
        contents = {"ram": self.image.data, "device-tree": tree,
                    "rom": boot_rom(self.image.entry, regions["device-tree"].base)}
        m.submodules.soc = soc = Soc(self.config, divider=divider, uart_divisor=max(1, round(self.clock / 16 / BAUD)))
        m.submodules.memory = memory = Decoder({name: (regions[region],) for name, region in slaves.items()})
        m.submodules.serializer = serializer = Serializer()
        connect(m, soc.memory, memory.bus)
        for name, region in ((name, regions[region]) for name, region in slaves.items()):
            m.submodules[name] = ram = BlockRam(region.base, region.size, contents[region.name], region.writable)
            connect(m, getattr(memory, name), ram.bus)

        connect(m, soc.uart_tx, serializer.tx)
        connect(m, serializer.rx, soc.uart_rx)
        m.d.comb += [serializer.divisor.eq(soc.uart_divisor), self.tx.eq(serializer.tx_pin),
                     serializer.rx_pin.eq(self.rx)]

        heartbeat = Signal(25)
        seen = Signal(20)            # counts down from the last instruction: long enough for an eye
        retired = Signal()
        m.d.sync += [heartbeat.eq(heartbeat + 1), retired.eq(soc.retire.valid)]
        with m.If(retired):
            m.d.sync += seen.eq(~0)
        with m.Elif(seen.any()):
            m.d.sync += seen.eq(seen - 1)
        m.d.sync += self.leds.eq(heartbeat[-1] | seen.any() << 1 | soc.exit.valid << 2
                                 | (soc.exit.valid & soc.exit.p.any()) << 3)
        return m

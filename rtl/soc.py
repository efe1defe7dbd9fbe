"""The whole machine but for its memory: core, fabric and devices. The same in a simulation and on a board."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .bus import BusSignature
from .config import PHYSICAL_BITS, VIRTIO, VIRTIO_SLOTS, CoreConfig
from .devices.clint import Clint
from .devices.finisher import Finisher
from .devices.interrupt_generator import InterruptGenerator
from .devices.plic import Plic
from .devices.uart import Uart16550
from .fabric import Arbiter, Decoder
from .payloads import Retire, TableWrite, WalkStep
from .ports import SnoopSignature

UART_SOURCE, VIRTIO_SOURCE = 10, 1
"""The sources at the PLIC of the UART and of the first virtio slot, as on the `virt` board of QEMU."""

DEVICES = ("clint", "plic", "uart", "finisher", "interrupts")
"""Names of the regions of `CoreConfig.memory_map` that are devices; each must be there."""

CRITICAL_ERROR = 1 << 31
"""In `Soc.exit`: no exit code of a program is so great."""

HOST = {"host": Out(BusSignature()), "host_interrupts": In(len(VIRTIO_SLOTS)), "snoop": In(SnoopSignature())}

INSPECT = {"inspect_enable": In(1), "inspect_register": In(5), "inspect_value": Out(64),
           "inspect_csr": In(12), "inspect_csr_value": Out(64)}
EVICT = {"evict": In(2)}


class Soc(wiring.Component):
    """A core with its devices, and a port for its memory.

    No output depends combinationally on an input, but `inspect_value` and `inspect_csr_value` on the other inspect
    ports: a host may look at the outputs after a clock edge, set the inputs, and go on to the next edge.

    Parameters
    ----------
    config : CoreConfig
    inspect : bool
        Whether the ports exist by which a host reads registers, and evicts translations.
    divider : int
        Cycles for each step of mtime.
    uart_divisor : int
        The UART's divisor after reset.
    core : Component
        In place of the core, something with its ports.

    Members
    -------
    memory : Out(BusSignature())
        All regions of `config.memory_map` that are main memory: RAM, ROM and device tree.
    host : Out(BusSignature()), host_interrupts : In(8), snoop : In(SnoopSignature())
        Where the memory map has the regions of config.VIRTIO. Accesses of them, for devices of the host; the interrupt
        lines of its slots; and its way to write memory without the data cache being wrong.
    uart_tx : Out(stream of 8 bits), uart_rx : In(stream of 8 bits)
        What the program sends and receives.
    uart_divisor : Out(16)
        A bit on the line lasts 16 times as many cycles.
    retire : Out(stream of Retire), walk : Out(stream of WalkStep), table_write : Out(stream of TableWrite)
        The trace, valid only.
    events : Out(32)
        As the core has them.
    exit : Out(stream of 32 bits, always ready)
        Valid, and stays so, when the program has ended the machine; the payload is its exit code. In the critical-error
        state of the hart it is CRITICAL_ERROR, plus 64 for an interrupt, plus the code of the trap that led there.
    uncached_page : In(22), uncached_enable : In(1)
        A page of main memory that the caches leave out, so that a host sees every store to it.
    inspect_enable : In(1), inspect_register : In(5), inspect_csr : In(12)
        Where `inspect`. The host, which lets no clock edge pass meanwhile, asks for these registers.
    inspect_value : Out(64), inspect_csr_value : Out(64)
        Where `inspect`. The integer register and the CSR.

    evict : In(2)
        Where `inspect`. As the core has it, a cycle later.

    Raises
    ------
    ValueError
        The memory map lacks a device, or has one that is not known.
    """
    def __init__(self, config: CoreConfig, *, inspect=False, divider=5, uart_divisor=1, core=None):
        regions = {region.name: region for region in config.memory_map if not region.memory}
        for name in sorted(regions.keys() ^ {*DEVICES, *(region.name for region in VIRTIO if config.hosted)}):
            raise ValueError(f"CoreConfig.memory_map: the device {name!r} " + (
                "is not known" if name in regions else "is missing") + f"; it must have {', '.join(DEVICES)}")
        self.config, self.inspect, self.divider, self.initial_divisor = config, inspect, divider, uart_divisor
        self.slaves = {name: (regions[name],) for name in DEVICES} | {
            "memory": tuple(region for region in config.memory_map if region.memory)} | (
            {"host": VIRTIO} if config.hosted else {})
        if core is None:
            from .core import Core  # here, so that the rest of the machine can be tested without it
            core = Core(config)
        self.core = core
        super().__init__({
            "memory": Out(BusSignature()),
            "uart_tx": Out(stream.Signature(8)), "uart_rx": In(stream.Signature(8)), "uart_divisor": Out(16),
            "retire": Out(stream.Signature(Retire, always_ready=True)),
            "walk": Out(stream.Signature(WalkStep, always_ready=True)),
            "table_write": Out(stream.Signature(TableWrite, always_ready=True)),
            "events": Out(32), "exit": Out(stream.Signature(32, always_ready=True)),
            "uncached_page": In(PHYSICAL_BITS - 12), "uncached_enable": In(1)} | (
            INSPECT | EVICT if inspect else {}) | (
            HOST if config.hosted else {}))

    def elaborate(self, platform):
        m = Module()
        m.submodules.core = core = self.core
        m.submodules.arbiter = arbiter = Arbiter(3)
        m.submodules.decoder = decoder = Decoder(self.slaves)
        m.submodules.clint = clint = Clint(self.divider)
        m.submodules.plic = plic = Plic()
        m.submodules.uart = uart = Uart16550(self.initial_divisor)
        m.submodules.finisher = finisher = Finisher()
        m.submodules.interrupts = interrupts = InterruptGenerator()

        # The third master is spare, for a debug module or a DMA engine.
        connect(m, core.dbus, arbiter.masters[0])
        connect(m, core.ibus, arbiter.masters[1])
        connect(m, arbiter.bus, decoder.bus)
        connect(m, decoder.memory, flipped(self.memory))
        for name, device in zip(DEVICES, (clint, plic, uart, finisher, interrupts), strict=True):
            connect(m, getattr(decoder, name), device.bus)

        lines = Signal(len(VIRTIO_SLOTS))
        if self.config.hosted:
            connect(m, decoder.host, flipped(self.host))
            m.d.comb += [lines.eq(self.host_interrupts), self.snoop.held.eq(core.snoop.held)]
            m.d.sync += [core.snoop.valid.eq(self.snoop.valid), core.snoop.line.eq(self.snoop.line)]

        m.d.comb += [
            plic.sources.eq(interrupts.sources | uart.interrupt << UART_SOURCE | lines << VIRTIO_SOURCE),
            core.msip.eq(clint.msip), core.mtip.eq(clint.mtip), core.time.eq(clint.time),
            core.meip.eq(plic.interrupts[0] | interrupts.external[0]),
            core.seip.eq(plic.interrupts[1] | interrupts.external[1]),
            core.hgeip_lines.eq(interrupts.guest),
            self.uart_divisor.eq(uart.divisor), self.events.eq(core.events)]
        # Registered, so that what the core makes of them cannot reach an output in the same cycle.
        m.d.sync += [core.uncached_page.eq(self.uncached_page), core.uncached_enable.eq(self.uncached_enable)]

        connect(m, uart.tx, flipped(self.uart_tx))
        connect(m, flipped(self.uart_rx), uart.rx)
        connect(m, core.retire, flipped(self.retire))
        connect(m, core.walk, flipped(self.walk))
        connect(m, core.table_write, flipped(self.table_write))
        critical = core.critical
        m.d.comb += [
            self.exit.valid.eq(finisher.exit.valid | critical.valid),
            self.exit.payload.eq(Mux(critical.valid, Cat(critical.payload.code, critical.payload.interrupt)
                                     | CRITICAL_ERROR, finisher.exit.payload))]
        if self.inspect:
            for name, member in INSPECT.items():
                inner, outer = getattr(core, name), getattr(self, name)
                m.d.comb += inner.eq(outer) if member.flow == In else outer.eq(inner)
            m.d.sync += core.evict.eq(self.evict)
        return m

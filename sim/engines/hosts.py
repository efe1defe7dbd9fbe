"""What stands at the ports of a simulated component: memory, streams, traces. Plain descriptions, for every engine.

In each cycle, after the clock edge, hosts read outputs and then set inputs for this same cycle, in the order in which
they are given; the next edge samples both. So no output read by one host may depend combinationally on an input.
"""

from dataclasses import dataclass
from pathlib import Path

from .flat import Flat


@dataclass(frozen=True)
class Range:
    """Addresses from `base` on that are memory; zero at the beginning, and sparse."""
    base: int
    size: int               # bytes
    writable: bool = True
    shadow: bool = False    # a second copy is kept, into which Stores writes


@dataclass(frozen=True)
class MemoryHost:
    """Memory for a master of rtl/bus.py.

    Where no range is, and where one that is not writable is written, the response has `error`.

    Parameters
    ----------
    port : str
        Of the signature BusSignature.
    ranges : tuple of Range
    latency : int
        Cycles that the memory waits; with 0 the first response comes in the cycle after the request.
    jitter, seed : int
        It waits up to so many cycles more, each time another number, the same ones for the same seed.
    """
    port: str
    ranges: tuple[Range, ...]
    latency: int = 0
    jitter: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Disk:
    """A virtio block device.

    Parameters
    ----------
    path : Path
        A file, whose length is a multiple of 512 bytes.
    writable : bool
        Whether what is written changes the file; else it is kept in memory and is gone with the machine.
    """
    path: Path
    writable: bool = False


@dataclass(frozen=True)
class Entropy:
    """A virtio entropy device: the same numbers in every run.

    Parameters
    ----------
    seed : int
        64 bits.
    """
    seed: int = 0


@dataclass(frozen=True)
class Console:
    """A virtio console; Engine.received and Engine.send have its bytes, by the port of its Virtio."""


@dataclass(frozen=True)
class Virtio:
    """Slots for virtio devices over MMIO, at the bus by which the component reaches them.

    Parameters
    ----------
    port : str
        Of the signature BusSignature.
    snoop : str
        Of the signature SnoopSignature: the way to write memory.
    interrupts : str
        An input, a bit for each slot.
    memory : str
        The port of the MemoryHost that queues and buffers lie in.
    records : str
        The port of the Trace by whose records Engine.written dates writes.
    base : int
        Address of the first slot.
    devices : tuple of Disk, Entropy and Console
        At most 8, one for each slot; the slots after them are empty.
    """
    port: str
    snoop: str
    interrupts: str
    memory: str
    records: str
    base: int
    devices: tuple[Disk | Entropy | Console, ...] = ()


@dataclass(frozen=True)
class Stores:
    """Follows the stores in a trace into the shadow of a memory, so that it has what the program finds there.

    Parameters
    ----------
    port : str
        A stream, valid only, whose payload has the fields `memory` (the kind), size, device, hpa, hpa_next, data and
        data_high of payloads.Retire.
    memory : str
        The port of the MemoryHost.
    kinds : tuple of int
        Values of the field `memory` that are stores.
    """
    port: str
    memory: str
    kinds: tuple[int, ...]


@dataclass(frozen=True)
class TableWrites:
    """Follows what the walker writes into the shadow of a memory, likewise.

    Parameters
    ----------
    port : str
        A stream, valid only, of payloads.TableWrite.
    memory : str
        The port of the MemoryHost.
    """
    port: str
    memory: str


@dataclass(frozen=True)
class Evictions:
    """Takes translations and lines away from the caches of the component, at moments that look random.

    A line is one that the program or a walk has reached, but never that of the last LR: its SC might fail.

    Parameters
    ----------
    port : str
        An input of two bits; for a cycle 1 or 3 evicts translations.
    retire, walk : str
        The traces, as the Soc has them.
    snoop : str or None
        Of the signature SnoopSignature: the way to take a line; None: lines stay.
    every : int
        Instructions between two, on average.
    seed : int
    """
    port: str
    retire: str
    walk: str
    snoop: str | None
    every: int
    seed: int


@dataclass(frozen=True)
class ByteOut:
    """Takes the bytes of the stream `port`, in every cycle."""
    port: str


@dataclass(frozen=True)
class ByteIn:
    """Gives bytes to the stream `port`."""
    port: str


@dataclass(frozen=True)
class Trace:
    """Keeps what leaves by the stream `port`, valid only: each record is the cycle, then each field, as 64-bit words.

    Parameters
    ----------
    port : str
    capacity : int
        Records after which a run returns, so that they can be taken.
    """
    port: str
    capacity: int = 8192


@dataclass(frozen=True)
class Counters:
    """Counts, for each bit of the output `port`, the cycles in which it is 1."""
    port: str


@dataclass(frozen=True)
class Stop:
    """Ends a run in a cycle in which the stream `port` is valid; its payload is a code."""
    port: str


@dataclass(frozen=True)
class Limits:
    """When a run returns, besides.

    Parameters
    ----------
    cycles : int or None
        At most so many.
    trace : str or None
        The port of the Trace that the others are about.
    patience : int
        Cycles without a record of it, since the last one; 0 for ever.
    records : int
        So many records; 0 for ever.
    counted : tuple or None
        (field, n): the nth record in which this field is not 0.
    matched : tuple or None
        (field, value): a record with this value.
    """
    cycles: int | None = None
    trace: str | None = None
    patience: int = 0
    records: int = 0
    counted: tuple[str, int] | None = None
    matched: tuple[str, int] | None = None


STORE_FIELDS = ("memory", "size", "device", "hpa", "hpa_next", "data", "data_high")
REQUEST, RESPONSE = ("address", "write", "burst", "size", "data", "mask"), ("data", "error", "last")


def memory_leaves(port: str) -> tuple[str, ...]:
    """The leaves at which a MemoryHost stands, in the order of the harness."""
    return (*(f"{port}_request_payload_{name}" for name in REQUEST), f"{port}_request_valid", f"{port}_request_ready",
            *(f"{port}_response_payload_{name}" for name in RESPONSE), f"{port}_response_valid")


def snoop_leaves(port: str) -> tuple[str, ...]:
    """The leaves of a port of SnoopSignature, in the order of the harness."""
    return tuple(f"{port}_{name}" for name in ("valid", "line", "held"))


def virtio_leaves(host: Virtio) -> tuple[str, ...]:
    """The leaves at which a Virtio stands, in the order of the harness."""
    return (*memory_leaves(host.port), *snoop_leaves(host.snoop), host.interrupts)


def evictions_leaves(host: Evictions) -> tuple[str, ...]:
    """The leaves at which Evictions stand, in the order of the harness."""
    return (f"{host.retire}_valid", *(f"{host.retire}_payload_{name}" for name in ("bits", "memory", "device", "hpa")),
            f"{host.walk}_valid", f"{host.walk}_payload_hpa", host.port,
            *(snoop_leaves(host.snoop) if host.snoop else ()))


def payload_leaves(flat: Flat, port: str) -> dict[str, str]:
    """The fields of the payload of the stream `port`: their names, and those of their leaves."""
    prefix = f"{port}_payload"
    found = {name[len(prefix) + 1:]: name for name in flat.leaves if name.startswith(f"{prefix}_")}
    return found or {"payload": prefix}

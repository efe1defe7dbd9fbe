"""What stands at the ports of the Soc in a simulation: memory, console, traces, devices, and what disturbs it."""

from dataclasses import dataclass
from random import Random

from ..rtl.config import VIRTIO_SLOTS, CoreConfig
from ..rtl.payloads import MemoryKind
from .engines import hosts

MEMORY, HOST = "memory", "host"


@dataclass(frozen=True)
class Disturbance:
    """What no program may notice but by its clock: memory that waits now longer, now shorter, and evictions.

    Parameters
    ----------
    seed : int
        The same seed disturbs in the same way.
    jitter : int
        Cycles: memory waits up to so many more than its latency.
    every : int
        Instructions, on average, between two evictions: of the first-level TLBs and walk caches, of all translations,
        or of a line of the data cache. 0: none.
    """
    seed: int
    jitter: int
    every: int


def disturbance(seed: int | None) -> Disturbance | None:
    """The disturbance that belongs to a seed: both kinds, one more than the other. None where there is none."""
    if seed is None:
        return None
    random = Random(seed)
    return Disturbance(seed, random.choice((1, 7, 40, 80)), random.choice((8, 32, 128)))


def around(config: CoreConfig, memory_size: int, latency: int, devices: tuple, disturbed: Disturbance | None) -> tuple:
    """The hosts of a machine; the parameters as Machine has them."""
    ranges = tuple(
        hosts.Range(region.base, memory_size if region.name == "ram" else region.size, region.writable,
                    region.name == "ram") for region in config.memory_map if region.memory)
    jitter, seed = (disturbed.jitter, disturbed.seed) if disturbed else (0, 0)
    made = (
        hosts.MemoryHost(MEMORY, ranges, latency, jitter, seed), hosts.ByteOut("uart_tx"), hosts.ByteIn("uart_rx"),
        hosts.Trace("retire"), hosts.Trace("walk"), hosts.Counters("events"), hosts.Stop("exit"),
        hosts.Stores("retire", MEMORY, (MemoryKind.STORE, MemoryKind.AMO)), hosts.TableWrites("table_write", MEMORY))
    if config.hosted:
        made += (hosts.Virtio(HOST, "snoop", "host_interrupts", MEMORY, "retire", VIRTIO_SLOTS[0], devices),)
    if disturbed and disturbed.every:
        # Devices that write memory take lines by the same port.
        snoop = "snoop" if config.hosted and not devices else None
        made += (hosts.Evictions("evict", "retire", "walk", snoop, disturbed.every, seed),)
    return made

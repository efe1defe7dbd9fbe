"""What every engine can do, and why it stops."""

import enum
from abc import ABC, abstractmethod

from .flat import Flat
from .hosts import Limits


class Reason(enum.Flag):
    """Why a run returned; several at once are possible. The harness has the same numbers."""
    BATCH = 1        # a Trace is full
    STOPPED = 2      # a Stop was valid
    WATCHED = 4      # a watched address was written
    STUCK = 8        # Limits.patience
    COUNTED = 16     # Limits.counted
    FOUND = 32       # Limits.matched
    RECORDS = 64     # Limits.records
    CYCLES = 128     # Limits.cycles


class EngineError(Exception):
    """A model cannot be made or run. Its text says why, and the mend."""


class Engine(ABC):
    """A model of `flat` with hosts at its ports, in the state after reset.

    Parameters
    ----------
    flat : Flat
    hosts : iterable
        Of what hosts.py describes; a host is named by its port.

    Attributes
    ----------
    cycle : int
        Clock edges so far.
    design : str
        A name for the model: where it is another one, `restore` cannot be.
    """
    flat: Flat
    cycle: int
    design = ""

    @abstractmethod
    def run(self, limits: Limits, *, again: bool = False) -> Reason:
        """Let the clock run until there is a reason to return.

        It returns in the cycle of the reason, before its clock edge.

        With `again` the limits are those of the call before, but for `cycles`, and what it counted counts.
        """

    @abstractmethod
    def peek(self, leaf: str) -> int:
        """The value of an output or input, now."""

    @abstractmethod
    def poke(self, **inputs: int) -> None:
        """Give inputs values; outputs that depend on them follow at once, without a clock edge."""

    @abstractmethod
    def read(self, memory: str, address: int, count: int, *, shadow: bool = False) -> bytes:
        """Bytes of a MemoryHost, or of its shadow. Raises ValueError outside of its ranges."""

    @abstractmethod
    def write(self, memory: str, address: int, contents: bytes, *, only_shadow: bool = False) -> None:
        """Change bytes of a MemoryHost, read-only ranges too, and of its shadow, or of that alone.

        Raises ValueError outside of its ranges.
        """

    @abstractmethod
    def watch(self, memory: str, address: int) -> None:
        """A single write to these eight bytes shall end the run (WATCHED)."""

    @abstractmethod
    def watched(self, memory: str) -> tuple[int, int]:
        """Address and new contents of what was written last of what is watched."""

    @abstractmethod
    def received(self, port: str) -> bytes:
        """What a ByteOut has taken since the last call."""

    @abstractmethod
    def send(self, port: str, contents: bytes) -> None:
        """Bytes for a ByteIn to give, after those it has."""

    @abstractmethod
    def trace(self, port: str, on: bool) -> None:
        """Switch a Trace on or off. Off, it costs nearly nothing; it begins off."""

    @abstractmethod
    def batch(self, port: str) -> bytes:
        """The records of a Trace since the last call."""

    @abstractmethod
    def host_write(self, port: str, address: int, contents: bytes) -> None:
        """Write memory by the way of the devices of a Virtio, some cycles later, so that the caches are right."""

    @abstractmethod
    def written(self, port: str) -> list[tuple[int, int, bytes]]:
        """What the devices of a Virtio have written since the last call, while its trace was on.

        Of each write: how many records had been seen before it, its address, its bytes.
        """

    @abstractmethod
    def seen(self, port: str) -> int:
        """Records that have passed a Trace so far, whether on or off."""

    @abstractmethod
    def last(self, port: str) -> int:
        """The cycle of the last record that passed a Trace."""

    @abstractmethod
    def counts(self, port: str) -> list[int]:
        """Of a Counters: the cycles for each bit, the lowest first."""

    @abstractmethod
    def code(self, port: str) -> int:
        """Of a Stop: the code it ended the run with."""

    def save(self) -> bytes:
        """The state of model and hosts, without the contents of memories and what traces hold.

        Raises EngineError where the engine cannot do that.
        """
        raise EngineError("only the compiled engine keeps snapshots; give --engine compiled")

    def restore(self, saved: bytes) -> None:
        """Be in the state that `save` of an engine with the same model and hosts returned.

        Raises EngineError where it was another model.
        """
        raise EngineError("only the compiled engine keeps snapshots; give --engine compiled")

    @abstractmethod
    def open_wave(self, path, first: int = 0, last: int | None = None) -> None:
        """Write waves of these cycles into `path`, whose ending is .fst or .vcd."""

    @abstractmethod
    def close_wave(self) -> None:
        """Finish the file of waves."""

    @abstractmethod
    def close(self) -> None:
        """Finish all files and forget the model."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def must_be_waves(path) -> str:
    """The ending of `path`. Raises ValueError unless it is one of waves."""
    from pathlib import Path
    ending = Path(path).suffix
    if ending not in (".fst", ".vcd"):
        raise ValueError(f"{path}: waves must end in .fst or .vcd")
    return ending

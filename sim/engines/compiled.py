"""The compiled engine: the component as machine code, made with Verilator, its clock loop and hosts in C++."""

import ctypes
import os
import struct
from ctypes import POINTER, c_char_p, c_int, c_uint64, c_void_p
from pathlib import Path

from . import cache, hosts
from .engine import Engine, EngineError, Reason, must_be_waves
from .export import PASSES
from .flat import Flat
from .progress import Progress

SLICE = 1 << 17
"""Cycles between two looks of Python at what else happens, such as Ctrl-C."""
FOR_EVER = (1 << 64) - 1

WRITE = struct.Struct("<QQQ")
"""Of a write in the log of virtio::Slots: records so far, address, bytes, which follow."""

S, I, U, P = c_void_p, c_int, c_uint64, POINTER(c_int)
FUNCTIONS = {
    "session_new": (S,), "session_delete": (None, S), "session_run": (I, S, U), "session_now": (U, S),
    "session_eval": (None, S), "session_ports": (I, S), "port_name": (c_char_p, S, I), "port_read": (U, S, I),
    "port_write": (None, S, I, U),
    "memory_add": (I, S, P, U, U, U), "memory_range": (I, S, I, U, U, I, I), "memory_watch": (None, S, I, U),
    "memory_seen_address": (U, S, I), "memory_seen_data": (U, S, I), "memory_read": (I, S, I, U, c_char_p, U, I),
    "memory_write": (I, S, I, U, c_char_p, U, I), "stores_add": (I, S, I, P, U),
    "table_writes_add": (I, S, I, P), "virtio_write": (None, S, I, U, c_char_p, U),
    "evictions_add": (I, S, P, I, U, U),
    "virtio_add": (I, S, P, I, I, U), "virtio_disk": (I, S, I, I, c_char_p, I), "virtio_entropy": (None, S, I, I, U),
    "virtio_console": (None, S, I, I), "virtio_console_size": (U, S, I, I),
    "virtio_console_take": (None, S, I, I, c_char_p), "virtio_console_give": (None, S, I, I, c_char_p, U),
    "virtio_log_size": (U, S, I), "virtio_log_take": (None, S, I, c_char_p),
    "byte_out_add": (I, S, P), "byte_out_size": (U, S, I), "byte_out_take": (None, S, I, c_char_p),
    "byte_in_add": (I, S, P), "byte_in_give": (None, S, I, c_char_p, U),
    "trace_add": (I, S, I, I, P, U), "trace_on": (None, S, I, I), "trace_count": (U, S, I), "trace_words": (S, S, I),
    "trace_clear": (None, S, I), "trace_seen": (U, S, I), "trace_last": (U, S, I),
    "trace_limits": (None, S, I, U, U, I, U, I, U),
    "counters_add": (I, S, I), "counters_read": (POINTER(U), S, I), "stop_add": (I, S, I, I), "stop_code": (U, S, I),
    "snapshot_make": (U, S), "snapshot_take": (None, S, c_char_p), "snapshot_restore": (I, S, c_char_p, U),
    "wave_open": (I, S, c_char_p, U, U), "wave_close": (None, S),
}
"""Of each function of commands.cc: the type of its result, then those of its arguments."""


def opened(path: Path):
    """The library at `path`, its functions typed."""
    library = ctypes.CDLL(str(path))
    for name, (result, *arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Compiled(Engine):
    """See Engine.

    Parameters
    ----------
    name : str or None
        The component and its parameters, where these say all about it: then a model that exists is found without an
        export.
    passes : str
        Of Yosys, on the way to the model; see export.py.
    wave : str
        ".fst" or ".vcd", where this model shall be able to write such files (it then runs slower), or "".

    Raises
    ------
    EngineError
        The model cannot be built.
    """
    def __init__(self, flat: Flat, hosts_, *, name: str | None = None, wave: str = "", progress=None,
                 passes: str = PASSES):
        self.flat, self._wave, self._session = flat, wave, None
        with progress or Progress() as shown:
            model = cache.library(flat, name, wave, shown, passes)
        self._library, self.design = opened(model), cache.design(model)
        self._session = self._library.session_new()
        self._ports = {self._call("port_name", port).decode(): port for port in range(self._call("session_ports"))}
        self._places, self._words, self._fields, self._consoles = {}, {}, {}, {}
        for host in hosts_:
            self._add(host)
        self.poke(**flat.inits)

    def _call(self, name, *arguments):
        if self._session is None:
            raise EngineError("the machine is closed; make a new one")
        return getattr(self._library, name)(self._session, *arguments)

    def _numbers(self, leaves):
        return (c_int * len(leaves))(*(self._ports[leaf] for leaf in leaves))

    def _add(self, host) -> None:
        port = host.port
        stream = [f"{port}_valid", f"{port}_ready", f"{port}_payload"]
        if isinstance(host, hosts.MemoryHost):
            place = self._call("memory_add", self._numbers(hosts.memory_leaves(port)), host.latency,
                               host.jitter, host.seed)
            for r in host.ranges:
                if not self._call("memory_range", place, r.base, r.size, r.writable, r.shadow):
                    raise EngineError(f"there is no room for {r.size >> 20} MiB of simulated memory; "
                                      "give --memory less")
        elif isinstance(host, hosts.Stores):
            leaves = [f"{port}_valid", *(f"{port}_payload_{name}" for name in hosts.STORE_FIELDS)]
            kinds = sum(1 << kind for kind in host.kinds)
            self._call("stores_add", self._places[hosts.MemoryHost, host.memory], self._numbers(leaves), kinds)
            return
        elif isinstance(host, hosts.TableWrites):
            leaves = [f"{port}_{name}" for name in ("valid", "payload_hpa", "payload_flags")]
            self._call("table_writes_add", self._places[hosts.MemoryHost, host.memory], self._numbers(leaves))
            return
        elif isinstance(host, hosts.Evictions):
            leaves = self._numbers(hosts.evictions_leaves(host))
            place = self._call("evictions_add", leaves, host.snoop is not None, host.every, host.seed)
        elif isinstance(host, hosts.Virtio):
            place = self._add_virtio(host)
        elif isinstance(host, hosts.ByteOut):
            place = self._call("byte_out_add", self._numbers(stream))
        elif isinstance(host, hosts.ByteIn):
            place = self._call("byte_in_add", self._numbers(stream))
        elif isinstance(host, hosts.Trace):
            fields = hosts.payload_leaves(self.flat, port)
            self._fields[port], self._words[port] = list(fields), len(fields) + 1
            place = self._call("trace_add", self._ports[stream[0]], len(fields), self._numbers(list(fields.values())),
                               host.capacity)
        elif isinstance(host, hosts.Counters):
            place = self._call("counters_add", self._ports[port])
        else:
            place = self._call("stop_add", self._ports[stream[0]], self._ports[stream[2]])
        self._places[type(host), port] = place

    def _add_virtio(self, host: hosts.Virtio) -> int:
        place = self._call("virtio_add", self._numbers(hosts.virtio_leaves(host)),
                           self._places[hosts.MemoryHost, host.memory], self._places[hosts.Trace, host.records],
                           host.base)
        for slot, device in enumerate(host.devices):
            if isinstance(device, hosts.Disk):
                if not self._call("virtio_disk", place, slot, os.fsencode(device.path), device.writable):
                    raise EngineError(f"{device.path}: cannot be opened as a disk; give a file that can be "
                                      f"read{' and written' if device.writable else ''}")
            elif isinstance(device, hosts.Entropy):
                self._call("virtio_entropy", place, slot, device.seed)
            else:
                self._call("virtio_console", place, slot)
                self._consoles.setdefault(host.port, []).append((place, slot))
        return place

    @property
    def cycle(self) -> int:
        return self._call("session_now")

    def run(self, limits: hosts.Limits, *, again: bool = False) -> Reason:
        if limits.trace is not None and not again:
            counted, matched = (
                (self._fields[limits.trace].index(pair[0]), pair[1]) if pair else (-1, 0)
                for pair in (limits.counted, limits.matched))
            self._call("trace_limits", self._places[hosts.Trace, limits.trace], limits.patience, limits.records,
                       *counted, *matched)
        end = FOR_EVER if limits.cycles is None else self.cycle + limits.cycles
        while (now := self.cycle) < end:
            if reasons := self._call("session_run", min(end, now + SLICE)):
                return Reason(reasons)
        return Reason.CYCLES

    def peek(self, leaf: str) -> int:
        return self._call("port_read", self._ports[leaf])

    def poke(self, **inputs: int) -> None:
        for leaf, value in inputs.items():
            self._call("port_write", self._ports[leaf], value)
        self._call("session_eval")

    def read(self, memory: str, address: int, count: int, *, shadow: bool = False) -> bytes:
        contents = ctypes.create_string_buffer(count)
        place = self._places[hosts.MemoryHost, memory]
        if not self._call("memory_read", place, address, contents, count, shadow):
            raise ValueError(f"no memory at {address:#x} to {address + count:#x}")
        return contents.raw

    def write(self, memory: str, address: int, contents: bytes, *, only_shadow: bool = False) -> None:
        place = self._places[hosts.MemoryHost, memory]
        if not self._call("memory_write", place, address, contents, len(contents), only_shadow):
            raise ValueError(f"no memory at {address:#x} to {address + len(contents):#x}")

    def watch(self, memory: str, address: int) -> None:
        self._call("memory_watch", self._places[hosts.MemoryHost, memory], address & ~7)

    def watched(self, memory: str) -> tuple[int, int]:
        place = self._places[hosts.MemoryHost, memory]
        return self._call("memory_seen_address", place), self._call("memory_seen_data", place)

    def received(self, port: str) -> bytes:
        if (hosts.Virtio, port) in self._places:
            return b"".join(self._taken("virtio_console", *console) for console in self._consoles.get(port, ()))
        return self._taken("byte_out", self._places[hosts.ByteOut, port])

    def _taken(self, what: str, *where) -> bytes:
        contents = ctypes.create_string_buffer(self._call(f"{what}_size", *where))
        self._call(f"{what}_take", *where, contents)
        return contents.raw

    def send(self, port: str, contents: bytes) -> None:
        if (hosts.Virtio, port) in self._places:
            for console in self._consoles.get(port, ()):
                self._call("virtio_console_give", *console, contents, len(contents))
            return
        self._call("byte_in_give", self._places[hosts.ByteIn, port], contents, len(contents))

    def trace(self, port: str, on: bool) -> None:
        self._call("trace_on", self._places[hosts.Trace, port], on)

    def batch(self, port: str) -> bytes:
        place = self._places[hosts.Trace, port]
        size = self._call("trace_count", place) * self._words[port] * 8
        contents = ctypes.string_at(self._call("trace_words", place), size)
        self._call("trace_clear", place)
        return contents

    def host_write(self, port: str, address: int, contents: bytes) -> None:
        self._call("virtio_write", self._places[hosts.Virtio, port], address, contents, len(contents))

    def written(self, port: str) -> list[tuple[int, int, bytes]]:
        log = self._taken("virtio_log", self._places[hosts.Virtio, port])
        writes, at = [], 0
        while at < len(log):
            seen, address, count = WRITE.unpack_from(log, at)
            at += WRITE.size + count
            writes.append((seen, address, log[at - count:at]))
        return writes

    def seen(self, port: str) -> int:
        return self._call("trace_seen", self._places[hosts.Trace, port])

    def last(self, port: str) -> int:
        return self._call("trace_last", self._places[hosts.Trace, port])

    def counts(self, port: str) -> list[int]:
        return self._call("counters_read", self._places[hosts.Counters, port])[:self.flat.leaves[port].width]

    def code(self, port: str) -> int:
        return self._call("stop_code", self._places[hosts.Stop, port])

    def save(self) -> bytes:
        contents = ctypes.create_string_buffer(self._call("snapshot_make"))
        self._call("snapshot_take", contents)
        return contents.raw

    def restore(self, saved: bytes) -> None:
        if not self._call("snapshot_restore", saved, len(saved)):
            raise EngineError("the snapshot is of another model")

    def open_wave(self, path, first: int = 0, last: int | None = None) -> None:
        if must_be_waves(path) != self._wave:
            raise ValueError(f"{path}: this model writes {self._wave or 'no waves'}; make one for {Path(path).suffix}")
        if not self._call("wave_open", str(path).encode(), first, FOR_EVER if last is None else last):
            raise EngineError(f"{path}: cannot be written; name a file in a folder that can be")

    def close_wave(self) -> None:
        self._call("wave_close")

    def close(self) -> None:
        if self._session is not None:
            self._call("session_delete")
            self._session = None

    def __del__(self):
        self.close()

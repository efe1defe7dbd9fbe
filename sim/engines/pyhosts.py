"""The hosts of harness.cc in Python, for the engine pysim: small, and exactly alike in what they do in which cycle."""

import struct
from collections import deque

from . import hosts
from .engine import Reason
from .pyhost import NONE, At, Random
from .pysnoopers import Evictions, Virtio

BEATS, BYTES = 8, 8


class Memory(At):
    """MemoryHost."""
    PAGE = 4096

    def __init__(self, description, engine):
        super().__init__(description, engine)
        self.leaves = hosts.memory_leaves(description.port)
        self.pages, self.shadows = {}, {}
        self.watches, self.seen = set(), (0, 0)
        self.busy = self.writes = self.failed = False
        self.line = self.due = self.beats = self.sent = self.written = 0
        self.random = Random(description.seed)

    def range_of(self, address):
        """The range that holds `address`, or None."""
        return next((r for r in self.description.ranges if r.base <= address < r.base + r.size), None)

    def parts(self, address, count):
        """Pages and slices of them that make up these bytes."""
        while count:
            if self.range_of(address) is None:
                raise ValueError(f"no memory at {address:#x}")
            start = address % self.PAGE
            part = min(count, self.PAGE - start)
            yield address // self.PAGE, start, part
            address, count = address + part, count - part

    def read(self, address, count, shadow):
        """See Engine.read."""
        total = b""
        for page, start, part in self.parts(address, count):
            shadowed = shadow and self.range_of(page * self.PAGE + start).shadow
            pages = self.shadows if shadowed else self.pages
            total += bytes(pages[page][start:start + part]) if page in pages else bytes(part)
        return total

    def write(self, address, contents, only_shadow=False):
        """See Engine.write."""
        if not only_shadow:
            self.put(self.pages, address, contents)
        self.put(self.shadows, address, contents)

    def shadow_store(self, address, contents):
        """A store that may still be in a cache."""
        found = self.range_of(address)
        if contents and found and found.shadow:
            self.put(self.shadows, address, contents)

    def put(self, pages, address, contents):
        """Change bytes of the memory or of its shadow."""
        at = 0
        for page, start, part in list(self.parts(address, len(contents))):
            pages.setdefault(page, bytearray(self.PAGE))[start:start + part] = contents[at:at + part]
            at += part

    def accept(self, now):
        """Take a request."""
        where, write, burst, _, data, mask = map(self.get, self.leaves[:6])
        reasons = NONE
        self.writes = bool(write)
        self.line = where & ~(BEATS * BYTES - 1 if burst else BYTES - 1)
        found = self.range_of(where)
        self.failed = found is None or bool(write and not found.writable)
        if write:
            to = self.line + BYTES * self.written
            if not self.failed:
                mask = 0xff if burst else mask
                for lane in range(BYTES):
                    if mask >> lane & 1:
                        byte = bytes([data >> 8 * lane & 0xff])
                        self.put(self.pages, to + lane, byte)
                        if not burst:
                            self.put(self.shadows, to + lane, byte)
                if not burst and self.line in self.watches:
                    self.seen = self.line, int.from_bytes(self.read(self.line, BYTES, False), "little")
                    reasons = Reason.WATCHED
            if burst:
                self.written += 1
                if self.written < BEATS:
                    return reasons
        self.written = self.sent = 0
        self.beats = BEATS if burst and not write and not self.failed else 1
        more = self.random.below(self.description.jitter + 1) if self.description.jitter else 0
        self.busy, self.due = True, now + 1 + self.description.latency + more
        return reasons

    def cycle(self, now):
        """See hosts.py."""
        reasons, answers = NONE, self.busy and now >= self.due
        valid, ready, data, error, last, response = self.leaves[6:]
        self.set(**{ready: not self.busy})
        if answers:
            contents = b"" if self.writes or self.failed else self.read(self.line + BYTES * self.sent, BYTES, False)
            self.sent += 1
            self.set(**{data: int.from_bytes(contents, "little"), error: self.failed, last: self.sent == self.beats})
            self.busy = self.sent < self.beats
        elif not self.busy and self.get(valid):
            reasons = self.accept(now)
        self.set(**{response: answers})
        return reasons


class Stores(At):
    """Stores."""
    def cycle(self, now):
        """See hosts.py."""
        port = self.description.port
        if not self.get(f"{port}_valid"):
            return NONE
        kind, size, device, first, second, data, data_high = (
            self.get(f"{port}_payload_{name}") for name in hosts.STORE_FIELDS)
        if kind in self.description.kinds and (second or not device):
            contents = (data.to_bytes(8, "little") + data_high.to_bytes(8, "little") * 7)[:1 << size]
            part = 0x1000 - first % 0x1000 if second else len(contents)
            memory = self.engine._hosts[hosts.MemoryHost, self.description.memory]
            # Where the last part has gone past the caches it is seen at once; of the first nothing is known.
            for address, piece in ((first, contents[:part]), *([] if device else [(second, contents[part:])])):
                memory.shadow_store(address, piece)
        return NONE


class TableWrites(At):
    """TableWrites."""
    def cycle(self, now):
        """See hosts.py."""
        port = self.description.port
        if self.get(f"{port}_valid"):
            memory = self.engine._hosts[hosts.MemoryHost, self.description.memory]
            memory.shadow_store(self.get(f"{port}_payload_hpa"), bytes([self.get(f"{port}_payload_flags")]))
        return NONE


class ByteOut(At):
    """ByteOut."""
    def __init__(self, description, engine):
        super().__init__(description, engine)
        self.bytes = bytearray()

    def take(self):
        """What has come."""
        taken = bytes(self.bytes)
        self.bytes.clear()
        return taken

    def cycle(self, now):
        """See hosts.py."""
        port = self.description.port
        self.set(**{f"{port}_ready": 1})
        if self.get(f"{port}_valid"):
            self.bytes.append(self.get(f"{port}_payload"))
        return NONE


class ByteIn(At):
    """ByteIn."""
    def __init__(self, description, engine):
        super().__init__(description, engine)
        self.bytes = deque()

    def cycle(self, now):
        """See hosts.py."""
        port = self.description.port
        self.set(**{f"{port}_valid": bool(self.bytes)})
        if self.bytes:
            self.set(**{f"{port}_payload": self.bytes[0]})
            if self.get(f"{port}_ready"):
                self.bytes.popleft()
        return NONE


class Trace(At):
    """Trace."""
    def __init__(self, description, engine):
        super().__init__(description, engine)
        self.fields = hosts.payload_leaves(engine.flat, description.port)
        self.packed = struct.Struct(f"<{len(self.fields) + 1}Q")
        self.records, self.on = [], False
        self.last = self.seen = self.tally = 0
        self.patience = self.stop_after = 0
        self.counted = self.matched = None

    def limit(self, limits):
        """Take the limits of a run."""
        self.patience, self.tally, self.counted, self.matched = limits.patience, 0, limits.counted, limits.matched
        self.stop_after = self.seen + limits.records if limits.records else 0

    def take(self):
        """What has come."""
        taken = b"".join(self.records)
        self.records = []
        return taken

    def cycle(self, now):
        """See hosts.py."""
        if not self.get(f"{self.description.port}_valid"):
            return Reason.STUCK if self.patience and now - self.last >= self.patience else NONE
        reasons = NONE
        self.last = now
        self.seen += 1
        if self.seen == self.stop_after:
            reasons |= Reason.RECORDS
        if self.counted and self.get(self.fields[self.counted[0]]):
            self.tally += 1
            if self.tally == self.counted[1]:
                reasons |= Reason.COUNTED
        if self.matched and self.get(self.fields[self.matched[0]]) == self.matched[1]:
            reasons |= Reason.FOUND
        if self.on:
            self.records.append(self.packed.pack(now, *map(self.get, self.fields.values())))
            if len(self.records) >= self.description.capacity:
                reasons |= Reason.BATCH
        return reasons


class Counters(At):
    """Counters."""
    def __init__(self, description, engine):
        super().__init__(description, engine)
        self.counts = [0] * engine.flat.leaves[description.port].width

    def cycle(self, now):
        """See hosts.py."""
        value = self.get(self.description.port)
        while value:
            self.counts[(value & -value).bit_length() - 1] += 1
            value &= value - 1
        return NONE


class Stop(At):
    """Stop."""
    code = 0

    def cycle(self, now):
        """See hosts.py."""
        if not self.get(f"{self.description.port}_valid"):
            return NONE
        self.code = self.get(f"{self.description.port}_payload")
        return Reason.STOPPED


MAKE = {hosts.MemoryHost: Memory, hosts.Evictions: Evictions, hosts.Stores: Stores,
        hosts.TableWrites: TableWrites, hosts.ByteOut: ByteOut, hosts.ByteIn: ByteIn,
        hosts.Virtio: Virtio, hosts.Trace: Trace, hosts.Counters: Counters, hosts.Stop: Stop}

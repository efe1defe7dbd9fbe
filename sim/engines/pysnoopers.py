"""The hosts in Python that write memory or take it away behind the caches: see pyhosts.py."""

from collections import deque

from . import hosts
from .engine import EngineError
from .pyhost import NONE, At, Random


class Evictions(At):
    """Evictions."""
    LINES, AMO, LR, SC, SOON = 16, 0x2f, 2, 3, 200

    def __init__(self, description, engine):
        super().__init__(description, engine)
        (self.valid, self.bits, self.kind, self.device, self.hpa, self.walk_valid, self.walk_hpa, self.evict,
         *self.snoop) = hosts.evictions_leaves(description)
        self.random, self.recent, self.reserved = Random(description.seed), [0] * self.LINES, None
        self.armed = self.pulses = False
        self.due, self.line = 0, "idle"

    def see(self):
        """Something has retired."""
        word = self.get(self.bits)
        atomic = word >> 27 if word & 0x7f == self.AMO else None
        if atomic == self.SC:
            self.reserved = None
        if not self.get(self.kind) or self.get(self.device):
            return
        self.recent[self.random.below(self.LINES)] = self.get(self.hpa) >> 6
        if atomic == self.LR:
            self.reserved = self.get(self.hpa) >> 6

    def take(self):
        """One eviction."""
        what = self.random.below(4)
        if what < 2:
            self.set(**{self.evict: 1 + 2 * what})
            self.pulses = True
            return
        chosen = self.recent[self.random.below(self.LINES)]
        if self.snoop and self.line == "idle" and chosen != self.reserved and not (
                self.get(self.snoop[0]) or self.get(self.snoop[2])):
            self.set(**{self.snoop[1]: chosen, self.snoop[0]: 1})
            self.line = "asking"

    def cycle(self, now):
        """See hosts.py."""
        if self.pulses:
            self.set(**{self.evict: 0})
        self.pulses = False
        if self.line == "asking" and self.get(self.snoop[2]):
            self.set(**{self.snoop[0]: 0})
            self.line = "releasing"
        elif self.line == "releasing" and not self.get(self.snoop[2]):
            self.line = "idle"
        if self.get(self.walk_valid):
            self.recent[self.random.below(self.LINES)] = self.get(self.walk_hpa) >> 6
        if self.get(self.valid):
            self.see()
            if not self.armed and not self.random.below(self.description.every):
                self.armed, self.due = True, now + self.random.below(self.SOON)
        if self.armed and now >= self.due:
            self.armed = False
            self.take()
        return NONE


class Virtio(At):
    """Virtio, without devices: every slot is empty. The host writes all the same."""
    EMPTY = {0x00: 0x7472_6976, 0x04: 2, 0x0c: 0x554d_4551, 0xb0: 0xffff_ffff, 0xb4: 0xffff_ffff, 0xb8: 0xffff_ffff,
             0xbc: 0xffff_ffff}

    def __init__(self, description, engine):
        super().__init__(description, engine)
        if description.devices:
            raise EngineError("only the compiled engine has virtio devices; give --engine compiled, or no device")
        self.leaves, self.snoop = hosts.memory_leaves(description.port), hosts.snoop_leaves(description.snoop)
        self.answer, self.writes, self.line, self.log = None, deque(), "free", []

    def take(self):
        """What has been written while the trace was on."""
        taken, self.log = self.log, []
        return taken

    def write_line(self, number):
        """What comes next for a line that the caches have given away."""
        records = self.engine._hosts[hosts.Trace, self.description.records]
        memory = self.engine._hosts[hosts.MemoryHost, self.description.memory]
        while self.writes and self.writes[0][0] >> 6 == number:
            address, contents = self.writes.popleft()
            part = contents[:(number + 1 << 6) - address]
            memory.write(address, part)
            if records.on:
                self.log.append((records.seen, address, part))
            if len(part) < len(contents):
                self.writes.appendleft((address + len(part), contents[len(part):]))

    def serve(self):
        """The way to memory, line by line."""
        valid, line, held = self.snoop
        if self.line == "free" and self.writes and not (self.get(valid) or self.get(held)):
            self.set(**{line: self.writes[0][0] >> 6, valid: 1})
            self.line = "asking"
        elif self.line == "asking" and self.get(held):
            self.write_line(self.get(line))
            self.set(**{valid: 0})
            self.line = "releasing"
        elif self.line == "releasing" and not self.get(held):
            self.line = "free"

    def cycle(self, now):
        """See hosts.py."""
        valid, ready, data, error, last, response = self.leaves[6:]
        answer, self.answer = self.answer, None
        self.set(**{ready: answer is None})
        if answer is not None:
            self.set(**{data: answer[0], error: answer[1], last: 1})
        elif self.get(valid):
            where, write, burst, size = map(self.get, self.leaves[:4])
            slot, offset = divmod(where - self.description.base, 0x1000)
            reads = not (write or burst) and size == 2
            self.answer = (self.EMPTY.get(offset, 0) << 8 * (where & 7) if reads else 0,
                           bool(burst or not 0 <= slot < 8))
        self.set(**{response: answer is not None})
        self.serve()
        return NONE

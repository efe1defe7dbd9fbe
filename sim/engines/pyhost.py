"""What the hosts in Python have in common: see pyhosts.py."""

from .engine import Reason

ALL = (1 << 64) - 1
NONE = Reason(0)


class Random:
    """The numbers of random.h."""
    def __init__(self, seed):
        self.last = seed

    def below(self, limit):
        """The next one, less than `limit`."""
        self.last = self.last + 0x9e3779b97f4a7c15 & ALL
        z = (self.last ^ self.last >> 30) * 0xbf58476d1ce4e5b9 & ALL
        z = (z ^ z >> 27) * 0x94d049bb133111eb & ALL
        return (z ^ z >> 31) % limit


class At:
    """A host at ports of an engine."""
    def __init__(self, description, engine):
        self.description, self.engine = description, engine

    def get(self, leaf: str) -> int:
        """An output."""
        return self.engine.peek(leaf)

    def set(self, **inputs: int) -> None:
        """Inputs."""
        self.engine.poke(**inputs)

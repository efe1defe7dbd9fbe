"""The border of a component with one input more: which of the mutants that are woven into it is active."""

from amaranth.hdl import Signal

from ..engines.flat import Flat, Leaf
from .woven import ACTIVE, WIDTH

NUMBER = 0
"""Of the mutant that the next machine has; 0 is none."""


class Choice(Flat):
    """`component` with the input `mutant`."""
    def __init__(self, component):
        super().__init__(component)
        self.leaves["mutant"] = Leaf("mutant", WIDTH, False)
        self.signals["mutant"], self._bits["mutant"] = Signal(WIDTH, name="mutant"), ACTIVE
        self.inits["mutant"] = NUMBER

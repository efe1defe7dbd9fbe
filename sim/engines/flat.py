"""Any component with a plain border: one wire of at most 64 bits for each field of each port."""

from dataclasses import dataclass

from amaranth.hdl import ClockDomain, Const, Elaboratable, Module, Signal, Value
from amaranth.lib import data, wiring

WORD = 64


@dataclass(frozen=True)
class Leaf:
    """A wire at the border.

    Parameters
    ----------
    name : str
        Path of the port and of the field, joined by `_`.
    width : int
        1 to 64 bits.
    output : bool
        Driven by the component.
    """
    name: str
    width: int
    output: bool


def fields(shape, name):
    """Name, offset and width of each field of `shape`, nested ones too, in the order of the layout."""
    try:
        layout = data.Layout.cast(shape)
    except TypeError:
        layout = None
    if isinstance(layout, data.StructLayout | data.ArrayLayout):
        for key, field in layout:
            for leaf, offset, width in fields(field.shape, f"{name}_{key}"):
                yield leaf, field.offset + offset, width
    else:
        width = len(Signal(shape, name="width"))
        for start in range(0, width, WORD):
            yield f"{name}_{start // WORD}" if width > WORD else name, start, min(WORD, width - start)


class Flat:
    """`component`, under the name of its class, in a module whose ports are leaves.

    A port that the signature makes constant (such as the ready of an always ready stream) has no leaf.

    Parameters
    ----------
    component : wiring.Component

    Attributes
    ----------
    leaves : dict
        A Leaf by name, in the order of the signature.
    signals : dict
        Its Signal by name.
    inits : dict
        Of each input: the value it has until it is given another.
    clock : Signal
        The clock of the domain `sync`. There is no reset: a model begins with all initial values.

    Raises
    ------
    ValueError
        Two leaves have one name.
    """
    def __init__(self, component: wiring.Component):
        self.component = component
        self.leaves: dict[str, Leaf] = {}
        self.signals: dict[str, Signal] = {}
        self.inits: dict[str, int] = {}
        self.clock = Signal(name="clk")
        self._bits = {}
        for path, member, value in component.signature.flatten(component):
            bits = Value.cast(value)
            if isinstance(bits, Const):
                continue
            for name, offset, width in fields(member.shape, "_".join(map(str, path))):
                if name in self.leaves:
                    raise ValueError(f"{type(component).__name__}: two leaves of its ports are called {name!r}; "
                                     "rename one of the ports")
                self.leaves[name] = Leaf(name, width, member.flow == wiring.Out)
                self._bits[name] = bits[offset:offset + width]
                self.signals[name] = Signal(width, name=name)
                if not self.leaves[name].output:
                    self.inits[name] = bits.init >> offset & (1 << width) - 1

    def module(self) -> Module:
        """The module, to be elaborated once."""
        m = Module()
        m.domains.sync = domain = ClockDomain(reset_less=True)
        domain.clk = self.clock
        m.submodules[type(self.component).__name__.lower()] = self.component
        for name, leaf in self.leaves.items():
            wire, bits = self.signals[name], self._bits[name]
            m.d.comb += wire.eq(bits) if leaf.output else bits.eq(wire)
        return m

    def spare(self) -> None:
        """The component is not needed: its model exists. Else Amaranth would warn that it was never elaborated."""
        _spare(self.component)


def _spare(elaboratable: Elaboratable) -> None:
    elaboratable._MustUse__used = True  # pyright: ignore[reportAttributeAccessIssue]
    for part in vars(elaboratable).values():
        if isinstance(part, Elaboratable):
            _spare(part)

"""Every port becomes leaves of at most 64 bits."""

import pytest
from amaranth.hdl import Module
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from hyacinth.sim.engines.export import to_rtlil
from hyacinth.sim.engines.flat import Flat, Leaf


class Inner(data.Struct):
    first: 3
    second: data.ArrayLayout(2, 2)


class Outer(data.Struct):
    inner: Inner
    wide: 100


class Through(wiring.Component):
    """Gives back what it gets."""
    i: In(stream.Signature(Outer))
    o: Out(stream.Signature(Outer, always_ready=True))

    def elaborate(self, platform):
        m = Module()
        m.d.comb += [self.o.valid.eq(self.i.valid), self.o.payload.eq(self.i.payload), self.i.ready.eq(1)]
        return m


def test_fields_within_fields_are_leaves_and_wide_ones_are_cut():
    flat = Flat(Through())
    assert [leaf for leaf in flat.leaves.values() if leaf.name.startswith("o_")] == [
        Leaf("o_payload_inner_first", 3, True), Leaf("o_payload_inner_second_0", 2, True),
        Leaf("o_payload_inner_second_1", 2, True), Leaf("o_payload_wide_0", 64, True),
        Leaf("o_payload_wide_1", 36, True), Leaf("o_valid", 1, True)]
    flat.spare()


def test_a_constant_port_has_no_leaf():
    flat = Flat(Through())
    assert "i_ready" in flat.leaves and "o_ready" not in flat.leaves
    flat.spare()


def test_the_same_component_exports_the_same_text():
    assert to_rtlil(Flat(Through())) == to_rtlil(Flat(Through()))


def test_two_leaves_of_one_name_are_refused():
    class Twice(wiring.Component):
        a: In(data.StructLayout({"b": 1}))
        a_b: In(1)

    component = Twice()
    with pytest.raises(ValueError, match="Twice: two leaves of its ports are called 'a_b'; rename one of the ports"):
        Flat(component)
    component._MustUse__used = True

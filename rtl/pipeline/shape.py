"""What an access is and how it lies in memory, from the instruction and the low bits of its address."""

from amaranth.hdl import Signal
from amaranth.lib import data

from ..isa.instructions import Amo, Unit
from ..payloads import record


class Shape(data.Struct):
    """Of a load, store or AMO; a lane is one of the naturally aligned eight bytes around its address."""
    load: 1             # its kind
    store: 1
    amo: 1
    lr: 1               # LR is a load too
    sc: 1               # SC is a store too
    unsigned: 1         # of a load: zero-extended
    size: 2             # log2 of its bytes
    last_byte: 3        # its bytes, less one
    last_lane: 3        # where its last byte lies
    misaligned: 1
    crosses: 1          # it goes on in the next eight bytes
    crosses_page: 1     # it goes on in the next page


def shape(m, decoded, offset):
    """The Shape of the instruction `decoded` (a Decoded) at an address whose bits 11:0 are `offset`."""
    is_load, is_store = decoded.unit == Unit.LOAD, decoded.unit == Unit.STORE
    size, last_byte, end = Signal(2), Signal(3), Signal(4)
    m.d.comb += [size.eq(decoded.size), last_byte.eq((1 << size) - 1), end.eq(offset[:3] + last_byte)]
    return record(
        Shape, load=is_load, store=is_store, amo=decoded.unit == Unit.AMO, lr=is_load & (decoded.op == Amo.LR),
        sc=is_store & (decoded.op == Amo.SC), unsigned=decoded.unsigned, size=size, last_byte=last_byte,
        last_lane=end[:3], misaligned=(offset[:3] & last_byte).any(), crosses=end[3],
        crosses_page=end[3] & offset[3:].all())

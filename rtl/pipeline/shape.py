"""What an access is and how it lies in memory, from the instruction and the low bits of its address."""

from amaranth.hdl import Const, Mux, Signal
from amaranth.lib import data

from ..config import CoreConfig
from ..isa.instructions import Amo, Cbo, Unit
from ..payloads import record


class Shape(data.Struct):
    """Of a load, store or AMO; a lane is one of the naturally aligned eight bytes around its address."""
    load: 1             # its kind
    store: 1
    amo: 1
    lr: 1               # LR is a load too
    sc: 1               # SC is a store too
    zero: 1             # CBO.ZERO is a store too, of the whole block
    pair: 1             # AMOCAS.Q: an AMO of two doublewords
    manage: 1           # CBO.CLEAN, FLUSH or INVAL: none of the three
    unsigned: 1         # of a load: zero-extended
    size: 2             # log2 of its bytes
    last_byte: 3        # its bytes, less one
    last_lane: 3        # where its last byte lies
    misaligned: 1
    crosses: 1          # it goes on in the next eight bytes
    crosses_page: 1     # it goes on in the next page


def shape(m, decoded, offset, config: CoreConfig):
    """The Shape of the instruction `decoded` (a Decoded) at an address whose bits 11:0 are `offset`.

    An address within a cache block is never misaligned (rule no_addr_misaligned_excep); CBO.ZERO goes through its block
    by eight bytes at a time.
    """
    is_load, is_store, on_block = (decoded.unit == unit for unit in (Unit.LOAD, Unit.STORE, Unit.CBO))
    pair = (decoded.unit == Unit.AMO) & decoded.size[2] if config.has("zacas") else Const(0)
    zero = on_block & (decoded.op == Cbo.ZERO) if config.has("zicboz") else Const(0)
    manage = on_block & (decoded.op != Cbo.ZERO) if config.has("zicbom") else Const(0)
    size, last_byte, end, low = Signal(2), Signal(3), Signal(4), Signal(3)
    m.d.comb += [size.eq(decoded.size[:2] | (zero | pair).replicate(2)), last_byte.eq((1 << size) - 1),
                 low.eq(Mux(zero | manage, 0, offset[:3])), end.eq(low + last_byte)]
    return record(
        Shape, load=is_load, store=is_store | zero, zero=zero, pair=pair, manage=manage, amo=decoded.unit == Unit.AMO,
        lr=is_load & (decoded.op == Amo.LR), sc=is_store & (decoded.op == Amo.SC), unsigned=decoded.unsigned,
        size=size, last_byte=last_byte, last_lane=end[:3], misaligned=(low & last_byte).any() | pair & offset[3],
        crosses=end[3], crosses_page=end[3] & offset[3:].all())

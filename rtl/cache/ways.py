"""The arrays of a cache: data and tags of every way, their comparison, and the choice of what a refill replaces."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..config import LINE_BYTES, PHYSICAL_BITS

WAY_KIB = 4
"""Size of a way. It is that of a page, so that the index lies within the page offset: a line has one place only,
whatever its virtual address (no aliases)."""

TAG_BITS = PHYSICAL_BITS - 12
SET_BITS = 12 - (LINE_BYTES - 1).bit_length()
WORD_BITS = (LINE_BYTES // 8 - 1).bit_length()
ROW_BITS = SET_BITS + WORD_BITS
"""A row is the eight bytes that are read or written at once: bits 11:3 of the address."""


class Tag(data.Struct):
    """What is known of a line."""
    ppn: TAG_BITS
    valid: 1


def selected(values, by) -> Value:
    """That of the `values`, one for each way, whose bit in `by` is 1; 0 where none is."""
    return reduce(or_, (Mux(by[index], value, 0) for index, value in enumerate(values)))


class Ways(wiring.Component):
    """The ways of a cache, read all at once.

    Parameters
    ----------
    ways : int
        A power of two.
    askers : int
        Pages that may be looked for.

    Members
    -------
    read : In(1), row : In(9)
        Read this row of every way at the end of the cycle. Where `read` is 0 the last outputs stay. A way in which this
        row is written in the same cycle is not read: its bytes are unknown. One in which a tag of the same set is
        written is seen empty. (To see what is written takes a choice after the memory, where time is short.)
    ppn : In(22 each for the askers)
        The pages that are looked for.
    rows : Out(64 each for the ways), matches : Out(ways each for the askers)
        After a read: the eight bytes of every way, and, combinationally, which way holds the line of each page (one
        bit or none).
    valid : Out(ways), victim : Out(ways)
        After a read: the ways that hold any line, and the one to replace: an empty one, else a pseudo-random one.
    way : In(ways), way_ppn : Out(22)
        After a read: the page whose line this way holds.
    write : In(ways), write_row : In(9), write_mask : In(8), write_data : In(64)
        Bytes to be replaced at the end of the cycle, in these ways.
    tag_write : In(ways), tag_set : In(6), tag : In(Tag)
        A tag to be replaced at the end of the cycle, in these ways.
    clear : In(1), clearing : Out(1)
        Begin to empty every way. `clearing` is 1 until that is done, and after reset; outputs match nothing from then
        on until the next read.
    """
    def __init__(self, ways, askers):
        self.ways, self.askers = ways, askers
        super().__init__({
            "read": In(1), "row": In(ROW_BITS), "ppn": In(data.ArrayLayout(TAG_BITS, askers)),
            "rows": Out(data.ArrayLayout(64, ways)), "matches": Out(data.ArrayLayout(ways, askers)),
            "valid": Out(ways), "victim": Out(ways),
            "way": In(ways), "way_ppn": Out(TAG_BITS),
            "write": In(ways), "write_row": In(ROW_BITS), "write_mask": In(8), "write_data": In(64),
            "tag_write": In(ways), "tag_set": In(SET_BITS), "tag": In(Tag),
            "clear": In(1), "clearing": Out(1)})

    def elaborate(self, platform):
        m = Module()
        clear_set = Signal(SET_BITS)
        # Memories keep their contents through a reset, so it takes a pass over the tags to make them empty.
        clearing = Signal(init=1)
        m.d.comb += self.clearing.eq(clearing)
        with m.If(clearing):
            m.d.sync += [clear_set.eq(clear_set + 1), clearing.eq(~clear_set.all())]
        with m.Elif(self.clear):
            m.d.sync += clearing.eq(1)

        tags = []
        for way in range(self.ways):
            m.submodules[f"data{way}"] = data_array = Memory(shape=64, depth=1 << ROW_BITS, init=[])
            # Written so, synthesis sees that no address is read and written at once, and takes block RAM as it is.
            data_write, data_read = data_array.write_port(granularity=8), data_array.read_port(domain="comb")
            row = Signal(64, name=f"row_{way}", reset_less=True)
            # On an FPGA, block RAM answers after a quarter of the cycle. Tags are few enough for a small RAM, with a
            # register that answers at once: so the way is known by the time the data come.
            m.submodules[f"tags{way}"] = tag_array = Memory(
                shape=Tag, depth=1 << SET_BITS, init=[], attrs={"ram_style": "distributed"})
            tag_write, tag_read, tag = tag_array.write_port(), tag_array.read_port(domain="comb"), Signal(Tag)
            m.d.comb += [
                data_read.addr.eq(self.row), self.rows[way].eq(row),
                data_write.en.eq(Mux(self.write[way], self.write_mask, 0)),
                data_write.addr.eq(self.write_row), data_write.data.eq(self.write_data),
                tag_read.addr.eq(self.row[WORD_BITS:]),
                tag_write.en.eq(self.tag_write[way] | clearing),
                tag_write.addr.eq(Mux(clearing, clear_set, self.tag_set)),
                tag_write.data.ppn.eq(self.tag.ppn), tag_write.data.valid.eq(self.tag.valid & ~clearing)]
            with m.If(self.read):
                m.d.sync += tag.eq(tag_read.data)
                with m.If(self.tag_write[way] & (self.tag_set == self.row[WORD_BITS:])):
                    m.d.sync += tag.valid.eq(0)
            with m.If(clearing):
                m.d.sync += tag.valid.eq(0)          # nor can an old output come back to life
            tags.append(tag)
            with m.If(self.read & ~(self.write[way] & (self.write_row == self.row))):
                m.d.sync += row.eq(data_read.data)

        chooser = Signal(8, init=1)  # a shift register whose feedback makes all 255 states follow each other
        with m.If(self.tag_write.any() & self.tag.valid):
            m.d.sync += chooser.eq(Cat(chooser[3] ^ chooser[4] ^ chooser[5] ^ chooser[7], chooser[:7]))
        chosen = Cat(chooser[:(self.ways - 1).bit_length()] == way for way in range(self.ways))
        lowest_empty = ~self.valid & (self.valid + 1)
        m.d.comb += [self.matches[asker].eq(Cat(tag.valid & (tag.ppn == self.ppn[asker]) for tag in tags))
                     for asker in range(self.askers)]
        m.d.comb += [
            self.valid.eq(Cat(tag.valid for tag in tags)),
            self.way_ppn.eq(selected([tag.ppn for tag in tags], self.way)),
            self.victim.eq(Mux(self.valid.all(), chosen, lowest_empty))]
        return m

"""Loads, stores and atomics at commit: the common case in one cycle, everything else step by step."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from ..config import PHYSICAL_BITS
from ..isa.causes import ACCESS_FAULT, ADDRESS_MISALIGNED
from ..payloads import Fault, Page, Reach
from ..ports import DataCacheSignature, TranslateSignature
from ..units.alu import AmoUnit
from .payloads import Decoded, Executed
from .shape import Shape, shape


def rotated_right(m, value, places) -> Value:
    """`value`, 64 bits, rotated right by as many bytes as bits 2:0 of `places` say."""
    for n in range(3):
        turned = Signal(64)  # named: what is sliced is built once for each slice
        m.d.comb += turned.eq(Mux(places[n], value.rotate_right(8 << n), value))
        value = turned
    return value


class LoadStore(wiring.Component):
    """One access at a time, never speculative: what is begun is performed.

    A misaligned access that crosses eight bytes is made in two parts, lower first. Both are translated before the
    first byte is written, so that a fault of translation, PMP or PMA leaves memory as it was. Only where the bus then
    denies the second line has the first part of a store been made, as the manual allows.

    Parameters
    ----------
    misaligned : bool
        Misaligned loads and stores of main memory are done, but for those in a page that PMP cuts; these, and all
        without it, raise causes 4 and 6 at the access's own address, so that software can do them.

    Members
    -------
    executed : In(Executed), go : In(1)
        The instruction, held from the cycle after it left execute until `done` or `faulted`.
    early_read : In(1), early_offset : In(12), granted : Out(1)
        Execute's read of the data cache, for the instruction that comes here next.
    enter : In(1), early_decoded : In(Decoded), early_page : In(Page)
        The next instruction comes at the end of the cycle; what it is, and its page, if the first-level TLB has it.
    translate, cache
        The rest of the Mmu, the data cache.
    done : Out(1), loaded : Out(64), value : Out(64)
        In the cycle in which the access takes effect: what rd gets, of a load, and of an AMO or SC.
    faulted : Out(1), fault : Out(Fault), fault_offset : Out(4)
        The access is not made; the fault struck this many bytes above its address.
    hpa : Out(PHYSICAL_BITS), hpa_next : Out(PHYSICAL_BITS), device : Out(1), stored : Out(1), data : Out(64)
        With `done`, for the Retire record: where, whether past the caches, whether memory changed, and what is
        there (or was read) from the lowest byte on.
    clean : In(1), cleaned : Out(1)
        FENCE.I: of the cache, from commit, while no access is made.
    miss : Out(1)
        For one cycle: a line is asked for.
    """
    def __init__(self, misaligned):
        self.misaligned = misaligned
        super().__init__({
            "executed": In(Executed), "go": In(1), "early_read": In(1), "early_offset": In(12), "granted": Out(1),
            "enter": In(1), "early_decoded": In(Decoded), "early_page": In(Page),
            "translate": Out(TranslateSignature()), "cache": Out(DataCacheSignature()),
            "done": Out(1), "loaded": Out(64), "value": Out(64), "faulted": Out(1), "fault": Out(Fault),
            "fault_offset": Out(4), "hpa": Out(PHYSICAL_BITS), "hpa_next": Out(PHYSICAL_BITS), "device": Out(1),
            "stored": Out(1), "data": Out(64), "clean": In(1), "cleaned": Out(1), "miss": Out(1)})

    def elaborate(self, platform):
        m = Module()
        executed, cache, decoded = self.executed, self.cache, self.executed.decoded
        address, place = executed.result, executed.result[:3]
        access = Signal(Shape)
        with m.If(self.enter):
            m.d.sync += access.eq(shape(m, self.early_decoded, self.early_offset))
        is_amo, is_sc, size, last_byte = access.amo, access.sc, access.size, access.last_byte
        crosses, crosses_page = access.crosses, access.crosses_page
        atomic = is_amo | is_sc | access.lr
        refused = access.misaligned & (atomic if self.misaligned else 1)

        # One page for each part, and `here` that of the part under way: a register of its own, since the comparison
        # of the cache's tags waits for it.
        first_page, second_page, here = Signal(Page), Signal(Page), Signal(Page)
        part, have_old, old, low, held = Signal(), Signal(), Signal(64), Signal(64), Signal(64)
        above = Signal(64)                           # address of the second part
        m.d.comb += above.eq(Cat(Const(0, 3), (address[3:] + 1)[:61]))
        part_address = Signal(64)
        m.d.comb += part_address.eq(Mux(part, above, address))
        place_hpa = Cat(part_address[:12], here.ppn)

        # Reservation: what LR remembers is a physical address; SC alone forgets it.
        reserved, reservation = Signal(), Signal(PHYSICAL_BITS)
        holds = Signal()
        m.d.comb += holds.eq(reserved & (reservation == Cat(address[:12], first_page.ppn)))
        writes = Signal()                            # this access changes memory
        m.d.comb += writes.eq(access.store & (~is_sc | holds) | is_amo)

        # Data on its way in: bytes from the lowest on, then extended. What the cache gives comes late in the cycle; so
        # its sign is looked up beside the rotation, not after it, and every choice is made by registers.
        elsewhere, other = Signal(), Signal(64)      # the eight bytes are not what the cache reads
        first_bytes, these, gathered, read = Signal(64), Signal(64), Signal(64), Signal(64)
        for lane in range(8):
            # The second part brings the bytes that belong below the first part's.
            from_first = part & (place <= lane)
            m.d.comb += [cache.lanes[lane].eq(~from_first),
                         these.word_select(lane, 8).eq(Mux(from_first, 0, other.word_select(lane, 8))),
                         first_bytes.word_select(lane, 8).eq(Mux(from_first, low.word_select(lane, 8), 0))]
        m.d.comb += gathered.eq(Mux(elsewhere, these, cache.data) | first_bytes)
        m.d.comb += read.eq(rotated_right(m, gathered, place))
        bytes_mask = Cat(Const(1, 1), last_byte[0], *[last_byte[1]] * 2, *[last_byte[2]] * 4)
        sign, extended = Signal(), Signal(64)
        m.d.comb += sign.eq(gathered[7::8].bit_select(access.last_lane, 1) & ~access.unsigned)
        for n in range(8):
            m.d.comb += extended.word_select(n, 8).eq(Mux(bytes_mask[n], read.word_select(n, 8), sign.replicate(8)))

        # Data on its way out: rotated to its place, which is right for both parts.
        new = Signal(64)
        m.submodules.amo = amo = AmoUnit()
        m.d.comb += [amo.op.eq(decoded.op), amo.word.eq(~size[0]), amo.old.eq(old), amo.operand.eq(executed.b),
                     new.eq(Mux(is_amo, amo.result, executed.b))]
        lanes, back = Signal(16), Signal(3)
        m.d.comb += [lanes.eq(bytes_mask << place), back.eq(-place)]
        m.d.comb += [
            cache.ppn.eq(here.ppn), self.granted.eq(cache.granted),
            cache.clean.eq(self.clean), self.cleaned.eq(cache.cleaned),
            cache.read.eq(self.early_read), cache.offset.eq(self.early_offset),
            cache.write_data.eq(rotated_right(m, new, back)), cache.mask.eq(Mux(part, lanes[8:], lanes[:8])),
            # Main memory without cache is reached by eight bytes and lanes, so that misaligned accesses work.
            cache.single_address.eq(Mux(here.memory, Cat(Const(0, 3), place_hpa[3:]), place_hpa)),
            cache.single_size.eq(Mux(here.memory, 3, size)),
            cache.single_write.eq(writes & (~is_amo | have_old)),
        ]

        request = self.translate.request
        m.d.comb += [request.va.eq(part_address), request.context.eq(executed.context),
                     # Of a misaligned access one byte of each part: where a page is cut, it is refused anyway.
                     request.size.eq(Mux(access.misaligned, 0, size))]

        def fail(causes):
            m.d.sync += [self.fault.eq(0), self.fault.cause.eq(Mux(
                executed.context.reach == Reach.LOAD, causes[Reach.LOAD], causes[Reach.STORE]))]
            m.next = "FAULT"

        # The answer of the cache comes late: all that depends on it is chosen beside the states, by one term.
        looks, ends = Signal(), Signal()             # waits for a hit; takes effect without the cache
        modifies, goes_on = is_amo & ~have_old, crosses & ~part
        m.d.comb += [self.done.eq(ends | looks & ~modifies & ~goes_on & cache.hit),
                     self.loaded.eq(extended), self.value.eq(Mux(is_sc, ~holds, old)),
                     cache.write.eq(looks & writes & ~modifies)]
        with m.If(self.done & access.lr):
            m.d.sync += [reserved.eq(1), reservation.eq(Cat(address[:12], first_page.ppn))]
        with m.If(self.done & is_sc):
            m.d.sync += reserved.eq(0)

        def second_part():
            m.d.sync += [low.eq(gathered), part.eq(1)]
            with m.If(crosses_page):
                m.d.sync += here.eq(second_page)
            m.next = "READ"

        def look(on_miss):
            """The eight bytes have been read: if they were there, do with them what the instruction wants."""
            m.d.comb += looks.eq(1)
            with m.If(~cache.hit):
                m.next = on_miss
            with m.Elif(modifies):
                m.d.sync += [old.eq(extended), have_old.eq(1)]
                m.next = "MODIFY"
            with m.Elif(goes_on):
                second_part()
            with m.Else():
                m.next = "FIRST"

        with m.FSM() as fsm:
            with m.State("FIRST"):
                with m.If(self.go):
                    with m.If(refused):
                        fail(ACCESS_FAULT if self.misaligned else ADDRESS_MISALIGNED)
                    with m.Elif(~executed.page_known):
                        m.next = "TRANSLATE"
                    with m.Elif(crosses_page | ~here.cacheable | ~executed.read):
                        m.next = "CHECK"
                    with m.Else():
                        look(on_miss="REFILL")
            with m.State("TRANSLATE"):
                m.d.comb += self.translate.valid.eq(1)
                answer = self.translate.answer
                with m.If(self.translate.done):
                    with m.If(answer.faulted):
                        m.d.sync += self.fault.eq(answer.fault)
                        m.next = "FAULT"
                    with m.Elif(answer.cut & access.misaligned):
                        fail(ADDRESS_MISALIGNED)
                    with m.Elif(part & ~answer.page.memory):
                        fail(ACCESS_FAULT)           # before the first part has been written
                    with m.Elif(part):
                        m.d.sync += [second_page.eq(answer.page), part.eq(0)]
                        m.next = "READ"
                    with m.Else():
                        m.d.sync += [first_page.eq(answer.page), here.eq(answer.page)]
                        m.next = "CHECK"
            with m.State("CHECK"):
                with m.If(~first_page.memory & (atomic | access.misaligned)):
                    fail(ACCESS_FAULT)
                with m.Elif(crosses_page):
                    m.d.sync += part.eq(1)
                    m.next = "TRANSLATE"
                with m.Else():
                    m.next = "READ"
            with m.State("READ"):
                with m.If(~here.cacheable):
                    m.next = "SINGLE"
                with m.Else():
                    m.d.comb += [cache.read.eq(1), cache.offset.eq(part_address[:12])]
                    with m.If(cache.granted):
                        m.next = "LOOK"
            with m.State("LOOK"):
                look(on_miss="REFILL")
            with m.State("MODIFY"):
                # After a miss the walker has used the cache; the line need not be absent.
                look(on_miss="READ")
            with m.State("REFILL"):
                m.d.comb += [cache.refill.eq(1), elsewhere.eq(1), other.eq(cache.arrived_data)]
                with m.If(cache.arrived & access.load & ~crosses):
                    # A load does not wait for the rest of its line.
                    m.d.comb += ends.eq(1)
                    m.next = "FIRST"
                with m.Elif(cache.refilled):
                    m.next = "READ"
                    with m.If(cache.error):
                        fail(ACCESS_FAULT)
            with m.State("SINGLE"):
                m.d.comb += [cache.single.eq(access.load | writes), self.device.eq(1)]
                with m.If(cache.single_done | ~cache.single):
                    m.d.sync += held.eq(cache.single_data)
                    m.next = "SINGLE DONE"
                    with m.If(cache.single_done & cache.single_error):
                        fail(ACCESS_FAULT)
            with m.State("SINGLE DONE"):
                m.d.comb += [elsewhere.eq(1), other.eq(held), self.device.eq(1)]
                with m.If(modifies):
                    m.d.sync += [old.eq(extended), have_old.eq(1)]
                    m.next = "SINGLE"
                with m.Elif(goes_on):
                    second_part()
                with m.Else():
                    m.d.comb += ends.eq(1)
                    m.next = "FIRST"
            with m.State("FAULT"):
                m.d.comb += self.faulted.eq(1)
                m.next = "FIRST"

        with m.If(self.enter):
            m.d.sync += [first_page.eq(self.early_page), here.eq(self.early_page), part.eq(0), have_old.eq(0)]

        # A misaligned access that is refused as such is refused at its own address, whichever part was reached.
        with m.If(fsm.ongoing("FAULT") & part & ~self.fault.cause.matches(*ADDRESS_MISALIGNED)):
            m.d.comb += self.fault_offset.eq(8 - place)
        refilling = Signal()
        m.d.sync += refilling.eq(cache.refill)
        m.d.comb += [
            self.miss.eq(cache.refill & ~refilling),
            self.hpa.eq(Cat(address[:12], first_page.ppn)),
            self.hpa_next.eq(Mux(crosses_page, Cat(Const(0, 12), second_page.ppn), 0)),
            self.stored.eq(writes),
            self.data.eq(Mux(writes, new, read) & Cat(bytes_mask[n].replicate(8) for n in range(8))),
        ]
        return m

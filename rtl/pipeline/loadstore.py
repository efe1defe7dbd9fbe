"""Loads, stores and atomics at commit: the common case in one cycle, everything else step by step."""

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out

from ..cache.ways import WAY_KIB, selected
from ..config import LINE_BYTES, PHYSICAL_BITS, CoreConfig
from ..isa.causes import ACCESS_FAULT, ADDRESS_MISALIGNED
from ..isa.instructions import Cbo
from ..payloads import Fault, Page, Reach
from ..ports import DataCacheSignature, TranslateSignature
from ..units.alu import AmoUnit
from .amo_operands import AmoOperands, Read
from .masking import masked
from .payloads import Executed
from .reservation import Reservation
from .shape import Shape

BLOCK_SIZE = LINE_BYTES.bit_length() - 1
"""log2 of the bytes of a cache block."""


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
    config : CoreConfig
        Where `misaligned` is "hardware", misaligned loads and stores of main memory are done, but for those in a page
        that PMP cuts; these, and all otherwise, raise causes 4 and 6 at the access's own address, so that software can
        do them.

    Members
    -------
    executed : In(Executed), go : In(1)
        The instruction, held from the cycle after `enter` until `done` or `faulted`.
    next : In(stream of Executed, valid only), enter : In(1)
        The instruction that comes next, or is one of those that may; it comes at the end of this cycle. The cache is
        read for it in every cycle in which that may be of use, so that `enter`, which comes late, need not be known.
    translate, cache
        The rest of the Mmu, the data cache.
    done : Out(1), loaded : Out(64), value : Out(64)
        In the cycle in which the access takes effect: what rd gets, of a load, and of an AMO or SC. 0 for the others,
        and for what is no access.
    pair : Out(1), value_high : Out(64), data_high : Out(64)
        AMOCAS.Q is never `done`: with `pair` it takes effect, and `value` is for the register after rd; in the cycle
        after it `value` is for rd, and the others are for the Retire record: what the register after rd got, and what
        memory holds in the upper eight bytes.
    register : Out(5), register_value : In(64)
        A register, read at once: for AMOCAS.
    faulted : Out(1), fault : Out(Fault), fault_offset : Out(4)
        The access is not made; the fault struck this many bytes above its address.
    hpa : Out(PHYSICAL_BITS), hpa_next : Out(PHYSICAL_BITS), device : Out(1), stored : Out(1), data : Out(64)
        With `done`, for the Retire record: where, whether past the caches, whether memory changed, and what is
        there (or was read) from the lowest byte on.
    clean : In(1), cleaned : Out(1)
        FENCE.I: of the cache, from commit, while no access is made.
    snooped : In(1), snooped_line : In(PHYSICAL_BITS - 6)
        Somebody else writes this line now.
    reserved : Out(1)
        The reservation of the last LR is valid.
    table_written : In(1)
        The walker writes a table entry now; an SC after it might undo that. Never between an access past the cache and
        its answer, in which an SC is written as the reservation was when it was asked for.
    miss : Out(1)
        For one cycle: a line is asked for.
    waits_translation, waits_line, waits_device : Out(1)
        The access is held up in this cycle, and by what: the rest of the Mmu, a line, a device or memory past the
        cache.
    """
    def __init__(self, config: CoreConfig):
        self.config, self.misaligned = config, config.misaligned == "hardware"
        self.ways = ways = config.dcache_kib // WAY_KIB
        super().__init__({
            "register": Out(5), "register_value": In(64), "pair": Out(1), "value_high": Out(64), "data_high": Out(64),
            "executed": In(Executed), "go": In(1),
            "next": In(stream.Signature(Executed, always_ready=True)), "enter": In(1),
            "translate": Out(TranslateSignature()), "cache": Out(DataCacheSignature(ways)),
            "done": Out(1), "loaded": Out(64), "value": Out(64), "faulted": Out(1), "fault": Out(Fault),
            "fault_offset": Out(4), "hpa": Out(PHYSICAL_BITS), "hpa_next": Out(PHYSICAL_BITS), "device": Out(1),
            "stored": Out(1), "data": Out(64), "clean": In(1), "cleaned": Out(1),
            "snooped": In(1), "snooped_line": In(PHYSICAL_BITS - 6), "table_written": In(1), "reserved": Out(1),
            "miss": Out(1),
            "waits_translation": Out(1), "waits_line": Out(1), "waits_device": Out(1)})

    def elaborate(self, platform):
        m = Module()
        executed, cache, decoded = self.executed, self.cache, self.executed.decoded
        address, place = executed.result, executed.result[:3]
        access = Signal(Shape)
        coming, reads = self.next.payload, Signal()
        quick = Signal()                             # the cache was read as it came, and nothing else is to be done
        is_amo, is_sc, size, last_byte = access.amo, access.sc, access.size, access.last_byte
        crosses, crosses_page = access.crosses, access.crosses_page
        has = self.config.has
        zero, pair, manage = (kind if has(extension) else Const(0) for kind, extension in (
            (access.zero, "zicboz"), (access.pair, "zacas"), (access.manage, "zicbom")))
        needs_memory = is_amo | is_sc | access.lr | zero

        def refused(shape):
            return shape.misaligned & (shape.amo | shape.sc | shape.lr if self.misaligned else 1)

        # One page for each part, and `here` that of the part under way: a register of its own, since the comparison
        # of the cache's tags waits for it.
        first_page, second_page, here = Signal(Page), Signal(Page), Signal(Page)
        part, have_old, old, low, held = Signal(), Signal(), Signal(64), Signal(64), Signal(64)
        # AMOCAS.Q has two parts of eight bytes: it reads the lower and the upper, then writes the upper and the lower.
        old_high, result = Signal(64), Signal(64)
        m.d.comb += result.eq(old)
        raw = Signal(64)                             # what the cache reads
        m.d.comb += raw.eq(selected(cache.rows, cache.match))
        above = Signal(64)                           # address of the second part
        m.d.comb += above.eq(masked(Cat(Const(0, 3), (address[3:] + 1)[:61]), executed.masking))
        part_address = Signal(64)
        m.d.comb += part_address.eq(Mux(part, above, address))
        # CBO.ZERO writes one word of its block after the other, wherever in it the address lies; while one is written
        # the next is read.
        word, row, ahead = Signal(3), Signal(9), Signal()
        m.d.comb += row.eq(Cat(Mux(zero, (word + ahead)[:3], part_address[3:6]), part_address[6:12]))
        place_hpa = Cat(part_address[:3], row, here.ppn)

        m.submodules.reservation = reservation = Reservation()
        holds = reservation.holds
        m.d.comb += [
            reservation.address.eq(Cat(address[:12], first_page.ppn)),
            reservation.lr.eq(self.done & access.lr), reservation.sc.eq(self.done & is_sc),
            reservation.snooped.eq(self.snooped), reservation.snooped_line.eq(self.snooped_line),
            reservation.table_written.eq(self.table_written),
            self.reserved.eq(reservation.valid)]
        writes = Signal()                            # this access changes memory
        m.d.comb += writes.eq(access.store & (~is_sc | holds) | is_amo)

        # Data on its way in: bytes from the lowest on, then extended, for every way beside the comparison of the tags,
        # and then chosen. What comes from elsewhere than the cache is ORed in, as 0 where it does not count.
        elsewhere, other = Signal(), Signal(64)      # eight bytes that are not what the cache reads
        gets = Signal()                              # what is read is wanted
        bytes_mask = Cat(Const(1, 1), last_byte[0], *[last_byte[1]] * 2, *[last_byte[2]] * 4)
        lanes_mask = Cat(bit.replicate(8) for bit in bytes_mask)
        sources, takes = [*cache.rows, other], Signal(self.ways + 1)
        last_bits = Signal(self.ways + 1)            # of each source, the highest bit of the last byte
        extends, chosen, gathered = Signal(8), Signal(64), Signal(64)
        m.d.comb += [
            takes.eq(Mux(gets, Mux(elsewhere, 1 << self.ways, cache.match), 0)),
            last_bits.eq(Cat(value[7::8].bit_select(access.last_lane, 1) for value in sources)),
            extends.eq(Mux(access.unsigned, 0, ~bytes_mask)),
            chosen.eq(selected([rotated_right(m, value, place) & lanes_mask for value in sources], takes)
                      | Cat((extends[n] & (takes & last_bits).any()).replicate(8) for n in range(8))),
            # The second part brings the bytes that belong below the first part's.
            gathered.eq(Cat(Mux(part & (place <= lane), low.word_select(lane, 8), held.word_select(lane, 8))
                            for lane in range(8))),
        ]

        # Data on its way out: rotated to its place, which is right for both parts.
        new = Signal(64)
        m.submodules.amo = amo = AmoUnit()
        m.submodules.operands = operands = AmoOperands(self.config)
        m.d.comb += [
            operands.decoded.eq(decoded), operands.b.eq(executed.b), operands.size.eq(size),
            self.register.eq(operands.register), operands.value.eq(self.register_value),
            operands.part.eq(part), operands.pair.eq(pair), operands.old.eq(old), operands.old_high.eq(old_high),
            amo.op.eq(decoded.op), amo.old.eq(Mux(part & pair, old_high, old)), amo.operand.eq(operands.operand),
            amo.matches.eq(operands.matches), new.eq(Mux(is_amo, amo.result, executed.b))]
        lanes, back = Signal(16), Signal(3)
        m.d.comb += [lanes.eq(bytes_mask << place), back.eq(-place)]
        m.d.comb += [
            cache.ppn.eq(here.ppn), cache.refill_row.eq(row),
            cache.clean.eq(self.clean), self.cleaned.eq(cache.cleaned),
            cache.read.eq(reads), cache.offset.eq(coming.offset),
            cache.write_data.eq(rotated_right(m, new, back)),
            cache.mask.eq(lanes[:8] & (~part | pair).replicate(8) | lanes[8:] & (part | zero).replicate(8)),
            cache.keep.eq(decoded.op == Cbo.CLEAN),
            # Main memory without cache is reached by eight bytes and lanes, so that misaligned accesses work.
            cache.single_address.eq(Mux(here.memory, Cat(Const(0, 3), place_hpa[3:]), place_hpa)),
            cache.single_size.eq(Mux(here.memory, 3, size)),
            cache.single_write.eq(writes & (~is_amo | have_old)), cache.single_cached.eq(here.memory),
        ]

        request = self.translate.request
        m.d.comb += [request.va.eq(part_address), request.context.eq(executed.context),
                     # Of a misaligned access one byte of each part: where a page is cut, it is refused anyway.
                     request.size.eq(Mux(access.misaligned, 0, Mux(zero | manage, BLOCK_SIZE, Mux(pair, 4, size))))]

        def fail(causes):
            m.d.sync += [self.fault.eq(0), self.fault.cause.eq(Mux(
                executed.context.reach == Reach.LOAD, causes[Reach.LOAD], causes[Reach.STORE]))]
            m.next = "FAULT"

        # The answer of the cache comes late: all that depends on it is chosen beside the states, by one term.
        looks, ends = Signal(), Signal()             # waits for a hit; takes effect without the cache
        modifies = is_amo & ~have_old
        goes_on = crosses & ~part | zero & ~word.all() | pair & part
        joins = crosses & part & access.load
        m.d.comb += [self.done.eq(ends | looks & ~modifies & ~goes_on & ~joins & ~pair & cache.hit),
                     self.loaded.eq(chosen), self.value.eq(Mux(is_sc, ~holds, Mux(is_amo, result, 0))),
                     cache.write.eq(looks & writes & ~modifies)]

        def next_part():
            m.d.sync += [low.eq(Mux(elsewhere, held, raw)), part.eq(crosses), word.eq(word + zero)]
            with m.If(crosses_page):
                m.d.sync += here.eq(second_page)
            m.next = "READ"

        def look(on_miss):
            """The eight bytes have been read: if they were there, do with them what the instruction wants."""
            m.d.comb += looks.eq(1)
            with m.If(~cache.hit):
                m.next = on_miss
            with m.Elif(modifies):
                m.d.sync += [have_old.eq(1), gets.eq(0)]
                m.next = "MODIFY"
                with m.If(pair & part):
                    m.d.sync += old_high.eq(chosen)
                with m.Else():
                    m.d.sync += old.eq(chosen)
                with m.If(pair & ~part):
                    m.d.sync += [have_old.eq(0), gets.eq(1), part.eq(1)]
                    m.next = "READ"
            with m.Elif(goes_on):
                next_part()
                with m.If(ahead & cache.granted):
                    m.next = "LOOK"
            with m.Elif(joins):
                m.d.sync += held.eq(raw)
                m.next = "GATHERED"
            with m.Else():
                m.next = "FIRST"
                if has("zacas"):
                    with m.If(pair):
                        m.next = "PAIR"

        def read():
            m.d.comb += [cache.read.eq(1), cache.offset.eq(Cat(Const(0, 3), row))]
            m.next = "READ"
            with m.If(cache.granted):
                m.next = "LOOK"

        with m.FSM() as fsm:
            with m.State("FIRST"):
                with m.If(self.go):
                    with m.If(quick & here.cacheable):
                        look(on_miss="REFILL")
                    with m.Elif(refused(access)):
                        # An access fault would hide a page fault (rule PMA_MAG_EXC); this may come before one.
                        fail(ADDRESS_MISALIGNED)
                    with m.Elif(~executed.page_known):
                        m.next = "TRANSLATE"
                    with m.Elif(crosses_page | ~here.cacheable | manage | pair):
                        m.next = "CHECK"
                    with m.Else():
                        read()
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
                m.d.comb += operands.read.eq(Read.AFTER_RD)
                # Two halves are one only in the cache (rule pma_amo_far_subset_proc).
                with m.If(~first_page.memory & (needs_memory | access.misaligned) | ~first_page.cacheable & pair):
                    fail(ACCESS_FAULT)
                with m.Elif(crosses_page):
                    m.d.sync += part.eq(1)
                    m.next = "TRANSLATE"
                with m.Else():
                    m.next = "READ"
                    if has("zicbom"):
                        with m.If(manage):
                            m.next = "MANAGE"
            with m.State("READ"):
                m.d.comb += operands.read.eq(Read.AFTER_RS2)
                with m.If(~here.cacheable):
                    m.next = "SINGLE"
                with m.Else():
                    read()
            with m.State("LOOK"):
                look(on_miss="REFILL")
            with m.State("MODIFY"):
                # After a miss somebody else has used the cache. The line need not be absent, but may be another than
                # was read: the AMO begins anew.
                look(on_miss="READ")
                with m.If(~cache.hit):
                    m.d.sync += [have_old.eq(0), gets.eq(1), part.eq(0)]
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
                m.d.comb += [elsewhere.eq(1), other.eq(gathered), self.device.eq(1)]
                with m.If(modifies):
                    m.d.sync += [old.eq(chosen), have_old.eq(1), gets.eq(0)]
                    m.next = "SINGLE"
                with m.Elif(goes_on):
                    next_part()
                with m.Else():
                    m.d.comb += ends.eq(1)
                    m.next = "FIRST"
            with m.State("GATHERED"):
                m.d.comb += [elsewhere.eq(1), other.eq(gathered), ends.eq(1)]
                m.next = "FIRST"
            if has("zacas"):
                with m.State("PAIR"):
                    m.d.comb += [self.pair.eq(1), result.eq(old_high)]
                    m.next = "FIRST"
            if has("zicbom"):
                with m.State("MANAGE"):
                    m.d.comb += [cache.manage.eq(1), ends.eq(cache.managed)]
                    with m.If(cache.managed):
                        m.next = "FIRST"
            with m.State("FAULT"):
                m.d.comb += self.faulted.eq(1)
                m.next = "FIRST"

        m.d.comb += ahead.eq(fsm.ongoing("LOOK") & zero & ~word.all())
        with m.If(ahead):
            m.d.comb += [cache.read.eq(1), cache.offset.eq(Cat(Const(0, 3), row))]

        with m.If(self.enter):
            m.d.sync += [first_page.eq(coming.page), here.eq(coming.page), part.eq(0), word.eq(0), have_old.eq(0),
                         access.eq(coming.form), gets.eq(coming.form.load | coming.form.amo),
                         quick.eq(reads & cache.granted & coming.page_known & ~refused(coming.form)
                                  & ~coming.form.crosses_page & ~coming.form.zero & ~coming.form.manage
                                  & ~coming.form.pair)]
            with m.If(~self.next.valid):
                m.d.sync += access.amo.eq(0)         # nothing is here: who comes next may read

        # The outputs of the cache are free for the next instruction where the one here looks at them for the last
        # time: an AMO looks again after it has read, and what comes after a refill is read for the one here first.
        m.d.comb += reads.eq(self.next.valid & coming.memory & ~modifies
                             & (fsm.ongoing("FIRST") & (quick | ~self.go) | fsm.ongoing("LOOK")
                                | fsm.ongoing("MODIFY") | fsm.ongoing("SINGLE DONE")))

        # A misaligned access that is refused as such is refused at its own address, whichever part was reached.
        with m.If(fsm.ongoing("FAULT") & part & ~self.fault.cause.matches(*ADDRESS_MISALIGNED)):
            m.d.comb += self.fault_offset.eq(8 - place)
        refilling = Signal()
        m.d.sync += refilling.eq(cache.refill)
        m.d.comb += [
            self.miss.eq(cache.refill & ~refilling),
            self.waits_translation.eq(fsm.ongoing("TRANSLATE")), self.waits_line.eq(fsm.ongoing("REFILL") & ~ends),
            self.waits_device.eq(fsm.ongoing("SINGLE")),
            self.hpa.eq(Cat(address[:6] & (~zero).replicate(6), address[6:12], first_page.ppn)),
            self.hpa_next.eq(Mux(crosses_page, Cat(Const(0, 12), second_page.ppn), 0)),
            self.stored.eq(writes), self.value_high.eq(Mux(pair, old_high, 0)),
            self.data_high.eq(Mux(pair, Mux(operands.matches, operands.operand_high, old_high), 0)),
            # The halves of a pair are read and written as one, and so is what goes past the cache.
            cache.lock.eq(pair & reduce(or_, map(fsm.ongoing, ("READ", "LOOK", "MODIFY", "REFILL")))
                          | is_amo & (fsm.ongoing("SINGLE") | fsm.ongoing("SINGLE DONE"))),
            self.data.eq(Mux(writes, new, chosen) & lanes_mask),
        ]
        return m

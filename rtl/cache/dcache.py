"""The data cache: loads, stores, table reads of the walker, and the accesses that go past it."""

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from ..bus import BusSignature
from ..payloads import TableWrite
from ..ports import DataCacheSignature, SnoopSignature, TableSignature
from .fill import Fill
from .ways import ROW_BITS, SET_BITS, TAG_BITS, WAY_KIB, WORD_BITS, Ways, selected


class DataCache(wiring.Component):
    """Lines of 64 bytes, virtually indexed, physically tagged, write-back, allocated on writes too.

    The arrays have one read port. It is the processor's in every cycle with `cpu.granted`; the walker takes it for one
    cycle per table entry that is in the cache.

    Parameters
    ----------
    size_kib : int
        4, 8, 16 or 32: 1, 2, 4 or 8 ways.
    manages : bool
        Whether `cpu.manage` may ever be 1.
    updates : bool
        The walker writes, too.

    Members
    -------
    cpu : In(DataCacheSignature())
        Loads and stores.
    tables : In(TableSignature())
        The walker.
    snoop : In(SnoopSignature())
        Who else writes memory.
    bus : Out(BusSignature())
        Bursts for lines, single accesses for what is not cached.
    table_write : Out(stream of TableWrite, always ready)
        What is written for the walker at the end of this cycle: it ends a reservation, and is part of the trace. The
        walker may stop waiting before it is told.
    """
    def __init__(self, size_kib, manages=True, updates=True):
        self.size_kib, self.manages, self.updates = size_kib, manages, updates
        super().__init__({"cpu": In(DataCacheSignature(size_kib // WAY_KIB)), "tables": In(TableSignature()),
                          "snoop": In(SnoopSignature()), "bus": Out(BusSignature()),
                          "table_write": Out(stream.Signature(TableWrite, always_ready=True))})

    def elaborate(self, platform):
        m = Module()
        m.submodules.ways = ways = Ways(self.size_kib // WAY_KIB, askers=2)
        m.submodules.fill = fill = Fill()
        m.submodules.dirty = dirty = Memory(shape=ways.ways, depth=1 << SET_BITS, init=[])
        dirty_write = dirty.write_port(granularity=1)
        dirty_read = dirty.read_port(transparent_for=(dirty_write,))
        cpu, tables, snoop = self.cpu, self.tables, self.snoop
        request, response = self.bus.request, self.bus.response

        # What the outputs of the arrays are.
        cpu_set, cpu_word = Signal(SET_BITS), Signal(WORD_BITS)  # of the last read of `cpu`
        cpu_owns = Signal()      # the outputs are those of that read
        own_read, own_row = Signal(), Signal(ROW_BITS)           # what is read for others than `cpu`

        # What is being done.
        for_tables = Signal()    # on behalf of `tables`, else of `cpu`
        wanted = Signal()        # whoever asked still waits
        line_ppn, line_set = Signal(TAG_BITS), Signal(SET_BITS)
        word, byte = Signal(WORD_BITS), Signal(3)
        victim, victim_ppn = Signal(ways.ways), Signal(TAG_BITS)
        cleaning, snooping, managing, passing = Signal(), Signal(), Signal(), Signal()
        updating, replaces = Signal(), Signal()      # `tables` wants to write an entry; this is the cycle for it
        same = Signal()                              # it still is what `tables` has read
        beat = Signal(WORD_BITS)
        answer, failed = Signal(64), Signal()
        # After a refill `cpu` is let in first. Else a walk that needs the same way could take the line away
        # before it has been used, and the two would do so for ever.
        reserved = Signal(3)

        still_wanted = wanted & Mux(for_tables, tables.valid, cpu.refill | cpu.single)
        stores = cpu_owns & cpu.write
        may_read, collides = Signal(), Signal()
        m.d.comb += [collides.eq(stores & (cpu.offset[3:] == Cat(cpu_word, cpu_set))),
                     cpu.granted.eq(may_read & ~collides)]
        m.d.comb += [
            ways.ppn[0].eq(line_ppn), ways.ppn[1].eq(cpu.ppn),
            ways.read.eq(own_read | cpu.granted & cpu.read), ways.row.eq(Mux(may_read, cpu.offset[3:], own_row)),
            dirty_read.en.eq(ways.read), dirty_read.addr.eq(ways.row[WORD_BITS:]),
            cpu.hit.eq(cpu_owns & ways.matches[1].any()), cpu.rows.eq(ways.rows), cpu.match.eq(ways.matches[1]),
            tables.data.eq(answer), tables.error.eq(failed),
            cpu.arrived_data.eq(answer), cpu.single_data.eq(answer), cpu.single_error.eq(failed), cpu.error.eq(failed),
            # No beat of a line comes while `cpu` owns the outputs: it loses them in the first cycle of the refill.
            ways.write.eq(Mux(cpu_owns, Mux(cpu.write, ways.matches[1], 0),
                              Mux(fill.write | replaces & same, victim, 0))),
            ways.write_row.eq(Mux(cpu_owns, Cat(cpu_word, cpu_set), Cat(Mux(replaces, word, fill.beat), line_set))),
            ways.write_mask.eq(Mux(cpu_owns, cpu.mask, Mux(replaces, 1, 0xff))),
            ways.write_data.eq(Mux(cpu_owns, cpu.write_data, Cat(
                Mux(replaces, tables.updated, response.p.data[:8]), response.p.data[8:]))),
            dirty_write.addr.eq(Mux(cpu_owns, cpu_set, line_set)),
            dirty_write.data.eq(Mux(cpu_owns | replaces, ~Const(0, ways.ways), 0)),
            dirty_write.en.eq(Mux(stores, ways.matches[1], 0)),
            ways.way.eq(victim), ways.tag_set.eq(line_set), ways.tag.ppn.eq(line_ppn),
            fill.line.eq(Cat(line_set, line_ppn)),
            self.table_write.valid.eq(replaces & same), self.table_write.payload.hpa.eq(tables.address),
            self.table_write.payload.flags.eq(tables.updated)]
        m.d.comb += [fill.bus.response.valid.eq(response.valid), fill.bus.response.p.eq(response.p)]
        m.d.sync += [tables.done.eq(0), cpu.refilled.eq(0), cpu.single_done.eq(0), cpu.cleaned.eq(0), cpu.managed.eq(0),
                     wanted.eq(still_wanted)]
        m.d.sync += cpu.arrived.eq(fill.write & (fill.beat == word) & ~for_tables & still_wanted & ~response.p.error)
        with m.If(fill.write & (fill.beat == word)):
            m.d.sync += answer.eq(response.p.data)
        with m.If(~may_read):
            m.d.sync += cpu_owns.eq(0)
        with m.Elif(cpu.granted & cpu.read):
            m.d.sync += [cpu_owns.eq(1), Cat(cpu_word, cpu_set).eq(cpu.offset[3:])]
        with m.If(reserved.any()):
            m.d.sync += reserved.eq(Mux(cpu.granted & cpu.read, 0, reserved - 1))

        def let_cpu_read():
            m.d.comb += may_read.eq(1)

        def if_filling():
            m.d.comb += [request.valid.eq(fill.bus.request.valid), request.p.eq(fill.bus.request.p),
                         fill.bus.request.ready.eq(request.ready)]

        def request_word(row_word):
            m.d.comb += [own_read.eq(1), own_row.eq(Cat(row_word, line_set))]

        # The line that had to go waits in a buffer, so that the new one need not wait for it. It is written back as
        # soon as the bus is free; nothing else is asked of the bus before that is done.
        m.submodules.buffer = buffer = Memory(shape=64, depth=1 << WORD_BITS, init=[])
        buffer_read, buffer_write = buffer.read_port(domain="comb"), buffer.write_port()
        absent = Signal()
        parted, parted_line = Signal(), Signal(TAG_BITS + SET_BITS)
        copied, copied_word, parted_beat = Signal(), Signal(WORD_BITS), Signal(WORD_BITS)
        m.d.sync += copied.eq(0)
        m.d.comb += [buffer_write.en.eq(copied), buffer_write.addr.eq(copied_word),
                     buffer_write.data.eq(selected(ways.rows, victim)), buffer_read.addr.eq(parted_beat)]

        with m.FSM(init="CLEAR") as fsm:
            with m.State("CLEAR"):
                with m.If(~ways.clearing):
                    m.next = "IDLE"

            with m.State("IDLE"):
                m.d.sync += [failed.eq(0), cleaning.eq(0), snooping.eq(0), managing.eq(0), passing.eq(0),
                             updating.eq(0), beat.eq(0)]
                # Only registers, of `lock`, of who snoops and of the walker, decide: so `granted` is known early in the
                # cycle.
                with m.If(snoop.valid & ~cpu.lock):
                    m.d.comb += [own_read.eq(1), own_row.eq(Cat(Const(0, WORD_BITS), snoop.line))]
                    m.d.sync += [Cat(line_set, line_ppn).eq(snoop.line), snooping.eq(1)]
                    m.next = "PART"
                with m.Elif(tables.valid & ~tables.done & ~reserved.any() & ~cpu.lock):
                    m.d.comb += [own_read.eq(1), own_row.eq(tables.address[3:])]
                    m.d.sync += [Cat(byte, word, line_set, line_ppn).eq(tables.address), for_tables.eq(1),
                                 wanted.eq(1), updating.eq(tables.write if self.updates else 0)]
                    m.next = "SINGLE"
                    with m.If(tables.cacheable):
                        m.next = "CHECK"
                        with m.If(stores & (tables.address[3:12] == Cat(cpu_word, cpu_set))):
                            m.next = "READ"  # these bytes are being written: they were not read
                with m.Else():
                    let_cpu_read()
                    with m.If(cpu.clean & ~cpu.cleaned & ~parted):
                        m.d.sync += [line_set.eq(0), cleaning.eq(1)]
                        m.next = "CLEAN"
                    with m.Elif(cpu.single & ~cpu.single_done):
                        m.d.sync += [Cat(byte, word, line_set, line_ppn).eq(cpu.single_address), for_tables.eq(0),
                                     wanted.eq(1), snooping.eq(1), passing.eq(1)]
                        m.next = "SINGLE"
                        with m.If(cpu.single_cached):
                            m.next = "PASS"
                    with m.Elif(cpu.refill & ~cpu.refilled):
                        m.d.sync += [line_ppn.eq(cpu.ppn), Cat(word, line_set).eq(cpu.refill_row),
                                     for_tables.eq(0), wanted.eq(1)]
                        m.next = "READ"
                        with m.If(cpu_owns & (Cat(cpu_word, cpu_set) == cpu.refill_row)):
                            m.next = "CHECK"  # the outputs are still those of the read that missed
                    if self.manages:
                        with m.Elif(cpu.manage & ~cpu.managed):
                            m.d.sync += [line_ppn.eq(cpu.ppn), Cat(word, line_set).eq(cpu.refill_row), managing.eq(1)]
                            m.next = "FIND"

            if self.manages:
                with m.State("FIND"):
                    request_word(word)
                    m.next = "PART"

            with m.State("READ"):
                request_word(word)
                m.next = "CHECK"

            # The outputs are those of the line that is asked for. It may be there: brought for the other asker, or
            # just now.
            with m.State("CHECK"):
                with m.If(~updating):
                    let_cpu_read()
                m.d.sync += answer.eq(selected(ways.rows, ways.matches[0]))
                with m.If(~still_wanted):
                    m.next = "IDLE"
                if self.updates:
                    with m.Elif(ways.matches[0].any() & updating):
                        m.d.sync += victim.eq(ways.matches[0])
                        m.next = "UPDATE"
                with m.Elif(ways.matches[0].any()):
                    m.d.sync += [tables.done.eq(for_tables), cpu.refilled.eq(~for_tables)]
                    m.next = "IDLE"
                with m.Elif(parted):
                    m.next = "READ"  # the buffer is still full: look again
                with m.Else():
                    # The victim's tag goes first: from now on no store can reach the line.
                    m.d.comb += [ways.way.eq(ways.victim), ways.tag_write.eq(ways.victim)]
                    m.d.sync += [victim.eq(ways.victim), victim_ppn.eq(ways.way_ppn)]
                    m.d.comb += fill.start.eq(1)
                    m.next = "FILL"
                    with m.If((dirty_read.data & ways.valid & ways.victim).any()):
                        m.next = "COPY"

            if self.updates:
                # Nobody has been let in since the entry was read, so nobody writes it or its line now.
                with m.State("UPDATE"):
                    m.d.comb += [replaces.eq(1), same.eq(still_wanted & (answer == tables.expected))]
                    with m.If(same):
                        m.d.comb += dirty_write.en.eq(victim)
                        m.d.sync += answer[:8].eq(tables.updated)
                    m.d.sync += tables.done.eq(still_wanted)
                    m.next = "IDLE"

            # Word by word into the buffer, one a cycle from the first cycle on: the new line's words come in the same
            # order, and at least one cycle behind.
            with m.State("COPY"):
                request_word(beat)
                if_filling()
                with m.If(fill.done):
                    m.d.sync += absent.eq(1)  # only a line that is absent comes before the last word is copied
                m.d.sync += [beat.eq(beat + 1), copied.eq(1), copied_word.eq(beat),
                             parted_line.eq(Cat(line_set, victim_ppn))]
                with m.If(beat.all()):
                    m.d.sync += parted.eq(1)
                    m.next = "FILL"
                    with m.If(cleaning):
                        m.next = "DRAIN"
                    with m.Elif(snooping | managing):
                        m.next = "HELD"

            with m.State("DRAIN"):
                with m.If(~parted):
                    m.d.comb += dirty_write.en.eq(victim)
                    m.next = "CLEAN"

            with m.State("FILL"):
                if_filling()
                error = fill.error | absent
                with m.If(fill.done | absent):
                    m.d.comb += [ways.tag_write.eq(victim), ways.tag.valid.eq(~error), dirty_write.en.eq(victim)]
                    m.d.sync += [failed.eq(error), absent.eq(0)]
                    m.next = "IDLE"
                    with m.If(~for_tables):
                        m.d.sync += [cpu.refilled.eq(still_wanted), reserved.eq(~0)]
                    with m.Elif(error):
                        m.d.sync += tables.done.eq(still_wanted)
                    with m.Else():
                        m.next = "READ"

            # An access past the cache: the line goes first, as if somebody else wrote it, so that both ways agree.
            with m.State("PASS"):
                request_word(word)
                m.next = "PART"

            # The outputs are those of the line that is snooped, managed or passed, and stay so while the buffer is
            # full.
            with m.State("PART"):
                owner, is_dirty = ways.matches[0], Signal()
                m.d.comb += is_dirty.eq((dirty_read.data & owner).any())
                m.d.sync += [victim.eq(owner), victim_ppn.eq(line_ppn)]
                m.next = "HELD"
                with m.If(is_dirty):
                    m.next = "COPY"
                with m.If(is_dirty & parted):
                    m.next = "PART"
                with m.Elif(managing & cpu.keep):
                    m.d.comb += dirty_write.en.eq(owner)
                with m.Else():
                    m.d.comb += ways.tag_write.eq(owner)

            with m.State("HELD"):
                m.d.comb += snoop.held.eq(snooping & ~parted & ~passing)
                m.d.sync += cpu.managed.eq(managing & ~parted)
                with m.If(passing):
                    m.next = "SINGLE"
                with m.Elif(Mux(managing, ~parted, ~snoop.valid)):
                    m.next = "IDLE"

            with m.State("SINGLE"):
                m.d.comb += [request.valid.eq(~parted), request.p.address.eq(Cat(byte, word, line_set, line_ppn)),
                             request.p.write.eq(~for_tables & cpu.single_write),
                             request.p.size.eq(Mux(for_tables, 3, cpu.single_size)),
                             request.p.mask.eq(Mux(for_tables, 0xff, cpu.mask)), request.p.data.eq(cpu.write_data)]
                with m.If(request.ready & ~parted):
                    m.next = "ANSWER"

            with m.State("ANSWER"):
                with m.If(response.valid):
                    m.d.sync += [answer.eq(response.p.data), failed.eq(response.p.error),
                                 tables.done.eq(still_wanted & for_tables),
                                 cpu.single_done.eq(still_wanted & ~for_tables)]
                    m.next = "IDLE"

            # Cleaning goes through the sets, and comes back to a set until none of its lines is dirty.
            with m.State("CLEAN"):
                request_word(Const(0, WORD_BITS))
                m.next = "LOOK"

            with m.State("LOOK"):
                unclean = Signal(ways.ways)
                m.d.comb += [unclean.eq(dirty_read.data & ways.valid), ways.way.eq(unclean & -unclean)]
                m.d.sync += [victim.eq(ways.way), victim_ppn.eq(ways.way_ppn)]
                with m.If(unclean.any()):
                    m.next = "COPY"
                with m.Else():
                    m.d.sync += [line_set.eq(line_set + 1), cpu.cleaned.eq(line_set.all())]
                    m.next = "CLEAN"
                    with m.If(line_set.all()):
                        m.next = "IDLE"

        with m.FSM():
            with m.State("WAIT"):
                with m.If(parted & ~fsm.ongoing("COPY") & ~fsm.ongoing("FILL")):
                    m.next = "WRITE BACK"
            with m.State("WRITE BACK"):
                m.d.comb += [request.valid.eq(1), request.p.write.eq(1), request.p.burst.eq(1),
                             request.p.address.eq(Cat(Const(0, 6), parted_line)), request.p.size.eq(3),
                             request.p.data.eq(buffer_read.data), request.p.mask.eq(0xff)]
                with m.If(request.ready):
                    m.d.sync += parted_beat.eq(parted_beat + 1)
                    with m.If(parted_beat.all()):
                        m.next = "WRITTEN"
            with m.State("WRITTEN"):
                with m.If(response.valid):
                    m.d.sync += parted.eq(0)
                    m.next = "WAIT"
        return m

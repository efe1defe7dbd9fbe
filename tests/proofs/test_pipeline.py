"""Proofs: the pipeline retires the instructions of the program, each once and in order, whatever traps.

In four parts, each of which supposes what the part before promises: fetch hands on the packets of the program
(`Scene.packets`); the aligner cuts them into its instructions (`Scene.program`); issue and execute say of each where
the program goes on, and have fetch sent there (`Scene.execution`); and what leaves execute retires, or a trap is taken
in its place. The boxes are wired as the core wires them.
"""

from dataclasses import replace

import pytest
from amaranth.hdl import Cat, Const, Mux, Signal
from prover import DEEP, Claim, opened

from hyacinth.rtl.config import PHYSICAL_BITS, SMALL
from hyacinth.rtl.core import Core
from hyacinth.rtl.events import EVENTS
from hyacinth.rtl.isa.instructions import Unit

pytestmark = pytest.mark.proof
CONFIG = replace(SMALL, extensions=())
BOXES = ("fetch", "align", "issue", "issued", "execute", "commit", "loadstore", "csr", "mmu", "icache", "dcache")


class Scene:
    """The core with some of its boxes; the others say what they like, but for what is supposed of them."""
    def __init__(self, text, *boxes):
        self.claim = Claim(text)
        self.m = self.claim.m
        self.m.submodules.core = core = Core(CONFIG)
        inside = opened(core).submodules
        for name in BOXES:
            setattr(self, name, getattr(inside, name))
        self.claim.cut("the other boxes say anything, but for what follows",
                       *(getattr(self, name) for name in BOXES if name not in boxes))

    def before(self, value, name):
        """What `value` was in the cycle before; 0 in the first."""
        signal = Signal.like(value, name=name, init=0)
        self.m.d.sync += signal.eq(value)
        return signal

    def due(self, bits, name):
        """The address of what has to come next, to be set; at first that of the reset."""
        return Signal(bits, name=name, init=CONFIG.reset_pc % (1 << bits))

    def packets(self, bits):
        """Promises of fetch. Of addresses `bits` are looked at."""
        fetch, packet, guess = self.fetch, self.fetch.o.payload, self.fetch.o.payload.prediction
        due, ended = self.due(bits, "packet_due"), Signal()
        sent = self.before(fetch.redirect | fetch.realign, "sent")
        with self.m.If(fetch.o.valid & fetch.o.ready):
            self.m.d.sync += [ended.eq(packet.faulted), due.eq(Mux(
                guess.taken, guess.target, Cat(Const(0, 1), packet.last, packet.pc[3:]) + 2))]
        with self.m.If(fetch.redirect | fetch.realign):
            self.m.d.sync += [due.eq(Mux(fetch.redirect, fetch.redirect_pc, fetch.realign_pc)), ended.eq(0)]
        return {
            "packets follow each other, and nothing follows one that could not be fetched":
                ~fetch.o.valid | (packet.pc[:bits] == due) & ~sent & ~ended,
            "a packet ends with the jump that is predicted, if it is predicted to be taken":
                (packet.last >= packet.pc[1:3]) & (~guess.known | (guess.where >= packet.pc[1:3]))
                & (guess.known | ~guess.taken) & (~guess.taken | (guess.where == packet.last)),
            "each halfword of the program has its address in it, beside the two bits that say how long it is":
                ~fetch.o.valid | packet.faulted | holds_addresses(packet.data, packet.pc, bits),
        }

    def program(self, bits=64):
        """The promise of the aligner: instructions that follow each other, from where fetch was sent last.

        After a jump or branch that is predicted to be taken follows the one at its target.
        """
        align, due, killed = self.align, self.due(bits, "due"), self.before(self.align.kill, "killed")
        with self.m.If(align.kill):
            self.m.d.sync += due.eq(self.fetch.redirect_pc)
        with self.m.Elif(align.o.valid & align.o.ready):
            self.m.d.sync += due.eq(guessed(align.o.payload))
        return due, {"instructions come from the aligner in the order of the program, as fetch predicts it": (
            ~align.o.valid | (align.o.payload.pc[:bits] == due) & ~killed & plain(align.o.payload))}

    def execution(self):
        """Promises of issue and execute."""
        issue, execute, o = self.issue, self.execute, self.execute.o.payload
        here = execute.i.payload.decoded
        waited = self.before(execute.i.valid & ~execute.i.ready, "waited")
        said = self.before(o.next_pc, "said")
        return {
            "issue hands on what comes, when it can":
                (issue.i.valid | ~issue.o.valid) & (~issue.i.valid | (issue.i.ready == issue.o.valid & issue.o.ready))
                & (issue.o.payload.decoded.fetched.as_value() == issue.i.payload.as_value()),
            "execute hands on what comes, at once":
                (execute.o.valid == execute.i.valid) & (execute.i.ready == execute.o.ready)
                & (o.decoded.as_value() == here.as_value()),
            "execute says where the program goes on, and sends fetch there, once, if that was not predicted":
                (~execute.redirect | execute.i.valid & ~waited) & (~waited | (o.next_pc == said))
                & (~execute.i.valid | waited | execute.redirect | (o.next_pc == guessed(here.fetched)))
                & (execute.redirect_pc == o.next_pc),
            "only loads, stores and the like reach memory, and what was not fetched is barred":
                ~execute.i.valid | consistent(o),
        }


def holds_addresses(data, pc, bits):
    """Whether each halfword of the eight bytes around `pc` has its address in it: what is proven of these bits holds
    for whatever a halfword says besides its length, since the boxes between memory and decoder look at nothing else."""
    return Cat(data.word_select(n, 16)[2:bits + 1] == Cat(Const(n, 2), pc[3:bits]) for n in range(4)).all()


def guessed(fetched):
    """Where fetch went on after an instruction."""
    return Mux(fetched.taken, fetched.target, (fetched.pc + Mux(fetched.compressed, 2, 4))[:64])


def plain(fetched):
    """Whether an instruction is as long as its lowest bits say."""
    wide = fetched.raw[:2].all()
    return fetched.faulted | (fetched.compressed == ~wide) & (wide | (fetched.raw[16:] == 0))


def reaches_memory(decoded):
    """Whether an instruction is the load-store unit's."""
    return decoded.unit.matches(Unit.LOAD, Unit.STORE, Unit.AMO, Unit.CBO)


def consistent(executed):
    """Whether an instruction goes to the load-store unit only if it is its, and traps if it was not fetched."""
    return (~executed.memory | ~executed.barred & reaches_memory(executed.decoded)) & (
        executed.barred | ~executed.decoded.fetched.faulted)


def sign_extended(*bits):
    """An immediate of these bits, from the lowest, 64 bits wide."""
    number = Cat(*bits)
    return Cat(number, number[-1].replicate(64 - len(number)))


def goes_on(bits, pc, to):
    """Whether the program may go on at `to` after an instruction: what the manual's formats say, from its bits alone.

    A branch may or may not be taken, and a jump to a register leads anywhere.
    """
    wide, op, short, quadrant = bits[:2].all(), bits[2:7], bits[13:16], bits[:2]
    jal, branch, jalr = (wide & (op == code) for code in (0b11011, 0b11000, 0b11001))
    c_j, c_branch = (quadrant == 1) & (short == 0b101), (quadrant == 1) & (short[1:] == 0b11)
    c_jr = (quadrant == 2) & (short == 0b100) & (bits[2:7] == 0) & bits[7:12].any()
    zero = Const(0, 1)
    offset = Mux(jal, sign_extended(zero, bits[21:31], bits[20], bits[12:20], bits[31]), Mux(
        branch, sign_extended(zero, bits[8:12], bits[25:31], bits[7], bits[31]), Mux(
            c_j, sign_extended(zero, bits[3:6], bits[11], bits[2], bits[7], bits[6], bits[9:11], bits[8], bits[12]),
            sign_extended(zero, bits[3:5], bits[10:12], bits[2], bits[5:7], bits[12]))))
    follows = to == (pc + Mux(wide, 4, 2))[:64]
    jumps = (to[1:] == (pc + offset)[1:64]) & ~to[0]
    return Mux(jalr | c_jr, ~to[0], Mux(jal | c_j, jumps, follows | (branch | c_branch) & jumps))


def test_fetch_hands_on_the_packets_of_the_program():
    scene = Scene("Fetch hands on the packets of the program, as it is predicted and sent: none is left out or comes "
                  "twice or from elsewhere, however long translations and lines take", "fetch")
    bits, claim, fetch, cache = 13, scene.claim, scene.fetch, scene.fetch.cache
    predictor = opened(fetch).submodules.predictor
    claim.cut("the predictor says anything", predictor)
    guess = predictor.prediction
    claim.suppose("a prediction is of a halfword that is wanted", (
        ~guess.known | (guess.where >= predictor.pc[1:3])) & (guess.known | ~guess.taken))
    claim.suppose("a page is translated, and a line refilled, when that is asked for",
                  (fetch.translate.valid | ~fetch.translate.done) & (cache.refill | ~cache.refilled))
    claim.suppose("translations are the identity", (
        ~fetch.lookup.hit | (fetch.lookup.page.ppn == fetch.lookup.va[12:PHYSICAL_BITS])) & (
            fetch.translate.answer.page.ppn == fetch.translate.request.va[12:PHYSICAL_BITS]))
    offset = Signal(12)
    with scene.m.If(cache.read):
        scene.m.d.sync += offset.eq(cache.offset)
    claim.suppose("each halfword of the program has its address in it, beside the two bits that say how long it is",
                  ~cache.hit | holds_addresses(cache.data, Cat(offset, cache.ppn), bits))
    claim.suppose("addresses are even, and below 8 KiB", Cat(
        address[0] | address[bits:].any() for address in (
            fetch.redirect_pc, fetch.realign_pc, guess.target, fetch.lookup.va)) == 0)
    for condition in scene.packets(bits).values():
        claim.hold(condition)
    claim.prove(30 if DEEP else 14)


def test_the_aligner_cuts_packets_into_the_program():
    scene = Scene("The aligner cuts packets into the instructions of the program: no halfword is lost or comes twice, "
                  "wherever an instruction lies and a prediction cuts it", "align")
    bits, claim, align, packet = 6, scene.claim, scene.align, scene.fetch.o.payload
    for text, condition in scene.packets(bits).items():
        claim.suppose(text, condition)
    claim.suppose("addresses are even, and below 64", Cat(
        address[0] | address[bits:].any() for address in (
            scene.fetch.redirect_pc, packet.prediction.target, packet.pc)) == 0)
    came = align.o.payload
    _, promises = scene.program(bits)
    for condition in promises.values():
        claim.hold(condition)
    claim.hold(came.pc[bits:] == 0, align.o.valid)
    for n in range(2):
        claim.hold(came.raw[16 * n + 2:16 * n + bits + 1] == (came.pc + 2 * n)[1:bits],
                   align.o.valid & ~came.faulted & (~came.compressed if n else 1))
    claim.hold(~align.realign_pc[0] & (align.realign_pc[bits:] == 0), align.realign)
    claim.prove(16 if DEEP else 10)


def test_execute_says_where_the_program_goes_on_and_sends_fetch_there():
    scene = Scene("Execute says of each instruction where the program goes on, as its bits do, and sends fetch there, "
                  "once, where that was not predicted", "issue", "issued", "execute")
    claim, execute, o = scene.claim, scene.execute, scene.execute.o.payload
    claim.cut("the registers and the multiplier say anything", opened(scene.issue).submodules.registers,
              opened(execute).submodules.multiplier)
    for text, condition in scene.program()[1].items():
        claim.suppose(text, condition)
    for condition in scene.execution().values():
        claim.hold(condition)
    decoded = execute.i.payload.decoded
    here, absent = decoded.fetched, decoded.illegal | decoded.fetched.faulted
    claim.hold(goes_on(here.raw, here.pc, o.next_pc), execute.i.valid & ~absent)
    claim.hold(o.barred, execute.i.valid & absent)
    # Why: what issue has found out stays true.
    claim.hold(plain(here) & (decoded.illegal | ~execute.i.payload.controls.memory | reaches_memory(decoded)),
               execute.i.valid)
    claim.prove(2, induction=True)


def test_what_leaves_execute_retires_once_and_in_order_or_a_trap_is_taken_in_its_place():
    scene = Scene("What leaves execute retires once and in the order of the program, or a trap or interrupt is taken "
                  "in its place, with its address, and it does nothing; the program goes on where it was said to, "
                  "after traps and returns where the CSRs say; what retires writes its register and its CSR once, and "
                  "is counted once", "issued", "commit")
    claim, commit, csr, execute = scene.claim, scene.commit, scene.csr.csr, scene.execute
    claim.cut("the divider says anything", opened(commit).submodules.divider)
    due, promises = scene.program()
    for text, condition in (promises | scene.execution()).items():
        claim.suppose(text, condition)
    claim.suppose("the load-store unit is done, or faults, not both, when it is told to go",
                  (commit.go | ~commit.done & ~commit.faulted) & ~(commit.done & commit.faulted) & ~commit.pair)

    # The records follow each other.
    record, valid = commit.retire.payload, commit.retire.valid
    expected, retired = scene.due(64, "expected"), valid & ~record.trapped
    with scene.m.If(valid):
        scene.m.d.sync += expected.eq(record.next_pc)
    returned, trapped = scene.before(csr.xret, "returned"), scene.before(csr.trap.valid, "trapped")
    claim.hold(record.pc == expected, valid)
    claim.hold(trapped == (valid & record.trapped))
    claim.hold(retired, returned)
    claim.hold(record.next_pc == scene.before(csr.taken.pc, "taken"), trapped | returned)
    claim.hold(csr.trap.payload.pc == expected, csr.trap.valid)
    x = commit.executed
    fetched = scene.before(x.decoded.fetched, "fetched")
    claim.hold((record.pc == fetched.pc) & (record.bits == fetched.raw), valid)
    claim.hold(record.next_pc == scene.before(x.next_pc, "next"), retired & ~returned)

    # What an instruction does it does once, when it retires.
    wrote, write = scene.before(csr.write, "wrote"), commit.forward.valid & commit.forward.known
    claim.hold(scene.before(wrote, "wrote_before") == (retired & record.writes_csr))
    claim.hold(scene.before(csr.retired, "counted") == (wrote | retired & ~record.writes_csr))
    claim.hold(scene.before(write, "written") == (retired & record.writes_rd & record.rd.any()))
    claim.hold(retired, scene.before(commit.done, "done"))
    gone, faulted = Signal(), Signal()           # it has been handed to the load-store unit; that refused
    scene.m.d.sync += [gone.eq((gone | commit.go) & ~commit.enter),
                       faulted.eq((faulted | commit.faulted) & ~commit.enter)]
    claim.hold(~gone | faulted & ~csr.trap.payload.interrupt, csr.trap.valid)

    # Why: what is at commit, what waits to come there, what is in execute and what comes next follow each other.
    here, full, after = ~commit.events[EVENTS["stall_empty"]], ~commit.i.ready, commit.next.payload
    next_due, stage_due = Signal(64), Signal(64)
    scene.m.d.comb += [next_due.eq(Mux(valid, record.next_pc, expected)),
                       stage_due.eq(Mux(full, after.next_pc, Mux(here, x.next_pc, next_due)))]
    claim.hold((x.decoded.fetched.pc == next_due) & consistent(x), here)
    claim.hold(here & (after.decoded.fetched.pc == x.next_pc) & consistent(after), full)
    claim.hold(execute.i.payload.decoded.fetched.pc == stage_due, execute.i.valid)
    claim.hold(due == Mux(execute.i.valid, execute.o.payload.next_pc, stage_due), ~commit.resume & ~execute.redirect)
    claim.hold(~execute.i.valid & ~full & ~here & (commit.resume_pc == next_due), commit.resume)
    claim.hold(here & (x.decoded.unit == Unit.SYSTEM), commit.clean | commit.invalidate | commit.fence.valid
               | commit.events[EVENTS["stall_wfi"]])
    claim.hold(here, commit.critical.valid)
    claim.hold(~csr.trap.payload.interrupt, gone & scene.before(gone, "gone_before"))
    claim.prove(4, induction=True)

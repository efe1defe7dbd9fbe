"""Proofs: the pipeline retires the instructions of the program, each once and in order, whatever traps.

In three parts that are put together at the same words: what comes out of the aligner is the program, one instruction
after the other (`Program`); execute says of each where the program goes on, and has fetch sent there (`Executes`); what
leaves execute retires, or a trap is taken in its place.
"""

import os
from dataclasses import replace

import pytest
from amaranth.hdl import Cat, Const, Mux, Signal
from prover import Claim, opened

from hyacinth.rtl.config import PHYSICAL_BITS, SMALL
from hyacinth.rtl.core import Core
from hyacinth.rtl.events import EVENTS
from hyacinth.rtl.isa.instructions import Unit

pytestmark = pytest.mark.proof
CONFIG = replace(SMALL, extensions=())
BOXES = ("fetch", "align", "issue", "issued", "execute", "commit", "loadstore", "csr", "mmu", "icache", "dcache")


class Scene:
    """The core, as it is wired, with some of its boxes alone; the others say what they like."""
    def __init__(self, text, *boxes):
        self.claim = Claim(text)
        self.claim.m.submodules.core = core = Core(CONFIG)
        inside = opened(core).submodules
        for name in BOXES:
            setattr(self, name, getattr(inside, name))
        for name in BOXES:
            if name not in boxes:
                self.claim.cut(getattr(self, name), f"{name} says anything")
        self.d = self.claim.m.d

    def before(self, value, name):
        """What `value` was in the cycle before; 0 in the first."""
        signal = Signal.like(value, name=name, init=0)
        self.d.sync += signal.eq(value)
        return signal

    def program(self):
        """What fetch and the aligner promise: instructions that follow each other, from where fetch was sent last.

        Where a jump or branch is predicted, the next one is that at the target. In the cycle after a redirect none comes.
        """
        align, due = self.align, Signal(64, init=CONFIG.reset_pc)
        killed = self.before(align.kill, "killed")
        with self.claim.m.If(align.kill):
            self.d.sync += due.eq(self.fetch.redirect_pc)
        with self.claim.m.Elif(align.o.valid & align.o.ready):
            self.d.sync += due.eq(guessed(align.o.payload))
        return due, ~align.o.valid | (align.o.payload.pc == due) & ~killed & plain(align.o.payload)

    def packets(self, bits):
        """What fetch promises: packets that follow each other, none after one that could not be fetched."""
        fetch, packet, guess = self.fetch, self.fetch.o.payload, self.fetch.o.payload.prediction
        sent = self.before(fetch.redirect | fetch.realign, "sent")
        due, ended = Signal(bits, init=CONFIG.reset_pc % (1 << bits)), Signal()
        with self.claim.m.If(fetch.o.valid & fetch.o.ready):
            self.d.sync += [ended.eq(packet.faulted), due.eq(Mux(
                guess.taken, guess.target, Cat(Const(0, 1), packet.last, packet.pc[3:]) + 2))]
        with self.claim.m.If(fetch.redirect | fetch.realign):
            self.d.sync += [due.eq(Mux(fetch.redirect, fetch.redirect_pc, fetch.realign_pc)), ended.eq(0)]
        data = Cat(*(packet.data.word_select(n, 16)[2:bits + 1] == Cat(Const(n, 2), packet.pc[3:bits]) for n in range(4))).all()
        return {
            "packets follow each other": ~fetch.o.valid | (packet.pc[:bits] == due) & ~sent & ~ended,
            "a packet ends with the jump that was predicted, if it is predicted to be taken": (
                packet.last >= packet.pc[1:3]) & (~guess.known | (guess.where >= packet.pc[1:3])) & (
                    guess.known | ~guess.taken) & (~guess.taken | (guess.where == packet.last)),
            "each halfword of the program is its address, but for the two bits that say how long an instruction is":
                ~fetch.o.valid | data | packet.faulted,
            "the program lies in the first 8 KiB, and fetch is sent to even addresses": (
                ~fetch.redirect_pc[0] & ~guess.target[0] & (packet.pc[bits:] == 0) & (fetch.redirect_pc[bits:] == 0) & (guess.target[bits:] == 0)),
        }

    def executes(self):
        """What issue and execute promise of every instruction that is handed to commit."""
        issue, execute = self.issue, self.execute
        o, here = execute.o.payload, execute.i.payload.decoded
        waited = self.before(execute.i.valid & ~execute.i.ready, "waited")
        said = self.before(o.next_pc, "said")
        return {
            "issue hands on what comes, when it can": (issue.i.valid | ~issue.o.valid) & (
                ~issue.i.valid | (issue.i.ready == (issue.o.valid & issue.o.ready))) & (
                    issue.o.payload.decoded.fetched.as_value() == issue.i.payload.as_value()),
            "execute hands on what comes, at once": (execute.o.valid == execute.i.valid) & (
                execute.i.ready == execute.o.ready) & (o.decoded.as_value() == here.as_value()),
            "it sends fetch on, once, where the program does not go on as predicted": (
                ~execute.redirect | execute.i.valid & ~waited) & (
                    ~execute.i.valid | waited | execute.redirect | (o.next_pc == guessed(here.fetched))) & (
                        execute.redirect_pc == o.next_pc) & (~waited | (o.next_pc == said)),
            "no memory is reached by what is no load or store, or may not": ~execute.i.valid | consistent(o),
        }


def guessed(fetched):
    """Where fetch went on after an instruction."""
    return Mux(fetched.taken, fetched.target, (fetched.pc + Mux(fetched.compressed, 2, 4))[:64])


def plain(fetched):
    """Whether a Fetched is as long as its lowest bits say."""
    wide = fetched.raw[:2].all()
    return fetched.faulted | (fetched.compressed == ~wide) & (wide | (fetched.raw[16:] == 0))


def reaches_memory(decoded):
    """Whether an instruction is the load-store unit's."""
    return decoded.unit.matches(Unit.LOAD, Unit.STORE, Unit.AMO, Unit.CBO)


def consistent(executed):
    """Only what reaches memory goes to the load-store unit, and what was not fetched is barred."""
    return (~executed.memory | ~executed.barred & reaches_memory(executed.decoded)) & (
        executed.barred | ~executed.decoded.fetched.faulted)


def test_fetch_hands_on_the_packets_of_the_program():
    scene = Scene("fetch", "fetch")
    claim, fetch, cache = scene.claim, scene.fetch, scene.fetch.cache
    PC = int(os.environ.get("PC", "13"))
    predictor = opened(fetch).submodules.predictor
    claim.cut(predictor, "the predictor says anything")
    guess = predictor.prediction
    claim.suppose("a prediction is of a halfword that is wanted", (
        ~guess.known | (guess.where >= predictor.pc[1:3])) & (guess.known | ~guess.taken))
    offset = Signal(12)
    with claim.m.If(cache.read):
        scene.d.sync += offset.eq(cache.offset)
    address = Cat(offset, cache.ppn)
    claim.suppose("code", ~cache.hit | Cat(*(
        cache.data.word_select(n, 16)[2:PC + 1] == Cat(Const(n, 2), address[3:PC]) for n in range(4))).all())
    claim.suppose("translation is the identity",
                  (~fetch.lookup.hit | (fetch.lookup.page.ppn == fetch.lookup.va[12:PHYSICAL_BITS]))
                  & (fetch.translate.answer.page.ppn == fetch.translate.request.va[12:PHYSICAL_BITS]))
    claim.suppose("a page is translated, a line refilled, when that is asked for",
                  (fetch.translate.valid | ~fetch.translate.done) & (cache.refill | ~cache.refilled))
    claim.suppose("where the aligner sends fetch is even", ~fetch.realign_pc[0] & (fetch.realign_pc[PC:] == 0))
    *promises, (text, lies) = scene.packets(PC).items()
    claim.suppose(text, lies)
    for _, condition in promises:
        claim.hold(condition)
    claim.prove(int(os.environ.get("DEPTH", "10")))


def test_the_aligner_cuts_packets_into_the_program():
    scene = Scene("align", "align")
    claim, fetch, align = scene.claim, scene.fetch, scene.align
    PC = int(os.environ.get("PC", "13"))
    buffer = opened(align).submodules.buffer
    claim.cut(buffer, "buffer")
    due = Signal(PC, init=CONFIG.reset_pc % (1 << PC))
    killed = scene.before(align.kill, "killed")
    with claim.m.If(align.kill):
        scene.d.sync += due.eq(fetch.redirect_pc)
    with claim.m.Elif(buffer.i.valid & buffer.i.ready):
        scene.d.sync += due.eq(guessed(buffer.i.payload))
    came = buffer.i.payload
    came = buffer.i.payload
    for text, condition in scene.packets(PC).items():
        claim.suppose(text, condition)
    claim.hold((came.pc[:PC] == due) & (came.pc[PC:] == 0) & ~killed & plain(came), buffer.i.valid)
    for n in range(2):
        claim.hold(came.raw[16 * n + 2:16 * n + PC + 1] == (came.pc + 2 * n)[1:PC], buffer.i.valid & ~came.faulted & (
            ~came.compressed | (n == 0)))
    claim.prove(int(os.environ.get("DEPTH", "10")))


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
    target, following = (pc + offset)[:64], (pc + Mux(wide, 4, 2))[:64]
    jumps = (to[1:] == target[1:]) & ~to[0]
    return Mux(jalr | c_jr, ~to[0], Mux(jal | c_j, jumps, Mux(branch | c_branch, jumps | (to == following), to == following)))


def test_execute_says_where_the_program_goes_on_and_sends_fetch_there():
    scene = Scene("execute", "issue", "issued", "execute")
    claim, o = scene.claim, scene.execute.o.payload
    claim.cut(opened(scene.issue).submodules.registers, "registers say anything")
    claim.cut(opened(scene.execute).submodules.multiplier, "the multiplier says anything")
    _, comes = scene.program()
    claim.suppose("the program comes", comes)
    for condition in scene.executes().values():
        claim.hold(condition)
    valid, issued = scene.execute.i.valid, scene.execute.i.payload
    here, illegal = issued.decoded.fetched, issued.decoded.illegal
    claim.hold(goes_on(here.raw, here.pc, o.next_pc), valid & ~here.faulted & ~illegal)
    claim.hold(o.barred, valid & (here.faulted | illegal))
    # Why
    claim.hold(plain(here), valid)
    claim.hold(illegal | ~issued.controls.memory | reaches_memory(issued.decoded), valid)
    claim.prove(int(os.environ.get("DEPTH", "2")), induction=True)


def test_what_leaves_execute_retires_once_and_in_order_or_a_trap_is_taken_in_its_place():
    scene = Scene("commit", "issued", "commit")
    claim, commit, csr, execute = scene.claim, scene.commit, scene.csr.csr, scene.execute
    claim.cut(opened(commit).submodules.divider, "the divider says anything")
    due, comes = scene.program()
    claim.suppose("the program comes", comes)
    for text, condition in scene.executes().items():
        claim.suppose(text, condition)
    claim.suppose("the load-store unit is done, or faults, when it is asked to go, and not both",
                  (commit.go | ~commit.done & ~commit.faulted) & ~(commit.done & commit.faulted) & ~commit.pair)

    # The records follow each other, and traps and returns go where the CSRs say.
    record, valid = commit.retire.payload, commit.retire.valid
    expected, retired = Signal(64, init=CONFIG.reset_pc), valid & ~record.trapped
    with claim.m.If(valid):
        claim.m.d.sync += expected.eq(record.next_pc)
    returned, trapped = scene.before(csr.xret, "returned"), scene.before(csr.trap.valid, "trapped")
    claim.hold(record.pc == expected, valid)
    claim.hold(record.next_pc == scene.before(csr.taken.pc, "taken"), trapped | returned)
    claim.hold(csr.trap.payload.pc == expected, csr.trap.valid)
    claim.hold(trapped == (valid & record.trapped))
    claim.hold(retired, returned)

    # What an instruction does it does once, when it retires; one that traps does nothing.
    wrote = scene.before(csr.write, "wrote")
    claim.hold(scene.before(wrote, "wrote_before") == (retired & record.writes_csr))
    claim.hold(scene.before(csr.retired, "counted") == (wrote | retired & ~record.writes_csr))
    write = commit.forward.valid & commit.forward.known
    claim.hold(scene.before(write, "written") == (retired & record.writes_rd & record.rd.any()))
    claim.hold(retired, scene.before(commit.done, "done"))
    x, after, stays = commit.executed, commit.next.payload, ~commit.enter
    gone = Signal()
    claim.m.d.sync += gone.eq((gone | commit.go) & stays)
    claim.hold(~gone | ~csr.trap.payload.interrupt, csr.trap.valid)
    claim.hold((record.pc == scene.before(x.decoded.fetched.pc, "pc"))
               & (record.bits == scene.before(x.decoded.fetched.raw, "bits")), valid)
    claim.hold(record.next_pc == scene.before(x.next_pc, "next"), retired & ~returned)

    # Why that is so: the instructions at commit, before it, in execute and to come follow each other.
    here, full = ~commit.events[EVENTS["stall_empty"]], ~commit.i.ready
    next_due, stage_due = Signal(64), Signal(64)
    claim.m.d.comb += [next_due.eq(Mux(valid, record.next_pc, expected)),
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
    claim.prove(int(os.environ.get("DEPTH", "4")), induction=True)

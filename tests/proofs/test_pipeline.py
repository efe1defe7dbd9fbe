"""Proofs: the pipeline retires the instructions of the program, each once and in order, whatever traps.

In three parts that are put together at the same words: what comes out of the aligner is the program, one instruction
after the other (`Program`); execute says of each where the program goes on, and has fetch sent there (`Executes`); what
leaves execute retires, or a trap is taken in its place.
"""

import os
from dataclasses import replace

import pytest
from amaranth.hdl import Mux, Signal
from prover import Claim, opened

from hyacinth.rtl.config import SMALL
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
        came = align.o.payload
        wide = came.raw[:2].all()
        return due, ~align.o.valid | (came.pc == due) & ~killed & (
            came.faulted | (came.compressed == ~wide) & (wide | (came.raw[16:] == 0)))

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
                execute.redirect == (execute.i.valid & ~waited & (o.next_pc != guessed(here.fetched)))) & (
                    execute.redirect_pc == o.next_pc) & (~waited | (o.next_pc == said)),
            "no memory is reached by what is no load or store, or may not": ~execute.i.valid | consistent(o),
        }


def guessed(fetched):
    """Where fetch went on after an instruction."""
    return Mux(fetched.taken, fetched.target, (fetched.pc + Mux(fetched.compressed, 2, 4))[:64])


def consistent(executed):
    """Only what reaches memory goes to the load-store unit, and what was not fetched is barred."""
    unit, fetched = executed.decoded.unit, executed.decoded.fetched
    return (~executed.memory | ~executed.barred & unit.matches(Unit.LOAD, Unit.STORE, Unit.AMO, Unit.CBO)) & (
        executed.barred | ~fetched.faulted)


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

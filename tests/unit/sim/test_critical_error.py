"""A hart in the critical-error state ends the run, with a message that says what happened and what helps."""

import pytest

from hyacinth.rtl.isa.causes import Cause, Interrupt
from hyacinth.rtl.soc import CRITICAL_ERROR
from hyacinth.sim.cli import main
from hyacinth.sim.lockstep.assembler import Code, csr, li, op
from hyacinth.sim.lockstep.random_programs import RandomProgram
from hyacinth.sim.machine import End, Machine
from hyacinth.sim.outcome import ended

BASE, TOHOST, FINISHER, MDT = 0x8000_0000, 0x8000_1000, 0x10_0000, 1 << 42
MSTATUS, MTVEC = 0x300, 0x305
PYSIM = {"core": "small+smdbltrp", "engine": "pysim"}


def program(*, ready):
    """An ECALL whose handler ends the program; `ready`: with MDT cleared before."""
    code = Code(BASE)
    code.load_address(5, "handler")
    code.add(csr("csrrw", MTVEC, s=5))
    if ready:
        code.add(*li(6, MDT), csr("csrrc", MSTATUS, s=6))
    code.add(op("ecall"))
    code.align(4)
    code.label("handler")
    code.add(*li(5, FINISHER), *li(6, 0x5555), op("sw", s=5, t=6), op("jal"))
    return RandomProgram(0, ((BASE, code.contents()),), BASE, TOHOST)


def run(**options):
    machine = Machine(**PYSIM, memory=1 << 20)
    made = program(**options)
    machine.load_segments(made.segments, made.entry, dtb=b"")
    return machine, machine.run(5_000)


@pytest.mark.rule("mstatus_mdt_rst", "trap_unexp", "trap_unexp_hndl_no_rnmi", "CRITICAL_ERROR")
def test_a_trap_before_mdt_is_cleared_ends_the_machine_and_changes_nothing():
    machine, outcome = run(ready=False)
    assert (outcome.end, outcome.exit_code, outcome.critical) == (End.CRITICAL, None, Cause.ECALL_M)
    assert (machine.csr("mcause"), machine.csr("mepc"), machine.csr("mstatus") & MDT) == (0, 0, MDT)
    retired = machine.retired
    assert machine.run(100).end == End.CRITICAL and machine.retired == retired


@pytest.mark.rule("trap_exp")
def test_with_mdt_cleared_the_trap_is_taken():
    machine, outcome = run(ready=True)
    assert (outcome.end, outcome.exit_code, machine.csr("mcause")) == (End.EXITED, 0, Cause.ECALL_M)
    assert machine.csr("mstatus") & MDT


def test_the_command_line_says_which_trap_it_was_and_what_helps(tmp_path, capsys):
    (tmp_path / "early.elf").write_bytes(program(ready=False).elf())
    assert main(["run", "--core", PYSIM["core"], "--engine", "pysim", str(tmp_path / "early.elf")]) == 1
    said = " ".join(capsys.readouterr().err.split())
    assert "critical error: Environment call from M-mode in M at 0x80000" in said and "mstatus.MDT was 1" in said
    assert "leave smdbltrp out" in said


def test_an_exit_code_is_told_from_a_critical_error():
    assert ended(1, 0xffff).exit_code == 0xffff
    assert ended(1, CRITICAL_ERROR + 5).critical is Cause.LOAD_ACCESS_FAULT
    assert ended(1, CRITICAL_ERROR).critical is Cause.INSTRUCTION_ADDRESS_MISALIGNED
    assert ended(1, CRITICAL_ERROR + 64 + 7).critical is Interrupt.MTI

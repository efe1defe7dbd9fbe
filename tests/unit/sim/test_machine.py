"""A machine runs programs, and shows what they did."""

import _thread
import re
import signal
import threading

import pytest
import pywellen

from hyacinth.sim import records
from hyacinth.sim.around import Disturbance, disturbance
from hyacinth.sim.engines.engine import EngineError
from hyacinth.sim.lockstep.assembler import Code, csr, li, op
from hyacinth.sim.machine import End, Machine

BASE, TOHOST, UART, FINISHER = 0x8000_0000, 0x8000_1000, 0x1000_0000, 0x10_0000
FROMHOST, DATA = TOHOST + 8, 0x8000_2000
T0, T1, T2, A0, A1, A2 = 5, 6, 7, 10, 11, 12
MTVEC = 0x305


class Program(Code):
    """Code at BASE, with HTIF."""
    def __init__(self):
        super().__init__(BASE)

    def store(self, address, value, name="sd"):
        """Store a number."""
        self.add(*li(T0, address), *li(T1, value), op(name, s=T0, t=T1, i=0))

    def loop(self):
        """Stay here."""
        self.add(op("jal", i=0))
        return self

    def exit(self, code):
        """End with a code."""
        self.store(TOHOST, code << 1 | 1)
        return self.loop()


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background and ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def machine_with(program, engine="compiled", **options):
    machine = Machine(engine=engine, **options)
    machine.load_segments([(BASE, program.contents())], BASE, tohost=TOHOST, fromhost=FROMHOST)
    return machine


def run(program, cycles=20_000, **options):
    machine = machine_with(program, **options)
    return machine, machine.run(cycles)


def test_both_engines_leave_the_same_records_in_the_same_cycles():
    program = Program()
    program.store(DATA, 0x1234)
    program.add(op("ld", d=A2, s=T0, i=0))
    program.exit(3)
    batches = []
    for engine in ("compiled", "pysim"):
        machine = machine_with(program, engine)
        machine.raw_watchers.append(batches.append)
        outcome = machine.run(3000)
        batches.append((outcome, machine.events, machine.register("a2"), machine.csr("minstret")))
    assert batches[0] == batches[2] and batches[1] == batches[3]
    assert batches[1][0].exit_code == 3 and batches[1][2] == 0x1234
    assert len(records.retired(batches[0])) > 10


def test_a_disturbance_is_the_same_on_both_engines_and_changes_only_how_long_things_take():
    program = Program()
    program.add(*li(T0, DATA), *li(T1, 12))
    program.label("again")
    program.add(op("ld", d=A2, s=T0, i=0), op("addi", d=A2, s=A2, i=1), op("sd", s=T0, t=A2, i=0),
                op("ld", d=A1, s=T0, i=64), op("addi", d=T1, s=T1, i=-1))
    program.branch("bne", T1, 0, "again")
    program.exit(0)

    def seen(engine, disturbed):
        machine, batches = machine_with(program, engine, disturbed=disturbed), []
        machine.raw_watchers.append(batches.append)
        assert machine.run(20_000).exit_code == 0
        return machine, records.retired(b"".join(batches))

    one, disturbed = seen("compiled", Disturbance(5, 7, 1))
    _, alike = seen("pysim", Disturbance(5, 7, 1))
    other, calm = seen("compiled", None)
    assert disturbed == alike
    assert [(each.pc, each.rd_value) for each in disturbed] == [(each.pc, each.rd_value) for each in calm]
    assert one.cycle > other.cycle
    for event in "dtlb_miss", "itlb_miss", "dcache_miss":
        assert one.events[event] > other.events[event], event


def test_each_seed_has_a_disturbance_of_its_own():
    assert disturbance(None) is None
    assert disturbance(3) == disturbance(3)
    assert len({(each.jitter, each.every) for each in map(disturbance, range(20))}) > 5


@pytest.mark.parametrize("code", [0, 1, 77])
def test_a_program_ends_by_htif(code):
    machine, outcome = run(Program().exit(code))
    assert (outcome.end, outcome.exit_code, machine.exit_code) == (End.EXITED, code, code)


@pytest.mark.parametrize("command, code", [(0x5555, 0), (7 << 16 | 0x3333, 7)])
def test_a_program_ends_by_the_finisher(command, code):
    program = Program()
    program.store(FINISHER, command, "sw")
    assert run(program.loop())[1].exit_code == code


def test_characters_go_out_by_htif_and_by_the_uart():
    program = Program()
    program.store(TOHOST, 1 << 56 | 1 << 48 | ord("H"))
    program.store(TOHOST, 1 << 56 | 1 << 48 | ord("i"))
    program.store(UART, ord("!"), "sb")
    machine, _ = run(program.loop(), 3000)
    assert sorted(machine.take_output()) == sorted(b"Hi!")
    assert machine.take_output() == b""


def test_a_system_call_writes_text_that_is_still_in_the_cache():
    program = Program()
    program.store(DATA, int.from_bytes(b"Hyacinth", "little"))
    for index, value in enumerate((64, 1, DATA, 8)):
        program.store(DATA + 64 + 8 * index, value)
    program.store(TOHOST, DATA + 64)
    program.add(*li(T0, FROMHOST))
    program.label("wait")
    program.add(op("ld", d=A0, s=T0, i=0))
    program.branch("beq", A0, 0, "wait")
    machine, outcome = run(program.exit(0))
    assert (machine.take_output(), outcome.exit_code) == (b"Hyacinth", 0)


def test_a_program_reads_characters_by_htif():
    program = Program()
    program.store(TOHOST, 1 << 56)
    program.add(*li(T0, FROMHOST))
    program.label("wait")
    program.add(op("ld", d=A0, s=T0, i=0))
    program.branch("beq", A0, 0, "wait")
    program.add(op("andi", d=A0, s=A0, i=0xff), op("slli", d=A0, s=A0, i=1, h=1), op("ori", d=A0, s=A0, i=1),
                *li(T0, TOHOST), op("sd", s=T0, t=A0, i=0))
    machine = machine_with(program.loop())
    machine.give_input(b"A")
    assert machine.run(20_000).exit_code == ord("A")


def test_memory_is_read_as_the_program_finds_it():
    program = Program()
    program.store(DATA, 0x1122_3344_5566_7788)
    program.store(DATA + 0xffd, 0xaabb_ccdd, "sw")   # across two pages
    machine, _ = run(program.exit(0))
    assert machine.read(DATA, 8).hex() == "8877665544332211"
    assert machine.read(DATA + 0xffd, 4).hex() == "ddccbbaa"
    assert machine.engine.read("memory", DATA, 8) == bytes(8)   # memory itself does not have it yet


def test_memory_and_what_the_program_finds_agree_once_the_cache_is_clean():
    program = Program()
    for index in range(40):
        program.store(DATA + 200 * index, index * 0x0101_0101_0101)
    program.add(op("fence.i"))
    machine, _ = run(program.exit(0), 50_000)
    assert machine.exit_code == 0
    assert machine.engine.read("memory", DATA, 8192) == machine.read(DATA, 8192)


def test_registers_have_names():
    machine, _ = run(Program().exit(5))
    assert machine.register("t1") == machine.register("x6") == machine.register(6) == 11
    for wrong in ("x32", "q0", 32):
        with pytest.raises(ValueError, match="is not an integer register; give x0 to x31, or such as a0"):
            machine.register(wrong)


def test_csrs_have_names():
    program = Program()
    program.add(*li(T0, BASE + 0x100), csr("csrrw", MTVEC, s=T0))
    machine, _ = run(program.exit(0))
    assert machine.csr("mtvec") == machine.csr(MTVEC) == BASE + 0x100
    with pytest.raises(ValueError, match="'mtvex' is not a CSR of this core"):
        machine.csr("mtvex")


def test_the_boot_rom_hands_over_the_device_tree():
    machine, _ = run(Program().exit(0))
    assert (machine.register("a0"), machine.register("a1")) == (0, 0x8000)
    assert machine.read(0x8000, 4) == bytes.fromhex("d00dfeed")


def test_no_device_tree_is_an_address_of_zero():
    machine = Machine()
    machine.load_segments([(BASE, Program().exit(0).contents())], BASE, tohost=TOHOST, dtb=b"")
    machine.run(5000)
    assert machine.register("a1") == 0


def test_records_begin_in_the_boot_rom_and_follow_each_other():
    found = list(machine_with(Program().exit(0)).records())
    assert found[0].pc == 0x1000
    assert all(before.next_pc == after.pc for before, after in zip(found, found[1:], strict=False))
    assert all(before.cycle < after.cycle for before, after in zip(found, found[1:], strict=False))


def test_a_step_is_one_instruction():
    machine = machine_with(Program().exit(0))
    assert machine.pc == 0x1000
    assert (machine.step().end, machine.pc) == (End.RECORDS, 0x1004)
    assert (machine.step(4).end, machine.pc, machine.retired) == (End.RECORDS, BASE, 5)


def test_registers_are_those_after_a_step():
    program = Program()
    program.add(*(op("addi", d=A2, s=A2, i=1) for _ in range(10)))
    machine = machine_with(program.loop())
    machine.step(5)
    values = []
    for _ in range(10):
        machine.step()
        values.append(machine.register("a2"))
    assert values == list(range(1, 11))


def test_a_run_ends_at_an_address_and_goes_on():
    program = Program()
    program.add(*(op("addi", d=A2, s=A2, i=1) for _ in range(3)))
    machine = machine_with(program.exit(0))
    assert machine.run(5000, matched=("pc", BASE + 4)).end == End.FOUND
    assert machine.run(20_000).end == End.EXITED


def test_a_run_ends_at_the_nth_trap():
    program = Program()
    program.add(*li(T0, BASE + 0x80), csr("csrrw", MTVEC, s=T0))
    program.data(bytes(BASE + 0x80 - program.here))
    program.add(op("ecall"))
    machine = machine_with(program)
    assert machine.run(20_000, nth=("trapped", 3)).end == End.FOUND
    assert machine.csr("mepc") == BASE + 0x80


def test_a_machine_in_which_nothing_retires_is_stuck():
    program = Program()
    program.add(op("wfi"))
    machine, _ = run(program.loop(), 500)
    outcome = machine.run(stuck_after=1000)
    assert outcome.end == End.STUCK
    assert outcome.cycle - machine.last_retirement == 1000


def test_watchers_get_records_and_walk_steps_in_order():
    class Watcher:
        records, steps = [], []

        def take(self, retired, walked):
            self.records += retired
            self.steps += walked

    machine = machine_with(Program().exit(0))
    machine.watchers.append(Watcher())
    machine.run(20_000)
    assert len(Watcher.records) == machine.retired
    assert all(step.context.mode == step.context_mode for step in Watcher.steps)


@pytest.mark.parametrize("ending", [".fst", ".vcd"])
def test_waves_show_what_the_records_say(tmp_path, ending):
    path = tmp_path / f"run{ending}"
    program = Program()
    program.add(*(op("addi", d=A2, s=A2, i=1) for _ in range(20)))
    with machine_with(program.exit(0), wave=path, wave_from=100, wave_to=400) as machine:
        found = [record for record in machine.records(1000) if 100 <= record.cycle <= 400]
    variables = {variable.full_name: variable for variable in pywellen.Waveform(str(path)).all_vars()}
    assert not [name for name in variables if re.search(r"[^.]\[", name)]   # only a row of a memory has brackets
    valid, pc = variables["TOP.retire_valid"], variables["TOP.retire_payload_pc"]
    shown = [(cycle, pc.signal.value_at(2 * cycle)) for cycle in range(100, 401) if valid.signal.value_at(2 * cycle)]
    assert shown == [(record.cycle, record.pc) for record in found] and shown


def test_waves_are_whole_when_a_run_is_interrupted(tmp_path, ctrl_c):
    path = tmp_path / "run.fst"
    machine = machine_with(Program().loop(), wave=path)
    threading.Timer(0.5, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt), machine:
        machine.run()
    assert len(list(pywellen.Waveform(str(path)).all_vars())) > 1000


def test_a_run_goes_on_after_ctrl_c(ctrl_c):
    machine = machine_with(Program().loop())
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        machine.run()
    cycle = machine.cycle
    assert machine.run(100).cycle == cycle + 100


@pytest.mark.parametrize("options, message", [
    ({"core": "tiny"}, ("'tiny' is not a core, give one of full, small, no-h; "
                        "extensions are taken away and added, and other fields set, as in full-sstc, small+svinval or "
                        "full:tlb_entries=16")),
    ({"engine": "spice"}, "'spice' is not an engine; give one of compiled, pysim"),
    ({"memory": 5000}, "memory has 5000 bytes; give a multiple of 4096 up to 2147483648"),
    ({"wave": "run.txt"}, "run.txt: waves must end in .fst or .vcd")])
def test_a_wrong_argument_is_named_with_the_mend(options, message):
    with pytest.raises(ValueError) as error:
        Machine(**options)
    assert str(error.value) == message


def test_tohost_and_fromhost_must_lie_in_one_page():
    with pytest.raises(ValueError, match="must lie in one page of 4 KiB"):
        Machine().load_segments([], BASE, tohost=TOHOST, fromhost=TOHOST + 0x1000)


def test_records_are_described_for_c():
    text = records.c_struct("walk", records.WALK_FIELDS)
    assert text.startswith("struct walk {\n    uint64_t cycle;\n") and "    uint64_t context_mode;\n" in text


def test_what_a_machine_cannot_do_is_said():
    machine = machine_with(Program().loop())
    assert machine.csr("HSTATUS") == machine.csr("hstatus")
    for call, text in ((lambda: machine.csr(0x7c0), "0x7c0 is no CSR"), (lambda: machine.csr("none"), "'none' is"),
                       (lambda: machine.register("foo"), "'foo' is not"), (lambda: machine.register("x32"), "'x32' is"),
                       (lambda: machine.step(0), "give 1 or more"), (lambda: machine.read(BASE, -1), "give 0 or more")):
        with pytest.raises(ValueError, match=text):
            call()
    assert machine.register("x1") == machine.register(1) == machine.register("ra")
    machine.close()
    with pytest.raises(EngineError, match="closed"):
        machine.run(10)

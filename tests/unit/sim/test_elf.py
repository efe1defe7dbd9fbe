"""Tests of reading programs: what is good loads, what is bad is named with its mend."""

import os
from pathlib import Path

import pytest
from traces import elf

from hyacinth.sim.elf import BadProgram, load


def written(tmp_path, content):
    path = tmp_path / "program.elf"
    path.write_bytes(content)
    return path


def test_a_program_is_its_entry_and_its_segments(tmp_path):
    program = load(written(tmp_path, elf(b"abcd", size=16)))
    segment, = program.segments
    assert (program.entry, segment.address, segment.data, segment.size) == (0x8000_0000, 0x8000_0000, b"abcd", 16)


def test_a_program_without_symbols_has_no_htif_and_no_signature(tmp_path):
    program = load(written(tmp_path, elf()))
    assert (program.tohost, program.fromhost, program.signature) == (None, None, None)


@pytest.mark.parametrize("content, text", [
    (b"", "the file is empty; build it"),
    (b"#!/bin/sh\n", r"not an ELF file \(it begins with 23 21 2f 62\); build it"),
    (elf()[:10], "truncated within the ELF header; build or copy it again"),
    (elf()[:40], "truncated within the ELF header; build or copy it again"),
    (elf()[:80], "truncated, its program headers end after the file"),
    (elf()[:-2], "truncated, segment 0 ends after the file"),
    (elf(bits=1), "a 32-bit ELF file, this machine is RV64"),
    (elf(order=2), "a big-endian ELF file, this machine is little-endian"),
    (elf(machine=62), "a program for x86-64, not for RISC-V"),
    (elf(machine=9999), "a program for ELF machine 9999, not for RISC-V"),
    (elf(kind=1), "an object file or core dump, not a program; link it first"),
    (elf(segments=0), "holds no program headers, so nothing to load; link it first"),
    (elf(b""), "nothing to load, no segment has bytes; link it again"),
    (elf(entry=0x1234), r"the entry 0x1234 is in no segment; link it with ENTRY\(_start\)"),
    (elf(address=(1 << 64) - 2), "segment 0 wraps around the end of the address space"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_a_bad_program_is_named_with_its_mend(tmp_path, content, text):
    with pytest.raises(BadProgram, match=f"program.elf: {text}") as raised:
        load(written(tmp_path, content))
    assert "\n" not in str(raised.value)


def test_a_program_that_is_not_there_is_named(tmp_path):
    with pytest.raises(BadProgram, match="nothing.elf: no such program; check the path"):
        load(tmp_path / "nothing.elf")


def test_a_directory_is_no_program(tmp_path):
    with pytest.raises(BadProgram, match="a directory, not a program; name a file in it"):
        load(tmp_path)


def test_a_program_fits_where_its_last_byte_does(tmp_path):
    load(written(tmp_path, elf(size=16 << 20))).check_fits(0x8000_0000, 16 << 20)


def test_a_program_too_large_names_the_memory_it_needs(tmp_path):
    with pytest.raises(BadProgram, match="needs memory from 0x80000000 to 0x81000001, the machine has 0x80000000 to "
                                         "0x81000000; give the machine more with --memory 32M"):
        load(written(tmp_path, elf(size=(16 << 20) + 1))).check_fits(0x8000_0000, 16 << 20)


def test_a_program_below_memory_is_to_be_linked_elsewhere(tmp_path):
    with pytest.raises(BadProgram, match="needs memory from 0x10000 to 0x10004, .*; link it at 0x80000000"):
        load(written(tmp_path, elf(address=0x1_0000))).check_fits(0x8000_0000, 16 << 20)


def test_a_file_larger_than_any_memory_is_not_read(tmp_path):
    path = tmp_path / "sparse"
    path.touch()
    os.truncate(path, 60 << 30)
    with pytest.raises(BadProgram, match="sparse: 60 GiB, more than a machine has memory for; name another file"):
        load(path)


def test_a_device_is_not_read():
    with pytest.raises(BadProgram, match="/dev/zero: a device or a pipe, not a program; name a file"):
        load(Path("/dev/zero"))
